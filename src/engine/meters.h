// Meters for INFO: what only makes sense over time.
// Threads: thread-safe. Owns: plain numbers.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/mutex.h"

namespace tusk::engine {

// The highest memory use that anybody looked at.
class MemoryPeak {
 public:
  // Returns the peak, `used` included.
  uint64_t Update(uint64_t used) noexcept {
    uint64_t peak = peak_.load(std::memory_order_relaxed);
    while (used > peak && !peak_.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
    }
    return used > peak ? used : peak;
  }
  void Reset(uint64_t used) noexcept { peak_.store(used, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> peak_{0};  // Publishes nothing but itself: relaxed.
};

// Operations and bytes per second, measured between looks that are at least kIntervalMin apart.
class RateMeter {
 public:
  struct Totals {
    uint64_t commands = 0;
    uint64_t input_bytes = 0;
    uint64_t output_bytes = 0;
  };
  struct Rates {
    uint64_t commands_per_second = 0;
    double input_kilobytes_per_second = 0;
    double output_kilobytes_per_second = 0;
  };
  static constexpr int64_t kIntervalMinMicros = 100'000;

  Rates Look(const Totals& totals, int64_t now_micros);

 private:
  base::Mutex mutex_;
  Totals last_ GUARDED_BY(mutex_);
  int64_t last_micros_ GUARDED_BY(mutex_) = 0;
  Rates rates_ GUARDED_BY(mutex_);
};

}  // namespace tusk::engine
