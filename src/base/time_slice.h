// How long a thread may run before the kernel's scheduler looks for another one, where more threads want to run than there
// are cores. A thread that asks for less is let in earlier when it wakes (Linux 6.12 and later, EEVDF with
// sched_attr::sched_runtime; man 2 sched_setattr). It costs nothing where cores are free, and changes no thread's share.
// Threads: any. Owns: nothing.
#pragma once

#include <sys/types.h>

#include <chrono>

namespace tusk::base {

// For threads that clients wait for: the least that the kernel takes.
inline constexpr std::chrono::microseconds kShortTimeSlice{100};
// For a thread that computes for long beside those: a few scheduler ticks.
inline constexpr std::chrono::microseconds kLongTimeSlice{10'000};

// The kernel's number of the calling thread.
pid_t ThisThread() noexcept;
// A wish, from kShortTimeSlice to 100 ms: older kernels do not hear it, and a thread that has ended is no error.
void SetTimeSlice(pid_t thread, std::chrono::microseconds slice) noexcept;

}  // namespace tusk::base
