// Connection: a blocking conversation with a server. Commands may be sent ahead of their replies without bound: while it
// sends, it takes in what the server answers, so that neither side waits for the other.
// Threads: caller-synchronised; all but the constructors may block, no silence longer than kSilenceMillis. Owns: the socket.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/unique_fd.h"
#include "resp/reply_parser.h"
#include "tool/url.h"

namespace tusk::tool {

class Connection {
 public:
  // Connects and logs in.
  static base::Result<Connection> Open(const Url& url);

  static void AppendCommand(std::span<const std::string_view> argv, std::string& out);
  base::Status Send(std::string_view commands);
  base::Result<resp::ReplyValue> Read();
  // One command and its reply; an error reply is an error here.
  base::Result<resp::ReplyValue> Ask(std::initializer_list<std::string_view> argv);
  // Bytes as they come, when nothing is awaited that Read() would return. 0: the server has closed.
  base::Result<size_t> ReadRaw(char* out, size_t size);

  const std::string& name() const noexcept { return name_; }

  static constexpr int kSilenceMillis = 60'000;

 private:
  Connection(base::UniqueFd fd, std::string name) noexcept : fd_(std::move(fd)), name_(std::move(name)) {}
  // Readiness among `events`; 0: silence.
  int Await(short events) const noexcept;
  base::Status Fail(std::string_view what) const;
  base::Status TakeIn();

  base::UniqueFd fd_;
  std::string name_;
  resp::ReplyParser parser_;
};

}  // namespace tusk::tool
