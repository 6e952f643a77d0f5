// What the log hears, now and then, of a load that takes long: how far it is, how fast, how long still.
// Threads: one, the loading one. Owns: nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"

namespace tusk::persist {

class LoadProgress {
 public:
  // `what`: "RDB", "AOF"; lives as long as this. The load begins now. `log` may be null: nobody hears anything.
  LoadProgress(std::string_view what, base::Logger* log, const base::Clock& clock) noexcept
      : what_(what), log_(log), clock_(&clock), started_ms_(clock.MonotonicMillis()), told_ms_(started_ms_) {}

  static constexpr int64_t kTellEveryMs = 5'000;
  // A line, if the last one is kTellEveryMs ago. `count` units ("keys", "commands") came of `bytes_done` out of `bytes_total`.
  void Tell(uint64_t bytes_done, uint64_t bytes_total, uint64_t count, std::string_view units);

 private:
  std::string_view what_;
  base::Logger* log_;
  const base::Clock* clock_;
  int64_t started_ms_;
  int64_t told_ms_;
};

}  // namespace tusk::persist
