// CycleClock: the processor's time stamp counter as a stop-watch: a few nanoseconds per look, where clock_gettime takes
// tens. For statistics only: it may differ between processors by a hair and is calibrated once.
// Threads: any. Owns: nothing.
#pragma once

#include <cstdint>

namespace tusk::base {

class CycleClock {
 public:
  static uint64_t Now() noexcept {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return SlowNow();
#endif
  }
  // The first call measures for a few milliseconds; call it once at start.
  static double TicksPerMicro() noexcept;
  static uint64_t ToMicros(uint64_t ticks) noexcept {
    return static_cast<uint64_t>(static_cast<double>(ticks) / TicksPerMicro());
  }
  // For hot paths: a multiplier that the caller keeps. Micros = ticks * MicrosPerTick().
  static double MicrosPerTick() noexcept { return 1.0 / TicksPerMicro(); }

 private:
  static uint64_t SlowNow() noexcept;
};

}  // namespace tusk::base
