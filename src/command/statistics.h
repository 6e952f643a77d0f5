// Statistics: what INFO counts. Every executing thread counts for itself, in cache lines that nobody else writes;
// readers sum.
//
// Threads: a WorkerStatistics is written by its thread only and read by any; all fields are relaxed atomics, since each
// number stands for itself. Statistics is thread-safe. Owns: the registered blocks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"

namespace tusk::command {

// Single-writer counter: a plain addition, no locked instruction.
class Count {
 public:
  void Add(uint64_t n) noexcept { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }
  // By a reader, for CONFIG RESETSTAT: an addition in flight may be lost, which a reset can afford.
  void Reset() noexcept { value_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Durations by powers of two of microseconds: bucket i holds [2^(i-1), 2^i), the last one everything longer.
inline constexpr size_t kLatencyBuckets = 32;

struct CommandCounts {
  Count calls;
  Count ticks;     // CycleClock.
  Count rejected;  // Refused before they ran: arity, authentication, memory, ...
  Count failed;    // Ran and answered an error.
  std::array<Count, kLatencyBuckets> latency;
};

struct WorkerStatistics {
  explicit WorkerStatistics(size_t commands) : command(commands) {}
  std::vector<CommandCounts> command;  // By Command::id.
  Count commands_processed;
  Count hits;
  Count misses;
  Count net_input_bytes;
  Count net_output_bytes;
  Count reads_processed;
  Count writes_processed;
  Count parked;    // Commands that found a stripe or the lane busy.
  Count detached;  // Commands that outlived their turn, so that the loop went on without them.
};

class Statistics {
 public:
  explicit Statistics(size_t commands) : commands_(commands) {}

  // A block for a new executing thread; lives as long as this.
  WorkerStatistics& AddWorker();
  // Sums `field(worker)` over all workers.
  template <typename Field>
  uint64_t Sum(Field&& field) const {
    base::MutexLock hold(mutex_);
    uint64_t sum = 0;
    for (const auto& worker : workers_) sum += field(*worker);
    return sum;
  }
  size_t command_count() const noexcept { return commands_; }
  void Reset();

  // Replies that were errors, by their first word. Bounded: beyond kErrorKindsMax kinds nothing new is told apart.
  void CountError(std::string_view code);
  std::vector<std::pair<std::string, uint64_t>> Errors() const;
  uint64_t total_errors() const noexcept { return total_errors_.load(std::memory_order_relaxed); }
  static constexpr size_t kErrorKindsMax = 128;

  std::atomic<uint64_t> connections_received{0};
  std::atomic<uint64_t> rejected_connections{0};
  std::atomic<uint64_t> unexpected_error_replies{0};

 private:
  size_t commands_;
  mutable base::Mutex mutex_;
  std::vector<std::unique_ptr<WorkerStatistics>> workers_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, uint64_t> errors_ GUARDED_BY(mutex_);
  std::atomic<uint64_t> total_errors_{0};
};

}  // namespace tusk::command
