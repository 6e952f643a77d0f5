// Handlers and rows of the transactions commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::engine {

std::span<const command::CommandSpec> TransactionsRows() noexcept;

void CmdDiscard(command::Context& context);
void CmdExec(command::Context& context);
void CmdMulti(command::Context& context);
void CmdUnwatch(command::Context& context);
void CmdWatch(command::Context& context);

// Ends the session's watches (EXEC, DISCARD, UNWATCH, RESET, close). Never waits.
void ForgetWatchesOrLeave(command::Context& context);

}  // namespace tusk::engine
