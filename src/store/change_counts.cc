#include "store/change_counts.h"

#include "base/check.h"

namespace tusk::store {

ChangeCounts::Count& ChangeCounts::Register() {
  base::MutexLock hold(mutex_);
  if (free_.empty()) return counts_.emplace_back();
  Count* count = free_.back();
  free_.pop_back();
  return *count;
}

void ChangeCounts::Unregister(Count& count) {
  base::MutexLock hold(mutex_);
  DCHECK(free_.size() < counts_.size());
  free_.push_back(&count);
}

uint64_t ChangeCounts::Unsaved() const {
  base::MutexLock hold(mutex_);
  uint64_t sum = 0;
  for (const Count& count : counts_) sum += count.value_.load(std::memory_order_relaxed);
  // What is saved may be told of before it is counted: then there is a moment in which it is more.
  const uint64_t saved = saved_.load(std::memory_order_relaxed);
  return sum > saved ? sum - saved : 0;
}

}  // namespace tusk::store
