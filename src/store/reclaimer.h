// Reclaimer: the background thread that frees big values, so that DEL, expiry, eviction and FLUSHALL of millions of
// elements cost their caller nothing.
//
// Threads: thread-safe. Owns: the values handed over, its thread. Stop order: after the last worker.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>

#include "base/mutex.h"
#include "store/value.h"

namespace tusk::store {

class Reclaimer {
 public:
  Reclaimer();
  ~Reclaimer();

  // Frees at once when that is cheap, in the background otherwise.
  void Reclaim(Value value);
  // Whatever the task owns is freed with it, in the background.
  void Run(std::move_only_function<void()> task, uint64_t objects);
  // Waits until all that was handed over is freed. Blocks.
  void Drain();

  uint64_t pending_objects() const noexcept { return pending_.load(std::memory_order_relaxed); }
  uint64_t reclaimed_objects() const noexcept { return reclaimed_.load(std::memory_order_relaxed); }
  void ResetStatistics() noexcept { reclaimed_.store(0, std::memory_order_relaxed); }

  // More elements than this are freed in the background.
  static constexpr size_t kInlineEffortMax = 64;

 private:
  struct Task {
    std::move_only_function<void()> run;
    uint64_t objects;
  };
  void Work();

  std::atomic<uint64_t> pending_{0};    // Statistics only: relaxed.
  std::atomic<uint64_t> reclaimed_{0};  // Statistics only: relaxed.
  base::Mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool busy_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace tusk::store
