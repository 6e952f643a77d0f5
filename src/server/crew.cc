#include "server/crew.h"

#include <pthread.h>

#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/thread_stack.h"
#include "base/time_slice.h"
#include "command/worker.h"
#include "engine/engine.h"
#include "server/connection_loop.h"

namespace tusk::server {
namespace {

// A command that is still the same at the next look has had its turn.
constexpr std::chrono::milliseconds kLookEvery{1};
// Looks without any slow command before the watchdog rests.
constexpr int kIdleLooksMax = 100;
constexpr int64_t kMicrosPerMilli = 1000;

}  // namespace

Crew::~Crew() { Stop(); }

void Crew::Start(std::vector<ConnectionLoop*> loops) {
  base::InstallStackSignal();
  loops_ = std::move(loops);
  driver_threads_ = std::make_unique<std::atomic<pid_t>[]>(loops_.size());
  base::MutexLock hold(mutex_);
  for (ConnectionLoop* loop : loops_) threads_.emplace_back([this, loop] { DriverMain(loop); });
  watchdog_ = std::thread([this] { WatchdogMain(); });
}

void Crew::Stop() {
  if (watchdog_.joinable()) {
    {
      base::MutexLock hold(watch_mutex_);
      watch_stopping_ = true;
      watch_changed_.notify_all();
    }
    // First the watchdog: afterwards no thread is added.
    watchdog_.join();
  }
  std::vector<std::thread> threads;
  {
    base::MutexLock hold(mutex_);
    stopping_ = true;
    changed_.notify_all();
    threads = std::exchange(threads_, {});
  }
  for (std::thread& thread : threads) thread.join();
}

void Crew::DriverMain(ConnectionLoop* first) {
  pthread_setname_np(pthread_self(), "tusk-worker");
  std::unique_ptr<command::Worker> worker = engine_.NewWorker();
  for (ConnectionLoop* loop = first; loop != nullptr; loop = WaitForLoop()) Drive(*loop, *worker);
}

void Crew::Drive(ConnectionLoop& loop, command::Worker& worker) {
  base::SetTimeSlice(base::ThisThread(), base::kShortTimeSlice);
  // Relaxed: whoever reads it has stolen the turn of this thread, which came after.
  driver_threads_[loop.index()].store(base::ThisThread(), std::memory_order_relaxed);
  if (!loop.Drive(worker)) slow_commands_.Ended(base::ThisThread());
}

// A condition variable takes the native mutex, which the analysis can't follow.
ConnectionLoop* Crew::WaitForLoop() NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock<std::mutex> lock(mutex_.native());
  ++resting_;
  changed_.wait(lock, [this]() NO_THREAD_SAFETY_ANALYSIS { return stopping_ || !orphans_.empty(); });
  --resting_;
  if (orphans_.empty()) return nullptr;
  ConnectionLoop* loop = orphans_.back();
  orphans_.pop_back();
  return loop;
}

void Crew::HandOver(ConnectionLoop& loop) {
  base::MutexLock hold(mutex_);
  orphans_.push_back(&loop);
  if (resting_ >= orphans_.size()) {
    changed_.notify_one();
  } else {
    // Starts with a loop out of the list.
    threads_.emplace_back([this] { DriverMain(WaitForLoop()); });
  }
}

bool Crew::LookAtLoops(std::vector<uint64_t>& seen) {
  bool any = false;
  for (size_t i = 0; i < loops_.size(); ++i) {
    Turn& turn = loops_[i]->turn();
    uint64_t ticket = turn.Current();
    if (ticket == Turn::kNone) {
      seen[i] = Turn::kNone;
      continue;
    }
    any = true;
    if (std::exchange(seen[i], ticket) != ticket) continue;
    {
      base::MutexLock hold(mutex_);
      if (resting_ == 0 && threads_.size() >= loops_.size() + kSpareThreadsMax) continue;
    }
    if (!turn.Steal(ticket)) continue;
    // The loop's next driver is let in before the late thread whenever it has something to do.
    const pid_t late = driver_threads_[i].load(std::memory_order_relaxed);
    base::SetTimeSlice(late, base::kLongTimeSlice);
    slow_commands_.Began(late, loops_[i]->slow_command(), engine_.clock().MonotonicMicros() / kMicrosPerMilli);
    loops_[i]->Disown();
    turn.Handed();
    HandOver(*loops_[i]);
  }
  // Without a period nothing is due, and nobody needs to be woken for it.
  const int64_t period_ms = engine_.network().watchdog_period_ms;
  if (period_ms > 0 && slow_commands_.Look(engine_.clock().MonotonicMicros() / kMicrosPerMilli, period_ms)) any = true;
  return any;
}

void Crew::WatchdogMain() {
  pthread_setname_np(pthread_self(), "tusk-watchdog");
  base::SetTimeSlice(base::ThisThread(), base::kShortTimeSlice);
  std::vector<uint64_t> seen(loops_.size(), Turn::kNone);
  int idle_looks = 0;
  std::unique_lock<std::mutex> lock(watch_mutex_.native());
  auto stopping = [this]() NO_THREAD_SAFETY_ANALYSIS { return watch_stopping_; };
  while (!stopping()) {
    lock.unlock();
    idle_looks = LookAtLoops(seen) ? 0 : idle_looks + 1;
    lock.lock();
    if (idle_looks < kIdleLooksMax) {
      watch_changed_.wait_for(lock, kLookEvery, stopping);
      continue;
    }
    watching_.store(false, std::memory_order_seq_cst);
    lock.unlock();
    // A turn that began before the store above is seen here; a later one wakes us.
    bool any = LookAtLoops(seen);
    lock.lock();
    if (!any) {
      watch_changed_.wait(lock, [&]() NO_THREAD_SAFETY_ANALYSIS {
        return watch_stopping_ || watching_.load(std::memory_order_seq_cst);
      });
    }
    watching_.store(true, std::memory_order_seq_cst);
    idle_looks = 0;
  }
}

void Crew::WakeWatchdog() noexcept {
  base::MutexLock hold(watch_mutex_);
  watching_.store(true, std::memory_order_seq_cst);
  watch_changed_.notify_one();
}

}  // namespace tusk::server
