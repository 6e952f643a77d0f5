// Executor: runs one command from admission to unlock. DESIGN 2.2-2.4, 2.8 and 2.11 are this file.
//
//   Resolve()  the row, the hash of the first key
//   LookAhead() cache lines of stripes, tables and entries, for a batch that was parsed ahead: one step for the whole
//              batch, then the next, so that the lines of one step are on their way together
//   Execute()  admission -> queue in MULTI, or: lock -> handler -> change record -> serve waiters -> unlock
//
// Threads: thread-safe; all state is the Worker's and the Session's. Owns: nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/cycles.h"
#include "command/access.h"
#include "command/context.h"
#include "command/refusals.h"
#include "command/worker.h"

namespace tusk::command {

struct Command;

struct Request {
  std::span<const std::string_view> argv;
  const Command* command = nullptr;  // Null: unknown.
  store::Key first_key;
  bool has_key = false;
  store::DbIndex db = 0;  // For LookAhead() only: where the keys will be, if nothing selects another one before.
};

enum class Outcome : uint8_t {
  kDone,     // The reply is complete.
  kParked,   // A stripe or the lane was busy: run the same request again after SessionHost::WakeParked().
  kBlocked,  // session.blocked waits; the reply will come through SessionHost::DeliverReply() or a timeout.
  kPaused,   // CLIENT PAUSE holds it back: run it again when the pause is over.
};

// CLIENT PAUSE as the executor sees it. Thread-safe: relaxed atomics, a pause may be noticed a command late.
struct PauseState {
  std::atomic<int64_t> until_ms{0};  // Monotonic milliseconds; 0: none.
  std::atomic<bool> writes_only{false};
};

// COMMANDLOG's three logs.
enum class CommandLogKind : uint8_t { kSlow, kLargeRequest, kLargeReply };
inline constexpr size_t kCommandLogKinds = 3;

// Who sees commands as they run (MONITOR, COMMANDLOG). Thread-safe.
class CommandObserver {
 public:
  virtual ~CommandObserver() = default;
  // Non-zero while anybody runs MONITOR.
  std::atomic<uint32_t> monitors{0};
  // OnKeys() is wanted. Relaxed: it may miss a command or hear of one more.
  std::atomic<bool> follows_keys{false};
  virtual void OnStart(const Session& session, std::span<const std::string_view> argv, bool in_script) = 0;
  // Only for commands that reached the log's threshold; `value` is microseconds or bytes.
  virtual void OnNotable(CommandLogKind kind, const Session& session, std::span<const std::string_view> argv,
                         uint64_t value) = 0;
  // A command with these keys has run; `bytes` are its request's and its reply's.
  virtual void OnKeys(std::span<const std::string_view> keys, uint64_t micros, uint64_t bytes) = 0;
};

class Executor {
 public:
  Executor(Services& services, PauseState& pause, CommandObserver* observer) noexcept
      : services_(services), pause_(pause), observer_(observer) {}

  // CLIENT PAUSE is in force, for all or for writes.
  bool paused() const noexcept { return pause_.until_ms.load(std::memory_order_relaxed) != 0 && !PauseIsOver(); }

  void Resolve(Request& request) const noexcept;
  // Asks for the cache lines in which the keys of requests that are about to run lie: all together arrive in little more
  // than the time of one. From the front as many requests as have keys for one round, at least one; how many.
  size_t LookAhead(std::span<const Request> requests) const noexcept;

  // May it be slow (or wait in the lane)? Then the caller must be ready to lose its loop to another thread meanwhile.
  bool IsDetachable(const Session& session, const Request& request) const noexcept;
  Outcome Execute(Worker& worker, Session& session, Request& request, resp::Reply& reply);

  // One command of a script, found and admitted by the caller: within the transaction that the script's EVAL holds.
  // False, and nothing has happened: it needs a stripe that is not held, and the script does not run in the lane.
  bool CallFromScript(Worker& worker, Session& session, const Command& command,
                      std::span<const std::string_view> argv, resp::Reply& reply);
  // EXEC's body: runs the queue with the stripes held that Execute() locked for it.
  void RunQueue(Context& exec);

  // Serves those who wait for keys that turned ready in the worker's transaction, whose stripes are still held.
  void ServeReady(Worker& worker);
  // A second look at a blocked command (SessionHost::RetryBlocked). True when it ended: the reply went to its host.
  bool RetryBlocked(Worker& worker, const std::shared_ptr<BlockedCommand>& blocked);
  // Ends a blocked command whose claim the caller won with Cancel(): writes the timeout's answer, or -UNBLOCKED.
  static void WriteCancelled(BlockedCommand& blocked, resp::Reply& reply, bool with_error);
  // Statistics of a command that WriteCancelled() ended; called by the loop that owns its session, once.
  void CountCancelled(Worker& worker, const BlockedCommand& blocked);
  // Takes an ended command out of the queues, or a session's watches out of the stripes. False: a stripe was busy,
  // call again later.
  bool ForgetBlocked(Worker& worker, const BlockedCommand& blocked);
  bool ForgetWatches(Worker& worker, Session& session);

  // Keys that somebody waits for, and those of them whose going is waited for, too (XREADGROUP). A stripe that is busy is
  // passed over, so this is for statistics. O(stripes + waiters).
  struct AwaitedKeys {
    size_t all = 0;
    size_t when_gone = 0;
  };
  AwaitedKeys CountAwaitedKeys() const;

  // A command that parked this often goes through the lane.
  static constexpr uint32_t kParksMax = 16;
  // A client's MULTI queue.
  static constexpr size_t kQueuedCommandsMax = 1'000'000;

 private:
  struct LockPlan {
    bool lane = false;
    bool all = false;
    std::vector<uint16_t>* stripes;
    KeyPositions* refs;
  };
  // Nothing when the session's user may run the command; otherwise the error, which has been noted.
  std::optional<std::string> AccessError(Worker& worker, Session& session, const Command& command, Argv argv);
  bool Admit(Worker& worker, Session& session, const Request& request, resp::Reply& reply);
  // Where settings restrict what may run, or memory has a bound.
  bool AdmitRestricted(Worker& worker, Session& session, const Request& request, resp::Reply& reply);
  void Reject(Worker& worker, Session& session, const Command* command, resp::Reply& reply, std::string_view error);
  void DropTransaction(Worker& worker, Session& session);
  void Queue(Session& session, const Request& request, resp::Reply& reply);
  void Plan(const Session& session, const Command& command, std::span<const std::string_view> argv, LockPlan& plan) const;
  bool Lock(Worker& worker, Session& session, const Request& request);
  bool LockPlanned(Worker& worker, Session& session, const Request& request);
  bool Park(Worker& worker, Session& session, size_t slot);
  Outcome ParkedOrBusy(Worker& worker, Session& session, const Request& request, resp::Reply& reply);
  Outcome Run(Worker& worker, Session& session, const Request& request, resp::Reply& reply);
  void Call(Context& ctx);
  // For CLIENT PAUSE WRITE: may the command, or what EXEC would run, change something?
  bool MayWrite(const Session& session, const Command& command, std::span<const std::string_view> argv) const;
  bool PauseIsOver() const noexcept;
  // For the append log's gate: the newest commit that the reply may tell of. The stripes are still held.
  void NoteSeen(Session& session, const Command& command, const store::Transaction& transaction) const noexcept;
  // CLIENT TRACKING: which keys the command read.
  void NoteReads(Context& ctx);
  // Evicts keys, or readers from the tracking table. False: there is no room for more.
  bool MakeRoom(Worker& worker, const Session& session, resp::Reply& reply);
  // What COMMANDLOG and the latency monitor keep of a command that has ended.
  void Notice(const Session& session, const Command& command, std::span<const std::string_view> argv, uint64_t micros,
              size_t reply_bytes);
  void NoticeKeys(const Command& command, std::span<const std::string_view> argv, uint64_t micros, size_t reply_bytes);
  void NoticeInLogs(const Session& session, std::span<const std::string_view> argv, uint64_t micros, size_t reply_bytes,
                    size_t request_bytes);
  // Counts the command; its duration in microseconds.
  uint64_t Finish(Worker& worker, const Command& command, bool failed, uint64_t start_ticks);
  static void CountLookups(Worker& worker);
  void Block(Context& ctx);
  // When the blocked command's owner is to try again.
  void SetRetry(BlockedCommand& blocked, const Context::BlockOptions& options) const noexcept;
  void ServeKey(Worker& worker, const store::ReadyKey& ready);
  // Runs a claimed waiter with its stripes held. True: it ended.
  bool Serve(Worker& worker, const std::shared_ptr<BlockedCommand>& blocked, const store::Key* ready_key);
  void ServeDeferred(Worker& worker);
  bool HoldsAll(const store::Transaction& transaction, const BlockedCommand& blocked) const;

  // One key that LookAhead() is after.
  struct Sight;
  static size_t CollectSights(std::span<const Request> requests, std::span<Sight> sights, size_t& sight_count) noexcept;
  void PrefetchEntries(std::span<Sight> sights) const noexcept;

  Services& services_;
  PauseState& pause_;
  CommandObserver* observer_;
  const double micros_per_tick_ = base::CycleClock::MicrosPerTick();
};

}  // namespace tusk::command
