// SlowCommandLog: tells in the log which command has been running for longer than watchdog-period, and where in the program
// it is. Each is told of once.
//
// Unlike in Redis the others do not wait for such a command; but who had asked for it does.
// Threads: Began and Look the watchdog; Ended any. Owns: the list of late threads.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "base/mutex.h"

namespace tusk::base {
class Logger;
}
namespace tusk::command {
struct Command;
}

namespace tusk::server {

class SlowCommandLog {
 public:
  explicit SlowCommandLog(base::Logger& log) : log_(log) {}

  // `thread` has lost its loop: it has been running `command` since about `now_ms` (monotonic milliseconds).
  void Began(pid_t thread, const command::Command* command, int64_t now_ms);
  void Ended(pid_t thread) noexcept;
  // Writes about those that have run for `period_ms` by now. True: some still have to be looked at. Blocks while a
  // thread tells its stack.
  bool Look(int64_t now_ms, int64_t period_ms);

 private:
  struct Late {
    pid_t thread;
    const command::Command* command;
    int64_t since_ms;
    bool told;
  };
  void Tell(const Late& late, int64_t now_ms);

  base::Logger& log_;
  base::Mutex mutex_;
  std::vector<Late> late_ GUARDED_BY(mutex_);
};

}  // namespace tusk::server
