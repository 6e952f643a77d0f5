#include "load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <utility>

#include "key_source.h"
#include "reply_counter.h"

namespace tusk::bench {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr int kEventsMax = 512;

uint64_t NowNs() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

double OwnCpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](timeval time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Connection {
  Connection(const LoadGroup& of, uint64_t number_in_it, Protocol protocol) : group(of), number(number_in_it), replies(protocol) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (fd >= 0) close(fd);
  }

  const LoadGroup& group;
  const uint64_t number;  // In its group.
  int fd = -1;
  size_t next_template = 0;
  ReplyCounter replies;
  std::string out;
  size_t out_sent = 0;
  bool awaits_room = false;
  uint64_t unanswered = 0;
  uint64_t started_ns = 0;
};

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options),
        keys_(options.keys, options.zipf_exponent, options.sequential, options.first_key, options.seed),
        buffer_(kReadBytes, '\0') {}
  ~Load() {
    if (epoll_ >= 0) close(epoll_);
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  std::expected<LoadResult, std::string> Run();

 private:
  bool Connect();
  bool Open(size_t index);
  void Close(size_t index);
  // Sends what the listening connections send, and waits for one reply to each request.
  bool StartListeners();
  bool Fail(const char* what);
  bool Done(uint64_t now) const;
  void AppendRequest(size_t index);
  // Starts a batch on the connection; its latency counts from `from_ns`.
  bool StartBatch(size_t index, uint64_t from_ns);
  bool Flush(size_t index);
  bool HandleReadable(size_t index);
  // Open loop: sends what is due on idle connections and says how long to wait for the next one.
  bool StartDue(uint64_t now);
  bool Wait(epoll_event* events, int& count);
  LoadResult Summary(uint64_t begin_ns) const;

  const LoadOptions& options_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<size_t> idle_;
  int epoll_ = -1;
  KeySource keys_;
  uint64_t sent_ = 0;
  uint64_t answered_ = 0;
  uint64_t pushes_ = 0;
  size_t busy_ = 0;
  uint64_t end_ns_ = 0;
  uint64_t last_reply_ns_ = 0;
  double next_due_ns_ = 0;
  std::string buffer_;
  std::string failure_;
  Histogram latency_ns_;
};

bool Load::Fail(const char* what) {
  failure_ = std::string(what) + ": " + (errno ? std::strerror(errno) : "closed by the server");
  return false;
}

bool Load::Connect() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return Fail("epoll");
  for (const LoadGroup& group : options_.groups) {
    for (int i = 0; i < group.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(group, static_cast<uint64_t>(i), options_.protocol));
      size_t index = connections_.size() - 1;
      if (!group.reconnects && !Open(index)) return false;
      if (!group.listens) idle_.push_back(index);
    }
  }
  return StartListeners();
}

// On loopback a connect is done at once, or waits for the server's accept, which is part of what is measured.
bool Load::Open(size_t index) {
  Connection& connection = *connections_[index];
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(options_.port));
  if (inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr) != 1) return Fail("address");
  connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection.fd < 0) return Fail("socket");
  if (connect(connection.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Fail("connect");
  int on = 1;
  setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(connection.fd, F_SETFL, O_NONBLOCK);
  epoll_event event{.events = EPOLLIN, .data = {.u32 = static_cast<uint32_t>(index)}};
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) == 0 || Fail("epoll_ctl");
}

void Load::Close(size_t index) {
  // Closing takes it out of the epoll set, too: nobody else holds the descriptor.
  close(connections_[index]->fd);
  connections_[index]->fd = -1;
}

bool Load::StartListeners() {
  for (size_t index = 0; index < connections_.size(); ++index) {
    Connection& connection = *connections_[index];
    if (!connection.group.listens) continue;
    for (size_t i = 0; i < connection.group.templates.size(); ++i) AppendRequest(index);
    if (!Flush(index)) return false;
    uint64_t replies = 0;
    while (replies < connection.group.templates.size()) {
      pollfd readable{.fd = connection.fd, .events = POLLIN, .revents = 0};
      poll(&readable, 1, -1);
      ssize_t got = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
      if (got <= 0) return Fail("recv");
      replies += connection.replies.Feed({buffer_.data(), static_cast<size_t>(got)});
    }
  }
  return true;
}

void Load::AppendRequest(size_t index) {
  Connection& connection = *connections_[index];
  const auto& templates = connection.group.templates;
  templates[connection.next_template].AppendTo(connection.out, [&](const RequestTemplate::Hole& hole) -> uint64_t {
    switch (hole.kind) {
      case RequestTemplate::Kind::kKey: return keys_.Next();
      case RequestTemplate::Kind::kBelow: return keys_.Below(hole.below);
      case RequestTemplate::Kind::kConnection: return connection.number;
    }
    return 0;
  });
  if (++connection.next_template == templates.size()) connection.next_template = 0;
}

bool Load::Done(uint64_t now) const {
  return options_.requests ? sent_ >= options_.requests : now >= end_ns_;
}

bool Load::StartBatch(size_t index, uint64_t from_ns) {
  Connection& connection = *connections_[index];
  connection.out.clear();
  connection.out_sent = 0;
  if (connection.fd < 0 && !Open(index)) return false;
  for (int i = 0; i < options_.pipeline; ++i) AppendRequest(index);
  connection.unanswered = static_cast<uint64_t>(options_.pipeline);
  connection.started_ns = from_ns;
  sent_ += connection.unanswered;
  ++busy_;
  return Flush(index);
}

bool Load::Flush(size_t index) {
  Connection& connection = *connections_[index];
  bool full = false;
  while (connection.out_sent < connection.out.size() && !full) {
    ssize_t sent = send(connection.fd, connection.out.data() + connection.out_sent,
                        connection.out.size() - connection.out_sent, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return Fail("send");
    if (sent > 0) connection.out_sent += static_cast<size_t>(sent);
    full = sent < 0 && errno == EAGAIN;
  }
  if (full != connection.awaits_room) {
    connection.awaits_room = full;
    epoll_event event{.events = EPOLLIN | (full ? uint32_t{EPOLLOUT} : 0), .data = {.u32 = static_cast<uint32_t>(index)}};
    epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
  }
  return true;
}

bool Load::HandleReadable(size_t index) {
  Connection& connection = *connections_[index];
  ssize_t got = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got <= 0) {
    if (got == 0) errno = 0;
    return Fail("recv");
  }
  uint64_t replies = connection.replies.Feed({buffer_.data(), static_cast<size_t>(got)});
  if (connection.group.listens) {
    pushes_ += replies;
    return true;
  }
  answered_ += replies;
  connection.unanswered -= std::min(replies, connection.unanswered);
  if (connection.unanswered > 0) return true;
  uint64_t now = NowNs();
  latency_ns_.Add(now > connection.started_ns ? now - connection.started_ns : 0, static_cast<uint64_t>(options_.pipeline));
  last_reply_ns_ = now;
  --busy_;
  if (connection.group.reconnects) Close(index);
  if (options_.requests_per_s == 0 && !Done(now)) return StartBatch(index, now);
  idle_.push_back(index);
  return true;
}

bool Load::StartDue(uint64_t now) {
  double gap_ns = 1e9 / options_.requests_per_s * options_.pipeline;
  while (!idle_.empty() && next_due_ns_ <= static_cast<double>(now) && !Done(now)) {
    // Round robin rather than last in, first out, so that every connection, and with it every worker, is measured.
    size_t index = idle_.front();
    idle_.erase(idle_.begin());
    if (!StartBatch(index, static_cast<uint64_t>(next_due_ns_))) return false;
    next_due_ns_ += gap_ns;
  }
  return true;
}

bool Load::Wait(epoll_event* events, int& count) {
  timespec timeout{};
  bool timed = options_.requests_per_s > 0 && !idle_.empty();
  if (timed) {
    double wait_ns = std::max(0.0, next_due_ns_ - static_cast<double>(NowNs()));
    timeout = {.tv_sec = static_cast<time_t>(wait_ns / 1e9), .tv_nsec = static_cast<long>(wait_ns) % 1'000'000'000};
  }
  count = epoll_pwait2(epoll_, events, kEventsMax, timed ? &timeout : nullptr, nullptr);
  if (count >= 0 || errno == EINTR) return true;
  return Fail("epoll_wait");
}

LoadResult Load::Summary(uint64_t begin_ns) const {
  LoadResult result;
  result.requests = answered_;
  result.pushes = pushes_;
  result.seconds = static_cast<double>(last_reply_ns_ - begin_ns) / 1e9;
  result.own_cpu_s = OwnCpuSeconds();
  result.latency_ns = latency_ns_;
  for (const auto& connection : connections_) {
    result.errors += connection->replies.errors();
    result.nulls += connection->replies.nulls();
    if (result.first_error.empty()) result.first_error = connection->replies.first_error();
  }
  return result;
}

std::expected<LoadResult, std::string> Load::Run() {
  if (!Connect()) return std::unexpected(failure_);
  uint64_t begin = NowNs();
  end_ns_ = begin + static_cast<uint64_t>(options_.seconds * 1e9);
  next_due_ns_ = static_cast<double>(begin);
  last_reply_ns_ = begin;
  if (options_.requests_per_s == 0) {
    for (size_t index : std::exchange(idle_, {}))
      if (!Done(begin) && !StartBatch(index, NowNs())) return std::unexpected(failure_);
  }
  epoll_event events[kEventsMax];
  while (true) {
    uint64_t now = NowNs();
    if (options_.requests_per_s > 0 && !StartDue(now)) return std::unexpected(failure_);
    if (Done(now) && (busy_ == 0 || options_.abandons)) break;
    int count = 0;
    if (!Wait(events, count)) return std::unexpected(failure_);
    for (int i = 0; i < count; ++i) {
      size_t index = events[i].data.u32;
      if ((events[i].events & EPOLLOUT) && !Flush(index)) return std::unexpected(failure_);
      if ((events[i].events & ~uint32_t{EPOLLOUT}) && !HandleReadable(index)) return std::unexpected(failure_);
    }
  }
  return Summary(begin);
}

}  // namespace

std::expected<LoadResult, std::string> RunLoad(const LoadOptions& options) { return Load(options).Run(); }

}  // namespace tusk::bench
