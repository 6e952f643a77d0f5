// Server: the engine behind sockets. Listeners on the caller's event loop, connections on loops with a crew of threads.
//
// Threads: the thread that owns `events` given to Start; RequestShutdown of its clients any. Owns: listeners, loops,
// threads, the client registry; borrows the engine and the log, which outlive it.
// Stop order: listeners, loops, threads, connections.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/unique_fd.h"
#include "server/client_registry.h"
#include "server/crew.h"
#include "server/server_context.h"

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
    std::string unix_socket;
    unsigned unix_socket_mode = 0;
    int backlog = 511;
    size_t threads = 0;  // 0: DefaultThreads().
  };

  Server(engine::Engine& engine, base::Logger& log, std::function<void(bool now)> request_shutdown);
  ~Server();

  base::Status Start(io::EventLoop& events, const Options& options);
  // Blocks until all threads have ended.
  void Stop();

  // CONFIG SET bind or port: listens anew, or keeps all as it was when that fails.
  base::Status Rebind(const std::vector<std::string>& addresses, uint16_t port);

  std::vector<std::string> listening_addresses() const;
  size_t thread_count() const noexcept { return loops_.size(); }
  ClientRegistry& clients() noexcept { return clients_; }
  // The machine's cores, at most kDefaultThreadsMax.
  static size_t DefaultThreads();

 private:
  using Listeners = std::vector<std::unique_ptr<Listener>>;
  base::Result<Listeners> ListenTcp(const std::vector<std::string>& addresses, uint16_t port);
  base::Status AddListener(base::UniqueFd fd, Listeners& listeners);
  std::vector<ConnectionLoop*> LoopPointers() const;

  ClientRegistry clients_;
  Crew crew_;
  ServerContext context_;
  io::EventLoop* events_ = nullptr;
  Options options_;
  std::vector<std::unique_ptr<ConnectionLoop>> loops_;
  Listeners tcp_;
  Listeners unix_;
};

}  // namespace tusk::server
