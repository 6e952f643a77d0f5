// What a server that is told to end does about its replicas: it waits until they have all that was written, with writes
// resting meanwhile (shutdown-timeout bounds the wait), and its log says who stayed behind.
// Threads: the main thread, or as server::Shutdown calls it. Owns: the pause that it took the place of.
#pragma once

#include <cstdint>

namespace tusk::base {
class Logger;
}
namespace tusk::engine {
class Engine;
}

namespace tusk::main {

class ReplicaWait {
 public:
  ReplicaWait(engine::Engine& engine, base::Logger& log) noexcept : engine_(engine), log_(log) {}

  // Blocks for the moment that the change log needs.
  bool InSync();
  // Together with a CLIENT PAUSE that is in force, which goes on afterwards.
  void HoldWrites(bool hold);
  void Report();

 private:
  engine::Engine& engine_;
  base::Logger& log_;
  int64_t pause_until_ms_ = 0;  // CLIENT PAUSE's as it was before; monotonic, 0: none.
  bool pause_writes_only_ = false;
};

}  // namespace tusk::main
