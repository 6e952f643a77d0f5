// EVAL, EVALSHA and their read-only variants.
#include "base/memory.h"
#include "command/command_table.h"
#include "command/context.h"
#include "command/executor.h"
#include "command/worker.h"
#include "script/script_run.h"
#include "script/scripting.h"
#include "script/scripts.h"

namespace tusk::script {
namespace {

constexpr std::string_view kNoScript = "NOSCRIPT No matching script. Please use EVAL.";
constexpr size_t kFirstKey = 3;

struct CallArguments {
  std::span<const std::string_view> keys;
  std::span<const std::string_view> args;
};

std::optional<CallArguments> ParseArguments(command::Context& ctx) {
  const std::optional<int64_t> keys = ctx.Integer(2);
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

// The registered script of that body, compiled and registered now if it is new. Null: the error is replied.
ScriptPtr ScriptOfBody(command::Context& ctx, Interpreter& interpreter, std::string_view body,
                       ScriptRegistry::Source source) {
  ScriptRegistry& registry = ctx.services().scripts->registry();
  const Sha1Hex sha = interpreter.sha1().Hex(body);
  if (source == ScriptRegistry::Source::kEval) {
    if (ScriptPtr known = registry.Find(AsView(sha))) return known;
  }
  base::Result<ScriptPtr> parsed = registry.Parse(body, sha);
  if (!parsed) {
    ctx.reply().Error(parsed.error());
    return nullptr;
  }
  if (const base::Status status = interpreter.Compile(**parsed); !status.ok()) {
    ctx.reply().Error(status);
    return nullptr;
  }
  return registry.Add(*std::move(parsed), source);
}

// What the first line's flags allow. Scripts without one are judged command by command. Empty: it may run.
std::string_view Refusal(command::Context& ctx, const Script& script, bool read_only_command) {
  const uint32_t flags = script.flags();
  if ((flags & kNoShebang) != 0) return {};
  if (read_only_command && (flags & kNoWrites) == 0) {
    return "ERR Can not execute a script with write flag using *_ro command.";
  }
  const uint64_t maxmemory = ctx.settings().maxmemory;
  if ((flags & (kAllowOom | kNoWrites)) == 0 && maxmemory != 0 && base::UsedMemory() > maxmemory) {
    return command::kOutOfMemoryError;
  }
  return {};
}

// From no locks to the lane and the declared keys. Blocks; the command is detachable.
void EnterLane(command::Context& ctx) {
  store::Transaction& txn = ctx.transaction();
  txn.Unlock();
  txn.EnterLaneBlocking();
  command::KeyPositions& refs = ctx.worker().key_refs;
  if (!command::FindKeys(ctx.command(), ctx.args(), refs)) return;
  for (const command::KeyRef& ref : refs) txn.LockInLane(store::Key::Of(ctx.arg(ref.position)).stripe());
}

RunResult RunOnce(command::Context& ctx, Interpreter& interpreter, const RunRequest& request, bool read_only,
                  bool& must_enter_lane) {
  ScriptRun& run = ScriptRun::Of(ctx.worker());
  run.Begin(ctx, request.script, read_only);
  const RunResult result = interpreter.Run(request, run, ctx.reply());
  must_enter_lane = run.must_enter_lane();
  run.End();
  return result;
}

void RunScript(command::Context& ctx, Interpreter& interpreter, const Script& script, const CallArguments& call) {
  const bool read_only_command = ctx.command().has(command::kReadonly);
  if (const std::string_view error = Refusal(ctx, script, read_only_command); !error.empty()) {
    return ctx.reply().Error(error);
  }
  const bool read_only = read_only_command || (script.flags() & kNoWrites) != 0;
  const RunRequest request{script, call.keys, call.args};
  bool must_enter_lane = false;
  const resp::Reply::Mark mark = ctx.reply().BeginDeferred();
  RunResult result = RunOnce(ctx, interpreter, request, read_only, must_enter_lane);
  if (must_enter_lane) {
    ctx.reply().CancelDeferred(mark);
    EnterLane(ctx);
    result = RunOnce(ctx, interpreter, request, read_only, must_enter_lane);
  } else {
    ctx.reply().KeepDeferred(mark);
  }
  if (result.error_counted) ctx.ErrorWasCounted();
}

void EvalBody(command::Context& ctx) {
  ctx.ChangedNothing();  // The commands that it calls leave the records.
  const auto call = ParseArguments(ctx);
  if (!call) return;
  const InterpreterPool::Lease interpreter = ctx.services().scripts->pool().Acquire();
  const ScriptPtr script = ScriptOfBody(ctx, *interpreter, ctx.arg(1), ScriptRegistry::Source::kEval);
  if (script) RunScript(ctx, *interpreter, *script, *call);
}

void EvalSha(command::Context& ctx) {
  ctx.ChangedNothing();
  const auto call = ParseArguments(ctx);
  if (!call) return;
  const ScriptPtr script = ctx.services().scripts->registry().Find(ctx.arg(1));
  if (!script) return ctx.reply().Error(kNoScript);
  const InterpreterPool::Lease interpreter = ctx.services().scripts->pool().Acquire();
  RunScript(ctx, *interpreter, *script, *call);
}

}  // namespace

void CmdEval(command::Context& ctx) { EvalBody(ctx); }
void CmdEvalRo(command::Context& ctx) { EvalBody(ctx); }
void CmdEvalsha(command::Context& ctx) { EvalSha(ctx); }
void CmdEvalshaRo(command::Context& ctx) { EvalSha(ctx); }

void CmdScriptLoad(command::Context& ctx) {
  const InterpreterPool::Lease interpreter = ctx.services().scripts->pool().Acquire();
  const ScriptPtr script = ScriptOfBody(ctx, *interpreter, ctx.arg(2), ScriptRegistry::Source::kLoad);
  if (script) ctx.reply().Bulk(script->sha());
}

}  // namespace tusk::script
