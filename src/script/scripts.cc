#include "script/scripts.h"

#include "command/command_table.h"
#include "script/scripting.h"

namespace tusk::script {

void Scripts::Flush() {
  registry_.Flush();
  pool_.Flush();
}

bool Scripts::NeedsLane(const command::Command& command, std::span<const std::string_view> argv) const noexcept {
  const bool by_body = command.handler == CmdEval || command.handler == CmdEvalRo;
  const bool by_sha = command.handler == CmdEvalsha || command.handler == CmdEvalshaRo;
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

RunSlot* Scripts::AddSlot() {
  base::MutexLock lock(mutex_);
  return slots_.emplace_back(std::make_unique<RunSlot>()).get();
}

void Scripts::RemoveSlot(RunSlot* slot) {
  base::MutexLock lock(mutex_);
  std::erase_if(slots_, [slot](const auto& owned) { return owned.get() == slot; });
}

Scripts::KillOutcome Scripts::KillSlow() {
  base::MutexLock lock(mutex_);
  KillOutcome outcome = KillOutcome::kNotBusy;
  for (const auto& slot : slots_) {
    if (!slot->running.load(std::memory_order_relaxed) || !slot->slow.load(std::memory_order_relaxed)) continue;
    if (slot->wrote.load(std::memory_order_relaxed)) {
      if (outcome == KillOutcome::kNotBusy) outcome = KillOutcome::kUnkillable;
      continue;
    }
    slot->kill.store(true, std::memory_order_relaxed);
    outcome = KillOutcome::kKilled;
  }
  return outcome;
}

void Scripts::KillAll() {
  stopping_.store(true, std::memory_order_relaxed);
  base::MutexLock lock(mutex_);
  for (const auto& slot : slots_) slot->kill.store(true, std::memory_order_relaxed);
}

}  // namespace tusk::script
