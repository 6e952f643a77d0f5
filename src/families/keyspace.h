// Handlers and rows of the server commands that deal with whole databases or look inside the store. (The other server
// commands need the engine and live there.)
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "store/key.h"

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> KeyspaceRows() noexcept;

void CmdDbsize(command::Context& context);
void CmdDebug(command::Context& context);
void CmdFlushall(command::Context& context);
void CmdFlushdb(command::Context& context);
void CmdSwapdb(command::Context& context);

// Takes all keys of the databases [first, end) out and leaves their freeing to the background; every stripe is held. Without a
// change record. `lazy`: it counts as lazy freeing. Returns how many keys there were.
uint64_t EmptyDatabases(command::Context& context, store::DbIndex first, size_t end, bool lazy);

// MEMORY's row is the engine's; this subcommand of it needs nothing but the store.
void CmdMemoryUsage(command::Context& context);

}  // namespace tusk::families
