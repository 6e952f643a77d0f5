#include "script/scripts.h"

#include "command/command_table.h"
#include "script/scripting.h"

namespace tusk::script {

void Scripts::Flush() {
  registry_.Flush();
  pool_.Flush();
}

void Scripts::FlushLibraries() {
  libraries_.Flush();
  function_pool_.Flush();
}

bool Scripts::NeedsLane(const command::Command& command, std::span<const std::string_view> argv) const noexcept {
  const bool by_body = command.handler == CmdEval || command.handler == CmdEvalRo;
  const bool by_sha = command.handler == CmdEvalsha || command.handler == CmdEvalshaRo;
  if (command.handler == CmdFcall || command.handler == CmdFcallRo) {
    if (argv.size() < 2) return true;
    const auto [library, function] = libraries_.Find(argv[1]);
    if (!library) return false;  // It will be refused.
    return function->ReachesFurther() ||
           (!command.has(command::kReadonly) && (function->flags() & (kNoWrites | kDeclaredKeys)) == 0);
  }
  if ((!by_body && !by_sha) || argv.size() < 2) return true;
  uint32_t flags = 0;
  if (by_sha) {
    const ScriptPtr script = registry_.Find(argv[1]);
    if (!script) return false;  // It will be refused.
    if (script->ReachesFurther()) return true;
    flags = script->flags();
  } else if (argv[1].starts_with("#!")) {
    if (const auto shebang = ParseShebang(argv[1])) flags = shebang->flags;
  }
  return !command.has(command::kReadonly) && (flags & (kNoWrites | kDeclaredKeys)) == 0;
}

bool Scripts::MayWrite(const command::Command& command, std::span<const std::string_view> argv) const noexcept {
  if (command.has(command::kReadonly)) return false;
  if (argv.size() < 2) return true;
  uint32_t flags = 0;
  if (command.handler == CmdFcall) {
    const auto [library, function] = libraries_.Find(argv[1]);
    if (library) flags = function->flags();
  } else if (command.handler == CmdEvalsha) {
    if (const ScriptPtr script = registry_.Find(argv[1])) flags = script->flags();
  } else if (command.handler == CmdEval && argv[1].starts_with("#!")) {
    if (const auto shebang = ParseShebang(argv[1])) flags = shebang->flags;
  }
  return (flags & kNoWrites) == 0;
}

RunSlot* Scripts::AddSlot() {
  base::MutexLock lock(mutex_);
  return slots_.emplace_back(std::make_unique<RunSlot>()).get();
}

void Scripts::RemoveSlot(RunSlot* slot) {
  base::MutexLock lock(mutex_);
  std::erase_if(slots_, [slot](const auto& owned) { return owned.get() == slot; });
}

void Scripts::Describe(RunSlot& slot, std::string_view name, std::span<const std::string_view> command,
                       std::chrono::microseconds ran) {
  base::MutexLock lock(mutex_);
  slot.name = name;
  slot.command.assign(command.begin(), command.end());
  slot.started = std::chrono::steady_clock::now() - ran;
}

Scripts::KillOutcome Scripts::KillSlow(Kind kind) {
  base::MutexLock lock(mutex_);
  KillOutcome outcome = KillOutcome::kNotBusy;
  for (const auto& slot : slots_) {
    if (!slot->running.load(std::memory_order_relaxed) || !slot->slow.load(std::memory_order_relaxed)) continue;
    if (slot->wrote.load(std::memory_order_relaxed)) {
      if (outcome == KillOutcome::kNotBusy) outcome = KillOutcome::kUnkillable;
      continue;
    }
    if (slot->is_function.load(std::memory_order_relaxed) != (kind == Kind::kFunction)) {
      if (outcome != KillOutcome::kKilled) outcome = KillOutcome::kOtherKind;
      continue;
    }
    slot->kill.store(true, std::memory_order_relaxed);
    outcome = KillOutcome::kKilled;
  }
  return outcome;
}

std::optional<Scripts::Running> Scripts::SlowFunction() {
  base::MutexLock lock(mutex_);
  for (const auto& slot : slots_) {
    if (!slot->running.load(std::memory_order_relaxed) || !slot->slow.load(std::memory_order_relaxed) ||
        !slot->is_function.load(std::memory_order_relaxed)) {
      continue;
    }
    const auto duration = std::chrono::steady_clock::now() - slot->started;
    return Running{slot->name, slot->command, std::chrono::duration_cast<std::chrono::milliseconds>(duration)};
  }
  return {};
}

void Scripts::KillAll() {
  stopping_.store(true, std::memory_order_relaxed);
  base::MutexLock lock(mutex_);
  for (const auto& slot : slots_) slot->kill.store(true, std::memory_order_relaxed);
}

}  // namespace tusk::script
