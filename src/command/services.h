// Services: what a command can reach beside keys and its session. The assembly (engine, server) fills it once; each is
// an interface that is declared here, below its users, and implemented above.
//
// Threads: each service says so itself; the struct is immutable after start but for the epoch. Owns: nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "store/key.h"

namespace tusk::store {
class Keyspace;
class Transaction;
}

namespace tusk::codec {
class ByteSink;
}

namespace tusk::pubsub {
class Hub;  // On the floor above; only its users see more than the name.
}

namespace tusk::pubsub {
class Tracking;
}

namespace tusk::script {
class Scripts;  // Likewise.
}

namespace tusk::families {
class MigratePool;  // Likewise.
}

namespace tusk::repl {
class Copier;  // Likewise.
class Feed;
class Link;
}

namespace tusk::command {

struct Command;
class SessionHost;
class AccessControl;
class CommandTable;
class Executor;
class LatencyMonitor;
class Statistics;
struct Session;

// One line of CLIENT LIST. Times in microseconds of the monotonic clock, sizes in bytes.
struct ClientInfo {
  uint64_t id = 0;
  std::string address;        // "127.0.0.1:51234", "/path:0" for unix sockets.
  std::string local_address;
  int fd = -1;
  std::string name;
  std::string user;
  std::string library_name;
  std::string library_version;
  int64_t connected_micros = 0;
  int64_t last_interaction_micros = 0;
  std::string flags;          // Redis' letters: N, x, P, b, O, u, U, ...
  store::DbIndex db = 0;
  uint32_t channels = 0;
  uint32_t patterns = 0;
  uint32_t shard_channels = 0;
  int64_t multi = -1;         // Queued commands, -1 outside MULTI.
  size_t query_buffer = 0;
  size_t query_buffer_free = 0;
  size_t argv_memory = 0;
  size_t multi_memory = 0;
  size_t output_memory = 0;   // Held for replies, and how many bytes of them are unsent.
  size_t output_length = 0;
  size_t output_peak = 0;     // The most of them at once, lately.
  size_t total_memory = 0;
  std::string last_command;   // "get", "client|list", "NULL" before the first.
  int protocol = 2;
  bool blocked = false;
  bool monitor = false;
  bool subscribed = false;
  bool no_evict = false;
  bool tracking = false;
  bool tracking_broadcast = false;
  uint64_t tracking_redirect = 0;
  size_t watched = 0;         // Keys.
  uint64_t input_bytes = 0;   // Received and sent since it connected.
  uint64_t output_bytes = 0;
  uint64_t commands = 0;
  bool replica = false;
  bool writable_wanted = false;  // Waits until the socket takes more.
};

// Where a message for a session that is not the caller's own goes.
struct PushTarget {
  SessionHost* host = nullptr;
  int protocol = 2;
  bool subscribed = false;
};

// Over all connections. Bytes.
struct ClientTotals {
  size_t query_buffer_max = 0;
  size_t output_max = 0;
  size_t normal_memory = 0;   // Of those that are no replicas.
  size_t replica_memory = 0;
  size_t watching = 0;        // Sessions with watched keys, and how many keys those are.
  size_t watched_keys = 0;
  size_t subscribed = 0;
};

// The connections, known to the server. Thread-safe.
class Clients {
 public:
  virtual ~Clients() = default;
  virtual std::vector<ClientInfo> List() const = 0;
  virtual std::optional<ClientInfo> Find(uint64_t id) const = 0;
  // Nothing when it is gone or about to go.
  virtual std::optional<PushTarget> FindTarget(uint64_t id) const = 0;
  // Closes soon; false when there is no such client. The caller's own connection closes after its reply.
  virtual bool Kill(uint64_t id, uint64_t caller_id) = 0;
  // Ends the blocking command of the client, as a timeout or with -UNBLOCKED. False: it is not blocked.
  virtual bool Unblock(uint64_t id, bool with_error) = 0;
  // Commands (all, or only those that may write) rest until the deadline, monotonic milliseconds.
  virtual void Pause(int64_t until_ms, bool writes_only) = 0;
  virtual void Unpause() = 0;
  // maxmemory-clients has changed: closes whom it no longer has room for.
  virtual void OnMemoryLimit() = 0;
  virtual uint64_t EvictedCount() const = 0;
  virtual ClientTotals Totals() const = 0;
  virtual size_t ConnectedCount() const = 0;
  virtual size_t BlockedCount() const = 0;
  virtual void StartMonitor(Session& session) = 0;
};

// How SHUTDOWN or a signal wants the server to end; without any of them, as the settings say.
struct ShutdownWish {
  bool save = false;
  bool no_save = false;
  bool now = false;    // Replicas that lag are not waited for.
  bool force = false;  // What can't be saved does not hold it up.
};

// The process around the store. Thread-safe.
class Process {
 public:
  virtual ~Process() = default;
  // Blocks until the decision: Ok when the server goes down, else the error reply.
  virtual base::Status Shutdown(const ShutdownWish& wish) = 0;
  // Takes back one that has not been decided yet.
  virtual base::Status AbortShutdown() = 0;
  // Milliseconds that a shutdown under way waits at most; nothing without one.
  virtual std::optional<int64_t> ShutdownMillisLeft() const = 0;
  // While paused, signals that ask for the end are kept.
  virtual void PauseSignals(bool pause) = 0;
  // Whether a setting of the values no, yes, local says local and the client comes from another machine.
  virtual bool RefusesAsRemote(std::string_view setting, uint64_t client_id) const = 0;
  // CONFIG REWRITE; with `every_setting` also those that are at their defaults.
  virtual base::Status RewriteConfig(bool every_setting) = 0;
  virtual void Log(std::string_view text) = 0;
};

// The dataset as it was at one moment, which writes itself while the dataset goes on changing.
class DatasetCopy {
 public:
  virtual ~DatasetCopy() = default;
  // All of it as an RDB file. Once, on any thread that holds no stripe; blocks as the sink does.
  virtual base::Status Run(codec::ByteSink& sink) = 0;
};

// The files of the dataset, known to the engine. Thread-safe.
class Persistence {
 public:
  virtual ~Persistence() = default;
  struct CopyOptions {
    std::vector<std::pair<std::string, std::string>> facts;  // Go into the file's head.
    bool functions_only = false;
  };
  // The moment is now: every stripe is held. kUnavailable: a snapshot is being written; try again later.
  virtual base::Result<std::unique_ptr<DatasetCopy>> BeginCopy(store::Transaction& held, CopyOptions options) = 0;
  // FLUSHALL has emptied everything: what is on disk follows, so that a restart does not bring it back. Every
  // stripe is held.
  virtual void OnFlushAll(store::Transaction& held) = 0;
  struct ReloadOptions {
    bool save = true;   // First write the file.
    bool flush = true;  // Then forget everything,
    bool merge = false;  // or let the file's keys replace those that are there.
  };
  // DEBUG RELOAD, on a thread that may wait: takes every stripe into the transaction, which keeps them. The message of
  // an error is the reply.
  virtual base::Status Reload(store::Transaction& transaction, const ReloadOptions& options) = 0;
};

// The append file, known to the engine. How far it is on disk is in store::CommitGate. Thread-safe.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  virtual bool enabled() const = 0;
  // Does what is in the file and on its way there tell of the whole dataset?
  virtual bool complete() const = 0;
  // The dataset is about to be replaced by one that leaves no records: the log rests until it begins anew, with that one as
  // its base. Both block while the disk is slow; nothing happens unless the configuration wants a log.
  virtual void Interrupt() = 0;
  virtual void BeginAnew() = 0;
  // Is there one on disk, whether it is on or not?
  virtual bool HasLog() const = 0;
  // From now on the session's blocked command is looked at again whenever more is on disk.
  virtual void TellWhenSynced(const Session& waiter) = 0;
  virtual void StopTelling(uint64_t session_id) = 0;
  // `listener` is called, on some thread and for an instant, whenever more is on disk or the gate has opened. Once, before
  // anything runs.
  virtual void SetSyncListener(std::function<void()> listener) = 0;
  // DEBUG LOADAOF, on a thread that may wait and holds nothing. The message of an error is the reply.
  virtual base::Status LoadAgain() = 0;
  // DEBUG AOF-FLUSH-SLEEP.
  virtual void SetWriteDelay(int64_t micros) = 0;
};

// Tells which commands, of those whose row asks for the lane, can do without this time. Thread-safe.
class LanePolicy {
 public:
  virtual ~LanePolicy() = default;
  virtual bool NeedsLane(const Command& command, std::span<const std::string_view> argv) const noexcept = 0;
  // Of a scripting command: may what it names write? What nobody knows may.
  virtual bool MayWrite(const Command& command, std::span<const std::string_view> argv) const noexcept = 0;
};

struct Services {
  store::Keyspace* keyspace = nullptr;
  const CommandTable* commands = nullptr;
  Statistics* statistics = nullptr;
  Executor* executor = nullptr;
  LatencyMonitor* latency = nullptr;
  Clients* clients = nullptr;  // Null when embedded.
  Process* process = nullptr;  // Likewise.
  pubsub::Hub* hub = nullptr;
  pubsub::Tracking* tracking = nullptr;
  const LanePolicy* lane_policy = nullptr;  // Null: the row decides.
  script::Scripts* scripts = nullptr;
  Persistence* persistence = nullptr;  // Null: an engine without files.
  AppendFile* append_file = nullptr;  // Always there in an engine; see enabled().
  repl::Feed* feed = nullptr;
  repl::Copier* copier = nullptr;
  repl::Link* link = nullptr;
  families::MigratePool* migrate_pool = nullptr;  // Null: MIGRATE keeps no connections.
  void* engine = nullptr;      // engine::Engine, for families above that know it.
  AccessControl* access = nullptr;  // Null: everybody may do anything.
  // Moves on whenever a user changes (release; sessions load it with acquire before each command). Never 0.
  std::atomic<uint64_t> access_epoch{1};
};

}  // namespace tusk::command
