// ThreadStack: what another thread of this process is doing right now, as the lines of its call stack.
//
// The thread is interrupted by SIGALRM and notes its own frames; the caller spells them. The one place beside the crash
// report with mutable globals, since a signal handler gets no context.
// Threads: StackOf one at a time (it holds a lock); Install any, as often as one likes. Owns: the handler of SIGALRM.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace tusk::base {

// Until then SIGALRM ends the process; from then on one that nobody asked for does nothing.
void InstallStackSignal() noexcept;

// Innermost frame first: "binary(function+offset) [address]" as far as the binary tells. Empty when there is no such thread or
// it does not answer within `kStackWaitMs`. Blocks for so long at most. InstallStackSignal() must have been called.
inline constexpr int kStackWaitMs = 200;
std::vector<std::string> StackOf(pid_t thread);

}  // namespace tusk::base
