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
  persist::Saver& saver = EngineOf(ctx).persistence().saver();
  if (saver.state().in_progress) return ctx.reply().Error("ERR Background save already in progress");
  if (ctx.in_exec() || EngineOf(ctx).append_file().keeper().state().in_progress) {
    if (ctx.argc() == 1 && !ctx.in_exec()) {
      return ctx.reply().Error(
          "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a "
          "BGSAVE whenever possible.");
    }
    saver.Schedule();
    return ctx.reply().Simple("Background saving scheduled");
  }
  base::Status status = saver.SaveInBackground(ctx.transaction());
  if (status.ok()) return ctx.reply().Simple("Background saving started");
  ctx.reply().Error(status);
}

// The rewrite's thread takes the stripes when it has made its files ready.
void CmdBgrewriteaof(Context& ctx) {
  using Answer = persist::LogKeeper::Answer;
  if (ctx.services().persistence == nullptr) return ctx.reply().Error("ERR this engine has no files");
  switch (EngineOf(ctx).append_file().keeper().Rewrite(ctx.in_exec())) {
    case Answer::kStarted: return ctx.reply().Simple("Background append only file rewriting started");
    case Answer::kScheduled: return ctx.reply().Simple("Background append only file rewriting scheduled");
    case Answer::kAlreadyRunning:
      return ctx.reply().Error("ERR Background append only file rewriting already in progress");
  }
}

void CmdLastsave(Context& ctx) {
  ctx.reply().Integer(EngineOf(ctx).persistence().saver().state().last_save_unix_seconds);
}

constexpr History kBgsaveHistory[] = {{"3.2.2", "SCHEDULE."}};
constexpr std::string_view kRandomTips[] = {"nondeterministic_output"};

constexpr CommandSpec kRows[] = {
    {.name = "bgrewriteaof",
     .handler = CmdBgrewriteaof,
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading,
     .locks = Locks::kNone,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Begins to write the append log anew, as short as it can be, and goes on."},
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
