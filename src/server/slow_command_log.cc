#include "server/slow_command_log.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/log.h"
#include "base/thread_stack.h"
#include "command/command_table.h"

namespace tusk::server {

void SlowCommandLog::Began(pid_t thread, const command::Command* command, int64_t now_ms) {
  base::MutexLock hold(mutex_);
  DCHECK(std::none_of(late_.begin(), late_.end(), [&](const Late& late) { return late.thread == thread; }));
  late_.push_back({thread, command, now_ms, false});
}

void SlowCommandLog::Ended(pid_t thread) noexcept {
  base::MutexLock hold(mutex_);
  std::erase_if(late_, [thread](const Late& late) { return late.thread == thread; });
}

bool SlowCommandLog::Look(int64_t now_ms, int64_t period_ms) {
  std::vector<Late> due;
  bool left = false;
  {
    base::MutexLock hold(mutex_);
    for (Late& late : late_) {
      if (late.told) continue;
      if (period_ms <= 0 || now_ms - late.since_ms < period_ms) {
        left = left || period_ms > 0;
        continue;
      }
      late.told = true;
      due.push_back(late);
    }
  }
  for (const Late& late : due) Tell(late, now_ms);
  return left;
}

void SlowCommandLog::Tell(const Late& late, int64_t now_ms) {
  // Redis' trace names the C function of the command, "debugCommand", which is what readers of such logs look for.
  const std::string name = late.command ? std::string(late.command->full_name) : "unknown";
  const std::string function = name.substr(0, name.find('|')) + "Command";
  log_.Warning("--- WATCHDOG TIMER EXPIRED ---");
  log_.Warning("{} ({}) has been running for {} ms in thread {}", function, name, now_ms - late.since_ms, late.thread);
  log_.Warning("------ STACK TRACE ------");
  for (const std::string& line : base::StackOf(late.thread)) log_.Warning("{}", line);
  log_.Warning("------");
}

}  // namespace tusk::server
