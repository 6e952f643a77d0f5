// Time, behind one interface that tests replace.
// Threads: thread-safe. Owns: nothing.
#pragma once

#include <atomic>
#include <cstdint>

namespace tusk::base {

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall clock, milliseconds and microseconds since the Unix epoch.
  virtual int64_t UnixMicros() const noexcept = 0;
  // Never goes back; origin unspecified.
  virtual int64_t MonotonicMicros() const noexcept = 0;

  int64_t UnixMillis() const noexcept { return UnixMicros() / 1000; }
  int64_t MonotonicMillis() const noexcept { return MonotonicMicros() / 1000; }
};

class SystemClock final : public Clock {
 public:
  int64_t UnixMicros() const noexcept override;
  int64_t MonotonicMicros() const noexcept override;
};

// A clock that stands still until a test moves it.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(int64_t unix_ms = 1'700'000'000'000) noexcept : micros_(unix_ms * 1000) {}
  int64_t UnixMicros() const noexcept override { return micros_.load(std::memory_order_relaxed); }
  int64_t MonotonicMicros() const noexcept override { return micros_.load(std::memory_order_relaxed); }
  void AdvanceMillis(int64_t ms) noexcept { micros_.fetch_add(ms * 1000, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> micros_;  // Publishes nothing but itself: relaxed is enough.
};

}  // namespace tusk::base
