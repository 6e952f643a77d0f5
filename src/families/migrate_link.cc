#include "families/migrate_link.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "io/sockets.h"

namespace tusk::families {
namespace {

constexpr std::string_view kCannotConnect = "IOERR error or timeout connecting to the client";
constexpr std::string_view kCannotWrite = "IOERR error or timeout writing to target instance";
constexpr std::string_view kCannotRead = "IOERR error or timeout reading from target instance";

bool WouldBlock() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

bool MigrateLink::Await(short events) const noexcept {
  pollfd wait{.fd = fd_.get(), .events = events, .revents = 0};
  int ready;
  do {
    ready = ::poll(&wait, 1, timeout_ms_);
  } while (ready < 0 && errno == EINTR);
  return ready == 1;
}

base::Result<MigrateLink> MigrateLink::Connect(const std::string& host, uint16_t port, int timeout_ms) {
  base::Result<base::UniqueFd> fd = io::ConnectTcp(host, port);
  if (!fd) return base::Error(base::Status::Unavailable(kCannotConnect));
  MigrateLink link(*std::move(fd), timeout_ms);
  if (!link.Await(POLLOUT) || io::SocketError(link.fd_.get()) != 0) {
    return base::Error(base::Status::Unavailable(kCannotConnect));
  }
  io::SetNoDelay(link.fd_.get());
  return link;
}

base::Status MigrateLink::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (!WouldBlock()) {
      closed_by_peer_ = true;
      return base::Status::Unavailable(kCannotWrite);
    } else if (!Await(POLLOUT)) {
      return base::Status::Unavailable(kCannotWrite);
    }
  }
  return {};
}

base::Result<std::string> MigrateLink::ReadLine() {
  for (;;) {
    size_t end = input_.find("\r\n");
    if (end != std::string::npos) {
      std::string line = input_.substr(0, end);
      input_.erase(0, end + 2);
      return line;
    }
    char piece[1024];
    ssize_t count = ::recv(fd_.get(), piece, sizeof piece, 0);
    if (count > 0 && input_.size() < kLineBytesMax) {
      input_.append(piece, static_cast<size_t>(count));
    } else if (count >= 0 || !WouldBlock() || !Await(POLLIN)) {
      closed_by_peer_ = count == 0 || (count < 0 && !WouldBlock());
      return base::Error(base::Status::Unavailable(kCannotRead));
    }
  }
}

}  // namespace tusk::families
