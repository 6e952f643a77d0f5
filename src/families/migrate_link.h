// MigrateLink: a blocking conversation with the server that MIGRATE sends to. Every wait has a limit.
// Threads: caller-synchronised; all methods may block. Owns: the socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/unique_fd.h"

namespace tusk::families {

class MigrateLink {
 public:
  // `timeout_ms`: the longest silence that is borne, at each step. Errors are the whole reply to the client.
  static base::Result<MigrateLink> Connect(const std::string& host, uint16_t port, int timeout_ms);

  base::Status Send(std::string_view bytes);
  // The next conversation's longest silence.
  void set_timeout_ms(int timeout_ms) noexcept { timeout_ms_ = timeout_ms; }
  // The other side has ended the conversation, which is no wonder after a rest: worth another try on a new connection.
  bool closed_by_peer() const noexcept { return closed_by_peer_; }
  // A reply of one line, without its line end: "+OK", "-ERR ...".
  base::Result<std::string> ReadLine();

  static constexpr size_t kLineBytesMax = 16 << 10;

 private:
  MigrateLink(base::UniqueFd fd, int timeout_ms) noexcept : fd_(std::move(fd)), timeout_ms_(timeout_ms) {}
  bool Await(short events) const noexcept;

  base::UniqueFd fd_;
  int timeout_ms_;
  bool closed_by_peer_ = false;
  std::string input_;
};

}  // namespace tusk::families
