// SCRIPT and its subcommands, but for LOAD (eval_commands.cc).
#include <iterator>

#include "command/context.h"
#include "script/scripting.h"
#include "script/scripts.h"

namespace tusk::script {

void CmdScriptExists(command::Context& ctx) {
  const ScriptRegistry& registry = ctx.services().scripts->registry();
  ctx.reply().ArrayHeader(ctx.argc() - 2);
  for (size_t i = 2; i < ctx.argc(); ++i) ctx.reply().Integer(registry.Find(ctx.arg(i)) ? 1 : 0);
}

void CmdScriptShow(command::Context& ctx) {
  const ScriptPtr script = ctx.services().scripts->registry().Find(ctx.arg(2));
  if (!script) return ctx.reply().Error("NOSCRIPT No matching script.");
  ctx.reply().Bulk(script->body());
}

void CmdScriptFlush(command::Context& ctx) {
  // Both modes take the same little time here: interpreters that are in use go when they come back.
  const bool valid = ctx.argc() == 2 || (ctx.argc() == 3 && (ctx.ArgIs(2, "async") || ctx.ArgIs(2, "sync")));
  if (!valid) return ctx.reply().Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  ctx.services().scripts->Flush();
  ctx.reply().Ok();
}

void CmdScriptKill(command::Context& ctx) { ReplyKill(ctx, Scripts::Kind::kScript); }

void ReplyKill(command::Context& ctx, Scripts::Kind kind) {
  switch (ctx.services().scripts->KillSlow(kind)) {
    case Scripts::KillOutcome::kKilled: return ctx.reply().Ok();
    case Scripts::KillOutcome::kNotBusy:
      return ctx.reply().Error("NOTBUSY No scripts in execution right now.");
    case Scripts::KillOutcome::kUnkillable:
      return ctx.reply().Error(
          "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the "
          "script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.");
    case Scripts::KillOutcome::kOtherKind:
      return ctx.reply().Error(
          kind == Scripts::Kind::kScript
              ? "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
              : "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.");
  }
}

void CmdScriptDebug(command::Context& ctx) {
  // There is no debugger; asking for none is fine.
  if (ctx.ArgIs(2, "no")) return ctx.reply().Ok();
  if (ctx.ArgIs(2, "yes") || ctx.ArgIs(2, "sync")) {
    return ctx.reply().Error("ERR The script debugger is not supported");
  }
  ctx.reply().Error("ERR Use SCRIPT DEBUG YES/SYNC/NO");
}

void CmdScriptHelp(command::Context& ctx) {
  constexpr std::string_view kLines[] = {
      "SCRIPT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "DEBUG (YES|SYNC|NO)",
      "    Set the debug mode for subsequent scripts executed.",
      "EXISTS <sha1> [<sha1> ...]",
      "    Return information about the existence of the scripts in the script cache.",
      "FLUSH [ASYNC|SYNC]",
      "    Flush the Lua scripts cache. Very dangerous on replicas.",
      "    When called without the optional mode argument, the behavior is determined by the",
      "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
      "    * ASYNC: Asynchronously flush the scripts cache.",
      "    * SYNC: Synchronously flush the scripts cache.",
      "KILL",
      "    Kill the currently executing Lua script.",
      "LOAD <script>",
      "    Load a script into the scripts cache without executing it.",
      "HELP",
      "    Prints this help."};
  ctx.reply().ArrayHeader(std::size(kLines));
  for (const std::string_view line : kLines) ctx.reply().Simple(line);
}

}  // namespace tusk::script
