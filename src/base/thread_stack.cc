#include "base/thread_stack.h"

#include <execinfo.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/mutex.h"

namespace tusk::base {
namespace {

constexpr int kFramesMax = 64;
// The handler and what the kernel puts below it.
constexpr int kOwnFrames = 2;

constinit Mutex g_mutex;
// Whose stack is wanted; 0: nobody's. The handler exchanges it away, so that a late signal finds nothing to do.
constinit std::atomic<pid_t> g_wanted{0};
constinit void* g_frames[kFramesMax] = {};
// Published by the handler (release) with g_frames, for StackOf (acquire). Negative: not yet.
constinit std::atomic<int> g_count{-1};

void OnStackSignal(int) {
  const int saved_errno = errno;
  pid_t self = static_cast<pid_t>(syscall(SYS_gettid));
  if (g_wanted.compare_exchange_strong(self, 0, std::memory_order_acq_rel, std::memory_order_relaxed)) {
    g_count.store(backtrace(g_frames, kFramesMax), std::memory_order_release);
  }
  errno = saved_errno;
}

}  // namespace

void InstallStackSignal() noexcept {
  // The first call loads a library, which a handler must not do.
  void* frame = nullptr;
  backtrace(&frame, 1);
  struct sigaction action {};
  action.sa_handler = OnStackSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, nullptr);
}

std::vector<std::string> StackOf(pid_t thread) {
  constexpr std::chrono::milliseconds kLookEvery{1};
  MutexLock hold(g_mutex);
  g_count.store(-1, std::memory_order_relaxed);
  g_wanted.store(thread, std::memory_order_release);
  std::vector<std::string> lines;
  if (syscall(SYS_tgkill, getpid(), thread, SIGALRM) == 0) {
    for (int waited_ms = 0; waited_ms < kStackWaitMs && g_count.load(std::memory_order_acquire) < 0; ++waited_ms) {
      std::this_thread::sleep_for(kLookEvery);
    }
  }
  // Whoever is in the handler by now writes on: its frames are read, perhaps torn, by nobody.
  const bool answered = g_wanted.exchange(0, std::memory_order_acq_rel) == 0;
  const int count = g_count.load(std::memory_order_acquire);
  if (!answered || count <= kOwnFrames) return lines;
  char** names = backtrace_symbols(g_frames + kOwnFrames, count - kOwnFrames);
  if (names == nullptr) return lines;
  lines.assign(names, names + (count - kOwnFrames));
  std::free(names);
  return lines;
}

}  // namespace tusk::base
