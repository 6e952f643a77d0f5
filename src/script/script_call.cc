#include "script/script_call.h"

#include "command/command_table.h"
#include "command/executor.h"
#include "command/worker.h"
#include "store/keyspace.h"

namespace tusk::script {
namespace {

constexpr size_t kFirstKey = 3;

}  // namespace

std::optional<CallArguments> ParseCallArguments(command::Context& ctx, std::string_view not_a_number) {
  const std::optional<int64_t> keys = ctx.Integer(2, not_a_number);
  if (!keys) return {};
  if (*keys > static_cast<int64_t>(ctx.argc() - kFirstKey)) {
    ctx.reply().Error("ERR Number of keys can't be greater than number of args");
    return {};
  }
  if (*keys < 0) {
    ctx.reply().Error("ERR Number of keys can't be negative");
    return {};
  }
  const auto values = ctx.args().subspan(kFirstKey);
  const auto count = static_cast<size_t>(*keys);
  return CallArguments{values.first(count), values.subspan(count)};
}

std::optional<bool> AdmitRun(command::Context& ctx, const Callable& callable) {
  const bool read_only_command = ctx.command().has(command::kReadonly);
  const uint32_t flags = callable.flags();
  // Scripts without a first line are judged command by command, but may not run on stale data at all.
  if ((flags & kNoShebang) != 0) {
    const std::string_view refusal = command::StaleRefusal(ctx.settings(), ctx.session());
    if (refusal.empty()) return read_only_command;
    ctx.reply().Error(refusal);
    return {};
  }
  if (read_only_command && (flags & kNoWrites) == 0) {
    ctx.reply().Error("ERR Can not execute a script with write flag using *_ro command.");
    return {};
  }
  const uint64_t maxmemory = ctx.settings().maxmemory;
  if ((flags & (kAllowOom | kNoWrites)) == 0 && maxmemory != 0 && ctx.keyspace().CountedMemory() > maxmemory) {
    ctx.reply().Error(command::kOutOfMemoryError);
    return {};
  }
  if ((flags & kNoWrites) == 0 && ctx.settings().read_only_replica && !ctx.session().from_master) {
    ctx.reply().Error(command::kReadOnlyReplicaError);
    return {};
  }
  std::string_view refusal;
  if ((flags & kAllowStale) == 0) refusal = command::StaleRefusal(ctx.settings(), ctx.session());
  if (refusal.empty() && (flags & kNoWrites) == 0) refusal = command::WriteRefusal(ctx.settings(), ctx.session());
  if (!refusal.empty()) {
    ctx.reply().Error(refusal);
    return {};
  }
  return (flags & kNoWrites) != 0;
}

void EnterLane(command::Context& ctx) {
  store::Transaction& txn = ctx.transaction();
  txn.Unlock();
  txn.EnterLaneBlocking();
  command::KeyPositions& refs = ctx.worker().key_refs;
  if (!command::FindKeys(ctx.command(), ctx.args(), refs)) return;
  for (const command::KeyRef& ref : refs) txn.LockInLane(store::Key::Of(ctx.arg(ref.position)).stripe());
}

}  // namespace tusk::script
