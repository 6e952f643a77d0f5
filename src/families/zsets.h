// Handlers and rows of the sorted-set commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> ZsetsRows() noexcept;

void CmdBzmpop(command::Context& context);
void CmdBzpopmax(command::Context& context);
void CmdBzpopmin(command::Context& context);
void CmdZadd(command::Context& context);
void CmdZcard(command::Context& context);
void CmdZcount(command::Context& context);
void CmdZdiff(command::Context& context);
void CmdZdiffstore(command::Context& context);
void CmdZincrby(command::Context& context);
void CmdZinter(command::Context& context);
void CmdZintercard(command::Context& context);
void CmdZinterstore(command::Context& context);
void CmdZlexcount(command::Context& context);
void CmdZmpop(command::Context& context);
void CmdZmscore(command::Context& context);
void CmdZpopmax(command::Context& context);
void CmdZpopmin(command::Context& context);
void CmdZrandmember(command::Context& context);
void CmdZrange(command::Context& context);
void CmdZrangebylex(command::Context& context);
void CmdZrangebyscore(command::Context& context);
void CmdZrangestore(command::Context& context);
void CmdZrank(command::Context& context);
void CmdZrem(command::Context& context);
void CmdZremrangebylex(command::Context& context);
void CmdZremrangebyrank(command::Context& context);
void CmdZremrangebyscore(command::Context& context);
void CmdZrevrange(command::Context& context);
void CmdZrevrangebylex(command::Context& context);
void CmdZrevrangebyscore(command::Context& context);
void CmdZrevrank(command::Context& context);
void CmdZscan(command::Context& context);
void CmdZscore(command::Context& context);
void CmdZunion(command::Context& context);
void CmdZunionstore(command::Context& context);

}  // namespace tusk::families
