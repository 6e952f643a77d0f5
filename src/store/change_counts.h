// ChangeCounts: how many changes there were since the last save, without a line that all writers share: each transaction
// counts for itself, and who wants the sum adds up.
//
// Threads: thread-safe; a Count is written by the thread that has its transaction. Owns: the counts.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/mutex.h"

namespace tusk::store {

class ChangeCounts {
 public:
  class alignas(64) Count {
   public:
    // A plain addition: its transaction's thread is the only writer.
    void Add(uint64_t changes) noexcept {
      value_.store(value_.load(std::memory_order_relaxed) + changes, std::memory_order_relaxed);
    }

   private:
    friend class ChangeCounts;
    // Partner: Sum(). Relaxed: it stands for itself.
    std::atomic<uint64_t> value_{0};
  };

  // A count for a transaction's life. What was counted stays when it is given back.
  Count& Register();
  void Unregister(Count& count);

  // Changes since those that Forget() was told of. O(transactions that ever lived at once).
  uint64_t Unsaved() const;
  // So many of them are saved.
  void Forget(uint64_t changes) noexcept { saved_.fetch_add(changes, std::memory_order_relaxed); }

 private:
  mutable base::Mutex mutex_;
  std::deque<Count> counts_ GUARDED_BY(mutex_);
  std::vector<Count*> free_ GUARDED_BY(mutex_);
  std::atomic<uint64_t> saved_{0};  // Relaxed: a sum that is read meanwhile is a moment old.
};

}  // namespace tusk::store
