// Listener: accepts connections at one socket and spreads them over the loops, to the one with the fewest.
//
// When descriptors run out it gives up a reserved one to accept and refuse who waits, so that nobody hangs in the
// backlog without an answer, and rests for a moment.
// Threads: the thread of its event loop. Owns: the socket, the reserved descriptor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "io/event_loop.h"
#include "server/server_context.h"

namespace tusk::server {

class ConnectionLoop;

class Listener final : public io::EventHandler {
 public:
  Listener(ServerContext& context, io::EventLoop& events, std::vector<ConnectionLoop*> loops, base::UniqueFd fd, Dialect dialect);
  ~Listener();
  base::Status Start();
  std::string address() const;

  void OnEvents(uint32_t events) noexcept override;

 private:
  class RestTimer final : public io::Timer {
   public:
    explicit RestTimer(Listener& listener) : listener_(listener) {}

   private:
    void OnTimer() noexcept override { listener_.EndRest(); }
    Listener& listener_;
  };

  void Admit(base::UniqueFd fd);
  void OutOfDescriptors();
  void EndRest() noexcept;

  ServerContext& context_;
  io::EventLoop& events_;
  std::vector<ConnectionLoop*> loops_;
  base::UniqueFd fd_;
  const Dialect dialect_;
  base::UniqueFd reserve_;
  size_t next_loop_ = 0;
  RestTimer rest_;
};

}  // namespace tusk::server
