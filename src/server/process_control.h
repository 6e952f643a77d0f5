// ProcessControl: what SHUTDOWN, DEBUG and CONFIG REWRITE ask of the process, answered by the server.
//
// Threads: thread-safe. Owns: nothing; borrows engine, log, clients and shutdown.
#pragma once

#include "command/services.h"

namespace tusk::base {
class Logger;
}
namespace tusk::engine {
class Engine;
}

namespace tusk::server {

class ClientRegistry;
class Shutdown;

class ProcessControl final : public command::Process {
 public:
  ProcessControl(engine::Engine& engine, base::Logger& log, ClientRegistry& clients, server::Shutdown& shutdown)
      : engine_(engine), log_(log), clients_(clients), shutdown_(shutdown) {}

  base::Status Shutdown(const command::ShutdownWish& wish) override;
  base::Status AbortShutdown() override;
  std::optional<int64_t> ShutdownMillisLeft() const override;
  void PauseSignals(bool pause) override;
  bool RefusesAsRemote(std::string_view setting, uint64_t client_id) const override;
  base::Status RewriteConfig(bool every_setting) override;
  void Log(std::string_view text) override;

 private:
  engine::Engine& engine_;
  base::Logger& log_;
  ClientRegistry& clients_;
  server::Shutdown& shutdown_;
};

}  // namespace tusk::server
