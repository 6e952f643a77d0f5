// CHECK states our own mistake in every build; DCHECK does so in debug builds only, for hot paths.
// Never on bytes that a client, a peer or a disk sent: those are a Status.
// Threads: any. Owns: nothing.
#pragma once

namespace tusk::base {

// Prints the message with file and line to stderr and aborts.
[[noreturn]] void CheckFailed(const char* expression, const char* file, int line) noexcept;

}  // namespace tusk::base

#define CHECK(condition) \
  (__builtin_expect(!!(condition), 1) ? void(0) : ::tusk::base::CheckFailed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define DCHECK(condition) void(sizeof(!(condition)))
#else
#define DCHECK(condition) CHECK(condition)
#endif
