// CONFIG: the settings in force.
#include <tuple>

#include "command/help.h"
#include "command/refusals.h"
#include "engine/engine_of.h"
#include "engine/server_commands.h"
#include "store/eviction.h"

namespace tusk::engine {
namespace {

using command::Context;

// Embedded, the caller is the process itself.
bool ProtectedAllowed(Context& ctx) {
  command::Process* process = ctx.services().process;
  if (process != nullptr && process->RefusesAsRemote("enable-protected-configs", ctx.session().id)) return false;
  return EngineOf(ctx).config().Text("enable-protected-configs") != "no";
}

// Names a setting on which loading relies.
bool TouchesLoading(Context& ctx) {
  for (size_t i = 2; i < ctx.argc(); i += 2) {
    for (const SettingRow& row : SettingRows()) {
      if ((row.flags & kNotWhileLoading) && ctx.ArgIs(i, row.name)) return true;
    }
  }
  return false;
}

}  // namespace

void CmdConfigGet(Context& ctx) {
  EngineOf(ctx).NoteRole();
  auto found = EngineOf(ctx).config().Get(ctx.args().subspan(2));
  ctx.reply().MapHeader(found.size());
  for (const auto& [name, value] : found) {
    ctx.reply().Bulk(name);
    ctx.reply().Bulk(value);
  }
}

void CmdConfigSet(Context& ctx) {
  if (ctx.settings().loading && TouchesLoading(ctx)) return ctx.reply().Error(command::kLoadingError);
  base::Status status = EngineOf(ctx).config().Set(ctx.args().subspan(2), ProtectedAllowed(ctx));
  if (!status.ok()) return ctx.reply().Error(status);
  ctx.reply().Ok();
  // A limit that was lowered takes effect now, not with the next command; a transaction holds stripes and
  // leaves it to that one.
  if (!ctx.in_exec() && !ctx.in_script()) {
    std::ignore = store::MakeRoom(ctx.transaction(), [&ctx] { ctx.services().executor->ServeReady(ctx.worker()); });
  }
}

void CmdConfigRewrite(Context& ctx) {
  EngineOf(ctx).NoteRole();
  base::Status status = EngineOf(ctx).config().Rewrite();
  if (!status.ok()) return ctx.reply().Error(status);
  ctx.reply().Ok();
}

void CmdConfigResetstat(Context& ctx) {
  EngineOf(ctx).ResetStatistics();
  ctx.reply().Ok();
}

void CmdConfigHelp(Context& ctx) { command::ReplyHelp(ctx); }

}  // namespace tusk::engine
