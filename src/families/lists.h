// Handlers and rows of the list commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> ListsRows() noexcept;

void CmdBlmove(command::Context& context);
void CmdBlmovem(command::Context& context);
void CmdBlmpop(command::Context& context);
void CmdBlpop(command::Context& context);
void CmdBrpop(command::Context& context);
void CmdBrpoplpush(command::Context& context);
void CmdLindex(command::Context& context);
void CmdLinsert(command::Context& context);
void CmdLlen(command::Context& context);
void CmdLmove(command::Context& context);
void CmdLmovem(command::Context& context);
void CmdLmpop(command::Context& context);
void CmdLpop(command::Context& context);
void CmdLpos(command::Context& context);
void CmdLpush(command::Context& context);
void CmdLpushx(command::Context& context);
void CmdLrange(command::Context& context);
void CmdLrem(command::Context& context);
void CmdLset(command::Context& context);
void CmdLtrim(command::Context& context);
void CmdRpop(command::Context& context);
void CmdRpoplpush(command::Context& context);
void CmdRpush(command::Context& context);
void CmdRpushx(command::Context& context);

}  // namespace tusk::families
