// ServerProcess: tusk-server from its configuration to its last log line: what runs in which order at start and at end.
//
// Start: configuration, background, log, engine, listeners, readiness. Stop: listeners, loops, threads, engine; a second
// signal ends at once.
// Threads: the main thread, one that waits for signals, and at the start one that loads the dataset. Owns: log, engine,
// server, those two threads.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "base/log.h"
#include "base/status.h"
#include "command/services.h"
#include "main/process.h"

namespace tusk::engine {
class Config;
class Engine;
}  // namespace tusk::engine
namespace tusk::server {
class Server;
}

namespace tusk::main {

class ProcessTitle;
class ReplicaWait;

class ServerProcess {
 public:
  struct Shown {
    ProcessTitle* title;     // Borrowed.
    std::string executable;  // Its path, as the title shows it.
  };
  ServerProcess(std::unique_ptr<engine::Config> config, Shown shown);
  ~ServerProcess();

  base::Status Start();
  // Serves until a signal or SHUTDOWN; then stops all and returns the exit code.
  int Run();

 private:
  base::Status StartListening();
  void LoadDataset();
  void BeReady();
  base::Status SyncBeforeExit(const command::ShutdownWish& wish);
  base::Status SaveBeforeExit(const command::ShutdownWish& wish);
  // False: all is as before, and the log says why.
  bool ListenAgain(const std::string& bind, int64_t port, int64_t mini_port);
  base::Status Listen();
  void ReportCrashes();
  // The title by proc-title-template, now and whenever what it shows changes.
  void ShowTitle();
  void SetTitle(const std::string& title_template, const std::string& bind, int64_t port);
  // Signals are blocked in every thread and taken by one that waits for them, so that nothing runs in a handler.
  base::Status BlockSignals();
  void WaitForSignals() noexcept;
  std::string Banner() const;
  void WarnAboutSettings();

  base::Logger log_;
  PidFile pid_file_;
  Shown shown_;
  std::unique_ptr<engine::Config> unused_config_;  // Until the engine takes it.
  engine::Config* config_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<ReplicaWait> replica_wait_;
  std::unique_ptr<server::Server> server_;
  size_t maxclients_wanted_ = 0;
  size_t maxclients_ = 0;  // What the limit of open files allows of them.
  // Set before the signal that ends the signal thread; the signal orders it.
  std::atomic<bool> ending_{false};
  std::thread signal_thread_;
  std::thread loader_thread_;  // While the file is read at the start.
};

}  // namespace tusk::main
