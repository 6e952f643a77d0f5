// tusk-echo PORT: counts RESP requests and answers +OK to each, with one thread and epoll. It stores nothing: what it costs is
// what TCP on loopback costs, the floor under every server of the tables.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kEventsMax = 512;
constexpr size_t kReadBytes = 256 * 1024;
constexpr std::string_view kReply = "+OK\r\n";

// Where the stream of one connection stands.
struct Stream {
  uint64_t body_left = 0;  // Bytes of a bulk string still to come, its line end included.
  uint64_t bulks_left = 0;
  uint64_t number = 0;     // Of the header line so far.
  bool in_line = false;
};

// Requests that `bytes` complete.
size_t Feed(Stream& stream, std::string_view bytes) {
  size_t requests = 0;
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  while (at < end) {
    if (stream.body_left > 0) {
      size_t taken = std::min<size_t>(stream.body_left, static_cast<size_t>(end - at));
      at += taken;
      stream.body_left -= taken;
      if (stream.body_left == 0 && --stream.bulks_left == 0) ++requests;
    } else if (!stream.in_line) {
      stream.in_line = true;
      stream.number = 0;
      ++at;  // '*' or '$'.
    } else if (char c = *at++; c >= '0' && c <= '9') {
      stream.number = stream.number * 10 + static_cast<uint64_t>(c - '0');
    } else if (c == '\n') {
      stream.in_line = false;
      if (stream.bulks_left == 0) {
        stream.bulks_left = stream.number;
      } else {
        stream.body_left = stream.number + 2;
      }
    }
  }
  return requests;
}

int Listen(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(fd, 511) != 0) {
    std::perror("tusk-echo");
    std::exit(1);
  }
  return fd;
}

void Serve(int listener) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  std::vector<Stream> streams;
  std::string buffer(kReadBytes, '\0'), replies;
  epoll_event events[kEventsMax];
  while (true) {
    int count = epoll_wait(epoll, events, kEventsMax, -1);
    for (int i = 0; i < count; ++i) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        int accepted = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (accepted < 0) continue;
        int on = 1;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (streams.size() <= static_cast<size_t>(accepted)) streams.resize(static_cast<size_t>(accepted) + 1);
        streams[static_cast<size_t>(accepted)] = Stream{};
        event.data.fd = accepted;
        epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &event);
        continue;
      }
      ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        close(fd);
        continue;
      }
      replies.clear();
      for (size_t left = Feed(streams[static_cast<size_t>(fd)], {buffer.data(), static_cast<size_t>(got)}); left > 0; --left) replies += kReply;
      if (!replies.empty() && send(fd, replies.data(), replies.size(), MSG_NOSIGNAL) < 0) close(fd);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("tusk-echo PORT\n", stderr);
    return 2;
  }
  Serve(Listen(std::atoi(argv[1])));
}
