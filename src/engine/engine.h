// Engine: the whole store without a socket: keys, commands, statistics, settings, and what joins them. The
// server is a thin layer over it; embedded callers use Execute() on a session of their own.
//
// Threads: thread-safe after construction; each executing thread brings its own Worker. Owns: everything
// below it. Stop order: loops and their threads first, then the engine (its background thread ends in the
// destructor).
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "command/command_table.h"
#include "command/executor.h"
#include "command/latency_monitor.h"
#include "command/services.h"
#include "command/statistics.h"
#include "command/worker.h"
#include "engine/acl_users.h"
#include "engine/append_file.h"
#include "engine/command_watch.h"
#include "engine/config.h"
#include "engine/meters.h"
#include "engine/network_settings.h"
#include "engine/persistence.h"
#include "families/migrate_pool.h"
#include "pubsub/hub.h"
#include "pubsub/tracking.h"
#include "repl/copier.h"
#include "repl/feed.h"
#include "repl/link.h"
#include "script/scripts.h"
#include "store/change_log.h"
#include "store/keyspace.h"

namespace tusk::engine {

inline constexpr std::string_view kVersion = "0.1.0";
// What clients are told: the Redis release whose commands and replies this build follows.
inline constexpr std::string_view kRedisVersion = "7.2.0";

class Engine {
 public:
  struct Options {
    // Loaded from files and options; null: the defaults.
    std::unique_ptr<Config> config = nullptr;
    // Null: the system's.
    const base::Clock* clock = nullptr;
  };
  explicit Engine(Options options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // rename-command, before anything runs.
  base::Status RenameCommands();
  // The users of the configuration or of aclfile, after renaming and before anything runs.
  base::Status LoadUsers();

  Config& config() noexcept { return *config_; }
  store::Settings& settings() noexcept { return settings_; }
  NetworkSettings& network() noexcept { return network_; }
  store::Keyspace& keyspace() noexcept { return keyspace_; }
  const base::Clock& clock() const noexcept { return keyspace_.clock(); }
  command::CommandTable& commands() noexcept { return commands_; }
  command::Statistics& statistics() noexcept { return statistics_; }
  command::Services& services() noexcept { return services_; }
  command::Executor& executor() noexcept { return executor_; }
  pubsub::Hub& hub() noexcept { return hub_; }
  pubsub::Tracking& tracking() noexcept { return tracking_; }
  repl::Feed& feed() noexcept { return feed_; }
  families::MigratePool& migrate_pool() noexcept { return migrate_pool_; }
  UserTable& users() noexcept { return users_; }
  repl::Link& link() noexcept { return *link_; }
  CommandWatch& watch() noexcept { return watch_; }
  command::LatencyMonitor& latency() noexcept { return latency_; }
  script::Scripts& scripts() noexcept { return scripts_; }
  command::PauseState& pause() noexcept { return pause_; }
  Persistence& persistence() noexcept { return persistence_; }
  AppendFile& append_file() noexcept { return append_file_; }
  // At the start: the append log if the configuration wants one and it is there, otherwise the RDB file; then the log
  // begins. Settings::loading ends with it. Blocks; the message of an error is a log line. kUnavailable: stopped.
  base::Status LoadDataset();
  // Is there anything to load, or to be prepared before a command may write?
  bool HasFilesToLoad() const;
  // There is an RDB file, and the start does not load it: a log is wanted, and there is none yet.
  bool PassesOverFile() const;
  // From now on the dataset has a file: save rules are watched, FLUSHALL and DEBUG RELOAD reach it.
  void EnableFiles();

  // Hands change records on to the append file and replicas; see store::ChangeLog. For whoever drives a loop, after each
  // round: its replies wait for it.
  void DeliverChanges() {
    if (change_log_.delivered() != keyspace_.last_commit()) change_log_.Deliver();
  }

  // For a new executing thread.
  std::unique_ptr<command::Worker> NewWorker();
  uint64_t NextSessionId() noexcept { return next_session_id_.fetch_add(1, std::memory_order_relaxed); }

  // Runs one command for an embedded session (one without a host) and returns the reply's bytes. Blocks while
  // keys are busy; commands that would wait for a key answer as if their time were up.
  std::string Execute(command::Worker& worker, command::Session& session,
                      std::span<const std::string_view> argv);

  // Ends what others know the session for: subscriptions and MONITOR. In the session's thread, for RESET and
  // before its host forgets it.
  void EndSession(command::Session& session);

  // Follows the master that the configuration names, if any. Once clients are served.
  void StartReplication();
  // Puts the master that REPLICAOF has named where CONFIG GET and CONFIG REWRITE look for it.
  void NoteRole();

  // CONFIG RESETSTAT.
  void ResetStatistics();

  const std::string& run_id() const noexcept { return run_id_; }
  int64_t started_unix_ms() const noexcept { return started_unix_ms_; }
  uint64_t startup_memory() const noexcept { return startup_memory_; }
  MemoryPeak& memory_peak() noexcept { return memory_peak_; }
  RateMeter& rates() noexcept { return rates_; }

 private:
  void BindUsers();
  std::unique_ptr<repl::Link> NewLink();
  void BindStream();

  std::unique_ptr<Config> config_;
  base::SystemClock system_clock_;
  store::Settings settings_;
  NetworkSettings network_;
  pubsub::Hub hub_;
  pubsub::Tracking tracking_;
  script::Scripts scripts_;
  store::Keyspace keyspace_;
  store::ChangeLog change_log_{keyspace_.passing()};
  repl::Feed feed_;
  families::MigratePool migrate_pool_;
  repl::Copier copier_;
  command::CommandTable commands_;
  command::Statistics statistics_;
  command::LatencyMonitor latency_;
  command::PauseState pause_;
  std::atomic<bool> replication_started_{false};  // Relaxed: the commands that look come later.
  command::Services services_;
  UserTable users_;
  CommandWatch watch_;
  command::Executor executor_;
  Persistence persistence_;
  AppendFile append_file_;
  std::atomic<uint64_t> next_session_id_{1};  // Only uniqueness matters: relaxed.
  std::string run_id_;
  int64_t started_unix_ms_;
  uint64_t startup_memory_ = 0;
  MemoryPeak memory_peak_;
  RateMeter rates_;
  std::unique_ptr<repl::Link> link_;
};

}  // namespace tusk::engine
