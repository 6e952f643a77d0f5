// CrashReport: what the log says when the process dies of its own mistake: signal, place, stack, in the words that
// tools look for in Redis' logs. Afterwards the signal does what it does by itself, core file included.
//
// The one mutable global of the house lives in the .cc: a signal handler gets no context.
// Threads: Install and Remove one at a time; the handler runs in the thread that failed and calls only what is safe
// there. Owns: the handlers of SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT while installed.
#pragma once

#include <string_view>

namespace tusk::main {

// `log_path`: as the setting logfile, absolute; empty: standard output. Longer paths than PATH_MAX are cut.
void InstallCrashReport(std::string_view log_path) noexcept;
void RemoveCrashReport() noexcept;

}  // namespace tusk::main
