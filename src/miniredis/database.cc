// LEN, FLUSH, INFO and what concerns the connection and the server.
#include "base/text.h"
#include "command/command_table.h"
#include "command/help.h"
#include "command/statistics.h"
#include "families/keyspace.h"
#include "miniredis/call.h"
#include "miniredis/handlers.h"

namespace tusk::miniredis {
namespace {

using command::Context;
using store::Entry;
using store::Key;
using types::DocumentView;

// Keys of the database, without the schedule, which is none to this port's clients. Nothing: the command runs anew later.
std::optional<uint64_t> CountKeys(Context& ctx) {
  const Key schedule = Key::Of(kScheduleKey);
  if (!ctx.Visit(schedule.stripe())) return {};
  const bool has_schedule = ctx.Lookup(schedule, store::Access::kPeek) != nullptr;
  ctx.Leave(schedule.stripe());
  const uint64_t keys = ctx.keyspace().Size(ctx.db());
  return keys - std::min<uint64_t>(keys, has_schedule ? 1 : 0);
}

// Over all verbs: how often they ran, and how many of those were refused or failed.
struct Counts {
  uint64_t processed = 0;
  uint64_t failed = 0;
};

Counts CountVerbs(Context& ctx) {
  Counts counts;
  const command::Command* mini = ctx.services().commands->FindOriginal("mini");
  if (!mini) return counts;
  for (const command::Command* verb : mini->subcommands) {
    command::Statistics& statistics = *ctx.services().statistics;
    const uint64_t calls = statistics.Sum([verb](const auto& worker) { return worker.command[verb->id].calls.get(); });
    const uint64_t failed = statistics.Sum([verb](const auto& worker) { return worker.command[verb->id].failed.get(); });
    counts.processed += calls - std::min(calls, failed);
    counts.failed += failed + statistics.Sum([verb](const auto& worker) { return worker.command[verb->id].rejected.get(); });
  }
  return counts;
}

uint64_t CountConnections(Context& ctx) {
  if (!ctx.services().clients) return 0;
  uint64_t count = 0;
  for (const command::ClientInfo& client : ctx.services().clients->List()) count += client.protocol == resp::kMiniProtocol;
  return count;
}

}  // namespace

void CmdLen(Context& ctx) {
  Call call(ctx);
  if (std::optional<uint64_t> keys = CountKeys(ctx)) call.Integer64(static_cast<int64_t>(*keys));
}

// All but the schedule.
void CmdFlush(Context& ctx) {
  Call call(ctx);
  DCHECK(ctx.transaction().holds_all());
  const Key key = Key::Of(kScheduleKey);
  std::optional<store::Value> schedule;
  if (Entry* entry = ctx.Lookup(key, store::Access::kWrite)) schedule = ctx.transaction().Take(ctx.db(), key, *entry);
  call.Integer64(static_cast<int64_t>(families::EmptyDatabases(ctx, ctx.db(), size_t{ctx.db()} + 1, false)));
  if (schedule) ctx.transaction().Put(ctx.db(), key, nullptr, *std::move(schedule));
  ctx.RecordAs({"MINI", "FLUSH", ctx.arg(kKindArg)});
}

void CmdFlushall(Context& ctx) {
  Call call(ctx);
  families::EmptyDatabases(ctx, ctx.db(), size_t{ctx.db()} + 1, false);
  ctx.RecordAs({"FLUSHDB"});
  call.Integer64(1);
}

void CmdInfo(Context& ctx) {
  Call call(ctx);
  const std::optional<uint64_t> keys = CountKeys(ctx);
  if (!keys) return;
  const Counts counts = CountVerbs(ctx);
  const uint64_t received = ctx.services().statistics->connections_received.load(std::memory_order_relaxed);
  constexpr double kMicros = 1e6;
  const struct {
    std::string_view name;
    uint64_t value;
  } figures[] = {{"active_connections", CountConnections(ctx)},
                 {"commands_processed", counts.processed},
                 {"command_errors", counts.failed},
                 {"connections", received},
                 {"keys", *keys}};
  call.Dict(std::size(figures) + 1);
  for (const auto& figure : figures) {
    call.Text(figure.name);
    call.Integer64(static_cast<int64_t>(figure.value));
  }
  call.Text("timestamp");
  call.Value(DocumentView::Double(static_cast<double>(ctx.keyspace().clock().UnixMicros()) / kMicros));
}

void CmdQuit(Context& ctx) {
  Call call(ctx);
  call.Integer64(1);
  if (call.is_mini()) ctx.session().close = command::CloseWish::kAfterReply;
}

void CmdShutdown(Context& ctx) {
  Call call(ctx);
  command::Process* process = ctx.services().process;
  if (!process) return call.Fail(kUnhandled);
  base::Status status = process->Shutdown({});
  if (!status.ok()) return ctx.reply().Error(status);
  call.Integer64(1);
  ctx.session().close = command::CloseWish::kAfterReply;
}

// What the reader could not make a command of: its error, and whether the connection ends.
void CmdRefuse(Context& ctx) {
  ctx.reply().Error(ctx.arg(2));
  if (ctx.arg(3) == "1" && ctx.reply().protocol() == resp::kMiniProtocol) ctx.session().close = command::CloseWish::kAfterReply;
}

void CmdHelp(Context& ctx) { command::ReplyHelp(ctx); }

}  // namespace tusk::miniredis
