// ServerProcess: tusk-server from its configuration to its last log line: what runs in which order at start and at end.
//
// Start: configuration, background, log, engine, listeners, readiness. Stop: listeners, loops, threads, engine; a second
// signal ends at once.
// Threads: the main thread; RequestStop() any. Owns: log, engine, server, the main loop (listeners and signals).
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "io/event_loop.h"
#include "main/process.h"

namespace tusk::engine {
class Config;
class Engine;
}  // namespace tusk::engine
namespace tusk::server {
class Server;
}

namespace tusk::main {

class ServerProcess {
 public:
  explicit ServerProcess(std::unique_ptr<engine::Config> config);
  ~ServerProcess();

  base::Status Start();
  // Serves until a signal or SHUTDOWN; then stops all and returns the exit code.
  int Run();
  void RequestStop(bool now) noexcept;

 private:
  class SignalReader;

  base::Status StartListening();
  base::Status BlockSignals();
  void OnSignal(int number);
  std::string Banner() const;
  void WarnAboutSettings();

  base::SystemClock clock_;
  base::Logger log_;
  PidFile pid_file_;
  std::unique_ptr<io::EventLoop> events_;
  std::unique_ptr<SignalReader> signals_;
  std::unique_ptr<engine::Engine> engine_;
  engine::Config* config_;  // The engine's.
  std::unique_ptr<engine::Config> unused_config_;
  std::unique_ptr<server::Server> server_;
  size_t maxclients_ = 0;
  // Set by any thread, read by the main loop after it was woken; release/acquire orders what led to the wish.
  std::atomic<bool> stop_{false};
};

}  // namespace tusk::main
