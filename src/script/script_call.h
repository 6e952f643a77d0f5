// What EVAL and FCALL have in common: their arguments, what flags allow, and a run that begins without the lane and
// may have to begin again in it.
// Threads: the worker that executes the command. Owns: nothing.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "command/context.h"
#include "script/interpreter.h"
#include "script/script_run.h"

namespace tusk::script {

struct CallArguments {
  std::span<const std::string_view> keys;
  std::span<const std::string_view> args;
};

// "<script or function> numkeys key... arg...". Nothing: the error is replied.
std::optional<CallArguments> ParseCallArguments(command::Context& ctx, std::string_view not_a_number);

// Whether the command's or the callable's word makes the run read-only. Nothing: it may not run, the error is replied.
std::optional<bool> AdmitRun(command::Context& ctx, const Callable& callable);

// From no locks to the lane and the declared keys. Blocks; the command is detachable.
void EnterLane(command::Context& ctx);

// `run(ScriptRun&, resp::Reply&) -> RunResult` may be called twice.
template <typename Run>
void RunCallable(command::Context& ctx, const Callable& callable, const Run& run) {
  const std::optional<bool> read_only = AdmitRun(ctx, callable);
  if (!read_only) return;
  ScriptRun& state = ScriptRun::Of(ctx.worker());
  auto run_once = [&](bool& must_enter_lane) {
    state.Begin(ctx, callable, *read_only);
    const RunResult result = run(state, ctx.reply());
    must_enter_lane = state.must_enter_lane();
    state.End();
    return result;
  };
  bool must_enter_lane = false;
  const resp::Reply::Mark mark = ctx.reply().BeginDeferred();
  RunResult result = run_once(must_enter_lane);
  if (must_enter_lane) {
    ctx.reply().CancelDeferred(mark);
    EnterLane(ctx);
    result = run_once(must_enter_lane);
  } else {
    ctx.reply().KeepDeferred(mark);
  }
  if (result.error_counted) ctx.ErrorWasCounted();
}

}  // namespace tusk::script
