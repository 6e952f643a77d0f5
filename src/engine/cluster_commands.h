// Handlers and rows of CLUSTER and its kin, and of MODULE, on a server that has neither cluster nor modules: they are known,
// with all that COMMAND tells about them, and say so.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::engine {

std::span<const command::CommandSpec> ClusterRows() noexcept;

// Whatever asks for a cluster.
void CmdNoCluster(command::Context& context);
void CmdClusterHelp(command::Context& context);
void CmdModuleHelp(command::Context& context);
void CmdModuleList(command::Context& context);
void CmdModuleLoad(command::Context& context);
void CmdModuleUnload(command::Context& context);

}  // namespace tusk::engine
