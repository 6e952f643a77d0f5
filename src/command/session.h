// Session: what the engine knows of one client, embedded or connected: its database, protocol, transaction, watches.
// No socket; the server wraps one in a connection, scripts and the embedded API use it bare.
//
// Threads: worker-owned: only the loop that owns the connection (or the thread that runs its detached command) touches
// it. While it is blocked, whoever holds its waiter's claim may read it. Owns: see fields.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "resp/output_buffer.h"
#include "store/key.h"
#include "store/parking_lot.h"
#include "store/waiter.h"

namespace tusk::command {

struct Command;
struct Rights;
class BlockedCommand;

// What reaches a session from other threads goes through its host: the loop that owns it.
class SessionHost : public store::WakeTarget {
 public:
  // All methods: any thread, never blocking; a session that is gone meanwhile is ignored.
  // A blocked command has ended: its reply is complete (empty when the session's reply mode wants none).
  virtual void DeliverReply(uint64_t session_id, resp::OutputBuffer reply) noexcept = 0;
  // A message that no command asked for (pub/sub, MONITOR, invalidation), spelled in the session's protocol.
  // `bytes` is shared by all receivers.
  virtual void DeliverPush(uint64_t session_id, std::shared_ptr<const std::string> bytes) noexcept = 0;
  // Runs the blocked command again as if it had just arrived, keeping its place in the queues.
  virtual void RetryBlocked(uint64_t session_id) noexcept = 0;
};

struct QueuedCommand {
  const Command* command = nullptr;
  std::vector<std::string> argv;
};

struct WatchedKey {
  store::DbIndex db;
  std::string key;
};

// CLIENT REPLY.
enum class ReplyMode : uint8_t { kOn, kOff, kSkipNext, kSkipping };

// What a command wants of the connection once its reply is written.
enum class CloseWish : uint8_t { kNone, kAfterReply, kNow };

// CLIENT TRACKING as the session asked for it. What others need of it is in pubsub/tracking.h.
struct TrackingMode {
  bool on = false;
  bool broadcast = false;  // Follows prefixes instead of what it reads.
  bool opt_in = false;
  bool opt_out = false;
  bool no_loop = false;
  bool caching = false;    // CLIENT CACHING was said, YES with opt_in, NO with opt_out; for one command or transaction.
  uint32_t prefixes = 0;   // How many it follows.
  uint64_t redirect = 0;   // The session that is told instead; 0: this one.
};

struct Session {
  uint64_t id = 0;
  SessionHost* host = nullptr;  // Null: embedded or internal; such a session can't block nor subscribe.
  store::DbIndex db = 0;
  int protocol = 2;
  bool authenticated = true;
  bool no_touch = false;
  bool no_evict = false;
  bool import_source = false;  // CLIENT IMPORT-SOURCE: it fills a server in import mode, and finds keys past their deadline.
  bool monitor = false;
  // The link's own session, or the one that reads the append log: it repeats what has happened already.
  bool from_master = false;
  bool replica = false;  // It sent SYNC or PSYNC: it is fed the replication stream.
  // The newest commit number of its own writes: what WAIT waits for.
  uint64_t last_commit = 0;
  // The newest commit that its replies may tell of, noted while store::CommitGate::holds.
  uint64_t seen_commit = 0;
  TrackingMode tracking;
  ReplyMode reply_mode = ReplyMode::kOn;
  CloseWish close = CloseWish::kNone;
  std::string user = "default";
  std::shared_ptr<const Rights> rights;  // Sharers: the user's sessions. Null: anything is allowed. See command/access.h.
  uint64_t access_epoch = 0;             // Of the services, when `rights` were looked at last.
  uint64_t unrestricted_epoch = 0;       // The same if they allow anything, otherwise 0.
  std::string name;
  std::string library_name;
  std::string library_version;

  // MULTI.
  bool in_multi = false;
  bool multi_failed = false;  // A command could not be queued: EXEC answers EXECABORT.
  std::vector<QueuedCommand> queue;
  size_t queue_bytes = 0;
  std::shared_ptr<store::WatchState> watch;  // Sharers: the stripes of the watched keys.
  std::vector<WatchedKey> watched;

  // HIMPORT PREPARE: names of fields in the order in which values come, by the fieldset's name.
  std::map<std::string, std::vector<std::string>, std::less<>> fieldsets;
  size_t fieldset_bytes = 0;

  // Pub/sub, maintained by the hub.
  uint32_t channels = 0;
  uint32_t patterns = 0;
  uint32_t shard_channels = 0;
  bool subscribed() const noexcept { return channels + patterns + shard_channels != 0; }

  std::shared_ptr<BlockedCommand> blocked;  // Sharers: the waiter queues of its keys.
  const Command* last_command = nullptr;
  // Times that the current command found a stripe busy: after kParksMax it takes the lane.
  uint32_t parks = 0;
};

}  // namespace tusk::command
