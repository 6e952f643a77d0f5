// Handlers and rows of the set commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> SetsRows() noexcept;

void CmdSadd(command::Context& context);
void CmdScard(command::Context& context);
void CmdSdiff(command::Context& context);
void CmdSdiffcard(command::Context& context);
void CmdSdiffstore(command::Context& context);
void CmdSinter(command::Context& context);
void CmdSintercard(command::Context& context);
void CmdSinterstore(command::Context& context);
void CmdSismember(command::Context& context);
void CmdSmembers(command::Context& context);
void CmdSmismember(command::Context& context);
void CmdSmove(command::Context& context);
void CmdSpop(command::Context& context);
void CmdSrandmember(command::Context& context);
void CmdSrem(command::Context& context);
void CmdSscan(command::Context& context);
void CmdSunion(command::Context& context);
void CmdSunioncard(command::Context& context);
void CmdSunionstore(command::Context& context);

}  // namespace tusk::families
