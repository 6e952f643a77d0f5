// TCP and unix sockets: listening, accepting, connecting, options, addresses as text. All descriptors are non-blocking
// and close-on-exec. Errors name the address and, where one exists, the remedy.
// Threads: any. Owns: nothing; descriptors go to the caller.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/unique_fd.h"

namespace tusk::io {

// A numeric IPv4 or IPv6 address, "*" (all IPv4), "::*" (all IPv6), or a host name.
base::Result<base::UniqueFd> ListenTcp(std::string_view address, uint16_t port, int backlog);
// `mode` 0: as the umask has it. An old socket file is replaced if nobody listens on it.
base::Result<base::UniqueFd> ListenUnix(const std::string& path, unsigned mode, int backlog);

enum class AcceptOutcome {
  kAccepted,
  kNone,             // Nobody waits, or who waited has gone: try again when readable.
  kOutOfDescriptors,  // Process or system limit; the peer still waits in the backlog.
  kFailed,
};
AcceptOutcome Accept(int listener, base::UniqueFd& accepted) noexcept;

// Starts connecting; the socket becomes writable when done, and SocketError tells how it went.
// `source`: our own address, numeric; empty: the system chooses. One that is not ours is an error.
base::Result<base::UniqueFd> ConnectTcp(const std::string& host, uint16_t port, const std::string& source = {});
base::Result<base::UniqueFd> ConnectUnix(const std::string& path);
// errno of the socket, cleared by asking; 0 if there is none.
int SocketError(int fd) noexcept;

// recv(2), and send(2) without SIGPIPE. They are no points of cancellation: nobody cancels threads here, and the C library
// pays two atomic exchanges a call for the possibility. -1 and errno as theirs.
ssize_t Receive(int fd, std::span<char> room) noexcept;
ssize_t Send(int fd, std::string_view bytes) noexcept;

// Options are best effort: a connection without them still works.
void SetNoDelay(int fd) noexcept;
// Probes after `seconds` of silence, then three more each third of that. 0 turns it off.
void SetKeepAlive(int fd, int seconds) noexcept;

// "127.0.0.1:6379", "[::1]:6379", "/path/to.sock:0"; "?:0" when unknown.
std::string PeerAddress(int fd);
std::string LocalAddress(int fd);
uint16_t LocalPort(int fd) noexcept;
// Whether the peer is on this machine: unix sockets, 127.0.0.0/8, ::1.
bool PeerIsLocal(int fd) noexcept;

}  // namespace tusk::io
