// SAVE, BGSAVE, LASTSAVE.
// Threads: handlers run on the executing worker. Owns: nothing.
#pragma once

#include <span>

#include "command/spec.h"

namespace tusk::engine {

std::span<const command::CommandSpec> PersistenceRows() noexcept;

}  // namespace tusk::engine
