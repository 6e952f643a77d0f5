#include "repl/failover.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "command/services.h"
#include "repl/link.h"
#include "store/keyspace.h"
#include "store/transaction.h"

namespace tusk::repl {
namespace {

// Longer than any failover that anybody waits for: the pause ends with the failover.
constexpr int64_t kPauseMillis = int64_t{365} * 24 * 3600 * 1000;

bool Is(const ReplicaInfo& replica, const Failover::Target& target) {
  return replica.port == target.port && replica.address == target.host;
}

}  // namespace

std::string_view Failover::StateName() const noexcept {
  switch (state()) {
    case State::kNone: return "no-failover";
    case State::kWaitingForSync: return "waiting-for-sync";
    case State::kInProgress: break;
  }
  return "failover-in-progress";
}

void Failover::Note(std::string_view text) const {
  if (log_ != nullptr) log_->Notice("{}", text);
}

base::Status Failover::Start(Wish wish) {
  base::MutexLock hold(mutex_);
  if (state() != State::kNone) return base::Status::Invalid("ERR FAILOVER already in progress.");
  if (link_.is_replica()) return base::Status::Invalid("ERR FAILOVER is not valid when server is a replica.");
  const std::vector<ReplicaInfo> replicas = services_.feed->Replicas();
  if (replicas.empty()) return base::Status::Invalid("ERR FAILOVER requires connected replicas.");
  if (wish.target) {
    const ReplicaInfo* found = nullptr;
    for (const ReplicaInfo& replica : replicas) {
      if (Is(replica, *wish.target)) found = &replica;
    }
    if (found == nullptr) return base::Status::Invalid("ERR FAILOVER target HOST and PORT is not a replica.");
    if (found->phase != ReplicaPhase::kOnline) return base::Status::Invalid("ERR FAILOVER target replica is not online.");
  }
  if (thread_.joinable()) thread_.join();  // Of the last one, which is over.
  abort_.store(false, std::memory_order_relaxed);
  state_.store(State::kWaitingForSync, std::memory_order_relaxed);
  DCHECK(services_.clients != nullptr);
  services_.clients->Pause(services_.keyspace->clock().MonotonicMillis() + kPauseMillis, true);
  Note("FAILOVER requested.");
  thread_ = std::thread([this, wish = std::move(wish)] { Work(wish); });
  return {};
}

base::Status Failover::Abort() {
  base::MutexLock hold(mutex_);
  if (state() == State::kNone) return base::Status::Invalid("ERR No failover in progress.");
  abort_.store(true, std::memory_order_relaxed);
  thread_.join();
  return {};
}

void Failover::Stop() {
  base::MutexLock hold(mutex_);
  abort_.store(true, std::memory_order_relaxed);
  if (thread_.joinable()) thread_.join();
}

bool Failover::Sleep() const {
  if (abort_.load(std::memory_order_relaxed)) return false;
  std::this_thread::sleep_for(std::chrono::milliseconds(kLookEveryMillis));
  return true;
}

void Failover::Work(const Wish& wish) {
  std::optional<Chosen> chosen = WaitForReplica(wish);
  while (chosen && !StepDown(*chosen)) chosen = WaitForReplica(wish);
  const bool done = chosen && AwaitAnswer();
  Note(done ? "Failover is over: this server is a replica now." : "Failover aborted: this server leads on.");
  services_.clients->Unpause();
  state_.store(State::kNone, std::memory_order_relaxed);
}

std::optional<Failover::Chosen> Failover::WaitForReplica(const Wish& wish) {
  const base::Clock& clock = services_.keyspace->clock();
  const int64_t deadline_ms = wish.timeout_ms == 0 ? INT64_MAX : clock.MonotonicMillis() + wish.timeout_ms;
  while (Sleep()) {
    const uint64_t offset = services_.feed->OffsetOf(services_.keyspace->last_commit());
    for (const ReplicaInfo& replica : services_.feed->Replicas()) {
      if (wish.target && !Is(replica, *wish.target)) continue;
      if (replica.phase != ReplicaPhase::kOnline || replica.acked_offset < offset) continue;
      return Chosen{{replica.address, replica.port}, offset, false};
    }
    if (clock.MonotonicMillis() < deadline_ms) continue;
    if (!wish.force || !wish.target) {
      Note("Replica never caught up before timeout");
      return {};
    }
    Note(fmt::format("Failover to {}:{} time out exceeded, failing over.", wish.target->host, wish.target->port));
    return Chosen{*wish.target, offset, true};
  }
  return {};
}

bool Failover::StepDown(const Chosen& chosen) {
  store::Keyspace& keyspace = *services_.keyspace;
  store::Transaction held(keyspace);
  held.Begin(keyspace.clock().UnixMillis());
  held.EnterLaneBlocking();
  held.LockAllInLane();
  // What had begun before writes were to rest has ended now.
  const uint64_t offset = services_.feed->OffsetOf(keyspace.last_commit());
  const bool complete = chosen.forced || offset == chosen.offset;
  if (complete) {
    Note(fmt::format("Failover target is {}:{}, failing over.", chosen.target.host, chosen.target.port));
    link_.TakeOrders(chosen.target.host, chosen.target.port, services_.feed->replid(), static_cast<int64_t>(offset));
    state_.store(State::kInProgress, std::memory_order_relaxed);
  }
  held.Unlock();
  return complete;
}

bool Failover::AwaitAnswer() {
  while (Sleep()) {
    const Link::Answer answer = link_.failover_answer();
    if (answer == Link::Answer::kAccepted) return true;
    if (answer == Link::Answer::kRefused) {
      Note("Failover target rejected psync request");
      break;
    }
  }
  // An answer may have come while it was decided otherwise: then the target leads.
  if (link_.failover_answer() == Link::Answer::kAccepted) return true;
  link_.Lead();
  return false;
}

}  // namespace tusk::repl
