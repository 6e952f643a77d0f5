// Handlers and rows of the scripting commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::script {

std::span<const command::CommandSpec> ScriptingRows() noexcept;

void CmdEval(command::Context& context);
void CmdEvalRo(command::Context& context);
void CmdEvalsha(command::Context& context);
void CmdEvalshaRo(command::Context& context);
void CmdFcall(command::Context& context);
void CmdFcallRo(command::Context& context);
void CmdFunctionDelete(command::Context& context);
void CmdFunctionDump(command::Context& context);
void CmdFunctionFlush(command::Context& context);
void CmdFunctionHelp(command::Context& context);
void CmdFunctionKill(command::Context& context);
void CmdFunctionList(command::Context& context);
void CmdFunctionLoad(command::Context& context);
void CmdFunctionRestore(command::Context& context);
void CmdFunctionStats(command::Context& context);
void CmdScriptDebug(command::Context& context);
void CmdScriptExists(command::Context& context);
void CmdScriptShow(command::Context& context);
void CmdScriptFlush(command::Context& context);
void CmdScriptHelp(command::Context& context);
void CmdScriptKill(command::Context& context);
void CmdScriptLoad(command::Context& context);

}  // namespace tusk::script
