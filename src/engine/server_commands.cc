// The server's small commands: MONITOR, ROLE, TIME, SHUTDOWN, LOLWUT, and MEMORY apart from USAGE.
#include "engine/server_commands.h"

#include <algorithm>
#include <string>

#include "base/memory.h"
#include "base/numbers.h"
#include "command/help.h"
#include "engine/engine_of.h"

namespace tusk::engine {
namespace {

using command::Context;

}  // namespace

void CmdMonitor(Context& ctx) {
  if (ctx.session().host == nullptr || ctx.in_script()) {
    return ctx.reply().Error("ERR MONITOR isn't allowed for DENY BLOCKING client");
  }
  EngineOf(ctx).watch().StartMonitor(ctx.session());
  ctx.reply().Ok();
}

void CmdTime(Context& ctx) {
  int64_t micros = ctx.keyspace().clock().UnixMicros();
  ctx.reply().ArrayHeader(2);
  ctx.reply().BulkInteger(micros / 1'000'000);
  ctx.reply().BulkInteger(micros % 1'000'000);
}

void CmdShutdown(Context& ctx) {
  bool save = false;
  bool no_save = false;
  bool now = false;
  bool force = false;
  bool abort = false;
  for (size_t i = 1; i < ctx.argc(); ++i) {
    save = save || ctx.ArgIs(i, "save");
    no_save = no_save || ctx.ArgIs(i, "nosave");
    now = now || ctx.ArgIs(i, "now");
    force = force || ctx.ArgIs(i, "force");
    abort = abort || ctx.ArgIs(i, "abort");
    bool known = ctx.ArgIs(i, "save") || ctx.ArgIs(i, "nosave") || ctx.ArgIs(i, "now") ||
                 ctx.ArgIs(i, "force") || ctx.ArgIs(i, "abort");
    if (!known) return ctx.reply().Error(command::kSyntaxError);
  }
  if ((save && no_save) || (abort && ctx.argc() > 2)) return ctx.reply().Error(command::kSyntaxError);
  command::Process* process = ctx.services().process;
  if (process == nullptr) return ctx.reply().Error("ERR This instance is not a server");
  base::Status status =
      abort ? process->AbortShutdown()
            : process->Shutdown({.save = save, .no_save = no_save, .now = now, .force = force});
  if (!status.ok()) return ctx.reply().Error(status);
  if (abort) return ctx.reply().Ok();
  // The end of the connection is the answer.
  ctx.session().close = command::CloseWish::kAfterReply;
}

void CmdLolwut(Context& ctx) {
  ctx.reply().Verbatim("txt", std::string("      /\\\n     /  \\   Tusk ver. ") + std::string(kVersion) +
                                  ", Redis ver. " + std::string(kRedisVersion) +
                                  "\n    /    )\n   /   .'\n  (__.'\n");
}

void CmdMemoryHelp(Context& ctx) { command::ReplyHelp(ctx); }

// The allocator gives memory back by itself; there is nothing to hurry.
void CmdMemoryPurge(Context& ctx) { ctx.reply().Ok(); }

void CmdMemoryStats(Context& ctx) {
  Engine& engine = EngineOf(ctx);
  auto used = static_cast<int64_t>(base::UsedMemory());
  auto startup = static_cast<int64_t>(engine.startup_memory());
  auto peak = static_cast<int64_t>(engine.memory_peak().Update(static_cast<uint64_t>(used)));
  int64_t keys = 0;
  for (size_t db = 0; db < ctx.keyspace().databases(); ++db) {
    keys += static_cast<int64_t>(ctx.keyspace().Size(static_cast<store::DbIndex>(db)));
  }
  int64_t dataset = std::max<int64_t>(used - startup, 0);
  resp::Reply& reply = ctx.reply();
  auto number = [&](std::string_view name, int64_t value) {
    reply.Bulk(name);
    reply.Integer(value);
  };
  auto percentage = [&](std::string_view name, int64_t part, int64_t whole) {
    reply.Bulk(name);
    reply.Double(whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0);
  };
  reply.MapHeader(8);
  number("peak.allocated", peak);
  number("total.allocated", used);
  number("startup.allocated", startup);
  number("keys.count", keys);
  number("keys.bytes-per-key", keys > 0 ? dataset / keys : 0);
  number("dataset.bytes", dataset);
  percentage("dataset.percentage", dataset, used);
  percentage("peak.percentage", used, peak);
}

}  // namespace tusk::engine
