// Prefetch: asks the processor for a cache line that will be needed soon.
//
// Not __builtin_prefetch: GCC takes a function that only prefetches for one without effect and drops the calls to it
// (seen with 12.2: the tables' prefetch passes vanished from the server's binary).
// Threads: any. Owns: nothing. Any address is allowed, even a wrong one.
#pragma once

namespace tusk::base {

inline void Prefetch(const void* address) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetcht0 %0" : : "m"(*static_cast<const char*>(address)));
#elif defined(__aarch64__)
  asm volatile("prfm pldl1keep, %0" : : "Q"(*static_cast<const char*>(address)));
#else
  __builtin_prefetch(address);
#endif
}

}  // namespace tusk::base
