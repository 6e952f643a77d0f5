// EVAL, EVALSHA and their read-only variants.
#include "script/script_call.h"
#include "script/scripting.h"
#include "script/scripts.h"

namespace tusk::script {
namespace {

constexpr std::string_view kNoScript = "NOSCRIPT No matching script. Please use EVAL.";

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

void RunScript(command::Context& ctx, Interpreter& interpreter, const Script& script, const CallArguments& call) {
  const RunRequest request{script, call.keys, call.args};
  RunCallable(ctx, script, [&](ScriptRun& run, resp::Reply& reply) { return interpreter.Run(request, run, reply); });
}

void EvalBody(command::Context& ctx) {
  ctx.ChangedNothing();  // The commands that it calls leave the records.
  const auto call = ParseCallArguments(ctx, command::kNotInteger);
  if (!call) return;
  const InterpreterPool::Lease interpreter = ctx.services().scripts->pool().Acquire();
  const ScriptPtr script = ScriptOfBody(ctx, *interpreter, ctx.arg(1), ScriptRegistry::Source::kEval);
  if (script) RunScript(ctx, *interpreter, *script, *call);
}

void EvalSha(command::Context& ctx) {
  ctx.ChangedNothing();
  const auto call = ParseCallArguments(ctx, command::kNotInteger);
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
