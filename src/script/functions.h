// FUNCTION as far as it goes without libraries: this version can't load any, so there is nothing to list and nothing to
// flush. Clients and test suites that clean up after themselves are answered truthfully; FUNCTION LOAD and FCALL are
// unknown.
// Threads: handlers run on the worker that executes the command. Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::script {

std::span<const command::CommandSpec> FunctionRows() noexcept;

void CmdFunctionFlush(command::Context& context);
void CmdFunctionList(command::Context& context);

}  // namespace tusk::script
