#include "server/shutdown.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "engine/config.h"
#include "io/event_loop.h"

namespace tusk::server {
namespace {

using base::Status;

constexpr int64_t kLookEveryUs = 10'000;
constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr std::string_view kFailed = "ERR Errors trying to SHUTDOWN. Check logs.";

}  // namespace

void Shutdown::Attach(io::EventLoop& loop, std::function<void()> stop) {
  loop_ = &loop;
  stop_ = std::move(stop);
}

void Shutdown::Close() {
  base::MutexLock hold(mutex_);
  if (loop_ != nullptr) loop_->CancelTimer(*this);
  state_ = State::kStopping;
  Answer(Status::Ok());
}

Status Shutdown::ByCommand(const Wish& wish) {
  auto done = std::make_shared<std::promise<Status>>();
  std::future<Status> decision = done->get_future();
  {
    base::MutexLock hold(mutex_);
    DCHECK(loop_ != nullptr);
    if (state_ == State::kStopping) return Status::Ok();
    waiting_.push_back(std::move(done));
    // One that joins another's shutdown shares its fate.
    if (state_ == State::kIdle || state_ == State::kHeld) Begin(wish);
  }
  return decision.get();
}

void Shutdown::BySignal(const Wish& wish) {
  base::MutexLock hold(mutex_);
  if (state_ != State::kIdle) return;
  if (!paused_) return Begin(wish);
  wish_ = wish;
  state_ = State::kHeld;
}

void Shutdown::Begin(const Wish& wish) {
  wish_ = wish;
  state_ = State::kWaiting;
  deadline_us_ = loop_->clock().MonotonicMicros() + config_.Number("shutdown-timeout") * kMicrosPerSecond;
  log_.Warning("User requested shutdown...");
  PostProceed();
}

void Shutdown::PostProceed() {
  loop_->Post(base::MakeTask([this] { Proceed(); }));
}

Status Shutdown::Abort() {
  base::MutexLock hold(mutex_);
  if (state_ != State::kHeld && state_ != State::kWaiting) return Status::Invalid("ERR No shutdown in progress.");
  state_ = State::kIdle;
  HoldWrites(false);
  log_.Notice("Shutdown manually aborted.");
  Answer(Status::Unavailable(kFailed));
  return Status::Ok();
}

bool Shutdown::under_way() const {
  base::MutexLock hold(mutex_);
  return state_ != State::kIdle;
}

std::optional<int64_t> Shutdown::MillisLeft() const {
  base::MutexLock hold(mutex_);
  if (state_ != State::kWaiting) return {};
  return std::max<int64_t>((deadline_us_ - loop_->clock().MonotonicMicros()) / 1000, 0);
}

void Shutdown::PauseSignals(bool pause) {
  base::MutexLock hold(mutex_);
  paused_ = pause;
  if (!pause && state_ == State::kHeld) Begin(wish_);
}

void Shutdown::Answer(const Status& status) {
  for (const auto& done : std::exchange(waiting_, {})) done->set_value(status);
}

void Shutdown::HoldWrites(bool hold) {
  if (std::exchange(holding_, hold) != hold && hold_writes_) hold_writes_(hold);
}

// A task that was posted for a shutdown which is over by now finds nothing to do, or helps the next one along.
void Shutdown::Proceed() noexcept {
  Wish wish;
  {
    base::MutexLock hold(mutex_);
    if (state_ != State::kWaiting) return;
    bool wait = !wish_.now && replicas_in_sync_ && loop_->clock().MonotonicMicros() < deadline_us_;
    if (wait && !replicas_in_sync_()) {
      HoldWrites(true);
      return loop_->ArmTimerIn(*this, kLookEveryUs);
    }
    wish = wish_;
    state_ = State::kDeciding;
  }
  bool done = RunSteps(wish);
  base::MutexLock hold(mutex_);
  state_ = done ? State::kStopping : State::kIdle;
  if (!done) HoldWrites(false);
  Answer(done ? Status::Ok() : Status::Unavailable(kFailed));
  if (done) return stop_();
  log_.Warning("Errors trying to shut down the server. Check the logs for more information.");
}

bool Shutdown::RunSteps(const Wish& wish) {
  for (const Step& step : steps_) {
    Status status = step(wish);
    if (status.ok()) continue;
    log_.Warning("{}", status.message());
    if (!wish.force) return false;
  }
  return true;
}

}  // namespace tusk::server
