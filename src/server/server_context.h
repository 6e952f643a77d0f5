// ServerContext: what every part of the server shares. Filled once by Server, passed by reference.
// Threads: immutable after start; what it points to says so itself. Owns: nothing.
#pragma once

#include <cstdint>

namespace tusk::base {
class Logger;
}
namespace tusk::engine {
class Engine;
}

namespace tusk::server {

class ClientRegistry;
class Crew;

// What a port speaks: Redis' protocol, or the mini-Redis one (src/miniredis).
enum class Dialect : uint8_t { kRedis, kMini };

struct ServerContext {
  engine::Engine& engine;
  base::Logger& log;
  ClientRegistry& clients;
  Crew& crew;
};

}  // namespace tusk::server
