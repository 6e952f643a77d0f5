#include "script/script_run.h"

#include <sys/uio.h>

#include "base/cycles.h"
#include "command/access.h"
#include "command/command_table.h"
#include "command/executor.h"
#include "store/keyspace.h"

namespace tusk::script {
namespace {

// A reply buffer larger than this is given back after the run.
constexpr size_t kReplyKeptBytesMax = 1024 * 1024;

constexpr std::string_view kUndeclaredKey = "ERR Script attempted to access a key that it did not declare";

}  // namespace

ScriptRun& ScriptRun::Of(command::Worker& worker) {
  if (!worker.interpreter) worker.interpreter = std::make_unique<ScriptRun>(*worker.services().scripts);
  return static_cast<ScriptRun&>(*worker.interpreter);
}

void ScriptRun::Begin(command::Context& ctx, const Callable& callable, bool read_only) {
  ctx_ = &ctx;
  callable_ = &callable;
  read_only_ = read_only;
  must_enter_lane_ = false;
  marked_slow_ = 0;
  const command::Session& caller = ctx.session();
  session_.id = caller.id;
  session_.db = caller.db;
  session_.no_touch = caller.no_touch;
  session_.tracking = caller.tracking;
  session_.authenticated = true;
  if (session_.user != caller.user) session_.user = caller.user;
  if (session_.rights != caller.rights) session_.rights = caller.rights;
  const uint64_t maxmemory = ctx.settings().maxmemory;
  out_of_memory_ = maxmemory != 0 && ctx.keyspace().CountedMemory() > maxmemory;
  started_ticks_ = base::CycleClock::Now();
  slot_->slow.store(false, std::memory_order_relaxed);
  slot_->is_function.store(callable.is_function(), std::memory_order_relaxed);
  slot_->wrote.store(false, std::memory_order_relaxed);
  slot_->kill.store(scripts_.stopping(), std::memory_order_relaxed);
  slot_->running.store(true, std::memory_order_relaxed);
}

void ScriptRun::End() noexcept {
  slot_->running.store(false, std::memory_order_relaxed);
  if (marked_slow_ != 0) {
    store::ParkingLot& parking = ctx_->keyspace().parking();
    for (const uint16_t stripe : ctx_->transaction().held()) parking.ClearSlow(stripe);
    if (ctx_->transaction().in_lane()) parking.ClearSlow(store::ParkingLot::kLaneSlot);
  }
  ctx_->transaction().SetChangeTargets(store::kToAll);
  out_.Clear();
  if (out_.memory_bytes() > kReplyKeptBytesMax) out_.Trim();
  if (joined_.capacity() > kReplyKeptBytesMax) std::string().swap(joined_);
  ctx_ = nullptr;
  callable_ = nullptr;
}

// ---- Commands ----

std::string_view ScriptRun::Refusal(const command::Command* command, std::span<const std::string_view> argv) const {
  if (command == nullptr || command->LacksSubcommand(argv.size())) {
    return "ERR Unknown Redis command called from script";
  }
  if (!command->AcceptsCount(argv.size()) || command->handler == nullptr) {
    return "ERR Wrong number of args calling Redis command from script";
  }
  if (command->has(command::kNoScript) && !ctx_->settings().disable_deny_scripts) {
    return "ERR This Redis command is not allowed from script";
  }
  if (!command->has(command::kStale) && !command::StaleRefusal(ctx_->settings(), ctx_->session()).empty()) {
    return "ERR Can not execute the command on a stale replica";
  }
  if (read_only_ && command->has(command::kWrite | command::kMayReplicate)) {
    return "ERR Write commands are not allowed from read-only scripts.";
  }
  // A script that has begun to write is let finish.
  const bool wrote = slot_->wrote.load(std::memory_order_relaxed);
  if (command->has(command::kWrite) && !wrote) {
    const std::string_view refusal = command::WriteRefusal(ctx_->settings(), ctx_->session());
    if (!refusal.empty()) return refusal;
  }
  if (out_of_memory_ && command->has(command::kDenyOom) && (callable_->flags() & kAllowOom) == 0 && !wrote) {
    return command::kOutOfMemoryError;
  }
  return {};
}

std::string_view ScriptRun::Refuse(const command::Command* command, std::string_view error) {
  command::Worker& worker = ctx_->worker();
  if (command != nullptr) worker.statistics().command[command->id].rejected.Add(1);
  worker.services().statistics->CountError(error.substr(0, error.find(' ')));
  joined_.assign("-").append(error).append("\r\n");
  return joined_;
}

std::string_view ScriptRun::Call(std::span<const std::string_view> argv, int protocol) noexcept {
  command::Worker& worker = ctx_->worker();
  const command::Command* command = worker.services().commands->Resolve(argv);
  if (const std::string_view error = Refusal(command, argv); !error.empty()) return Refuse(command, error);
  if (session_.rights && !session_.rights->unrestricted) [[unlikely]] {
    // By the rights as they were when the script began.
    const command::AccessRequest request{*command, argv, ctx_->command(), command::AccessContext::kScript};
    const command::Verdict verdict = session_.rights->Judge(*command, argv, worker.key_refs);
    if (!verdict.allowed()) {
      worker.services().access->NoteDenial(session_, request, verdict);
      return Refuse(command, "ERR ACL failure in script: " +
                                 command::DenialText(verdict, session_.user, *command, argv, false));
    }
  }
  if (command->has(command::kWrite)) slot_->wrote.store(true, std::memory_order_relaxed);

  out_.Clear();
  resp::Reply reply(out_, protocol);
  session_.protocol = protocol;
  const resp::Reply::Mark mark = reply.BeginDeferred();  // Keeps the bytes together.
  const bool reached = worker.services().executor->CallFromScript(worker, session_, *command, argv, reply);
  reply.KeepDeferred(mark);
  if (!reached) {
    if ((callable_->flags() & kDeclaredKeys) != 0) return Refuse(command, kUndeclaredKey);
    callable_->MarkReachesFurther();
    must_enter_lane_ = true;
    return Refuse(nullptr, "ERR Script runs again");  // Seen by nobody.
  }
  if (marked_slow_ != 0 && marked_slow_ != ctx_->transaction().held_count()) MarkSlow();
  const std::string_view bytes = TakeReply();
  if (bytes.starts_with('-')) {
    worker.services().statistics->CountError(bytes.substr(1, bytes.find_first_of(" \r") - 1));
  }
  return bytes;
}

std::string_view ScriptRun::TakeReply() {
  iovec pieces[2];
  const size_t count = out_.Gather(pieces, 2);
  if (count == 1) return {static_cast<const char*>(pieces[0].iov_base), pieces[0].iov_len};
  joined_ = out_.ToString();
  return joined_;
}

AclVerdict ScriptRun::CheckAcl(std::span<const std::string_view> argv) noexcept {
  const command::Command* command = ctx_->services().commands->Resolve(argv);
  if (command == nullptr || command->LacksSubcommand(argv.size())) return AclVerdict::kUnknownCommand;
  if (!session_.rights) return AclVerdict::kAllowed;
  const command::Verdict verdict = session_.rights->Judge(*command, argv, ctx_->worker().key_refs);
  return verdict.allowed() ? AclVerdict::kAllowed : AclVerdict::kDenied;
}

void ScriptRun::SetReplication(bool to_append_file, bool to_replicas) noexcept {
  ctx_->transaction().SetChangeTargets(static_cast<uint8_t>((to_append_file ? store::kToAppendFile : 0) |
                                                            (to_replicas ? store::kToReplicas : 0)));
}

void ScriptRun::Log(LogLevel level, std::string_view text) noexcept {
  base::Logger* log = scripts_.log();
  if (log == nullptr) return;
  switch (level) {
    case LogLevel::kDebug: return log->Debug("{}", text);
    case LogLevel::kVerbose: return log->Verbose("{}", text);
    case LogLevel::kNotice: return log->Notice("{}", text);
    case LogLevel::kWarning: return log->Warning("{}", text);
  }
}

// ---- Time ----

bool ScriptRun::ShouldStop() noexcept {
  if (must_enter_lane_ || slot_->kill.load(std::memory_order_relaxed)) return true;
  if (slot_->slow.load(std::memory_order_relaxed)) return false;
  const int64_t threshold_ms = ctx_->settings().busy_reply_threshold;
  if (threshold_ms <= 0) return false;
  const uint64_t micros = base::CycleClock::ToMicros(base::CycleClock::Now() - started_ticks_);
  if (micros < static_cast<uint64_t>(threshold_ms) * 1000) return false;
  slot_->slow.store(true, std::memory_order_relaxed);
  scripts_.Describe(*slot_, callable_->name(), ctx_->args(), std::chrono::microseconds(micros));
  if (base::Logger* log = scripts_.log()) {
    log->Warning("Slow script detected: still in execution after {} milliseconds. You can try killing the script using "
                 "the {} KILL command. Script name is: {}.", micros / 1000,
                 callable_->is_function() ? "FUNCTION" : "SCRIPT", callable_->name());
  }
  MarkSlow();
  return false;
}

// Commands that wait for what this script holds are answered BUSY from now on.
void ScriptRun::MarkSlow() noexcept {
  store::ParkingLot& parking = ctx_->keyspace().parking();
  for (const uint16_t stripe : ctx_->transaction().held()) parking.MarkSlow(stripe, callable_->is_function());
  if (ctx_->transaction().in_lane()) {
    parking.MarkSlow(store::ParkingLot::kLaneSlot, callable_->is_function());
  }
  marked_slow_ = ctx_->transaction().held_count() + 1;
}

}  // namespace tusk::script
