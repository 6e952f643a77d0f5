// Handlers and rows of the HyperLogLog commands: strings that count different elements (types/hyperloglog.h).
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> HyperloglogsRows() noexcept;

void CmdPfadd(command::Context& context);
void CmdPfcount(command::Context& context);
void CmdPfdebug(command::Context& context);
void CmdPfmerge(command::Context& context);
void CmdPfselftest(command::Context& context);

}  // namespace tusk::families
