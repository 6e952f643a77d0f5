#include "base/clock.h"

#include <ctime>

namespace tusk::base {
namespace {

int64_t Read(clockid_t id) noexcept {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

int64_t SystemClock::UnixMicros() const noexcept { return Read(CLOCK_REALTIME); }
int64_t SystemClock::MonotonicMicros() const noexcept { return Read(CLOCK_MONOTONIC); }

}  // namespace tusk::base
