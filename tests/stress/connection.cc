#include "connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace tusk::stress {
namespace {

void AppendRequest(std::string& out, const Words& words) {
  out += "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
}

}  // namespace

base::Result<std::unique_ptr<Connection>> Connection::Open(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return base::Error(base::Status::Errno("socket", errno));
  std::unique_ptr<Connection> connection(new Connection(fd));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return base::Error(base::Status::Errno("connect", errno));
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  timeval limit{.tv_sec = kReplySecondsMax, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return connection;
}

Connection::~Connection() { close(fd_); }

resp::ReplyValue Connection::Fail(const std::string& what) {
  if (failure_.empty()) failure_ = "IO " + what;
  resp::ReplyValue reply;
  reply.type = resp::ReplyType::kError;
  reply.text = failure_;
  return reply;
}

bool Connection::Send(const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    ssize_t now = send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now < 0 && errno == EINTR) continue;
    if (now <= 0) return false;
    sent += static_cast<size_t>(now);
  }
  return true;
}

resp::ReplyValue Connection::Receive() {
  std::array<char, 16384> chunk;
  while (ok()) {
    auto reply = parser_.Next();
    if (!reply) return Fail("broken reply: " + reply.error().message());
    if (*reply) return std::move(**reply);
    ssize_t got = recv(fd_, chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return Fail("no reply within " + std::to_string(kReplySecondsMax) + " s");
    if (got <= 0) return Fail(got == 0 ? "closed by the server" : std::strerror(errno));
    parser_.Feed({chunk.data(), static_cast<size_t>(got)});
  }
  return Fail(failure_);
}

resp::ReplyValue Connection::Call(const Words& words) { return std::move(Pipeline({words})[0]); }

std::vector<resp::ReplyValue> Connection::Pipeline(const std::vector<Words>& commands) {
  std::string bytes;
  for (const Words& words : commands) AppendRequest(bytes, words);
  if (ok() && !Send(bytes)) Fail(std::string("send: ") + std::strerror(errno));
  std::vector<resp::ReplyValue> replies;
  for (size_t i = 0; i < commands.size(); ++i) replies.push_back(Receive());
  return replies;
}

}  // namespace tusk::stress
