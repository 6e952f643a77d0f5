#include "io/sockets.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace tusk::io {
namespace {

using base::Error;
using base::Result;
using base::Status;
using base::UniqueFd;

constexpr int kKeepAliveProbes = 3;

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, FreeAddresses>;

void SetInt(int fd, int level, int option, int value) noexcept { setsockopt(fd, level, option, &value, sizeof(value)); }

Result<AddressList> Resolve(const char* host, uint16_t port, int family, int flags) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  int result = getaddrinfo(host, std::to_string(port).c_str(), &hints, &list);
  if (result != 0) {
    return Error(Status(base::Code::kInvalid, fmt::format("Can't resolve '{}': {}", host ? host : "*", gai_strerror(result))));
  }
  return AddressList(list);
}

Status BindAndListen(int fd, const sockaddr* address, socklen_t length, int backlog, const std::string& name) {
  if (bind(fd, address, length) != 0) {
    int error = errno;
    Status status = Status::Errno(fmt::format("Could not bind {}", name), error);
    const char* remedy = error == EADDRINUSE      ? " (another server runs there: stop it or choose another port)"
                         : error == EACCES        ? " (ports below 1024 and foreign directories need more rights)"
                         : error == EADDRNOTAVAIL ? " (no interface of this machine has that address)"
                                                  : "";
    return Status(status.code(), status.message() + remedy);
  }
  if (listen(fd, backlog) != 0) return Status::Errno(fmt::format("Could not listen on {}", name), errno);
  return {};
}

Result<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return Error(Status::Invalid(fmt::format("Unix socket path '{}' is empty or longer than {} bytes: choose a shorter one",
                                             path, sizeof(address.sun_path) - 1)));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Whether someone accepts connections at the socket file.
bool SomeoneListens(const sockaddr_un& address) {
  UniqueFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return false;
  return connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 || errno == EAGAIN;
}

std::string AddressText(const sockaddr_storage& address, socklen_t length) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    return fmt::format("{}:{}", text, ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
  }
  if (address.ss_family == AF_UNIX && length > offsetof(sockaddr_un, sun_path)) {
    const auto& local = reinterpret_cast<const sockaddr_un&>(address);
    return fmt::format("{}:0", std::string_view(local.sun_path, strnlen(local.sun_path, sizeof(local.sun_path))));
  }
  return "?:0";
}

template <typename GetName>
bool AddressOf(int fd, GetName get_name, sockaddr_storage& address, socklen_t& length) noexcept {
  length = sizeof(address);
  std::memset(&address, 0, sizeof(address));
  return get_name(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
}

}  // namespace

Result<UniqueFd> ListenTcp(std::string_view address, uint16_t port, int backlog) {
  std::string host(address);
  int family = AF_UNSPEC;
  const char* node = host.c_str();
  if (host == "*") {
    family = AF_INET;
    node = nullptr;
  } else if (host == "::*") {
    family = AF_INET6;
    node = nullptr;
  }
  ASSIGN_OR_RETURN(AddressList list, Resolve(node, port, family, AI_PASSIVE));
  bool v6 = host.find(':') != std::string::npos;
  std::string name = v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
  Status last = Status::Invalid("no address");
  for (addrinfo* info = list.get(); info != nullptr; info = info->ai_next) {
    UniqueFd fd(socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol));
    if (!fd.valid()) {
      last = Status::Errno(fmt::format("Could not create a socket for {}", name), errno);
      continue;
    }
    SetInt(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    // IPv4 has listeners of its own; without this an IPv6 wildcard would take their port too.
    if (info->ai_family == AF_INET6) SetInt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    last = BindAndListen(fd.get(), info->ai_addr, info->ai_addrlen, backlog, name);
    if (last.ok()) return fd;
  }
  return Error(last);
}

Result<UniqueFd> ListenUnix(const std::string& path, unsigned mode, int backlog) {
  ASSIGN_OR_RETURN(sockaddr_un address, UnixAddress(path));
  struct stat info;
  if (lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) {
      return Error(Status::Invalid(fmt::format("Could not bind {}: a file that is no socket has this name", path)));
    }
    if (SomeoneListens(address)) {
      return Error(Status::Invalid(fmt::format("Could not bind {}: another server listens there", path)));
    }
    unlink(path.c_str());
  }
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Error(Status::Errno("Could not create a unix socket", errno));
  RETURN_IF_ERROR(
      BindAndListen(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address), backlog, path));
  if (mode != 0 && chmod(path.c_str(), mode) != 0) {
    return Error(Status::Errno(fmt::format("Could not set the permissions of {}", path), errno));
  }
  return fd;
}

AcceptOutcome Accept(int listener, UniqueFd& accepted) noexcept {
  while (true) {
    int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      accepted.Reset(fd);
      return AcceptOutcome::kAccepted;
    }
    switch (errno) {
      case EINTR: continue;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: return AcceptOutcome::kOutOfDescriptors;
      case EBADF:
      case EINVAL:
      case ENOTSOCK: return AcceptOutcome::kFailed;
      // EAGAIN, and errors that belong to the connection that was about to be accepted.
      default: return AcceptOutcome::kNone;
    }
  }
}

Result<UniqueFd> ConnectTcp(const std::string& host, uint16_t port, const std::string& source) {
  ASSIGN_OR_RETURN(AddressList list, Resolve(host.c_str(), port, AF_UNSPEC, 0));
  Status last = Status::Invalid("no address");
  for (addrinfo* info = list.get(); info != nullptr; info = info->ai_next) {
    UniqueFd fd(socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol));
    if (fd.valid() && !source.empty()) {
      ASSIGN_OR_RETURN(AddressList own, Resolve(source.c_str(), 0, info->ai_family, AI_NUMERICHOST));
      if (bind(fd.get(), own->ai_addr, own->ai_addrlen) != 0) {
        return Error(Status::Errno(fmt::format("Could not bind to {}", source), errno));
      }
    }
    if (fd.valid() && (connect(fd.get(), info->ai_addr, info->ai_addrlen) == 0 || errno == EINPROGRESS)) return fd;
    last = Status::Errno(fmt::format("Could not connect to {}:{}", host, port), errno);
  }
  return Error(last);
}

Result<UniqueFd> ConnectUnix(const std::string& path) {
  ASSIGN_OR_RETURN(sockaddr_un address, UnixAddress(path));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Error(Status::Errno("Could not create a unix socket", errno));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Error(Status::Errno(fmt::format("Could not connect to {}", path), errno));
  }
  return fd;
}

int SocketError(int fd) noexcept {
  int error = 0;
  socklen_t length = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

ssize_t Receive(int fd, std::span<char> room) noexcept {
  return syscall(SYS_recvfrom, fd, room.data(), room.size(), 0, nullptr, nullptr);
}

ssize_t Send(int fd, std::string_view bytes) noexcept {
  return syscall(SYS_sendto, fd, bytes.data(), bytes.size(), MSG_NOSIGNAL, nullptr, 0);
}

void SetNoDelay(int fd) noexcept { SetInt(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

void SetKeepAlive(int fd, int seconds) noexcept {
  SetInt(fd, SOL_SOCKET, SO_KEEPALIVE, seconds > 0);
  if (seconds <= 0) return;
  SetInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
  SetInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, seconds / kKeepAliveProbes));
  SetInt(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

std::string PeerAddress(int fd) {
  sockaddr_storage address;
  socklen_t length;
  if (!AddressOf(fd, getpeername, address, length)) return "?:0";
  // The client's end of a unix socket has no name; the server's has.
  return address.ss_family == AF_UNIX ? LocalAddress(fd) : AddressText(address, length);
}

std::string LocalAddress(int fd) {
  sockaddr_storage address;
  socklen_t length;
  return AddressOf(fd, getsockname, address, length) ? AddressText(address, length) : "?:0";
}

uint16_t LocalPort(int fd) noexcept {
  sockaddr_storage address;
  socklen_t length;
  if (!AddressOf(fd, getsockname, address, length)) return 0;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

bool PeerIsLocal(int fd) noexcept {
  sockaddr_storage address;
  socklen_t length;
  if (!AddressOf(fd, getpeername, address, length)) return false;
  if (address.ss_family == AF_UNIX) return true;
  if (address.ss_family == AF_INET) {
    return (ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24) == 127;
  }
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  return address.ss_family == AF_INET6 && (IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127));
}

}  // namespace tusk::io
