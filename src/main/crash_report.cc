#include "main/crash_report.h"

#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "engine/engine.h"

namespace tusk::main {
namespace {

constexpr int kFatalSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr int kFramesMax = 100;
constexpr size_t kAlternateStackBytes = 64 * 1024;

// Written by Install before the handlers are in force, then only read.
constinit std::array<char, PATH_MAX> g_log_path{};
// A stack that overflowed can't carry the handler of the main thread; other threads' do.
alignas(16) constinit std::array<char, kAlternateStackBytes> g_alternate_stack{};

void Say(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    ssize_t written = write(fd, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

// fmt may allocate; this may not.
void SayNumber(int fd, uint64_t number, unsigned base) noexcept {
  char text[32];
  char* at = text + sizeof text;
  do {
    *--at = "0123456789abcdef"[number % base];
    number /= base;
  } while (number != 0);
  Say(fd, {at, static_cast<size_t>(text + sizeof text - at)});
}

void SayThread(int fd) noexcept {
  char name[64];
  int source = open("/proc/thread-self/comm", O_RDONLY | O_CLOEXEC);
  if (source < 0) return;
  ssize_t got = read(source, name, sizeof name);
  close(source);
  if (got <= 0) return;
  Say(fd, "# Thread: ");
  Say(fd, {name, static_cast<size_t>(got)});
}

void Report(int fd, int number, const siginfo_t* info) noexcept {
  Say(fd, "\n\n=== TUSK BUG REPORT START: Cut & paste starting from here ===\n# Tusk ");
  Say(fd, engine::kVersion);
  Say(fd, " crashed by signal: ");
  SayNumber(fd, static_cast<uint64_t>(number), 10);
  Say(fd, ", si_code: ");
  if (info->si_code < 0) Say(fd, "-");
  SayNumber(fd, static_cast<uint64_t>(std::abs(static_cast<int64_t>(info->si_code))), 10);
  if (info->si_code <= 0) {
    Say(fd, "\n# Killed by PID: ");
    SayNumber(fd, static_cast<uint64_t>(info->si_pid), 10);
  } else {
    Say(fd, "\n# Accessing address: 0x");
    SayNumber(fd, reinterpret_cast<uintptr_t>(info->si_addr), 16);
  }
  Say(fd, "\n");
  SayThread(fd);
  Say(fd, "\n------ STACK TRACE ------\n");
  void* frames[kFramesMax];
  int count = backtrace(frames, kFramesMax);
  backtrace_symbols_fd(frames, count, fd);
  Say(fd,
      "\n=== TUSK BUG REPORT END. Please report it with all from START to END. ===\n"
      "# Addresses become lines by: addr2line -Cfe <this binary> <address>\n\n");
}

void OnFatalSignal(int number, siginfo_t* info, void*) {
  int fd = STDOUT_FILENO;
  if (g_log_path[0] != '\0') fd = open(g_log_path.data(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd >= 0) Report(fd, number, info);
  // SA_RESETHAND has put the default back: this ends the process as if there had been no handler.
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
}

}  // namespace

void InstallCrashReport(std::string_view log_path) noexcept {
  size_t length = std::min(log_path.size(), g_log_path.size() - 1);
  std::memcpy(g_log_path.data(), log_path.data(), length);
  g_log_path[length] = '\0';
  // The first call loads a library, which a handler must not do.
  void* frame = nullptr;
  backtrace(&frame, 1);
  stack_t stack{};
  stack.ss_sp = g_alternate_stack.data();
  stack.ss_size = g_alternate_stack.size();
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = OnFatalSignal;
  action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (int number : kFatalSignals) sigaction(number, &action, nullptr);
}

void RemoveCrashReport() noexcept {
  for (int number : kFatalSignals) signal(number, SIG_DFL);
}

}  // namespace tusk::main
