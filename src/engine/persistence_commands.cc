#include "engine/persistence_commands.h"

#include "command/context.h"
#include "engine/engine.h"
#include "engine/engine_of.h"

namespace tusk::engine {
namespace {

using command::CommandSpec;
using command::Context;
using command::History;
using command::kAdmin;
using command::kDetachable;
using command::kFast;
using command::kLoading;
using command::kNoAsyncLoading;
using command::kNoMulti;
using command::kNoScript;
using command::kStale;
using command::Locks;

void CmdSave(Context& ctx) {
  base::Status status = EngineOf(ctx).persistence().saver().Save(ctx.transaction());
  if (status.ok()) return ctx.reply().Ok();
  // The log says why; a client hears of a running save only.
  ctx.reply().Error(status.code() == base::Code::kUnavailable ? status.message() : "ERR");
}

// The moment of the snapshot is this command; the writing begins after it.
void CmdBgsave(Context& ctx) {
  if (ctx.argc() > 2 || (ctx.argc() == 2 && !ctx.ArgIs(1, "schedule"))) return ctx.reply().Error(command::kSyntaxError);
  base::Status status = EngineOf(ctx).persistence().saver().SaveInBackground(ctx.transaction());
  if (status.ok()) return ctx.reply().Simple("Background saving started");
  ctx.reply().Error(status);
}

void CmdLastsave(Context& ctx) {
  ctx.reply().Integer(EngineOf(ctx).persistence().saver().state().last_save_unix_seconds);
}

constexpr History kBgsaveHistory[] = {{"3.2.2", "SCHEDULE."}};
constexpr std::string_view kRandomTips[] = {"nondeterministic_output"};

constexpr CommandSpec kRows[] = {
    {.name = "bgsave",
     .handler = CmdBgsave,
     .arity = -1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kDetachable,
     .locks = Locks::kAll,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Begins to write the dataset as it is now to disk, and goes on.",
     .arguments = "[schedule=SCHEDULE]^3.2.2",
     .history = kBgsaveHistory},
    {.name = "lastsave",
     .handler = CmdLastsave,
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .categories = command::kCatAdmin | command::kCatDangerous,
     .locks = Locks::kNone,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns the Unix time of the last save that succeeded.",
     .tips = kRandomTips},
    {.name = "save",
     .handler = CmdSave,
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti | kDetachable,
     .locks = Locks::kAll,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(N), N being the keys of all databases",
     .summary = "Writes the dataset to disk while everybody waits."},
};

}  // namespace

std::span<const CommandSpec> PersistenceRows() noexcept { return kRows; }

}  // namespace tusk::engine
