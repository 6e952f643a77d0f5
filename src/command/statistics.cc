#include "command/statistics.h"

#include <algorithm>

namespace tusk::command {

WorkerStatistics& Statistics::AddWorker() {
  base::MutexLock hold(mutex_);
  workers_.push_back(std::make_unique<WorkerStatistics>(commands_));
  return *workers_.back();
}

void Statistics::Reset() {
  base::MutexLock hold(mutex_);
  for (auto& worker : workers_) {
    for (CommandCounts& counts : worker->command) {
      counts.calls.Reset();
      counts.ticks.Reset();
      counts.rejected.Reset();
      counts.failed.Reset();
      for (Count& bucket : counts.latency) bucket.Reset();
    }
    for (Count* count : {&worker->commands_processed, &worker->hits, &worker->misses, &worker->net_input_bytes,
                         &worker->net_output_bytes, &worker->reads_processed, &worker->writes_processed,
                         &worker->parked, &worker->detached}) {
      count->Reset();
    }
  }
  errors_.clear();
  total_errors_.store(0, std::memory_order_relaxed);
  connections_received.store(0, std::memory_order_relaxed);
  rejected_connections.store(0, std::memory_order_relaxed);
}

void Statistics::CountError(std::string_view code) {
  total_errors_.fetch_add(1, std::memory_order_relaxed);
  base::MutexLock hold(mutex_);
  auto found = errors_.find(std::string(code));
  if (found != errors_.end()) {
    ++found->second;
  } else if (errors_.size() < kErrorKindsMax) {
    errors_.emplace(code, 1);
  }
}

std::vector<std::pair<std::string, uint64_t>> Statistics::Errors() const {
  base::MutexLock hold(mutex_);
  std::vector<std::pair<std::string, uint64_t>> sorted(errors_.begin(), errors_.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace tusk::command
