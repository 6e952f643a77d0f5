// One blocking connection of a test client: sends commands, waits for replies, and says so when the server went silent.
// Threads: caller-synchronised. Owns: the socket and the bytes in flight.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "resp/reply_parser.h"

namespace tusk::stress {

using Words = std::vector<std::string>;

class Connection {
 public:
  // A reply that takes longer than this counts as a hang. Sanitizer builds are slow, hence generous.
  static constexpr int kReplySecondsMax = 60;

  static base::Result<std::unique_ptr<Connection>> Open(int port);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Blocks until the reply is there. When the connection fails, the reply is an error that starts with "IO ".
  resp::ReplyValue Call(const Words& words);
  // All commands in one write, then their replies in order.
  std::vector<resp::ReplyValue> Pipeline(const std::vector<Words>& commands);

  bool ok() const noexcept { return failure_.empty(); }
  const std::string& failure() const noexcept { return failure_; }

 private:
  explicit Connection(int fd) noexcept : fd_(fd) {}
  bool Send(const std::string& bytes);
  resp::ReplyValue Receive();
  resp::ReplyValue Fail(const std::string& what);

  int fd_;
  resp::ReplyParser parser_;
  std::string failure_;
};

}  // namespace tusk::stress
