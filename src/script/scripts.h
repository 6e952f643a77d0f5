// Scripts: what scripting keeps beyond one run: the registry, the interpreters, and who is running now.
//
// Which stripes a run holds, and whether it takes the lane (DESIGN 2.4):
//   - a script may read and write any key: it runs in the lane, and keys that it did not declare are locked as it goes;
//   - "#!lua flags=declared-keys" (Tusk's own) promises to use declared keys only and is held to it: no lane;
//   - scripts that can't write (EVAL_RO, flags=no-writes) start without the lane. One that reaches for another key has
//     done nothing that anybody saw, so it is ended and run again in the lane.
// Threads: thread-safe. Owns: the registry, the pool, the slots of the workers' runs.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "command/services.h"
#include "script/interpreter_pool.h"
#include "script/library_registry.h"
#include "script/script_registry.h"

namespace tusk::command {
class Context;
}  // namespace tusk::command

namespace tusk::script {

// One executing thread's run, as others see it.
struct RunSlot {
  // The worker publishes; SCRIPT KILL looks. Relaxed each: a kill may come a moment late, and `wrote` is set before the
  // write runs, by the thread that asks `kill` next.
  std::atomic<bool> running{false};
  std::atomic<bool> slow{false};   // Longer than busy-reply-threshold.
  std::atomic<bool> wrote{false};
  std::atomic<bool> kill{false};
  std::atomic<bool> is_function{false};

  // What runs, told when it has become slow. Guarded by the mutex of Scripts.
  std::string name;
  std::vector<std::string> command;
  std::chrono::steady_clock::time_point started;
};

class Scripts final : public command::LanePolicy {
 public:
  Scripts() = default;
  Scripts(const Scripts&) = delete;
  Scripts& operator=(const Scripts&) = delete;

  ScriptRegistry& registry() noexcept { return registry_; }
  InterpreterPool& pool() noexcept { return pool_; }
  LibraryRegistry& libraries() noexcept { return libraries_; }
  InterpreterPool& function_pool() noexcept { return function_pool_; }
  // Forgets all libraries and what interpreters have loaded.
  void FlushLibraries();
  // Forgets all scripts and what interpreters have compiled.
  void Flush();

  bool NeedsLane(const command::Command& command, std::span<const std::string_view> argv) const noexcept override;

  bool MayWrite(const command::Command& command, std::span<const std::string_view> argv) const noexcept override;

  // Where redis.log() goes; fixed before the first command. Null: nowhere.
  void SetLog(base::Logger* log) noexcept { log_ = log; }
  base::Logger* log() const noexcept { return log_; }

  // A worker's slot, for as long as the worker lives.
  RunSlot* AddSlot();
  void RemoveSlot(RunSlot* slot);

  enum class Kind : uint8_t { kScript, kFunction };
  enum class KillOutcome : uint8_t { kKilled, kNotBusy, kUnkillable, kOtherKind };
  // Ends the slow runs of that kind that have not written.
  KillOutcome KillSlow(Kind kind);

  struct Running {
    std::string name;
    std::vector<std::string> command;
    std::chrono::milliseconds duration;
  };
  // The run, which lasts for `ran` now, has become slow.
  void Describe(RunSlot& slot, std::string_view name, std::span<const std::string_view> command,
                std::chrono::microseconds ran);
  // A function that has become slow.
  std::optional<Running> SlowFunction();
  // Ends all of them and those to come, for shutdown.
  void KillAll();
  bool stopping() const noexcept { return stopping_.load(std::memory_order_relaxed); }

 private:
  ScriptRegistry registry_;
  InterpreterPool pool_;
  LibraryRegistry libraries_;
  InterpreterPool function_pool_;
  base::Logger* log_ = nullptr;
  std::atomic<bool> stopping_{false};  // Relaxed: runs look again and again.
  base::Mutex mutex_;
  std::vector<std::unique_ptr<RunSlot>> slots_ GUARDED_BY(mutex_);
};

// Compiles a library, runs it once to learn its functions, and keeps it: FUNCTION LOAD, and libraries of a file. Its
// name, or the error.
base::Result<std::string> LoadLibrary(Scripts& scripts, std::string_view code, bool replace);

// SCRIPT KILL and FUNCTION KILL.
void ReplyKill(command::Context& ctx, Scripts::Kind kind);

}  // namespace tusk::script
