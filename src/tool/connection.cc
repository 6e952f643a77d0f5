#include "tool/connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "io/sockets.h"

namespace tusk::tool {

using base::Result;
using base::Status;
using resp::ReplyValue;

namespace {

constexpr size_t kPieceBytes = 64 << 10;

bool WouldBlock() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

int Connection::Await(short events) const noexcept {
  pollfd wait{.fd = fd_.get(), .events = events, .revents = 0};
  int ready;
  do {
    ready = ::poll(&wait, 1, kSilenceMillis);
  } while (ready < 0 && errno == EINTR);
  return ready == 1 ? wait.revents : 0;
}

Status Connection::Fail(std::string_view what) const { return Status::Unavailable(fmt::format("{}: {}", name_, what)); }

Result<Connection> Connection::Open(const Url& url) {
  Result<base::UniqueFd> fd = url.host.empty() ? io::ConnectUnix(url.unix_path) : io::ConnectTcp(url.host, url.port);
  if (!fd) return base::Error(fd.error());
  Connection connection(*std::move(fd), url.Name());
  if (!connection.Await(POLLOUT)) return base::Error(connection.Fail("no answer to a connection attempt"));
  if (int error = io::SocketError(connection.fd_.get()); error != 0) {
    return base::Error(connection.Fail(fmt::format("{}. Is a server running there?", std::strerror(error))));
  }
  io::SetNoDelay(connection.fd_.get());
  if (!url.password.empty()) {
    Result<ReplyValue> reply = url.user.empty() ? connection.Ask({"AUTH", url.password})
                                                : connection.Ask({"AUTH", url.user, url.password});
    if (!reply) return base::Error(reply.error());
  }
  Result<ReplyValue> reply = connection.Ask({"PING"});
  if (!reply) return base::Error(reply.error());
  return connection;
}

void Connection::AppendCommand(std::span<const std::string_view> argv, std::string& out) {
  DCHECK(!argv.empty());
  fmt::format_to(std::back_inserter(out), "*{}\r\n", argv.size());
  for (std::string_view word : argv) {
    fmt::format_to(std::back_inserter(out), "${}\r\n", word.size());
    out.append(word);
    out.append("\r\n");
  }
}

Status Connection::TakeIn() {
  char piece[kPieceBytes];
  ssize_t count = ::recv(fd_.get(), piece, sizeof piece, 0);
  if (count == 0) return Fail("the server has closed the connection");
  if (count < 0) return WouldBlock() ? Status() : Fail(std::strerror(errno));
  parser_.Feed({piece, static_cast<size_t>(count)});
  return {};
}

Status Connection::Send(std::string_view commands) {
  while (!commands.empty()) {
    ssize_t count = ::send(fd_.get(), commands.data(), commands.size(), MSG_NOSIGNAL);
    if (count > 0) {
      commands.remove_prefix(static_cast<size_t>(count));
      continue;
    }
    if (!WouldBlock()) return Fail(std::strerror(errno));
    int ready = Await(POLLIN | POLLOUT);
    if (ready == 0) return Fail("the server takes nothing any more");
    if ((ready & POLLIN) != 0) RETURN_IF_ERROR(TakeIn());
  }
  return {};
}

Result<ReplyValue> Connection::Read() {
  for (;;) {
    ASSIGN_OR_RETURN(std::optional<ReplyValue> reply, parser_.Next());
    if (reply) return *std::move(reply);
    if (!Await(POLLIN)) return base::Error(Fail("no answer"));
    RETURN_IF_ERROR(TakeIn());
  }
}

Result<ReplyValue> Connection::Ask(std::initializer_list<std::string_view> argv) {
  std::string command;
  AppendCommand({argv.begin(), argv.size()}, command);
  RETURN_IF_ERROR(Send(command));
  ASSIGN_OR_RETURN(ReplyValue reply, Read());
  if (reply.is_error()) return base::Error(Fail(fmt::format("{} is answered with: {}", *argv.begin(), reply.text)));
  return reply;
}

Result<size_t> Connection::ReadRaw(char* out, size_t size) {
  DCHECK(parser_.buffered_bytes() == 0);
  for (;;) {
    ssize_t count = ::recv(fd_.get(), out, size, 0);
    if (count >= 0) return static_cast<size_t>(count);
    if (!WouldBlock()) return base::Error(Fail(std::strerror(errno)));
    if (!Await(POLLIN)) return base::Error(Fail("silence"));
  }
}

}  // namespace tusk::tool
