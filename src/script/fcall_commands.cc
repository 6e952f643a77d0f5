// FCALL and FCALL_RO.
#include "script/script_call.h"
#include "script/scripting.h"
#include "script/scripts.h"

namespace tusk::script {
namespace {

void CallFunction(command::Context& ctx) {
  ctx.ChangedNothing();  // The commands that it calls leave the records.
  Scripts& scripts = *ctx.services().scripts;
  const auto [library, function] = scripts.libraries().Find(ctx.arg(1));
  if (!library) return ctx.reply().Error("ERR Function not found");
  const auto call = ParseCallArguments(ctx, "ERR Bad number of keys provided");
  if (!call) return;
  const InterpreterPool::Lease interpreter = scripts.function_pool().Acquire();
  const FunctionRequest request{*library, *function, call->keys, call->args};
  RunCallable(ctx, *function, [&](ScriptRun& run, resp::Reply& reply) {
    return interpreter->RunFunction(request, run, reply);
  });
}

}  // namespace

void CmdFcall(command::Context& ctx) { CallFunction(ctx); }
void CmdFcallRo(command::Context& ctx) { CallFunction(ctx); }

}  // namespace tusk::script
