// LatencyMonitor: what took longer than latency-monitor-threshold, by kind of event: "command", "fast-command",
// "expire-cycle", "eviction-cycle", ... LATENCY shows it.
//
// Each event keeps its newest samples, one a second: two spikes within a second are one sample, the higher of them.
// Threads: thread-safe; its lock is a leaf. Owns: the samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "store/settings.h"

namespace tusk::command {

struct LatencySample {
  int64_t unix_seconds = 0;
  int64_t millis = 0;
};

struct LatencyEvent {
  std::string name;
  int64_t millis_max = 0;  // Of all time, not only of the samples that are kept.
  std::vector<LatencySample> samples;  // Oldest first; never empty.
};

class LatencyMonitor {
 public:
  LatencyMonitor(const store::Settings& settings, const base::Clock& clock) noexcept
      : settings_(settings), clock_(clock) {}
  LatencyMonitor(const LatencyMonitor&) = delete;
  LatencyMonitor& operator=(const LatencyMonitor&) = delete;

  static constexpr size_t kSamplesMax = 160;
  // Names are few and ours; the bound holds if that should change.
  static constexpr size_t kEventsMax = 64;

  bool Wants(int64_t micros) const noexcept {
    const int64_t threshold_ms = settings_.latency_monitor_threshold;
    return threshold_ms > 0 && micros >= threshold_ms * 1000;
  }
  // Keeps it when it took long enough.
  void Note(std::string_view event, int64_t micros) {
    if (Wants(micros)) [[unlikely]] Keep(event, micros / 1000);
  }

  // By name.
  std::vector<LatencyEvent> Events() const;
  // Without samples when there is no such event.
  LatencyEvent Find(std::string_view event) const;
  // False: there is no such event.
  bool Forget(std::string_view event);
  // How many there were.
  size_t ForgetAll();

 private:
  struct Kept {
    int64_t millis_max = 0;
    std::deque<LatencySample> samples;
  };
  void Keep(std::string_view event, int64_t millis);
  static LatencyEvent Describe(const std::string& name, const Kept& kept);

  const store::Settings& settings_;
  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  std::map<std::string, Kept, std::less<>> events_ GUARDED_BY(mutex_);
};

}  // namespace tusk::command
