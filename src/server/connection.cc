#include "server/connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <type_traits>

#include "base/log.h"
#include "base/text.h"
#include "command/blocked_command.h"
#include "command/command_table.h"
#include "engine/engine.h"
#include "io/sockets.h"
#include "resp/mini_frame.h"
#include "resp/reply.h"
#include "server/buffer_sizes.h"
#include "server/connection_loop.h"
#include "server/crew.h"
#include "store/reply_room.h"

namespace tusk::server {
namespace {

using command::CloseWish;
using command::Outcome;
using command::ReplyMode;

constexpr size_t kVectorsPerWrite = 64;
// After so much for one peer the others of the loop have their turn.
constexpr size_t kSendBytesPerTurn = 256 * 1024;
// Buffers of a connection that has been silent for this long are given back.
constexpr int64_t kTrimAfterUs = 2'000'000;
constexpr int64_t kMicros = 1'000'000;

// A browser that was made to talk to us: its body must not be read as commands.
bool IsHttp(std::string_view word) noexcept {
  return base::EqualsIgnoreCase(word, "post") || base::EqualsIgnoreCase(word, "host:");
}

}  // namespace

Connection::Connection(ServerContext& context, ConnectionLoop& loop, base::UniqueFd fd, Dialect dialect)
    : context_(context), loop_(loop), fd_(std::move(fd)), deadline_(*this), record_(std::make_shared<ClientRecord>()) {
  engine::Engine& engine = context_.engine;
  session_.id = engine.NextSessionId();
  session_.host = &loop_;
  if (dialect == Dialect::kMini) {
    session_.protocol = resp::kMiniProtocol;
    parser_.set_mini();
    mini_ = std::make_unique<miniredis::RequestTranslator>();
  }
  engine.users().Begin(session_);
  last_read_us_ = engine.clock().MonotonicMicros();
  record_->id = session_.id;
  record_->loop = &loop_;
  record_->fd = fd_.get();
  record_->address = io::PeerAddress(fd_.get());
  record_->local_address = io::LocalAddress(fd_.get());
  record_->unix_socket.store(!record_->address.empty() && record_->address[0] == '/', std::memory_order_relaxed);
  record_->connected_micros = last_read_us_;
}

Connection::~Connection() {
  if (passing_bytes_ == 0) return;
  // Freed first: whoever asks in between must not take it for data, and evict keys for it.
  out_ = resp::OutputBuffer();
  context_.engine.keyspace().passing().Remove(passing_bytes_);
}

base::Status Connection::Start() {
  Publish(nullptr);
  RETURN_IF_ERROR(loop_.events().Add(fd_.get(), io::kReadable, *this));
  watched_ = true;
  interest_ = io::kReadable;
  context_.clients.Add(record_);
  return {};
}

// ---- Reading ----

void Connection::OnEvents(uint32_t events) noexcept {
  if (closed_) return;
  if (state_ == State::kDetached) {
    // Its input is in use. OnDetachedDone watches it again; until then a level-triggered event would only spin.
    loop_.events().Remove(fd_.get(), *this);
    watched_ = false;
    return;
  }
  if (events & io::kWritable) Flush();
  if ((events & (io::kReadable | io::kHangup)) && !closed_) Read();
}

// Reading is done early, together with other connections, so that the memory that their requests need is fetched while
// the kernel copies the next one's bytes. What has been read is run in its turn.
bool Connection::OnSoon(uint32_t events) noexcept {
  if (!(events & io::kReadable) || closed_ || state_ != State::kReady || held_back_ || close_after_flush_) return true;
  if (parser_.buffered_bytes() != 0 || has_read_ahead_) return true;
  const ssize_t count = io::Receive(fd_.get(), parser_.PrepareRead());
  // OnEvents() will see it again, and say why.
  if (count <= 0) return true;
  has_read_ahead_ = true;
  NoteInput(static_cast<size_t>(count), loop_.SoonMicros());
  if (static_cast<size_t>(count) >= kAloneBytesMin) return false;
  if (ParseInput() == 0) return true;
  command::Request& request = resolved_.emplace();
  Resolve(0, request);
  if (request.has_key) loop_.ExpectRequest(request);
  return true;
}

void Connection::NoteInput(size_t bytes, int64_t now_us) noexcept {
  parser_.CommitRead(bytes);
  last_read_us_ = now_us;
  command::WorkerStatistics& statistics = loop_.worker().statistics();
  statistics.reads_processed.Add(1);
  statistics.net_input_bytes.Add(bytes);
  bytes_received_ += bytes;
}

bool Connection::ReadInput() noexcept {
  resolved_.reset();
  const ssize_t count = io::Receive(fd_.get(), parser_.PrepareRead());
  if (count <= 0) {
    const bool is_end = count == 0 || (errno != EAGAIN && errno != EINTR);
    if (is_end) Close(count == 0 ? "Client closed connection" : "Reading from client failed");
    return false;
  }
  NoteInput(static_cast<size_t>(count), context_.engine.clock().MonotonicMicros());
  return true;
}

void Connection::Read() noexcept {
  if (!std::exchange(has_read_ahead_, false) && !ReadInput()) return;
  if (close_after_flush_) return parser_.Trim();
  if (parser_.buffered_bytes() > context_.engine.network().query_buffer_limit) [[unlikely]] {
    context_.log.Warning("Closing client that reached max query buffer length: id={} addr={}", id(),
                                     record_->address);
    return Close("Query buffer limit reached");
  }
  if (!AccountMemory()) return;
  if (state_ == State::kReady) Process();
}

// How many requests are there to run.
size_t Connection::ParseInput() {
  parser_.set_bulk_bytes_max(static_cast<int64_t>(context_.engine.settings().proto_max_bulk_len.get()));
  parser_.set_authenticated(session_.authenticated);
  return parser_.ParseBatch();
}

// Runs what is there. Returns also when the loop was lost: its callers touch nothing afterwards.
void Connection::Process() noexcept {
  out_.set_bytes_max(LimitOfOutput().hard_bytes.get());
  while (state_ == State::kReady && !closed_ && !close_after_flush_ && !held_back_) {
    size_t count = ParseInput();
    if (count == 0) {
      if (parser_.failed()) FailProtocol();
      break;
    }
    if (RunGroup(std::min(count, kPrefetchRequests)) == Next::kLost) return;
    if (out_.size() >= kSendEarlyBytes) [[unlikely]] {
      // Before sending: a reply beyond the limit closes, however fast the peer reads.
      if (const char* reason = OutputLimitReached(last_read_us_)) return Close(reason);
      Flush();
    }
  }
  if (closed_) return;
  if (out_.size() >= resp::kChunkBytes || out_.too_large()) {
    if (const char* reason = OutputLimitReached(last_read_us_)) return Close(reason);
  }
  Publish(nullptr);
  Flush();
  if (!closed_) AccountMemory();
}

void Connection::Resolve(size_t i, command::Request& request) {
  request.argv = parser_.Peek(i);
  if (mini_) [[unlikely]] {
    if (i == 0) mini_->Reset();
    request.argv = mini_->Translate(request.argv[0]);
  }
  request.db = session_.db;
  context_.engine.executor().Resolve(request);
}

Connection::Next Connection::RunGroup(size_t count) {
  command::Executor& executor = context_.engine.executor();
  if (count == 1) {
    if (resolved_) {
      // It has been looked ahead for already.
      command::Request request = *resolved_;
      resolved_.reset();
      DCHECK((mini_ || request.argv.data() == parser_.Peek(0).data()) && request.db == session_.db);
      return RunOne(request);
    }
    command::Request request;
    Resolve(0, request);
    executor.LookAhead({&request, 1});
    return RunOne(request);
  }
  resolved_.reset();
  // Not an array of requests, which would be cleared whole for a few.
  alignas(command::Request) std::byte room[kPrefetchRequests * sizeof(command::Request)];
  static_assert(std::is_trivially_destructible_v<command::Request>);
  auto* const requests = reinterpret_cast<command::Request*>(room);
  for (size_t i = 0; i < count; ++i) {
    Resolve(i, *std::construct_at(&requests[i]));
  }
  // This thread's, whoever has the loop at the end.
  command::Worker& worker = loop_.worker();
  worker.BeginGroup(context_.engine.clock().UnixMillis());
  Next next = Next::kGoOn;
  for (size_t i = 0, seen = 0; i < count && next == Next::kGoOn; ++i) {
    if (i == seen) seen += executor.LookAhead({requests + i, count - i});
    next = RunOne(requests[i]);
  }
  worker.EndGroup();
  return next;
}

// ---- Running ----

Connection::Next Connection::RunOne(command::Request& request) {
  if (!request.has_key) [[unlikely]] {
    // CLIENT looks at the connections, this one included. Others show only once they have run: who sees UNSUBSCRIBE in
    // a list may rely on it.
    if (request.command && (request.command->categories & command::kCatConnection)) Publish(request.command);
    if (!request.command && IsHttp(request.argv[0])) {
      context_.log.Warning(
          "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. This is "
          "likely due to an attacker attempting to use Cross Protocol Scripting to compromise your instance. Connection "
          "from {} aborted.",
          record_->address);
      Close("HTTP on this port");
      return Next::kRest;
    }
  }
  if (context_.engine.executor().IsDetachable(session_, request)) [[unlikely]] return RunDetachable(request);
  return After(Execute(loop_.worker(), request));
}

Outcome Connection::Execute(command::Worker& worker, command::Request& request) {
  command::Executor& executor = context_.engine.executor();
  resp::Reply reply(out_, session_.protocol);
  if (session_.reply_mode == ReplyMode::kOn) [[likely]] return executor.Execute(worker, session_, request, reply);
  // CLIENT REPLY OFF or SKIP: the reply is written and taken back, unless the command turned replies on.
  if (session_.reply_mode == ReplyMode::kSkipNext) session_.reply_mode = ReplyMode::kSkipping;
  resp::Reply::Mark mark = reply.BeginDeferred();
  Outcome outcome = executor.Execute(worker, session_, request, reply);
  if (session_.reply_mode == ReplyMode::kOn) {
    reply.KeepDeferred(mark);
  } else {
    reply.CancelDeferred(mark);
  }
  if (session_.reply_mode == ReplyMode::kSkipping) {
    session_.reply_mode = outcome == Outcome::kDone ? ReplyMode::kOn : ReplyMode::kSkipNext;
  }
  return outcome;
}

Connection::Next Connection::RunDetachable(command::Request& request) {
  ConnectionLoop& loop = loop_;
  const uint64_t session_id = id();
  command::Worker& worker = loop.worker();
  state_ = State::kDetached;
  // It may run for long: CLIENT LIST shows what keeps it busy.
  record_->last_command.store(request.command, std::memory_order_relaxed);
  loop.NoteSlowCommand(request.command);
  const uint64_t ticket = loop.turn().Begin();
  context_.crew.NoteTurn();
  Outcome outcome = Execute(worker, request);
  if (!loop.turn().End(ticket)) {
    // From here on `this` belongs to the loop's new driver.
    worker.statistics().detached.Add(1);
    loop.DetachedDone(session_id, outcome);
    return Next::kLost;
  }
  state_ = State::kReady;
  return After(outcome);
}

Connection::Next Connection::After(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      parser_.Take();
      ++commands_;
      break;
    case Outcome::kParked: state_ = State::kParked; return Next::kRest;
    case Outcome::kBlocked:
      parser_.Take();
      ++commands_;
      StartBlocked();
      return Next::kRest;
    case Outcome::kPaused:
      // Counted among the blocked, as Redis does.
      state_ = State::kPaused;
      context_.clients.AddBlocked(1);
      loop_.QueuePaused(id());
      return Next::kRest;
  }
  if (session_.close != CloseWish::kNone || record_->kill_wanted.load(std::memory_order_relaxed)) [[unlikely]] {
    if (session_.close == CloseWish::kNow) {
      Close("Closed by command");
    } else {
      close_after_flush_ = true;
      record_->closing.store(true, std::memory_order_relaxed);
    }
    return Next::kRest;
  }
  return Next::kGoOn;
}

void Connection::OnDetachedDone(Outcome outcome) noexcept {
  DCHECK(state_ == State::kDetached);
  state_ = State::kReady;
  if (!watched_) {
    watched_ = loop_.events().Add(fd_.get(), interest_, *this).ok();
    if (!watched_) return Close("Watching the socket failed");
  }
  // On kGoOn and kRest alike: first what arrived meanwhile, then the rest of the input.
  After(outcome);
  if (close_wanted_) return Close("Closed while its command ran");
  TakeLatePushes();
  if (early_reply_) {
    resp::OutputBuffer reply = *std::move(early_reply_);
    early_reply_.reset();
    return OnReply(std::move(reply));
  }
  if (std::exchange(early_retry_, false)) return OnRetryBlocked();
  if (std::exchange(early_wake_, false) && state_ == State::kParked) return OnWake();
  if (!closed_) Process();
}

void Connection::OnWake() noexcept {
  if (state_ == State::kDetached) {
    // The command parked and was woken before the loop heard that it parked.
    early_wake_ = true;
    return;
  }
  if (closed_ || (state_ != State::kParked && state_ != State::kPaused)) return;
  if (state_ == State::kPaused) context_.clients.AddBlocked(-1);
  state_ = State::kReady;
  Process();
}

// ---- Blocking ----

void Connection::StartBlocked() {
  state_ = State::kBlocked;
  context_.clients.AddBlocked(1);
  {
    base::MutexLock hold(record_->mutex);
    record_->blocked = session_.blocked;
  }
  ArmDeadline(0);
}

void Connection::ArmDeadline(int64_t not_before_ms) {
  const int64_t deadline_ms = session_.blocked->deadline_ms;
  int64_t retry_ms = session_.blocked->retry_ms.load(std::memory_order_relaxed);
  if (retry_ms != 0) retry_ms = std::max(retry_ms, not_before_ms);
  const int64_t at_ms = deadline_ms == 0 || (retry_ms != 0 && retry_ms < deadline_ms) ? retry_ms : deadline_ms;
  if (at_ms != 0) loop_.events().ArmTimer(deadline_, at_ms * 1000);
}

void Connection::EndBlocked() {
  context_.clients.AddBlocked(-1);
  loop_.events().CancelTimer(deadline_);
  {
    base::MutexLock hold(record_->mutex);
    record_->blocked.reset();
  }
  // A queue that is busy now is swept by whoever comes across it.
  context_.engine.executor().ForgetBlocked(loop_.worker(), *session_.blocked);
  session_.blocked.reset();
}

void Connection::OnReply(resp::OutputBuffer reply) noexcept {
  if (state_ == State::kDetached) {
    early_reply_ = std::move(reply);
    return;
  }
  if (state_ != State::kBlocked) return;
  if (session_.blocked->cancelled != command::BlockedCommand::Cancelled::kNo) {
    context_.engine.executor().CountCancelled(loop_.worker(), *session_.blocked);
  }
  EndBlocked();
  state_ = State::kReady;
  if (closed_) return;
  NoteSeenByOthers();
  if (session_.reply_mode == ReplyMode::kOn) {
    out_.AppendBuffer(std::move(reply));
  } else if (session_.reply_mode == ReplyMode::kSkipNext) {
    session_.reply_mode = ReplyMode::kOn;
  }
  Process();
}

void Connection::OnDeadline() noexcept {
  // A command that tries again by itself does so at this pace at most.
  constexpr int64_t kRetryMsMin = 10;
  if (state_ == State::kBlocked && session_.blocked->retry_ms.load(std::memory_order_relaxed) != 0) {
    const int64_t now_ms = context_.engine.keyspace().clock().MonotonicMillis();
    if (session_.blocked->deadline_ms == 0 || now_ms < session_.blocked->deadline_ms) {
      // If it is served now, its reply is a message, which finds it blocked still.
      context_.engine.executor().RetryBlocked(loop_.worker(), session_.blocked);
      return ArmDeadline(now_ms + kRetryMsMin);
    }
  }
  if (state_ != State::kBlocked || !session_.blocked->Cancel()) return;
  resp::OutputBuffer out;
  resp::Reply reply(out, session_.protocol);
  context_.engine.executor().WriteCancelled(*session_.blocked, reply, false);
  session_.blocked->Finish();
  OnReply(std::move(out));
}

void Connection::OnRetryBlocked() noexcept {
  if (state_ == State::kDetached) {
    early_retry_ = true;
    return;
  }
  // Its end, if it ends, is a message.
  if (state_ == State::kBlocked) context_.engine.executor().RetryBlocked(loop_.worker(), session_.blocked);
}

// ---- Writing ----

void Connection::OnPush(std::shared_ptr<const std::string> bytes) noexcept {
  if (closed_ || close_after_flush_) return;
  if (state_ == State::kDetached || held_back_) {
    late_push_bytes_ += bytes->size();
    const uint64_t bytes_max = LimitOfOutput().hard_bytes.get();
    // What waits counts against the limit as if it stood in the output already.
    close_wanted_ = close_wanted_ || (bytes_max != 0 && late_push_bytes_ > bytes_max);
    if (!close_wanted_) late_pushes_.push_back(std::move(bytes));
    if (close_wanted_ && state_ != State::kDetached) Close("Output buffer hard limit reached");
    return;
  }
  NoteSeenByOthers();
  std::string_view view = *bytes;
  out_.AppendShared(std::move(bytes), view);
  PublishOutput();
  if (const char* reason = OutputLimitReached(context_.engine.clock().MonotonicMicros())) return Close(reason);
  if (!std::exchange(flush_queued_, true)) loop_.QueueFlush(*this);
  AccountMemory();
}

// What others have written for it may tell of any commit so far.
void Connection::NoteSeenByOthers() noexcept {
  store::Keyspace& keyspace = context_.engine.keyspace();
  if (keyspace.gate().holds.load(std::memory_order_relaxed)) [[unlikely]] session_.seen_commit = keyspace.last_commit();
}

bool Connection::MustHoldBack() noexcept {
  store::CommitGate& gate = context_.engine.keyspace().gate();
  if (!gate.holds.load(std::memory_order_relaxed)) [[likely]] return false;
  if (out_.empty() || gate.open_to.load(std::memory_order_acquire) >= session_.seen_commit) return false;
  held_back_ = true;
  loop_.QueueHeldBack(*this);
  // That the socket has room would be said again and again.
  SetInterest(io::kReadable);
  return true;
}

bool Connection::OnSynced() noexcept {
  if (!held_back_) return true;
  store::CommitGate& gate = context_.engine.keyspace().gate();
  const bool open = !gate.holds.load(std::memory_order_seq_cst) ||
                    gate.open_to.load(std::memory_order_seq_cst) >= session_.seen_commit;
  if (!open && !closed_) return false;
  held_back_ = false;
  if (closed_) return true;
  Flush();
  TakeLatePushes();
  // By a message, since running a command may cost this thread the loop.
  if (!closed_ && state_ == State::kReady && parser_.buffered_bytes() != 0) loop_.ResumeLater(id());
  return true;
}

void Connection::OnResume() noexcept {
  if (!closed_ && state_ == State::kReady && !held_back_) Process();
}

void Connection::TakeLatePushes() noexcept {
  late_push_bytes_ = 0;
  for (auto& bytes : std::exchange(late_pushes_, {})) OnPush(std::move(bytes));
}

void Connection::Flush() noexcept {
  const bool pushed = std::exchange(flush_queued_, false);
  if (closed_ || state_ == State::kDetached || held_back_ || MustHoldBack()) return;
  size_t sent_now = 0;
  output_peak_ = std::max(output_peak_, out_.size());
  while (!out_.empty()) {
    // A peer that reads as fast as we send would keep the loop for as long as a reply of millions lasts.
    if (sent_now >= kSendBytesPerTurn) return SetInterest(io::kReadable | io::kWritable);
    iovec vectors[kVectorsPerWrite];
    size_t count = out_.Gather(vectors, kVectorsPerWrite);
    ssize_t sent = count == 1 ? io::Send(fd_.get(), {static_cast<const char*>(vectors[0].iov_base), vectors[0].iov_len})
                              : writev(fd_.get(), vectors, static_cast<int>(count));
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return Close("Writing to client failed");
      if (const char* reason = OutputLimitReached(context_.engine.clock().MonotonicMicros())) return Close(reason);
      return SetInterest(io::kReadable | io::kWritable);
    }
    command::WorkerStatistics& statistics = loop_.worker().statistics();
    statistics.writes_processed.Add(1);
    statistics.net_output_bytes.Add(static_cast<uint64_t>(sent));
    bytes_sent_ += static_cast<uint64_t>(sent);
    sent_now += static_cast<size_t>(sent);
    out_.Consume(static_cast<size_t>(sent));
    PublishOutput();
  }
  over_soft_since_us_ = 0;
  // Room that a burst of messages took is wanted elsewhere: with many readers it is a multiple of what was told them.
  if (pushed && out_.memory_bytes() > resp::kChunkBytes) {
    out_.Trim();
    PublishOutput();
  }
  if (close_after_flush_) return Close("Closed after its last reply");
  SetInterest(io::kReadable);
}

void Connection::SendLast() noexcept {
  const store::CommitGate& gate = context_.engine.keyspace().gate();
  const bool held = gate.holds.load(std::memory_order_acquire) && gate.open_to.load(std::memory_order_acquire) < session_.seen_commit;
  if (closed_ || held) return;
  while (!out_.empty()) {
    iovec vectors[kVectorsPerWrite];
    const size_t count = out_.Gather(vectors, kVectorsPerWrite);
    const ssize_t sent = writev(fd_.get(), vectors, static_cast<int>(count));
    if (sent <= 0) return;
    out_.Consume(static_cast<size_t>(sent));
  }
}

void Connection::SetInterest(uint32_t interest) noexcept {
  if (interest == interest_) return;
  interest_ = interest;
  record_->writable_wanted.store((interest & io::kWritable) != 0, std::memory_order_relaxed);
  if (watched_) loop_.events().Modify(fd_.get(), interest, *this);
}

void Connection::FailProtocol() {
  context_.log.Verbose("{} from client id={} addr={}", parser_.error(), id(), record_->address);
  context_.engine.statistics().CountError("ERR");
  resp::Reply(out_, session_.protocol).Error(mini_ ? parser_.error() : "ERR " + parser_.error());
  close_after_flush_ = true;
}

const engine::OutputLimit& Connection::LimitOfOutput() const noexcept {
  const engine::NetworkSettings& network = context_.engine.network();
  if (session_.replica) return network.replica_output;
  return session_.subscribed() ? network.pubsub_output : network.normal_output;
}

const char* Connection::OutputLimitReached(int64_t now_us) noexcept {
  const engine::OutputLimit& limit = LimitOfOutput();
  const uint64_t bytes = out_.size();
  if (limit.hard_bytes != 0 && bytes > limit.hard_bytes) return "Output buffer hard limit reached";
  if (limit.soft_bytes == 0 || bytes <= limit.soft_bytes) {
    over_soft_since_us_ = 0;
    return nullptr;
  }
  if (over_soft_since_us_ == 0) over_soft_since_us_ = now_us;
  bool too_long = now_us - over_soft_since_us_ > limit.soft_seconds * kMicros;
  return too_long ? "Output buffer soft limit reached" : nullptr;
}

// ---- What others see ----

void Connection::Publish(const command::Command* running) noexcept {
  auto write = [](auto& field, auto value) { field.store(value, std::memory_order_relaxed); };
  ClientRecord& record = *record_;
  write(record.last_interaction_micros, last_read_us_);
  write(record.db, session_.db);
  write(record.channels, session_.channels);
  write(record.patterns, session_.patterns);
  write(record.shard_channels, session_.shard_channels);
  write(record.multi, session_.in_multi ? static_cast<int64_t>(session_.queue.size()) : -1);
  write(record.multi_bytes, session_.queue_bytes);
  write(record.query_bytes, parser_.waiting_bytes());
  write(record.query_free_bytes, parser_.capacity_bytes() - parser_.waiting_bytes());
  PublishOutput();
  // Otherwise what is about to be sent would count, too.
  if (context_.engine.network().clients_memory_max == 0) write(record.memory_bytes, MemoryBytes());
  write(record.watched, session_.watched.size());
  write(record.bytes_received, bytes_received_);
  write(record.commands, commands_);
  write(record.replica, session_.replica);
  write(record.protocol, session_.protocol);
  write(record.last_command, running ? running : session_.last_command);
  write(record.monitor, session_.monitor);
  write(record.no_touch, session_.no_touch);
  write(record.import_source, session_.import_source);
  write(record.no_evict, session_.no_evict);
  write(record.tracking, session_.tracking.on);
  write(record.tracking_broadcast, session_.tracking.broadcast);
  write(record.tracking_redirect, session_.tracking.redirect);
  const bool new_rights = std::exchange(published_rights_, session_.rights.get()) != session_.rights.get();
  if (running || new_rights || !session_.last_command || session_.last_command->key_shape == command::Command::KeyShape::kNone) {
    PublishNames();
  }
}

void Connection::PublishOutput() noexcept {
  record_->output_bytes.store(out_.size(), std::memory_order_relaxed);
  record_->output_memory.store(out_.memory_bytes(), std::memory_order_relaxed);
  record_->output_peak.store(output_peak_, std::memory_order_relaxed);
  record_->bytes_sent.store(bytes_sent_, std::memory_order_relaxed);
  if (session_.replica) [[unlikely]] AccountReplica();
}

void Connection::AccountReplica() noexcept {
  store::PassingBytes& passing = context_.engine.keyspace().passing();
  passing.Add(out_.chunk_bytes());
  passing.Remove(std::exchange(passing_bytes_, out_.chunk_bytes()));
  // It sends no commands, after which this is said of others.
  if (context_.engine.network().clients_memory_max == 0) {
    record_->memory_bytes.store(MemoryBytes(), std::memory_order_relaxed);
  }
}

size_t Connection::MemoryBytes() const noexcept {
  // What the store and the hub keep on its behalf: map nodes and names of usual size.
  constexpr size_t kWatchBytes = sizeof(command::WatchedKey) + 64;
  constexpr size_t kNameBytes = 128;
  const size_t names =
      size_t{session_.channels} + session_.patterns + session_.shard_channels + session_.tracking.prefixes;
  return sizeof(Connection) + sizeof(ClientRecord) + parser_.capacity_bytes() + out_.memory_bytes() + late_push_bytes_ +
         session_.queue_bytes + session_.fieldset_bytes + session_.watched.size() * kWatchBytes + names * kNameBytes;
}

bool Connection::AccountMemory() noexcept {
  if (context_.engine.network().clients_memory_max == 0) [[likely]] return true;
  if (closed_) return false;
  context_.clients.Account(*record_, MemoryBytes());
  if (!record_->kill_wanted.load(std::memory_order_relaxed) || state_ == State::kDetached) return true;
  Close("Evicted to save memory");
  return false;
}

// Only this connection writes them, so it may compare without the lock.
void Connection::PublishNames() NO_THREAD_SAFETY_ANALYSIS {
  ClientRecord& record = *record_;
  const command::Session& session = session_;
  if (record.name == session.name && record.user == session.user && record.library_name == session.library_name &&
      record.library_version == session.library_version) {
    return;
  }
  base::MutexLock hold(record.mutex);
  record.name = session.name;
  record.user = session.user;
  record.library_name = session.library_name;
  record.library_version = session.library_version;
}

void Connection::OnCron(int64_t now_us) noexcept {
  if (closed_ || state_ == State::kDetached) return;
  const int64_t idle_us = now_us - last_read_us_;
  const int64_t timeout_seconds = context_.engine.network().timeout_seconds;
  if (timeout_seconds > 0 && idle_us > timeout_seconds * kMicros && state_ != State::kBlocked &&
      !session_.subscribed() && !session_.monitor) {
    return Close("Closing idle client");
  }
  if (const char* reason = OutputLimitReached(now_us)) return Close(reason);
  if (idle_us > kTrimAfterUs) {
    parser_.Trim();
    out_.Trim();
    Publish(nullptr);
  } else if (parser_.Fit() | FitOutput(now_us)) {
    Publish(nullptr);
  }
}

bool Connection::FitOutput(int64_t now_us) noexcept {
  constexpr int64_t kMicrosPerMilli = 1000;
  const size_t peak = output_peak_;
  const int64_t reset_ms = context_.engine.settings().reply_peak_reset_ms;
  if (reset_ms >= 0 && now_us - output_peak_since_us_ > reset_ms * kMicrosPerMilli) {
    output_peak_ = out_.size();
    output_peak_since_us_ = now_us;
  }
  const size_t room = out_.room_bytes();
  if (room == 0 || !out_.empty() || session_.replica || reset_ms == store::kReplyRoomFixed) return false;
  const size_t wanted = ReplyRoom(room, peak);
  if (wanted == room) return false;
  out_.Resize(wanted);
  return true;
}

// ---- The end ----

void Connection::OnCloseRequest() noexcept {
  if (state_ == State::kDetached) {
    close_wanted_ = true;
    return;
  }
  Close("Closed by another client");
}

void Connection::Close(const char* reason) noexcept {
  if (closed_) return;
  closed_ = true;
  if (context_.log.Wants(base::LogLevel::kVerbose)) {
    context_.log.Verbose("{}: id={} addr={}", reason, id(), record_->address);
  }
  if (watched_) loop_.events().Remove(fd_.get(), *this);
  watched_ = false;
  context_.clients.Remove(id());
  context_.engine.EndSession(session_);
  fd_.Reset();
  session_.queue.clear();
  if (state_ == State::kPaused) context_.clients.AddBlocked(-1);
  if (state_ == State::kBlocked && session_.blocked->Cancel()) {
    session_.blocked->Finish();
    EndBlocked();
    state_ = State::kReady;
  }
  loop_.QueueBurial(*this);
}

bool Connection::ReadyToDie() noexcept {
  // Who serves its blocked command still looks at the session; a message says when that is over.
  if (state_ == State::kBlocked) return false;
  return context_.engine.executor().ForgetWatches(loop_.worker(), session_);
}

}  // namespace tusk::server
