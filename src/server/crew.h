// Crew: the threads that drive loops. Each loop has one; when a command holds a loop's thread for long, the watchdog
// gives the loop to a spare thread (started when none rests), and the late thread becomes a spare when it is done.
//
// Threads: NoteTurn any; Start and Stop the main thread. Owns: all threads and their workers.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "server/slow_command_log.h"

namespace tusk::base {
class Logger;
}
namespace tusk::command {
class Worker;
}
namespace tusk::engine {
class Engine;
}

namespace tusk::server {

class ConnectionLoop;

// Late threads at a time; further slow commands keep their loops until one returns.
inline constexpr size_t kSpareThreadsMax = 64;

class Crew {
 public:
  Crew(engine::Engine& engine, base::Logger& log) : engine_(engine), slow_commands_(log) {}
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void Start(std::vector<ConnectionLoop*> loops);
  // Blocks until all threads have ended. The loops must have been told to stop.
  void Stop();

  // A slow command begins: the watchdog has to be awake.
  void NoteTurn() noexcept {
    // Pairs with WatchdogMain, which clears it and then looks once more at the turns before it rests.
    if (watching_.load(std::memory_order_seq_cst)) [[likely]] return;
    WakeWatchdog();
  }

 private:
  void DriverMain(ConnectionLoop* first);
  void Drive(ConnectionLoop& loop, command::Worker& worker);
  // The next loop without a driver; null when the crew stops.
  ConnectionLoop* WaitForLoop();
  void WatchdogMain();
  bool LookAtLoops(std::vector<uint64_t>& seen);
  void HandOver(ConnectionLoop& loop);
  void WakeWatchdog() noexcept;

  engine::Engine& engine_;
  std::vector<ConnectionLoop*> loops_;  // Immutable after Start.
  // Which thread drives the loop of this index, or drove it last.
  std::unique_ptr<std::atomic<pid_t>[]> driver_threads_;
  std::thread watchdog_;
  SlowCommandLog slow_commands_;

  base::Mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
  std::vector<ConnectionLoop*> orphans_ GUARDED_BY(mutex_);  // Loops that wait for a driver.
  size_t resting_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;

  base::Mutex watch_mutex_;
  std::condition_variable watch_changed_;
  bool watch_stopping_ GUARDED_BY(watch_mutex_) = false;
  // Whether the watchdog looks at the loops every millisecond. It clears this before it looks a last time and rests.
  std::atomic<bool> watching_{false};
};

}  // namespace tusk::server
