// AppendFile: the append log as the engine has it: settings, writer, keeper and replay joined, and what commands want of
// it.
//
// Start: Read(), Load(), Open(), each before the next. Until Open() no command may write.
// Threads: thread-safe after construction, except those three. Owns: the log's writer and keeper. Stop order: loops and
// their threads, then this, then the keyspace.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/mutex.h"
#include "command/services.h"
#include "engine/log_replay.h"
#include "persist/append_log.h"
#include "persist/log_keeper.h"

namespace tusk::command {
class SessionHost;
class Worker;
}  // namespace tusk::command

namespace tusk::engine {

class Config;

class AppendFile final : public command::AppendFile {
 public:
  struct Options {
    Config* config;
    store::Keyspace* keyspace;
    store::ChangeLog* changes;
    command::Services* services;
    std::function<std::unique_ptr<command::Worker>()> new_worker;
    std::function<codec::DatasetOptions()> describe;
    std::function<bool()> is_saving;
    // For the RDB part of a base; keys past their deadline are kept.
    std::function<std::shared_ptr<persist::Loader>()> new_loader;
    std::function<void()> flush_functions;
    io::FileSystem* files;
  };
  explicit AppendFile(Options options);
  ~AppendFile() override;

  void SetLog(base::Logger* log) noexcept;
  persist::LogKeeper& keeper() noexcept { return keeper_; }
  persist::AppendLog& log() noexcept { return append_; }

  // ---- At the start. The message of an error is a log line. ----
  // The manifest, whether the log is on or not, since it may be turned on.
  base::Status Read();
  // Does the configuration want the log, and is there anything in it?
  bool wanted() const;
  bool HasFiles() const { return !keeper_.manifest().empty(); }
  // Settings::loading is on. kUnavailable: stopped.
  base::Status Load();
  // From here on the log follows the dataset, if it is wanted.
  base::Status Open();
  // Clients are served: changes of the settings act, and rewrites begin by themselves.
  void Start();
  void StopLoading();
  // Of the load that runs; nothing runs: bytes_total is 0.
  persist::Loader::Progress load_progress() const;

  // Everything so far is on disk when it returns.
  base::Status Flush() { return append_.Flush(); }

  bool enabled() const override { return append_.state().on; }
  bool complete() const override { return keeper_.state().mode == persist::LogKeeper::Mode::kOn; }
  void Interrupt() override { keeper_.TurnOff(); }
  void BeginAnew() override;
  bool HasLog() const override { return HasFiles(); }
  void TellWhenSynced(const command::Session& waiter) override;
  void StopTelling(uint64_t session_id) override;
  void SetSyncListener(std::function<void()> listener) override;
  base::Status LoadAgain() override;
  void SetWriteDelay(int64_t micros) override { append_.set_write_delay_us(micros); }

 private:
  void Bind();
  void ApplyKeeperSettings();
  base::Status Replay();
  void Empty(store::Transaction& held);
  void OnSynced();
  void OnFatal(std::string_view reason);

  Options o_;
  base::Logger* log_ = nullptr;
  persist::AppendLog append_;
  persist::LogKeeper keeper_;
  mutable base::Mutex mutex_;
  std::shared_ptr<LogReplay> replay_ GUARDED_BY(mutex_);  // Sharers: who loads, and who looks at the progress.
  bool stopped_ GUARDED_BY(mutex_) = false;
  bool running_ GUARDED_BY(mutex_) = false;  // Open() has been: changes of `appendonly` act.
  base::Mutex listeners_mutex_;  // A leaf.
  std::function<void()> listener_ GUARDED_BY(listeners_mutex_);
  std::map<uint64_t, command::SessionHost*> waiters_ GUARDED_BY(listeners_mutex_);  // WAITAOF, by session.
};

}  // namespace tusk::engine
