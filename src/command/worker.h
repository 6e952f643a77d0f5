// Worker: what an executing thread needs to run commands: its transaction, its counters, its interpreter. A loop's
// thread has one; so have the spare threads that take over loops, and an embedded caller.
//
// Threads: one thread. Owns: the transaction, and the attachment through its base.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/cycles.h"
#include "command/command_table.h"
#include "command/services.h"
#include "command/statistics.h"
#include "store/transaction.h"

namespace tusk::command {

class BlockedCommand;

// Something that a higher layer keeps per executing thread, such as a script interpreter.
class WorkerAttachment {
 public:
  virtual ~WorkerAttachment() = default;
};

class Worker {
 public:
  Worker(Services& services, WorkerStatistics& statistics)
      : services_(services), statistics_(statistics), transaction_(*services.keyspace) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  Services& services() noexcept { return services_; }
  WorkerStatistics& statistics() noexcept { return statistics_; }
  store::Transaction& transaction() noexcept { return transaction_; }

  std::unique_ptr<WorkerAttachment> interpreter;
  // Blocked commands that need more stripes than were held when their key turned ready: served after the unlock.
  std::vector<std::shared_ptr<BlockedCommand>> deferred;
  // The growing phase met a lock that a slow script holds: the command is refused instead of parked.
  bool met_slow_script = false;
  // The time by which a group of commands that arrived together runs, Unix milliseconds; 0: each asks the clock. A command
  // that takes longer than kGroupTimeMicros ends it, so it is behind by a fraction of a millisecond at most.
  int64_t group_now_ms = 0;
  static constexpr uint64_t kGroupTimeMicros = 20;
  // Within such a group: when the last command ended, by the cycle counter, which is when the next one begins. One look at
  // the counter per command instead of two.
  uint64_t group_ticks = 0;
  void BeginGroup(int64_t now_ms) noexcept {
    group_now_ms = now_ms;
    group_ticks = base::CycleClock::Now();
  }
  // The same for single commands of several connections. Between them is what reading and sending takes, so each looks at the
  // counter by itself.
  void BeginSharedTime(int64_t now_ms) noexcept { group_now_ms = now_ms, group_ticks = 0; }
  void EndGroup() noexcept { group_now_ms = 0, group_ticks = 0; }
  // Scratch of the growing phase, kept so that a command with many keys allocates once per thread.
  std::vector<uint16_t> stripes;
  KeyPositions key_refs;

 private:
  Services& services_;
  WorkerStatistics& statistics_;
  store::Transaction transaction_;
};

}  // namespace tusk::command
