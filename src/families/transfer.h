// DUMP, RESTORE, MIGRATE: values that leave the server as bytes and come from elsewhere as such.
// Threads: handlers run on the executing worker, with their keys locked. Owns: nothing.
#pragma once

#include <span>

#include "command/spec.h"

namespace tusk::families {

std::span<const command::CommandSpec> TransferRows() noexcept;

void CmdDump(command::Context& context);
void CmdMigrate(command::Context& context);
void CmdRestore(command::Context& context);

}  // namespace tusk::families
