// Server: the engine behind sockets. The thread that calls Wait() accepts connections, which live on loops with a crew of
// threads.
//
// Threads: one thread constructs, starts, waits; RequestStop, Rebind and clients() any. Owns: listeners, loops, threads,
// the client registry; borrows the engine and the log, which outlive it.
// Stop order: listeners, loops, threads, connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/unique_fd.h"
#include "server/client_registry.h"
#include "server/crew.h"
#include "server/process_control.h"
#include "server/server_context.h"
#include "server/shutdown.h"

namespace tusk::io {
class EventLoop;
}

namespace tusk::server {

class Listener;

class Server {
 public:
  struct Options {
    // As in `bind`: "*", "::*", addresses; a '-' before one allows it to be missing on this machine.
    std::vector<std::string> addresses{"*", "-::*"};
    uint16_t port = 6379;  // 0: no TCP.
    uint16_t mini_port = 0;  // Of the mini-Redis protocol, at the same addresses; 0: none.
    std::string unix_socket;
    unsigned unix_socket_mode = 0;
    int backlog = 511;
    size_t threads = 0;  // 0: DefaultThreads().
  };

  Server(engine::Engine& engine, base::Logger& log, Options options);
  ~Server();

  // Listens and starts the threads. Connections are accepted from Wait() on.
  base::Status Start();
  // Blocks until RequestStop(), then until all threads have ended.
  void Wait();
  // Ends the server without further ado. Any thread, not a signal handler.
  void RequestStop() noexcept;
  // The polite way, for signals and SHUTDOWN.
  Shutdown& shutdown() noexcept { return shutdown_; }
  // CONFIG SET bind or port: listens anew, or keeps all as it was when that fails. Any thread but the one in Wait();
  // blocks until done.
  struct Ports {
    uint16_t redis = 0;
    uint16_t mini = 0;
  };
  base::Status Rebind(std::vector<std::string> addresses, Ports ports);

  // "127.0.0.1:6379", "/run/tusk.sock:0". After Start.
  std::vector<std::string> listening() const;
  size_t thread_count() const noexcept { return loops_.size(); }
  ClientRegistry& clients() noexcept { return clients_; }
  // The machine's cores, at most kDefaultThreadsMax.
  static size_t DefaultThreads();

 private:
  using Listeners = std::vector<std::unique_ptr<Listener>>;
  // At both ports.
  base::Result<Listeners> ListenTcp(const std::vector<std::string>& addresses, Ports ports);
  base::Status ListenAt(const std::vector<std::string>& addresses, uint16_t port, Dialect dialect, Listeners& listeners);
  base::Status AddListener(base::UniqueFd fd, Dialect dialect, Listeners& listeners);
  std::vector<ConnectionLoop*> LoopPointers() const;
  base::Status ListenAgain(const std::vector<std::string>& addresses, Ports ports);
  void Stop();

  void StopSoon() noexcept;

  ClientRegistry clients_;
  Crew crew_;
  Shutdown shutdown_;
  ProcessControl process_;
  ServerContext context_;
  Options options_;
  std::unique_ptr<io::EventLoop> events_;  // Accepts.
  bool stop_wanted_ = false;               // The accepting thread's.
  std::atomic<bool> stopping_{false};      // Set before Stop() waits for threads; read by one that waits in Rebind.
  std::vector<std::unique_ptr<ConnectionLoop>> loops_;
  Listeners tcp_;
  Listeners unix_;
};

}  // namespace tusk::server
