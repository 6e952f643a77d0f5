// FUNCTION as it answers while there are no libraries. TODO(#2): libraries, FCALL.
#include "command/context.h"
#include "script/scripting.h"

namespace tusk::script {

void CmdFunctionFlush(command::Context& ctx) {
  if (ctx.argc() == 3 && !ctx.ArgIs(2, "async") && !ctx.ArgIs(2, "sync")) {
    return ctx.reply().Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  }
  if (ctx.argc() > 3) {
    return ctx.reply().Error("ERR unknown subcommand or wrong number of arguments for 'flush'. Try FUNCTION HELP.");
  }
  ctx.reply().Ok();
}

void CmdFunctionList(command::Context& ctx) { ctx.reply().EmptyArray(); }

void CmdFunctionDelete(command::Context& ctx) { ctx.reply().Error("ERR Library not found"); }

void CmdFunctionKill(command::Context& ctx) {
  ctx.reply().Error("NOTBUSY No scripts in execution right now.");
}

void CmdFunctionStats(command::Context& ctx) {
  resp::Reply& reply = ctx.reply();
  reply.MapHeader(2);
  reply.Bulk("running_script");
  reply.Null();
  reply.Bulk("engines");
  reply.MapHeader(1);
  reply.Bulk("LUA");
  reply.MapHeader(2);
  reply.Bulk("libraries_count");
  reply.Integer(0);
  reply.Bulk("functions_count");
  reply.Integer(0);
}

}  // namespace tusk::script
