// Handlers and rows of the server commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::engine {

std::span<const command::CommandSpec> ServerRows() noexcept;

void CmdCommand(command::Context& context);
void CmdCommandCount(command::Context& context);
void CmdCommandDocs(command::Context& context);
void CmdCommandGetkeys(command::Context& context);
void CmdCommandGetkeysandflags(command::Context& context);
void CmdCommandHelp(command::Context& context);
void CmdCommandInfo(command::Context& context);
void CmdCommandList(command::Context& context);
void CmdConfigGet(command::Context& context);
void CmdConfigHelp(command::Context& context);
void CmdConfigResetstat(command::Context& context);
void CmdConfigRewrite(command::Context& context);
void CmdConfigSet(command::Context& context);
void CmdInfo(command::Context& context);
void CmdLolwut(command::Context& context);
void CmdMemoryDoctor(command::Context& context);
void CmdMemoryHelp(command::Context& context);
void CmdMemoryMallocStats(command::Context& context);
void CmdMemoryPurge(command::Context& context);
void CmdMemoryStats(command::Context& context);
void CmdMonitor(command::Context& context);
void CmdShutdown(command::Context& context);
void CmdTime(command::Context& context);

}  // namespace tusk::engine
