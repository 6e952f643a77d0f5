#include "command/latency_monitor.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tusk::command {

void LatencyMonitor::Keep(std::string_view event, int64_t millis) {
  const int64_t now = clock_.UnixMillis() / 1000;
  base::MutexLock hold(mutex_);
  auto found = events_.find(event);
  if (found == events_.end()) {
    if (events_.size() >= kEventsMax) return;
    found = events_.emplace(std::string(event), Kept{}).first;
  }
  Kept& kept = found->second;
  kept.millis_max = std::max(kept.millis_max, millis);
  if (!kept.samples.empty() && kept.samples.back().unix_seconds == now) {
    kept.samples.back().millis = std::max(kept.samples.back().millis, millis);
    return;
  }
  kept.samples.push_back({now, millis});
  if (kept.samples.size() > kSamplesMax) kept.samples.pop_front();
}

LatencyEvent LatencyMonitor::Describe(const std::string& name, const Kept& kept) {
  DCHECK(!kept.samples.empty());
  return {name, kept.millis_max, {kept.samples.begin(), kept.samples.end()}};
}

std::vector<LatencyEvent> LatencyMonitor::Events() const {
  base::MutexLock hold(mutex_);
  std::vector<LatencyEvent> events;
  for (const auto& [name, kept] : events_) events.push_back(Describe(name, kept));
  return events;
}

LatencyEvent LatencyMonitor::Find(std::string_view event) const {
  base::MutexLock hold(mutex_);
  auto found = events_.find(event);
  if (found == events_.end()) return {std::string(event), 0, {}};
  return Describe(found->first, found->second);
}

bool LatencyMonitor::Forget(std::string_view event) {
  base::MutexLock hold(mutex_);
  auto found = events_.find(event);
  if (found == events_.end()) return false;
  events_.erase(found);
  return true;
}

size_t LatencyMonitor::ForgetAll() {
  base::MutexLock hold(mutex_);
  return std::exchange(events_, {}).size();
}

}  // namespace tusk::command
