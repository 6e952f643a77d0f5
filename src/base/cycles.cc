#include "base/cycles.h"

#include <ctime>

namespace tusk::base {
namespace {

uint64_t MonotonicNanos() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

double Calibrate() noexcept {
  constexpr uint64_t kMeasureNanos = 5'000'000;
  uint64_t start_nanos = MonotonicNanos();
  uint64_t start_ticks = CycleClock::Now();
  uint64_t nanos = 0;
  while ((nanos = MonotonicNanos() - start_nanos) < kMeasureNanos) {
  }
  return static_cast<double>(CycleClock::Now() - start_ticks) / (static_cast<double>(nanos) / 1000.0);
}

}  // namespace

double CycleClock::TicksPerMicro() noexcept {
  static const double ticks = Calibrate();
  return ticks;
}

uint64_t CycleClock::SlowNow() noexcept { return MonotonicNanos(); }

}  // namespace tusk::base
