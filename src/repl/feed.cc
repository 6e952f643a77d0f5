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

void Feed::Begin() {
  {
    base::MutexLock hold(mutex_);
    if (!active_) {
      active_ = true;
      keyspace_.AddRecorder();
      // What was written without a record is in no stream: offsets of before mean nothing now.
      replid_ = base::SecureRandomHex(kReplidDigits);
      stream_.ForgetDb();
      backlog_.Resize(settings_.backlog_bytes.load(std::memory_order_relaxed));
      alone_since_ms_ = NowMs();
    }
  }
  log_.WaitFor(keyspace_.last_commit());
}

void Feed::StartAnew() {
  base::MutexLock hold(mutex_);
  for (auto& [id, replica] : replicas_) replica.joined = false;
  replid_ = base::SecureRandomHex(kReplidDigits);
  pending_.clear();
  if (!std::exchange(active_, false)) return;
  keyspace_.RemoveRecorder();
  backlog_.Clear();
}

bool Feed::Continue(command::Session& session, std::string_view replid, int64_t offset) {
  DCHECK(session.host != nullptr);
  base::MutexLock hold(mutex_);
  DCHECK(active_);
  SendPending();
  const uint64_t first = offset_ + 1 - backlog_.size_bytes();
  const bool possible = replid == replid_ && offset > 0 && static_cast<uint64_t>(offset) >= first &&
                        static_cast<uint64_t>(offset) <= offset_ + 1;
  if (!possible) {
    if (replid != "?") refused_partial_syncs_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  Replica& replica = ReplicaOf(session);
  replica.joined = true;
  replica.acked_ms = NowMs();
  session.replica = true;
  partial_syncs_.fetch_add(1, std::memory_order_relaxed);
  std::string missed = backlog_.Newest(static_cast<size_t>(offset_ + 1 - static_cast<uint64_t>(offset)));
  replica.host->DeliverPush(session.id, std::make_shared<const std::string>("+CONTINUE " + replid_ + "\r\n" + missed));
  CountGood(NowMs());
  return true;
}

void Feed::Join(command::Session& session, std::string greeting, std::vector<std::string> dataset) {
  DCHECK(session.host != nullptr);
  base::MutexLock hold(mutex_);
  DCHECK(active_);
  SendPending();
  stream_.ForgetDb();
  if (!AnyJoined()) last_ping_ms_ = NowMs();
  Replica& replica = ReplicaOf(session);
  replica.joined = true;
  replica.acked_ms = NowMs();
  session.replica = true;
  session.replica_copying = true;
  full_syncs_.fetch_add(1, std::memory_order_relaxed);
  replica.host->DeliverPush(session.id, std::make_shared<const std::string>(std::move(greeting)));
  for (std::string& chunk : dataset) {
    replica.host->DeliverPush(session.id, std::make_shared<const std::string>(std::move(chunk)));
  }
  CountGood(NowMs());
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
  ReplicaOf(session).functions_only = functions_only;
}

bool Feed::WantsFunctionsOnly(const command::Session& session) const {
  base::MutexLock hold(mutex_);
  auto found = replicas_.find(session.id);
  return found != replicas_.end() && found->second.functions_only;
}

void Feed::Acknowledge(const command::Session& session, uint64_t offset) {
  base::MutexLock hold(mutex_);
  auto found = replicas_.find(session.id);
  if (found == replicas_.end() || !found->second.joined) return;
  found->second.acked_offset = std::max(found->second.acked_offset, offset);
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
  return std::ranges::any_of(replicas_, [](const auto& entry) { return entry.second.joined; });
}

std::vector<ReplicaInfo> Feed::Replicas() const {
  base::MutexLock hold(mutex_);
  std::vector<ReplicaInfo> replicas;
  for (const auto& [id, replica] : replicas_) {
    if (!replica.joined) continue;
    replicas.push_back({.session_id = id,
                        .address = replica.address,
                        .port = replica.port,
                        .acked_offset = replica.acked_offset,
                        .lag_seconds = (NowMs() - replica.acked_ms) / kMillis});
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

void Feed::OnUnit(const store::ChangeUnit& unit) {
  base::MutexLock hold(mutex_);
  if (!active_) return;
  stream_.Append(unit, pending_);
  if (pending_.size() >= kSendBytes) SendPending();
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
  auto shared = std::make_shared<const std::string>(std::move(bytes));
  for (auto& [id, replica] : replicas_) {
    if (!replica.joined) continue;
    replica.host->DeliverPush(id, shared);
    output_bytes_.fetch_add(shared->size(), std::memory_order_relaxed);
  }
}

void Feed::Tick(int64_t now_ms) {
  CountGood(now_ms);
  if (!active_) return;
  if (AnyJoined()) {
    if (now_ms - last_ping_ms_ < settings_.ping_seconds.load(std::memory_order_relaxed) * kMillis) return;
    last_ping_ms_ = now_ms;
    return Send(Spell({"PING"}));
  }
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
    if (replica.joined && now_ms - replica.acked_ms <= max_lag_seconds * kMillis) ++good;
  }
  good_replicas_.store(good, std::memory_order_relaxed);
  keyspace_.settings().writes_need_replicas.set(needed > 0 && max_lag_seconds > 0 && good < needed);
}

// ---- WAIT ----

uint64_t Feed::OffsetOf(uint64_t commit_number) {
  log_.WaitFor(commit_number);
  base::MutexLock hold(mutex_);
  return offset_;
}

int64_t Feed::CountAcknowledged(uint64_t offset) const {
  base::MutexLock hold(mutex_);
  return std::ranges::count_if(
      replicas_, [offset](const auto& entry) { return entry.second.joined && entry.second.acked_offset >= offset; });
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
