#include "repl/feed.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "command/session.h"
#include "store/keyspace.h"

namespace tusk::repl {
namespace {

constexpr size_t kReplidDigits = 40;
// The stream is handed on when this much is spelled, or at the log's next pause.
constexpr size_t kSendBytes = 64 * 1024;
constexpr int64_t kMillis = 1000;

std::string Spell(std::initializer_list<std::string_view> argv) {
  std::string bytes;
  store::AppendCommand(bytes, std::span<const std::string_view>(argv.begin(), argv.size()));
  return bytes;
}

}  // namespace

std::string_view PhaseName(ReplicaPhase phase) noexcept {
  switch (phase) {
    // While it is being made, as Redis says of a copy that goes straight to the socket.
    case ReplicaPhase::kNone:
    case ReplicaPhase::kWaiting:
    case ReplicaPhase::kCopying:
      return "wait_bgsave";
    case ReplicaPhase::kAwaitsAck:
      return "send_bulk";
    case ReplicaPhase::kOnline:
      break;
  }
  return "online";
}

// ---- Backlog ----

void Backlog::Resize(size_t bytes) {
  if (bytes == ring_.size()) return;
  std::string kept = Newest(std::min(held_, bytes));
  ring_.assign(bytes, '\0');
  ring_.shrink_to_fit();
  end_ = held_ = 0;
  Append(kept);
}

void Backlog::Append(std::string_view bytes) {
  if (ring_.empty()) return;
  if (bytes.size() > ring_.size()) bytes.remove_prefix(bytes.size() - ring_.size());
  const size_t before_the_edge = std::min(bytes.size(), ring_.size() - end_);
  ring_.replace(end_, before_the_edge, bytes.substr(0, before_the_edge));
  ring_.replace(0, bytes.size() - before_the_edge, bytes.substr(before_the_edge));
  end_ = (end_ + bytes.size()) % ring_.size();
  held_ = std::min(held_ + bytes.size(), ring_.size());
}

void Backlog::Clear() {
  end_ = held_ = 0;
  ring_.clear();
  ring_.shrink_to_fit();
}

std::string Backlog::Newest(size_t count) const {
  CHECK(count <= held_);
  if (count == 0) return {};
  const size_t begin = (end_ + ring_.size() - count) % ring_.size();
  std::string bytes = ring_.substr(begin, std::min(count, ring_.size() - begin));
  bytes.append(ring_, 0, count - bytes.size());
  DCHECK(bytes.size() == count);
  return bytes;
}

// ---- Joining ----

Feed::Feed(store::Keyspace& keyspace, store::ChangeLog& log)
    : keyspace_(keyspace), log_(log), replid_(base::SecureRandomHex(kReplidDigits)) {
  log_.AddFollower(*this);
}

Feed::~Feed() { log_.RemoveFollower(*this); }

int64_t Feed::NowMs() const { return keyspace_.clock().MonotonicMillis(); }

void Feed::SettingsChanged() {
  base::MutexLock hold(mutex_);
  if (active_) backlog_.Resize(settings_.backlog_bytes.load(std::memory_order_relaxed));
  CountGood(NowMs());
}

void Feed::Activate() {
  if (std::exchange(active_, true)) return;
  keyspace_.AddRecorder();
  // What was written without a record is in no stream: offsets of before mean nothing now.
  replid_ = base::SecureRandomHex(kReplidDigits);
  predecessor_ = {};
  stream_.ForgetDb();
  backlog_.Resize(settings_.backlog_bytes.load(std::memory_order_relaxed));
  alone_since_ms_ = last_ping_ms_ = NowMs();
}

void Feed::StartAnew() {
  base::MutexLock hold(mutex_);
  for (auto& [id, replica] : replicas_) {
    replica.phase = ReplicaPhase::kNone;
    replica.kept_back = {};
    replica.kept_back_bytes = 0;
  }
  replid_ = base::SecureRandomHex(kReplidDigits);
  predecessor_ = {};
  pending_.clear();
  if (!std::exchange(active_, false)) return;
  keyspace_.RemoveRecorder();
  backlog_.Clear();
}

bool Feed::Continue(command::Session& session, std::string_view replid, int64_t offset) {
  DCHECK(session.host != nullptr);
  base::MutexLock hold(mutex_);
  if (active_) SendPending();
  const uint64_t first = offset_ + 1 - backlog_.size_bytes();
  // Of the stream before this one all is good up to where this one begins.
  const bool known = replid == replid_ || (!predecessor_.replid.empty() && replid == predecessor_.replid && offset > 0 &&
                                           static_cast<uint64_t>(offset) <= predecessor_.offset + 1);
  const bool possible = active_ && known && offset > 0 && static_cast<uint64_t>(offset) >= first &&
                        static_cast<uint64_t>(offset) <= offset_ + 1;
  if (!possible) {
    if (replid != "?") refused_partial_syncs_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  Replica& replica = ReplicaOf(session);
  session.replica = true;
  partial_syncs_.fetch_add(1, std::memory_order_relaxed);
  std::string missed = backlog_.Newest(static_cast<size_t>(offset_ + 1 - static_cast<uint64_t>(offset)));
  replica.host->DeliverPush(session.id, keyspace_.passing().Piece("+CONTINUE " + replid_ + "\r\n" + missed));
  replica.with_greeting = true;
  GoOnline(session.id, replica);
  return true;
}

std::optional<Feed::Moment> Feed::CurrentMoment() {
  {
    base::MutexLock hold(mutex_);
    if (!active_) return std::nullopt;
  }
  // Not under the mutex, which the log's thread takes.
  log_.WaitFor(keyspace_.last_commit());
  base::MutexLock hold(mutex_);
  if (!active_) return std::nullopt;
  SendPending();
  // Whoever goes on from here has no database selected.
  stream_.ForgetDb();
  return Moment{replid_, offset_};
}

void Feed::GoOnFrom(const Moment& moment) {
  base::MutexLock hold(mutex_);
  DCHECK(!active_ && replicas_.empty() && !moment.replid.empty());
  Activate();
  offset_ = moment.offset;
  predecessor_ = moment;
}

Feed::Moment Feed::predecessor() const {
  base::MutexLock hold(mutex_);
  return predecessor_;
}

void Feed::AskForCopy(command::Session& session, bool with_greeting) {
  DCHECK(session.host != nullptr);
  base::MutexLock hold(mutex_);
  Replica& replica = ReplicaOf(session);
  DCHECK(replica.phase == ReplicaPhase::kNone);
  replica.phase = ReplicaPhase::kWaiting;
  replica.with_greeting = with_greeting;
  replica.place = ++places_;
  session.replica = true;
  full_syncs_.fetch_add(1, std::memory_order_relaxed);
}

std::optional<CopyKind> Feed::NextCopy() const {
  base::MutexLock hold(mutex_);
  const Replica* next = nullptr;
  for (const auto& [id, replica] : replicas_) {
    if (replica.phase == ReplicaPhase::kWaiting && (next == nullptr || replica.place < next->place)) next = &replica;
  }
  return next == nullptr ? std::nullopt : std::optional(next->kind);
}

Feed::CopyStart Feed::StartCopy(CopyKind kind) {
  {
    base::MutexLock hold(mutex_);
    Activate();
  }
  // Not under the mutex, which the log's thread takes.
  log_.WaitFor(keyspace_.last_commit());
  base::MutexLock hold(mutex_);
  SendPending();
  stream_.ForgetDb();
  CopyStart copy{replid_, offset_, {}};
  for (auto& [id, replica] : replicas_) {
    if (replica.phase != ReplicaPhase::kWaiting || replica.kind != kind) continue;
    replica.phase = ReplicaPhase::kCopying;
    copy.recipients.push_back({id, replica.with_greeting});
  }
  return copy;
}

void Feed::TakeBackCopy(const CopyStart& copy) {
  base::MutexLock hold(mutex_);
  for (const auto& [id, with_greeting] : copy.recipients) {
    auto found = replicas_.find(id);
    if (found == replicas_.end() || found->second.phase != ReplicaPhase::kCopying) continue;
    found->second.phase = ReplicaPhase::kWaiting;
    found->second.kept_back.clear();
    found->second.kept_back_bytes = 0;
  }
}

bool Feed::PushCopy(uint64_t session_id, std::shared_ptr<const std::string> bytes) {
  base::MutexLock hold(mutex_);
  auto found = replicas_.find(session_id);
  if (found == replicas_.end() || found->second.phase != ReplicaPhase::kCopying || found->second.overrun) return false;
  output_bytes_.fetch_add(bytes->size(), std::memory_order_relaxed);
  found->second.host->DeliverPush(session_id, std::move(bytes));
  return true;
}

void Feed::EndCopy(uint64_t session_id) {
  base::MutexLock hold(mutex_);
  auto found = replicas_.find(session_id);
  if (found == replicas_.end() || found->second.phase != ReplicaPhase::kCopying) return;
  Replica& replica = found->second;
  // It finds the mark only at the end of what it has read, so that nothing may follow before it says that it is done.
  if (replica.kind.open_ended) {
    replica.phase = ReplicaPhase::kAwaitsAck;
    return;
  }
  GoOnline(session_id, replica);
}

void Feed::GoOnline(uint64_t session_id, Replica& replica) {
  replica.phase = ReplicaPhase::kOnline;
  replica.acked_ms = NowMs();
  for (std::shared_ptr<const std::string>& bytes : replica.kept_back) replica.host->DeliverPush(session_id, std::move(bytes));
  replica.kept_back = {};
  replica.kept_back_bytes = 0;
  CountGood(NowMs());
}

void Feed::KeepBack(Replica& replica, std::shared_ptr<const std::string> bytes) {
  const uint64_t bytes_max = settings_.output_bytes_max.load(std::memory_order_relaxed);
  replica.kept_back_bytes += bytes->size();
  replica.overrun = replica.overrun || (bytes_max != 0 && replica.kept_back_bytes > bytes_max);
  if (!replica.overrun) return replica.kept_back.push_back(std::move(bytes));
  replica.kept_back = {};
}

std::vector<uint64_t> Feed::LostReplicas() const {
  base::MutexLock hold(mutex_);
  const int64_t silent_since_ms = NowMs() - settings_.timeout_seconds.load(std::memory_order_relaxed) * kMillis;
  std::vector<uint64_t> lost;
  for (const auto& [id, replica] : replicas_) {
    // SYNC is for those who may not know of acknowledgements.
    const bool silent = replica.phase == ReplicaPhase::kOnline && replica.with_greeting && replica.acked_ms < silent_since_ms;
    if (silent || replica.overrun) lost.push_back(id);
  }
  return lost;
}

// ---- Replicas ----

Feed::Replica& Feed::ReplicaOf(const command::Session& session) {
  Replica& replica = replicas_[session.id];
  replica.host = session.host;
  return replica;
}

void Feed::SetListeningPort(const command::Session& session, int64_t port) {
  base::MutexLock hold(mutex_);
  ReplicaOf(session).port = port;
}

void Feed::SetAddress(const command::Session& session, std::string_view address) {
  base::MutexLock hold(mutex_);
  ReplicaOf(session).address = address;
}

void Feed::SetPeerAddress(const command::Session& session, std::string_view address) {
  base::MutexLock hold(mutex_);
  Replica& replica = ReplicaOf(session);
  if (replica.address.empty()) replica.address = address;
}

void Feed::SetFunctionsOnly(const command::Session& session, bool functions_only) {
  base::MutexLock hold(mutex_);
  ReplicaOf(session).kind.functions_only = functions_only;
}

void Feed::SetOpenEnded(const command::Session& session) {
  base::MutexLock hold(mutex_);
  ReplicaOf(session).kind.open_ended = true;
}

void Feed::Acknowledge(const command::Session& session, uint64_t offset, uint64_t synced_offset) {
  base::MutexLock hold(mutex_);
  auto found = replicas_.find(session.id);
  if (found == replicas_.end() || found->second.phase < ReplicaPhase::kAwaitsAck || found->second.overrun) return;
  if (found->second.phase == ReplicaPhase::kAwaitsAck) GoOnline(session.id, found->second);
  found->second.acked_offset = std::max(found->second.acked_offset, offset);
  found->second.synced_offset = std::max(found->second.synced_offset, std::min(synced_offset, offset));
  found->second.acked_ms = NowMs();
  for (const auto& [id, host] : waiters_) host->RetryBlocked(id);
}

void Feed::Forget(const command::Session& session) {
  base::MutexLock hold(mutex_);
  waiters_.erase(session.id);
  if (replicas_.erase(session.id) == 0) return;
  if (!AnyJoined()) alone_since_ms_ = NowMs();
  CountGood(NowMs());
}

bool Feed::AnyJoined() const {
  return std::ranges::any_of(replicas_, [](const auto& entry) { return entry.second.phase != ReplicaPhase::kNone; });
}

std::vector<ReplicaInfo> Feed::Replicas() const {
  base::MutexLock hold(mutex_);
  std::vector<ReplicaInfo> replicas;
  for (const auto& [id, replica] : replicas_) {
    if (replica.phase == ReplicaPhase::kNone) continue;
    replicas.push_back({.session_id = id,
                        .address = replica.address,
                        .port = replica.port,
                        .phase = replica.phase,
                        .acked_offset = replica.acked_offset,
                        .lag_seconds = replica.phase == ReplicaPhase::kOnline ? (NowMs() - replica.acked_ms) / kMillis : 0});
  }
  std::ranges::sort(replicas, {}, &ReplicaInfo::session_id);
  return replicas;
}

std::string Feed::replid() const {
  base::MutexLock hold(mutex_);
  return replid_;
}

uint64_t Feed::offset() const {
  base::MutexLock hold(mutex_);
  return offset_;
}

bool Feed::HasBacklog() const {
  base::MutexLock hold(mutex_);
  return active_;
}

uint64_t Feed::backlog_first_offset() const {
  base::MutexLock hold(mutex_);
  return active_ ? offset_ + 1 - backlog_.size_bytes() : 0;
}

uint64_t Feed::backlog_bytes() const {
  base::MutexLock hold(mutex_);
  return backlog_.size_bytes();
}

void Feed::ResetStatistics() noexcept {
  for (auto* counter : {&full_syncs_, &partial_syncs_, &refused_partial_syncs_, &output_bytes_}) {
    counter->store(0, std::memory_order_relaxed);
  }
}

// ---- The stream ----

void Feed::OnUnits(std::span<const store::ChangeUnit> units) {
  base::MutexLock hold(mutex_);
  if (!active_) return;
  for (const store::ChangeUnit& unit : units) {
    stream_.Append(unit, pending_);
    if (pending_.size() >= kSendBytes) SendPending();
  }
}

void Feed::OnPause() {
  base::MutexLock hold(mutex_);
  SendPending();
  Tick(NowMs());
}

void Feed::SendPending() {
  if (!pending_.empty()) Send(std::exchange(pending_, {}));
}

void Feed::Send(std::string bytes) {
  DCHECK(active_);
  offset_ += bytes.size();
  backlog_.Append(bytes);
  const std::shared_ptr<const std::string> shared = keyspace_.passing().Piece(std::move(bytes));
  for (auto& [id, replica] : replicas_) {
    if (replica.phase == ReplicaPhase::kCopying || replica.phase == ReplicaPhase::kAwaitsAck) KeepBack(replica, shared);
    if (replica.phase != ReplicaPhase::kOnline) continue;
    replica.host->DeliverPush(id, shared);
    output_bytes_.fetch_add(shared->size(), std::memory_order_relaxed);
  }
}

void Feed::Tick(int64_t now_ms) {
  CountGood(now_ms);
  if (AnyJoined()) {
    if (now_ms - last_ping_ms_ < settings_.ping_seconds.load(std::memory_order_relaxed) * kMillis) return;
    last_ping_ms_ = now_ms;
    for (const auto& [id, replica] : replicas_) {
      // A sign of life that stands for nothing else.
      if (replica.phase == ReplicaPhase::kWaiting) replica.host->DeliverPush(id, std::make_shared<const std::string>("\n"));
    }
    if (active_) Send(Spell({"PING"}));
    return;
  }
  if (!active_) return;
  const int64_t ttl_seconds = settings_.backlog_ttl_seconds.load(std::memory_order_relaxed);
  if (ttl_seconds == 0 || now_ms - alone_since_ms_ < ttl_seconds * kMillis) return;
  // Nobody came back: writes need leave no records any more.
  active_ = false;
  keyspace_.RemoveRecorder();
  backlog_.Clear();
}

void Feed::CountGood(int64_t now_ms) {
  const int64_t max_lag_seconds = settings_.max_lag_seconds.load(std::memory_order_relaxed);
  const int64_t needed = settings_.min_replicas.load(std::memory_order_relaxed);
  int64_t good = 0;
  for (const auto& [id, replica] : replicas_) {
    if (replica.phase == ReplicaPhase::kOnline && now_ms - replica.acked_ms <= max_lag_seconds * kMillis) ++good;
  }
  good_replicas_.store(good, std::memory_order_relaxed);
  keyspace_.settings().writes_need_replicas.set(needed > 0 && max_lag_seconds > 0 && good < needed);
}

// ---- WAIT ----

uint64_t Feed::OffsetOf(uint64_t commit_number) {
  log_.WaitFor(commit_number);
  base::MutexLock hold(mutex_);
  // What has come counts from when it is sent.
  if (active_) SendPending();
  return offset_;
}

int64_t Feed::CountAcknowledged(uint64_t offset) const {
  base::MutexLock hold(mutex_);
  return std::ranges::count_if(
      replicas_, [offset](const auto& entry) { return entry.second.phase == ReplicaPhase::kOnline && entry.second.acked_offset >= offset; });
}

int64_t Feed::CountSynced(uint64_t offset) const {
  base::MutexLock hold(mutex_);
  return std::ranges::count_if(replicas_, [offset](const auto& entry) {
    const Replica& replica = entry.second;
    return replica.phase == ReplicaPhase::kOnline && replica.synced_offset != 0 && replica.synced_offset >= offset;
  });
}

void Feed::AskForAcks(const command::Session& waiter) {
  base::MutexLock hold(mutex_);
  waiters_[waiter.id] = waiter.host;
  if (!active_ || !AnyJoined()) return;
  SendPending();
  Send(Spell({"REPLCONF", "GETACK", "*"}));
}

void Feed::StopAsking(uint64_t session_id) {
  base::MutexLock hold(mutex_);
  waiters_.erase(session_id);
}

}  // namespace tusk::repl
