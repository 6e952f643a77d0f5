// Every group of commands that this build has, in the order in which COMMAND lists them.
// Threads: any. Owns: nothing.
#pragma once

#include <span>
#include <vector>

#include "command/spec.h"

namespace tusk::engine {

std::vector<std::span<const command::CommandSpec>> CommandGroups();

}  // namespace tusk::engine
