#include "base/time_slice.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace tusk::base {
namespace {

// Version 0 of the kernel's struct; Debian 12's C library has neither it nor a wrapper.
struct SchedulingAttributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime_ns;
  uint64_t deadline_ns;
  uint64_t period_ns;
};

}  // namespace

pid_t ThisThread() noexcept { return static_cast<pid_t>(syscall(SYS_gettid)); }

void SetTimeSlice(pid_t thread, std::chrono::microseconds slice) noexcept {
  SchedulingAttributes attributes{};
  // What is there, policy and niceness, stays.
  if (syscall(SYS_sched_getattr, thread, &attributes, sizeof attributes, 0) != 0) return;
  attributes.runtime_ns = static_cast<uint64_t>(std::chrono::nanoseconds(slice).count());
  attributes.flags = 0;
  syscall(SYS_sched_setattr, thread, &attributes, 0);
}

}  // namespace tusk::base
