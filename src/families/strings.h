// Handlers and rows of the string commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> StringsRows() noexcept;

void CmdAppend(command::Context& context);
void CmdDecr(command::Context& context);
void CmdDecrby(command::Context& context);
void CmdDelex(command::Context& context);
void CmdDelifeq(command::Context& context);
void CmdDigest(command::Context& context);
void CmdGet(command::Context& context);
void CmdGetdel(command::Context& context);
void CmdGetex(command::Context& context);
void CmdGetrange(command::Context& context);
void CmdGetset(command::Context& context);
void CmdIncr(command::Context& context);
void CmdIncrby(command::Context& context);
void CmdIncrbyfloat(command::Context& context);
void CmdIncrex(command::Context& context);
void CmdLcs(command::Context& context);
void CmdMget(command::Context& context);
void CmdMset(command::Context& context);
void CmdMsetex(command::Context& context);
void CmdMsetnx(command::Context& context);
void CmdPsetex(command::Context& context);
void CmdSet(command::Context& context);
void CmdSetex(command::Context& context);
void CmdSetnx(command::Context& context);
void CmdSetrange(command::Context& context);
void CmdStrlen(command::Context& context);
void CmdSubstr(command::Context& context);

}  // namespace tusk::families
