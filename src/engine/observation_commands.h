// Handlers and rows of the commands that tell what the server has seen: SLOWLOG, COMMANDLOG, LATENCY, HOTKEYS.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::engine {

std::span<const command::CommandSpec> ObservationRows() noexcept;

void CmdCommandlogGet(command::Context& context);
void CmdCommandlogHelp(command::Context& context);
void CmdCommandlogLen(command::Context& context);
void CmdCommandlogReset(command::Context& context);
void CmdHotkeysGet(command::Context& context);
void CmdHotkeysHelp(command::Context& context);
void CmdHotkeysReset(command::Context& context);
void CmdHotkeysStart(command::Context& context);
void CmdHotkeysStop(command::Context& context);
void CmdLatencyDoctor(command::Context& context);
void CmdLatencyGraph(command::Context& context);
void CmdLatencyHelp(command::Context& context);
void CmdLatencyHistogram(command::Context& context);
void CmdLatencyHistory(command::Context& context);
void CmdLatencyLatest(command::Context& context);
void CmdLatencyReset(command::Context& context);
void CmdSlowlogGet(command::Context& context);
void CmdSlowlogHelp(command::Context& context);
void CmdSlowlogLen(command::Context& context);
void CmdSlowlogReset(command::Context& context);

}  // namespace tusk::engine
