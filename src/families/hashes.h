// Handlers and rows of the hash commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> HashesRows() noexcept;
// The commands about deadlines of fields.
std::span<const command::CommandSpec> HashesExpireRows() noexcept;

void CmdHexpire(command::Context& context);
void CmdHexpireat(command::Context& context);
void CmdHexpiretime(command::Context& context);
void CmdHgetdel(command::Context& context);
void CmdHgetex(command::Context& context);
void CmdHpersist(command::Context& context);
void CmdHpexpire(command::Context& context);
void CmdHpexpireat(command::Context& context);
void CmdHpexpiretime(command::Context& context);
void CmdHpttl(command::Context& context);
void CmdHsetex(command::Context& context);
void CmdHttl(command::Context& context);
void CmdHdel(command::Context& context);
void CmdHexists(command::Context& context);
void CmdHget(command::Context& context);
void CmdHgetall(command::Context& context);
void CmdHincrby(command::Context& context);
void CmdHincrbyfloat(command::Context& context);
void CmdHkeys(command::Context& context);
void CmdHlen(command::Context& context);
void CmdHmget(command::Context& context);
void CmdHmset(command::Context& context);
void CmdHrandfield(command::Context& context);
void CmdHscan(command::Context& context);
void CmdHset(command::Context& context);
void CmdHimportDiscard(command::Context& context);
void CmdHimportDiscardall(command::Context& context);
void CmdHimportPrepare(command::Context& context);
void CmdHimportSet(command::Context& context);
void CmdHsetnx(command::Context& context);
void CmdHstrlen(command::Context& context);
void CmdHvals(command::Context& context);

}  // namespace tusk::families
