#include "repl/link.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/numbers.h"
#include "base/text.h"
#include "codec/byte_stream.h"
#include "codec/reader.h"
#include "command/executor.h"
#include "command/services.h"
#include "command/worker.h"
#include "io/sockets.h"
#include "repl/feed.h"
#include "resp/reply.h"
#include "store/change_log.h"
#include "store/keyspace.h"

namespace tusk::repl {
namespace {

constexpr int64_t kMillis = 1000;
constexpr size_t kReadBytes = 64 * 1024;
// In the place of a copy's length: its end is a mark of so many bytes.
constexpr std::string_view kOpenEnded = "$EOF:";
constexpr size_t kMarkBytes = 40;
// How long a wait for the socket lasts before the link looks whether it is to stop.
constexpr int64_t kPollMillis = 100;

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

base::Status SocketFailure(std::string_view what) {
  return base::Status::Unavailable(fmt::format("{}: {}", what, std::strerror(errno)));
}

}  // namespace

// The dataset's bytes: what has been received already, then the socket. A copy whose length the master did not know ends
// with a mark, behind which it sends nothing before it has heard from us.
class Link::TransferSource final : public codec::ByteSource {
 public:
  // `length` counts where `mark` is empty. What is behind the end is left to others.
  TransferSource(Link& link, std::string mark, uint64_t length) : link_(link), mark_(std::move(mark)), left_(length) {}

  base::Result<size_t> Read(char* out, size_t size) override {
    std::string& in = link_.in_;
    // What may be the mark's beginning stays.
    while (!at_end() && in.size() <= mark_.size()) {
      bool any = false;
      RETURN_IF_ERROR(link_.ReadMore(kPollMillis, any));
    }
    size_t count = std::min(size, in.size() - mark_.size());
    if (mark_.empty()) {
      count = std::min(count, left_);
      left_ -= count;
      link_.transfer_left_.store(static_cast<int64_t>(left_), std::memory_order_relaxed);
    }
    in.copy(out, count);
    in.erase(0, count);
    return count;
  }

  // After the dataset has been read. Bytes behind its end are no dataset.
  base::Status TakeMark() {
    if (mark_.empty()) return {};
    while (link_.in_.size() < mark_.size()) {
      bool any = false;
      RETURN_IF_ERROR(link_.ReadMore(kPollMillis, any));
    }
    if (!at_end()) return base::Status::Invalid("the copy does not end where its mark is");
    link_.in_.clear();
    return {};
  }

 private:
  bool at_end() const noexcept { return mark_.empty() ? left_ == 0 : link_.in_ == mark_; }

  Link& link_;
  const std::string mark_;
  size_t left_;
};

Link::Link(Options options) : options_(std::move(options)), failover_(*options_.services, *this) {
  session_.from_master = true;
}

Link::~Link() {
  failover_.Stop();
  Lead();
}

int64_t Link::NowMs() const { return options_.services->keyspace->clock().MonotonicMillis(); }
bool Link::Stopping() const { return stop_.load(std::memory_order_relaxed); }

void Link::Note(std::string_view text) const {
  if (options_.log != nullptr) options_.log->Notice("{}", text);
}

void Link::SetCredentials(std::string_view user, std::string_view password) {
  base::MutexLock hold(mutex_);
  user_ = user;
  password_ = password;
}

void Link::SetSourceAddress(std::string_view address) {
  base::MutexLock hold(mutex_);
  source_address_ = address;
}

void Link::SetReplid(std::string_view replid) {
  master_replid_ = replid;
  base::MutexLock hold(mutex_);
  shown_replid_ = replid;
}

bool Link::Break(std::string_view address) {
  {
    base::MutexLock hold(mutex_);
    if (state_.load(std::memory_order_relaxed) != LinkState::kConnected) return false;
    if (address != fmt::format("{}:{}", host_, port_)) return false;
  }
  break_.store(true, std::memory_order_relaxed);
  return true;
}

// ---- The role ----

bool Link::Follow(std::string_view host, int64_t port) {
  {
    base::MutexLock hold(mutex_);
    if (is_replica() && host_ == host && port_ == port) return false;
  }
  Lead();
  base::MutexLock change(change_mutex_);
  {
    base::MutexLock hold(mutex_);
    host_ = host;
    port_ = port;
  }
  asks_to_lead_.store(false, std::memory_order_relaxed);
  StartFollowing();
  return true;
}

void Link::TakeOrders(std::string_view host, int64_t port, std::string_view replid, int64_t offset) {
  DCHECK(!replid.empty() && offset >= 0);
  base::MutexLock change(change_mutex_);
  DCHECK(!thread_.joinable());
  {
    base::MutexLock hold(mutex_);
    host_ = host;
    port_ = port;
  }
  SetReplid(replid);
  offset_.store(offset, std::memory_order_relaxed);
  answer_.store(Answer::kNone, std::memory_order_relaxed);
  asks_to_lead_.store(true, std::memory_order_relaxed);
  StartFollowing();
}

void Link::StartFollowing() {
  stop_.store(false, std::memory_order_relaxed);
  down_since_ms_.store(NowMs(), std::memory_order_relaxed);
  SetState(LinkState::kConnect);
  thread_ = std::thread([this] { Work(); });
}

void Link::Lead() {
  base::MutexLock change(change_mutex_);
  if (!thread_.joinable()) return;
  stop_.store(true, std::memory_order_relaxed);
  thread_.join();
  SetState(LinkState::kNone);
  offset_.store(-1, std::memory_order_relaxed);
  SetReplid({});
}

void Link::SetState(LinkState state) {
  LinkState before = state_.exchange(state, std::memory_order_relaxed);
  if (before == LinkState::kConnected && state != before) down_since_ms_.store(NowMs(), std::memory_order_relaxed);
  ApplyRole();
}

// What the executor and the store are told: they look at settings, not at the link.
void Link::ApplyRole() {
  const LinkState state = state_.load(std::memory_order_relaxed);
  const bool replica = state != LinkState::kNone;
  store::Settings& settings = options_.services->keyspace->settings();
  settings.read_only_replica.set(replica && settings_.read_only.load(std::memory_order_relaxed));
  settings.replica_is_stale.set(replica && state != LinkState::kConnected &&
                                !settings_.serve_stale_data.load(std::memory_order_relaxed));
}

LinkInfo Link::Describe() const {
  LinkInfo info;
  info.state = state_.load(std::memory_order_relaxed);
  {
    base::MutexLock hold(mutex_);
    info.host = host_;
    info.port = port_;
    info.replid = shown_replid_;
  }
  info.offset = offset_.load(std::memory_order_relaxed);
  info.read_offset = std::max(info.offset, read_offset_.load(std::memory_order_relaxed));
  const int64_t now = NowMs();
  if (info.state == LinkState::kConnected || info.state == LinkState::kTransfer) {
    info.seconds_since_io = (now - last_io_ms_.load(std::memory_order_relaxed)) / kMillis;
  }
  if (info.state != LinkState::kConnected) {
    info.seconds_down = (now - down_since_ms_.load(std::memory_order_relaxed)) / kMillis;
  }
  if (info.state == LinkState::kTransfer) info.transfer_left_bytes = transfer_left_.load(std::memory_order_relaxed);
  return info;
}

// ---- The thread ----

void Link::Work() {
  if (!worker_) worker_ = options_.new_worker();
  worker_->transaction().SetFromMaster(true);
  while (!Stopping()) {
    base::Status status = RunOnce();
    fd_.Reset();
    in_.clear();
    options_.services->keyspace->settings().loading.set(false);
    if (Stopping()) break;
    SetState(LinkState::kConnect);
    if (!status.ok() && options_.log != nullptr) options_.log->Warning("{}", status.message());
    for (int64_t slept = 0; slept < kRetryMillis && !Stopping(); slept += kPollMillis) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kPollMillis));
    }
  }
}

base::Status Link::RunOnce() {
  RETURN_IF_ERROR(Connect());
  SetState(LinkState::kHandshake);
  RETURN_IF_ERROR(Handshake());
  RETURN_IF_ERROR(AskToSync());
  SetState(LinkState::kConnected);
  return FollowStream();
}

base::Status Link::Connect() {
  std::string host;
  int64_t port = 0;
  std::string source;
  {
    base::MutexLock hold(mutex_);
    host = host_;
    port = port_;
    source = source_address_;
  }
  break_.store(false, std::memory_order_relaxed);
  Note(fmt::format("Connecting to MASTER {}:{}", host, port));
  base::Result<base::UniqueFd> connected = io::ConnectTcp(host, static_cast<uint16_t>(port), source);
  if (!connected) return std::move(connected).error();
  fd_ = std::move(*connected);
  const int64_t deadline = NowMs() + settings_.timeout_seconds.load(std::memory_order_relaxed) * kMillis;
  for (;;) {
    pollfd wait{fd_.get(), POLLOUT, 0};
    if (::poll(&wait, 1, static_cast<int>(kPollMillis)) > 0) break;
    if (Stopping()) return base::Status::Unavailable("stopping");
    if (NowMs() > deadline) return base::Status::Unavailable("Timeout connecting to the MASTER...");
  }
  errno = io::SocketError(fd_.get());
  if (errno != 0) return SocketFailure("Error condition on socket for SYNC");
  io::SetNoDelay(fd_.get());
  last_io_ms_.store(NowMs(), std::memory_order_relaxed);
  Note("MASTER <-> REPLICA sync started");
  return {};
}

base::Status Link::WriteAll(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return SocketFailure("Writing to master");
    if (Stopping()) return base::Status::Unavailable("stopping");
    pollfd wait{fd_.get(), POLLOUT, 0};
    ::poll(&wait, 1, static_cast<int>(kPollMillis));
  }
  return {};
}

base::Status Link::Send(std::initializer_list<std::string_view> argv) {
  std::string bytes;
  store::AppendCommand(bytes, std::span<const std::string_view>(argv.begin(), argv.size()));
  return WriteAll(bytes);
}

base::Status Link::ReadMore(int64_t wait_ms, bool& any) {
  any = false;
  if (Stopping()) return base::Status::Unavailable("stopping");
  if (break_.exchange(false, std::memory_order_relaxed)) return base::Status::Unavailable("Connection with master was killed.");
  pollfd wait{fd_.get(), POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(wait_ms)) <= 0) {
    const int64_t silence_ms = NowMs() - last_io_ms_.load(std::memory_order_relaxed);
    if (silence_ms > settings_.timeout_seconds.load(std::memory_order_relaxed) * kMillis) {
      const bool greeting = state_.load(std::memory_order_relaxed) == LinkState::kHandshake;
      return base::Status::Unavailable(greeting ? "Timeout connecting to the MASTER..."
                                                : "MASTER timeout: no data nor PING received...");
    }
    return {};
  }
  char buffer[kReadBytes];
  ssize_t count = ::read(fd_.get(), buffer, sizeof buffer);
  if (count == 0) return base::Status::Unavailable("Connection with master lost.");
  if (count < 0) return errno == EAGAIN || errno == EINTR ? base::Status() : SocketFailure("Reading from master");
  in_.append(buffer, static_cast<size_t>(count));
  last_io_ms_.store(NowMs(), std::memory_order_relaxed);
  any = true;
  return {};
}

base::Result<std::string> Link::ReadLine() {
  for (;;) {
    size_t end = in_.find('\n');
    if (end != std::string::npos) {
      std::string line = in_.substr(0, end);
      in_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (line.empty()) continue;  // A sign of life.
      return line;
    }
    if (in_.size() > kLineBytesMax) return std::unexpected(base::Status::Invalid("The master's reply is no line"));
    bool any = false;
    RETURN_IF_ERROR(ReadMore(kPollMillis, any));
  }
}

base::Result<std::string> Link::Ask(std::initializer_list<std::string_view> argv) {
  RETURN_IF_ERROR(Send(argv));
  return ReadLine();
}

base::Status Link::Handshake() {
  const base::Result<std::string> reply_to_ping = Ask({"PING"});
  if (!reply_to_ping) return reply_to_ping.error();
  const std::string_view pong = *reply_to_ping;
  // Masters that want a password, or that load their data, say so: later words decide.
  if (!pong.starts_with('+') && !pong.starts_with("-NOAUTH") && !pong.starts_with("-NOPERM") && !pong.starts_with("-ERR oper")) {
    return base::Status::Unavailable("Error reply to PING from master: '" + std::string(pong) + "'");
  }
  Note("Master replied to PING, replication can continue...");
  std::string user;
  std::string password;
  {
    base::MutexLock hold(mutex_);
    user = user_;
    password = password_;
  }
  if (!password.empty()) {
    ASSIGN_OR_RETURN(std::string reply, user.empty() ? Ask({"AUTH", password}) : Ask({"AUTH", user, password}));
    if (reply[0] == '-') return base::Status::Unavailable("Unable to AUTH to MASTER: " + reply);
  }
  const std::string port = std::to_string(settings_.listening_port.load(std::memory_order_relaxed));
  for (const auto& [option, value] : {std::pair<std::string_view, std::string_view>{"listening-port", port},
                                      std::pair<std::string_view, std::string_view>{"capa", "eof"},
                                      std::pair<std::string_view, std::string_view>{"capa", "psync2"}}) {
    ASSIGN_OR_RETURN(std::string reply, Ask({"REPLCONF", option, value}));
    if (reply[0] == '-') Note(fmt::format("(Non critical) Master does not understand REPLCONF {}: {}", option, reply));
  }
  return {};
}

base::Status Link::AskToSync() {
  const int64_t offset = offset_.load(std::memory_order_relaxed);
  const bool partial = !master_replid_.empty() && offset >= 0;
  if (partial) Note(fmt::format("Trying a partial resynchronization (request {}:{}).", master_replid_, offset + 1));
  const bool asks_to_lead = asks_to_lead_.load(std::memory_order_relaxed);
  DCHECK(!asks_to_lead || partial);
  const std::string from = std::to_string(offset + 1);
  ASSIGN_OR_RETURN(std::string reply, asks_to_lead ? Ask({"PSYNC", master_replid_, from, "FAILOVER"})
                                      : partial    ? Ask({"PSYNC", master_replid_, from})
                                                   : Ask({"PSYNC", "?", "-1"}));
  if (asks_to_lead) {
    const bool accepted = reply.starts_with("+CONTINUE") || reply.starts_with("+FULLRESYNC ");
    asks_to_lead_.store(!accepted, std::memory_order_relaxed);
    answer_.store(accepted ? Answer::kAccepted : Answer::kRefused, std::memory_order_relaxed);
  }
  if (reply.starts_with("+CONTINUE")) {
    std::string_view replid = TrimBlanks(std::string_view(reply).substr(9));
    if (!replid.empty()) SetReplid(replid);
    Note("Successful partial resynchronization with master.");
    return {};
  }
  if (!reply.starts_with("+FULLRESYNC ")) {
    return base::Status::Unavailable("Unexpected reply to PSYNC from master: " + reply);
  }
  std::string_view rest = std::string_view(reply).substr(12);
  const size_t blank = rest.find(' ');
  std::optional<int64_t> start;
  if (blank != std::string_view::npos) start = base::ParseInt64(rest.substr(blank + 1));
  if (!start) return base::Status::Invalid("Malformed reply to PSYNC from master: " + reply);
  Note(fmt::format("Full resync from master: {}:{}", rest.substr(0, blank), *start));
  SetReplid({});
  offset_.store(-1, std::memory_order_relaxed);
  std::string replid(rest.substr(0, blank));
  RETURN_IF_ERROR(Transfer());
  SetReplid(replid);
  offset_.store(*start, std::memory_order_relaxed);
  session_.db = 0;
  session_.in_multi = false;
  return {};
}

// Their copies are of data that goes away now: they ask anew, and get what we get.
void Link::DropReplicas() {
  command::Services& services = *options_.services;
  for (const ReplicaInfo& replica : services.feed->Replicas()) {
    if (services.clients != nullptr) services.clients->Kill(replica.session_id, 0);
  }
  services.feed->StartAnew();
}

base::Status Link::Transfer() {
  ASSIGN_OR_RETURN(std::string header, ReadLine());
  std::optional<int64_t> length;
  std::string mark;
  if (header.starts_with(kOpenEnded)) {
    mark = header.substr(kOpenEnded.size());
    if (mark.size() != kMarkBytes) return base::Status::Invalid("Bad protocol from MASTER, the copy's mark is: " + header);
    length = 0;
  } else if (header.starts_with('$')) {
    length = base::ParseInt64(std::string_view(header).substr(1));
  }
  if (!length || (*length <= 0 && mark.empty())) {
    return base::Status::Invalid("Bad protocol from MASTER, the copy's length is: " + header);
  }
  transfer_left_.store(*length, std::memory_order_relaxed);
  SetState(LinkState::kTransfer);
  Note(mark.empty() ? fmt::format("MASTER <-> REPLICA sync: receiving {} bytes from master", *length)
                    : "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF");
  Note("MASTER <-> REPLICA sync: Loading DB in memory");
  options_.services->keyspace->settings().loading.set(true);
  DropReplicas();
  // The log goes on with the copy as its base: no record says what a copy holds.
  command::AppendFile* const log = options_.services->append_file;
  if (log != nullptr) log->Interrupt();
  marks_.clear();
  synced_offset_ = 0;
  const std::string_view flush[] = {"FLUSHALL"};
  Apply(flush);
  base::Status status;
  {
    const uint64_t bytes = mark.empty() ? static_cast<uint64_t>(*length) : codec::Reader::kSizeUnknown;
    TransferSource source(*this, std::move(mark), static_cast<uint64_t>(*length));
    codec::Reader reader(source, bytes);
    status = options_.load(reader, *worker_);
    if (status.ok()) status = source.TakeMark();
  }
  if (log != nullptr) log->BeginAnew();
  if (!status.ok()) {
    Apply(flush);  // Half of a dataset is worse than none.
    return base::Status::Unavailable("MASTER <-> REPLICA sync: loading failed: " + status.message());
  }
  options_.services->keyspace->settings().loading.set(false);
  Note("MASTER <-> REPLICA sync: Finished with success");
  return {};
}

// ---- The stream ----

base::Status Link::FollowStream() {
  parser_ = std::make_unique<resp::RequestParser>();
  // A transaction that the last connection broke off comes again from its MULTI.
  session_.in_multi = session_.multi_failed = false;
  session_.queue.clear();
  session_.queue_bytes = 0;
  int64_t received = offset_.load(std::memory_order_relaxed);
  DCHECK(received >= 0);
  RETURN_IF_ERROR(SendAck());
  for (;;) {
    bool any = !in_.empty();
    const bool full = options_.services->executor->paused() && parser_->buffered_bytes() >= kPausedBytesMax;
    if (full) {
      if (Stopping()) return base::Status::Unavailable("stopping");
      std::this_thread::sleep_for(std::chrono::milliseconds(kPollMillis));
    } else if (!any) {
      RETURN_IF_ERROR(ReadMore(kPollMillis, any));
    }
    received += static_cast<int64_t>(in_.size());
    read_offset_.store(received, std::memory_order_relaxed);
    parser_->Feed(in_);
    in_.clear();
    // CLIENT PAUSE holds the master back like any writer; what it sends meanwhile is read and kept.
    while (!options_.services->executor->paused() && parser_->ParseBatch() != 0) {
      const resp::Argv argv = parser_->Take();
      if (base::EqualsIgnoreCase(argv[0], "replconf")) {
        offset_.store(received - static_cast<int64_t>(parser_->buffered_bytes()), std::memory_order_relaxed);
        if (argv.size() > 1 && base::EqualsIgnoreCase(argv[1], "getack")) RETURN_IF_ERROR(SendAck());
        continue;
      }
      Apply(argv);
      // Between MULTI and EXEC nothing has happened yet: a resync begins with the MULTI.
      if (session_.in_multi) continue;
      offset_.store(received - static_cast<int64_t>(parser_->buffered_bytes()), std::memory_order_relaxed);
    }
    NoteApplied();
    if (parser_->failed()) return base::Status::Invalid("The master's stream is damaged: " + parser_->error());
    if (NowMs() - last_ack_ms_ >= kAckMillis) RETURN_IF_ERROR(SendAck());
  }
}

void Link::Apply(std::span<const std::string_view> argv) {
  resp::OutputBuffer out;
  resp::Reply reply(out, session_.protocol);
  command::Executor& executor = *options_.services->executor;
  command::Request request{argv, nullptr, {}, false};
  executor.Resolve(request);
  while (executor.Execute(*worker_, session_, request, reply) == command::Outcome::kParked) {
  }
  if (reply.error_count() != 0 && options_.log != nullptr) {
    const std::string text = out.ToString();
    options_.log->Warning("== CRITICAL == This replica is sending an error to its master: '{}' after processing the "
                          "command '{}'",
                          TrimBlanks(text), argv[0]);
  }
}

base::Status Link::SendAck() {
  last_ack_ms_ = NowMs();
  const std::string offset = std::to_string(offset_.load(std::memory_order_relaxed));
  const int64_t synced = SyncedOffset();
  if (synced < 0) return Send({"REPLCONF", "ACK", offset});
  return Send({"REPLCONF", "ACK", offset, "FACK", std::to_string(synced)});
}

void Link::NoteApplied() {
  const int64_t offset = offset_.load(std::memory_order_relaxed);
  if (!marks_.empty() && marks_.back().offset == offset) return;
  // Rather a place too late than one too early: the last one moves on.
  if (marks_.size() >= kMarksMax) marks_.pop_back();
  marks_.push_back({offset, session_.last_commit});
}

int64_t Link::SyncedOffset() {
  command::Services& services = *options_.services;
  if (services.append_file == nullptr || !services.append_file->complete()) {
    synced_offset_ = 0;
    return -1;
  }
  NoteApplied();
  const uint64_t synced = services.keyspace->gate().synced.load(std::memory_order_seq_cst);
  while (!marks_.empty() && marks_.front().commit <= synced) {
    synced_offset_ = marks_.front().offset;
    marks_.pop_front();
  }
  return synced_offset_;
}

}  // namespace tusk::repl
