#include "server/connection_loop.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "command/executor.h"
#include "command/worker.h"
#include "engine/engine.h"
#include "server/connection.h"

namespace tusk::server {
namespace {

constexpr int64_t kMicrosPerMilli = 1000;
// Ten times a second, as Redis does at its usual hz; of many connections each has its turn once a second.
constexpr int64_t kCronUs = 100'000;
constexpr uint32_t kCronsPerSecond = 10;
constexpr size_t kFewConnections = 50;
constexpr int64_t kBurialRetryUs = 1'000;
// How soon keys that are due already are looked at again, so that deleting many leaves room for requests.
constexpr int64_t kExpireAgainUs = 500;

}  // namespace

ConnectionLoop::ConnectionLoop(ServerContext& context, size_t index, size_t loop_count)
    : context_(context),
      index_(index),
      expirer_(index, loop_count),
      mover_share_(index, loop_count),
      expire_timer_(*this, &ConnectionLoop::ExpireKeys),
      cron_timer_(*this, &ConnectionLoop::Cron),
      mover_timer_(*this, &ConnectionLoop::MoveMemory),
      pause_timer_(*this, &ConnectionLoop::ResumePaused),
      burial_timer_(*this, &ConnectionLoop::BuryDead) {}

base::Result<std::unique_ptr<ConnectionLoop>> ConnectionLoop::Create(ServerContext& context, size_t index,
                                                                     size_t loop_count) {
  std::unique_ptr<ConnectionLoop> loop(new ConnectionLoop(context, index, loop_count));
  ASSIGN_OR_RETURN(loop->events_, io::EventLoop::Create(context.engine.clock()));
  loop->events_->set_delegate(loop.get());
  loop->events_->ArmTimerIn(loop->expire_timer_, 0);
  loop->events_->ArmTimerIn(loop->cron_timer_, kCronUs);
  loop->events_->ArmTimerIn(loop->mover_timer_, store::Mover::kTickMicros);
  return loop;
}

ConnectionLoop::~ConnectionLoop() = default;

// ---- Any thread ----

template <typename Function>
void ConnectionLoop::Send(uint64_t session_id, Function function) noexcept {
  events_->Post(base::MakeTask([this, session_id, function = std::move(function)]() mutable {
    // Gone meanwhile: nobody left to tell.
    if (Connection* connection = Find(session_id)) function(*connection);
  }));
}

void ConnectionLoop::WakeParked(uint64_t session_id) noexcept {
  Send(session_id, [](Connection& connection) { connection.OnWake(); });
}

void ConnectionLoop::DeliverReply(uint64_t session_id, resp::OutputBuffer reply) noexcept {
  Send(session_id, [reply = std::move(reply)](Connection& connection) mutable { connection.OnReply(std::move(reply)); });
}

void ConnectionLoop::DeliverPush(uint64_t session_id, std::shared_ptr<const std::string> bytes) noexcept {
  Send(session_id, [bytes = std::move(bytes)](Connection& connection) mutable { connection.OnPush(std::move(bytes)); });
}

void ConnectionLoop::RetryBlocked(uint64_t session_id) noexcept {
  Send(session_id, [](Connection& connection) { connection.OnRetryBlocked(); });
}

void ConnectionLoop::RequestClose(uint64_t session_id) noexcept {
  Send(session_id, [](Connection& connection) { connection.OnCloseRequest(); });
}

void ConnectionLoop::DetachedDone(uint64_t session_id, command::Outcome outcome) noexcept {
  Send(session_id, [outcome](Connection& connection) { connection.OnDetachedDone(outcome); });
}

void ConnectionLoop::OnSynced() noexcept {
  if (!awaits_sync_.load(std::memory_order_seq_cst) || !awaits_sync_.exchange(false, std::memory_order_seq_cst)) return;
  events_->Post(base::MakeTask([this] { TellHeldBack(); }));
}

void ConnectionLoop::RequestResumePaused() noexcept {
  events_->Post(base::MakeTask([this] { ResumePaused(); }));
}

void ConnectionLoop::AddConnection(base::UniqueFd fd, Dialect dialect) noexcept {
  load_.fetch_add(1, std::memory_order_relaxed);
  events_->Post(base::MakeTask([this, dialect, fd = std::move(fd)]() mutable { Adopt(std::move(fd), dialect); }));
}

void ConnectionLoop::Stop() noexcept {
  events_->Post(base::MakeTask([this] { CloseAll(); }));
}

void ConnectionLoop::SendLast() noexcept {
  for (auto& [id, connection] : connections_) connection->SendLast();
}

// ---- The driving thread ----

bool ConnectionLoop::Drive(command::Worker& worker) {
  events_->Adopt();
  worker_ = &worker;
  worker.transaction().SetDelivers(true);
  while (!stopped_) {
    if (events_->RunOnce(-1)) continue;
    worker.EndGroup();
    return false;
  }
  return true;
}

Connection* ConnectionLoop::Find(uint64_t id) noexcept {
  auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

void ConnectionLoop::Adopt(base::UniqueFd fd, Dialect dialect) {
  auto connection = std::make_unique<Connection>(context_, *this, std::move(fd), dialect);
  base::Status status = stopped_ ? base::Status::Unavailable("stopping") : connection->Start();
  if (!status.ok()) {
    load_.fetch_sub(1, std::memory_order_relaxed);
    context_.log.Warning("Error accepting a client connection: {}", status.message());
    return;
  }
  uint64_t id = connection->id();
  connections_.emplace(id, std::move(connection));
}

void ConnectionLoop::BeforeWait() noexcept {
  // What this round wrote goes to the append log as a whole. As a rule the replies may leave then.
  context_.engine.DeliverChanges();
  if (!held_back_.empty()) TellHeldBack();
  for (;;) {
    // Flushing may close, which only adds to the dying.
    for (size_t i = 0; i < flush_.size(); ++i) flush_[i]->Flush();
    flush_.clear();
    if (held_back_.empty() || awaits_sync_.load(std::memory_order_seq_cst)) break;
    // Announced first, then looked at: a step that the log made before the announcement is seen here.
    awaits_sync_.store(true, std::memory_order_seq_cst);
    TellHeldBack();
  }
  if (!dying_.empty()) BuryDead();
}

void ConnectionLoop::AfterSoon() noexcept {
  for (std::span<const command::Request> left = expected_; !left.empty();) {
    left = left.subspan(std::min(context_.engine.executor().LookAhead(left), left.size()));
  }
  expected_.clear();
  soon_us_ = 0;
  // All that these connections sent had arrived by now, so that none of it runs at a time before it was sent.
  worker_->BeginSharedTime(context_.engine.clock().UnixMillis());
}

void ConnectionLoop::AfterEvents() noexcept { worker_->EndGroup(); }

void ConnectionLoop::ResumeLater(uint64_t id) noexcept {
  Send(id, [](Connection& connection) { connection.OnResume(); });
}

void ConnectionLoop::TellHeldBack() {
  DCHECK(told_.empty());
  // Who has to go on waiting stays; so does, by itself, one whose output the gate holds anew.
  std::swap(told_, held_back_);
  for (Connection* connection : told_) {
    if (!connection->OnSynced()) held_back_.push_back(connection);
  }
  told_.clear();
}

void ConnectionLoop::BuryDead() {
  std::vector<Connection*> dying = std::exchange(dying_, {});
  for (Connection* connection : dying) {
    if (connection->ReadyToDie()) {
      std::erase(flush_, connection);
      std::erase(held_back_, connection);
      connections_.erase(connection->id());
      load_.fetch_sub(1, std::memory_order_relaxed);
    } else {
      dying_.push_back(connection);
    }
  }
  if (!dying_.empty()) events_->ArmTimerIn(burial_timer_, kBurialRetryUs);
}

void ConnectionLoop::ExpireKeys() {
  // During a pause nothing but a reader who asks for a key may see it go.
  if (context_.engine.pause().until_ms.load(std::memory_order_relaxed) > context_.engine.clock().MonotonicMillis()) {
    return events_->ArmTimerIn(expire_timer_, store::Expirer::kIdleMillisMax * kMicrosPerMilli);
  }
  const int64_t start_us = context_.engine.clock().MonotonicMicros();
  int64_t wait_ms = expirer_.Run(worker_->transaction(), context_.engine.clock().UnixMillis(),
                                 [this] { context_.engine.executor().ServeReady(*worker_); });
  context_.engine.latency().Note("expire-cycle", context_.engine.clock().MonotonicMicros() - start_us);
  events_->ArmTimerIn(expire_timer_, wait_ms > 0 ? wait_ms * kMicrosPerMilli : kExpireAgainUs);
}

void ConnectionLoop::Cron() {
  int64_t now_us = context_.engine.clock().MonotonicMicros();
  if (context_.engine.keyspace().tracking().trim_wanted.load(std::memory_order_relaxed)) {
    worker_->transaction().set_source(0);
    worker_->transaction().TrimTracked();
  }
  const bool second_over = cron_runs_++ % kCronsPerSecond == 0;
  if (second_over || connections_.size() <= kFewConnections) {
    for (auto& [id, connection] : connections_) connection->OnCron(now_us);
  }
  // One loop's business is enough.
  if (index_ == 0 && second_over) context_.engine.migrate_pool().DropIdle(now_us / kMicrosPerMilli);
  events_->ArmTimerIn(cron_timer_, kCronUs);
}

void ConnectionLoop::MoveMemory() {
  store::Mover& mover = context_.engine.keyspace().mover();
  events_->ArmTimerIn(mover_timer_, mover.Step(mover_share_, worker_->transaction(), context_.engine.clock().MonotonicMicros()));
}

void ConnectionLoop::QueuePaused(uint64_t id) {
  paused_.push_back(id);
  int64_t until_ms = context_.engine.pause().until_ms.load(std::memory_order_relaxed);
  events_->ArmTimer(pause_timer_, until_ms * kMicrosPerMilli);
}

// Each by a message of its own, since running one may cost this thread the loop.
void ConnectionLoop::ResumePaused() {
  for (uint64_t id : std::exchange(paused_, {})) WakeParked(id);
}

void ConnectionLoop::CloseAll() {
  for (auto& [id, connection] : connections_) {
    connection->Flush();
    connection->OnCloseRequest();
  }
  stopped_ = true;
  // So that this round does not wait.
  events_->Post(base::MakeTask([] {}));
}

}  // namespace tusk::server
