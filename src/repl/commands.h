// Commands of replication: SYNC, PSYNC, REPLCONF, ROLE, REPLICAOF, FAILOVER, WAIT, WAITAOF.
//
// Threads: handlers run on any worker. Owns: nothing.
#pragma once

#include <span>

#include "command/spec.h"

namespace tusk::command {
class Context;
}

namespace tusk::repl {

void CmdSync(command::Context& ctx);
void CmdPsync(command::Context& ctx);
void CmdReplconf(command::Context& ctx);
void CmdReplicaof(command::Context& ctx);
void CmdFailover(command::Context& ctx);
void CmdRole(command::Context& ctx);
void CmdWait(command::Context& ctx);
void CmdWaitaof(command::Context& ctx);

std::span<const command::CommandSpec> ReplicationRows() noexcept;

}  // namespace tusk::repl
