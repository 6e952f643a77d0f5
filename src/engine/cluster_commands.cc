#include "engine/cluster_commands.h"

#include "command/context.h"
#include "command/help.h"
#include "command/services.h"
#include "engine/engine_of.h"

namespace tusk::engine {
namespace {

using command::Context;

// False: the reply says why.
bool ModulesAllowed(Context& ctx) {
  command::Process* process = ctx.services().process;
  bool remote = process != nullptr && process->RefusesAsRemote("enable-module-command", ctx.session().id);
  if (EngineOf(ctx).config().Text("enable-module-command") != "no" && !remote) return true;
  ctx.reply().Error(
      "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", you can run it from a "
      "local connection, otherwise you need to set this option in the configuration file, and then restart the server.");
  return false;
}

}  // namespace

void CmdNoCluster(Context& ctx) { ctx.reply().Error("ERR This instance has cluster support disabled"); }

void CmdClusterHelp(Context& ctx) { command::ReplyHelp(ctx); }

void CmdModuleHelp(Context& ctx) { command::ReplyHelp(ctx); }

void CmdModuleList(Context& ctx) { ctx.reply().EmptyArray(); }

void CmdModuleLoad(Context& ctx) {
  if (ModulesAllowed(ctx)) ctx.reply().Error("ERR Error loading the extension. Please check the server logs.");
}

void CmdModuleUnload(Context& ctx) {
  if (ModulesAllowed(ctx)) ctx.reply().Error("ERR Error unloading module: no such module with that name");
}

}  // namespace tusk::engine
