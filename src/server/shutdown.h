// Shutdown: whether and when the server may end. SHUTDOWN and signals ask for it; before it is decided, replicas get
// time to catch up and the steps that were registered (saving) must succeed.
//
//   kIdle --BySignal while paused--> kHeld --PauseSignals(false)--> kWaiting --> kDeciding --> kStopping
//     ^  `------ByCommand, BySignal------------------------------------^            |
//     '----------------- Abort (kHeld, kWaiting), a step that fails ----------------'
//
// Threads: the constructor, AddStep, set_replicas_in_sync and Attach before the server runs; Proceed the loop's; all
// else any. Owns: the steps; borrows log, settings and loop, which outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "command/services.h"
#include "io/timer_heap.h"

namespace tusk::base {
class Logger;
}
namespace tusk::engine {
class Config;
}
namespace tusk::io {
class EventLoop;
}

namespace tusk::server {

class Shutdown final : private io::Timer {
 public:
  using Wish = command::ShutdownWish;
  // What must succeed before the server may end, as saving. Runs on the main thread and may take long.
  using Step = std::function<base::Status(const Wish&)>;

  Shutdown(base::Logger& log, engine::Config& config) : log_(log), config_(config) {}

  // Steps run in this order. A failure's message goes to the log.
  void AddStep(Step step) { steps_.push_back(std::move(step)); }
  // Without it nobody is waited for. Asked on the main thread, every few milliseconds for at most shutdown-timeout.
  void set_replicas_in_sync(std::function<bool()> in_sync) { replicas_in_sync_ = std::move(in_sync); }
  // Told on the main thread that the wait for replicas begins, and when it ends without the end: what they would have to
  // catch up with rests meanwhile.
  void set_hold_writes(std::function<void(bool hold)> hold_writes) { hold_writes_ = std::move(hold_writes); }
  // `stop` runs on the loop's thread once the end is decided.
  void Attach(io::EventLoop& loop, std::function<void()> stop);
  // The server stops for another reason: nobody waits any longer.
  void Close();

  // Blocks until the decision; Ok when the server ends, else the error reply. Not on the loop's thread.
  base::Status ByCommand(const Wish& wish);
  void BySignal(const Wish& wish);
  base::Status Abort();
  bool under_way() const;
  std::optional<int64_t> MillisLeft() const;
  void PauseSignals(bool pause);

 private:
  enum class State : uint8_t { kIdle, kHeld, kWaiting, kDeciding, kStopping };

  void OnTimer() noexcept override { Proceed(); }
  void Begin(const Wish& wish) REQUIRES(mutex_);
  void PostProceed();
  void Proceed() noexcept;
  bool RunSteps(const Wish& wish);
  void Answer(const base::Status& status) REQUIRES(mutex_);
  void HoldWrites(bool hold) REQUIRES(mutex_);

  base::Logger& log_;
  engine::Config& config_;
  io::EventLoop* loop_ = nullptr;
  std::function<void()> stop_;
  std::vector<Step> steps_;
  std::function<bool()> replicas_in_sync_;
  std::function<void(bool)> hold_writes_;

  mutable base::Mutex mutex_;
  State state_ GUARDED_BY(mutex_) = State::kIdle;
  Wish wish_ GUARDED_BY(mutex_);
  bool paused_ GUARDED_BY(mutex_) = false;
  bool holding_ GUARDED_BY(mutex_) = false;
  int64_t deadline_us_ GUARDED_BY(mutex_) = 0;  // Of the loop's clock; while kWaiting.
  // Commands that wait for the decision. Sharers: this and the command's thread.
  std::vector<std::shared_ptr<std::promise<base::Status>>> waiting_ GUARDED_BY(mutex_);
};

}  // namespace tusk::server
