// The engine that a command runs in, for the engine's own commands.
// Threads: any. Owns: nothing.
#pragma once

#include "command/context.h"
#include "engine/engine.h"

namespace tusk::engine {

// Services carries the engine without its type, since commands' floor lies below.
inline Engine& EngineOf(command::Context& ctx) noexcept {
  return *static_cast<Engine*>(ctx.services().engine);
}

}  // namespace tusk::engine
