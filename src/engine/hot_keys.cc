#include "engine/hot_keys.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/check.h"
#include "base/random.h"

namespace tusk::engine {

void TopKeys::Add(std::string_view key, uint64_t weight) {
  DCHECK(order_.size() == weights_.size() && weights_.size() <= capacity_);
  if (weight == 0) return;
  auto found = weights_.find(key);
  if (found != weights_.end()) {
    order_.erase({found->second, &found->first});
  } else {
    uint64_t inherited = 0;
    if (weights_.size() == capacity_) {
      const auto least = order_.begin();
      inherited = least->first;
      const auto gone = weights_.find(*least->second);
      order_.erase(least);
      weights_.erase(gone);
    }
    found = weights_.emplace(key, inherited).first;
  }
  found->second += weight;
  order_.insert({found->second, &found->first});
}

std::vector<std::pair<std::string, uint64_t>> TopKeys::Top(size_t count) const {
  std::vector<std::pair<std::string, uint64_t>> top;
  for (auto at = order_.rbegin(); at != order_.rend() && top.size() < count; ++at) top.push_back({*at->second, at->first});
  return top;
}

HotKeys::CpuTime HotKeys::ProcessCpuTime() noexcept {
  auto millis = [](const timeval& time) { return static_cast<int64_t>(time.tv_sec) * 1000 + time.tv_usec / 1000; };
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {millis(usage.ru_utime), millis(usage.ru_stime)};
}

void HotKeys::End(int64_t now_ms) {
  DCHECK(tracking_ && tracking_->active && now_ms >= tracking_->start_ms);
  tracking_->active = false;
  tracking_->end_ms = now_ms;
  tracking_->cpu_end = ProcessCpuTime();
  wanted_.store(false, std::memory_order_relaxed);
}

void HotKeys::EndWhenDue(int64_t now_ms) {
  if (!tracking_ || !tracking_->active || tracking_->wish.duration_ms == 0) return;
  const int64_t due_ms = tracking_->start_ms + tracking_->wish.duration_ms;
  if (now_ms >= due_ms) End(due_ms);
}

bool HotKeys::Start(const Wish& wish, const base::Clock& clock) {
  DCHECK((wish.cpu || wish.net) && wish.count >= 1 && wish.count <= kCountMax && wish.sample_ratio >= 1);
  base::MutexLock hold(mutex_);
  EndWhenDue(clock.MonotonicMillis());
  if (tracking_ && tracking_->active) return false;
  const size_t counted = wish.count * kCountedPerShown;
  tracking_.emplace(Tracking{.wish = wish,
                             .start_unix_ms = clock.UnixMillis(),
                             .start_ms = clock.MonotonicMillis(),
                             .cpu_start = ProcessCpuTime(),
                             .cpu_end = {},
                             .by_micros = TopKeys(counted),
                             .by_bytes = TopKeys(counted)});
  wanted_.store(true, std::memory_order_relaxed);
  return true;
}

bool HotKeys::Stop(const base::Clock& clock) {
  base::MutexLock hold(mutex_);
  EndWhenDue(clock.MonotonicMillis());
  if (!tracking_ || !tracking_->active) return false;
  End(clock.MonotonicMillis());
  return true;
}

bool HotKeys::Forget(const base::Clock& clock) {
  base::MutexLock hold(mutex_);
  EndWhenDue(clock.MonotonicMillis());
  if (tracking_ && tracking_->active) return false;
  tracking_.reset();
  return true;
}

void HotKeys::Note(std::span<const std::string_view> keys, uint64_t micros, uint64_t bytes, const base::Clock& clock) {
  DCHECK(!keys.empty());
  base::MutexLock hold(mutex_);
  EndWhenDue(clock.MonotonicMillis());
  if (!tracking_ || !tracking_->active) return;
  tracking_->micros += micros;
  tracking_->bytes += bytes;
  if (tracking_->wish.sample_ratio > 1 && base::ThreadRandom().Below(tracking_->wish.sample_ratio) != 0) return;
  for (std::string_view key : keys) {
    if (tracking_->wish.cpu) tracking_->by_micros.Add(key, micros / keys.size());
    if (tracking_->wish.net) tracking_->by_bytes.Add(key, bytes / keys.size());
  }
}

std::optional<HotKeys::Report> HotKeys::Get(const base::Clock& clock) {
  base::MutexLock hold(mutex_);
  EndWhenDue(clock.MonotonicMillis());
  if (!tracking_) return std::nullopt;
  const CpuTime cpu = tracking_->active ? ProcessCpuTime() : tracking_->cpu_end;
  const int64_t end_ms = tracking_->active ? clock.MonotonicMillis() : tracking_->end_ms;
  return Report{.wish = tracking_->wish,
                .active = tracking_->active,
                .micros = tracking_->micros,
                .bytes = tracking_->bytes,
                .start_unix_ms = tracking_->start_unix_ms,
                .lasted_ms = end_ms - tracking_->start_ms,
                .user_cpu_ms = cpu.user_ms - tracking_->cpu_start.user_ms,
                .system_cpu_ms = cpu.system_ms - tracking_->cpu_start.system_ms,
                .by_micros = tracking_->by_micros.Top(tracking_->wish.count),
                .by_bytes = tracking_->by_bytes.Top(tracking_->wish.count)};
}

}  // namespace tusk::engine
