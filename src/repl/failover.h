// Failover: FAILOVER, the planned change of roles. Writes rest, a replica catches up, this server asks it to lead
// (PSYNC ... FAILOVER) and follows it from then on. No write that was answered is lost, and never do two lead.
//
//   kNone -- Start --> kWaitingForSync -- caught up, or FORCE and out of time --> kInProgress -- accepted --> kNone
//     ^------------- Abort, out of time ------'------------ Abort, refused: leads again ----'
//
// A redis-server that takes over goes on with the stream. A Tusk that does has an id of its own and sends a full copy.
// Threads: thread-safe; Start, Abort and Stop one at a time. Owns: the thread that sees it through, and the pause of writes,
// which ends with it, CLIENT PAUSE's included. Stop order: before the link.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.h"
#include "base/status.h"
#include "repl/feed.h"

namespace tusk::base {
class Logger;
}
namespace tusk::command {
struct Services;
}

namespace tusk::repl {

class Link;

class Failover {
 public:
  enum class State : uint8_t { kNone, kWaitingForSync, kInProgress };
  struct Target {
    std::string host;
    int64_t port = 0;
  };
  struct Wish {
    std::optional<Target> target;  // None: whichever replica is the first to have everything.
    int64_t timeout_ms = 0;        // 0: none.
    bool force = false;            // Out of time the target takes over as it is.
  };

  Failover(command::Services& services, Link& link) noexcept : services_(services), link_(link) {}
  ~Failover() { Stop(); }
  Failover(const Failover&) = delete;
  Failover& operator=(const Failover&) = delete;

  void SetLog(base::Logger* log) noexcept { log_ = log; }
  // The message of a refusal is the error reply.
  base::Status Start(Wish wish);
  base::Status Abort();
  void Stop();
  State state() const noexcept { return state_.load(std::memory_order_relaxed); }
  // As INFO shows it.
  std::string_view StateName() const noexcept;

  static constexpr int64_t kLookEveryMillis = 10;

 private:
  void Work(const Wish& wish);
  // Who has all, or takes over by force; and the offset at which. None: aborted, or out of time.
  struct Chosen {
    Target target;
    uint64_t offset = 0;
    bool forced = false;
  };
  std::optional<Chosen> WaitForReplica(const Wish& wish);
  // Begins to follow the target, with every stripe held. False: a write came after all, which it has not got.
  bool StepDown(const Chosen& chosen);
  // True: the target leads, and this server follows.
  bool AwaitAnswer();
  bool Sleep() const;  // False: it is to end.
  void Note(std::string_view text) const;

  command::Services& services_;
  Link& link_;
  base::Logger* log_ = nullptr;
  // Read by INFO and by commands that are refused meanwhile: relaxed.
  std::atomic<State> state_{State::kNone};
  std::atomic<bool> abort_{false};  // Partner: Sleep(). Relaxed, it publishes nothing.

  base::Mutex mutex_;  // Held while the thread is joined, which takes no lock that a caller holds.
  std::thread thread_ GUARDED_BY(mutex_);
};

}  // namespace tusk::repl
