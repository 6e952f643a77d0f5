// EventLoop: waits on sockets, timers and messages of other threads, and calls who asked for them.
//
// A loop is apart from the thread that drives it. All its progress, the events already fetched included, lies in the
// object; so a thread that is stuck inside a handler can lose the loop to another one, which goes on with the next
// event (server/loop_driver.h decides when). The thread that lost it must touch the loop and its handlers no more:
// RunOnce sees that the loop changed hands and returns at once.
//
// One round: tasks from the inbox, due timers, the owner's BeforeWait, wait, tasks, events.
// Threads: Post any thread; all else the owner (CHECKed in debug builds). Owns: the epoll and event
// descriptors, posted tasks; borrows handlers and timers, which leave before they die.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/inbox.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "io/timer_heap.h"

struct epoll_event;

namespace tusk::io {

// Interest and event bits. kHangup is always reported, wanted or not.
enum Event : uint32_t {
  kReadable = 1u << 0,
  kWritable = 1u << 1,
  kHangup = 1u << 2,
};

class EventHandler {
 public:
  virtual void OnEvents(uint32_t events) noexcept = 0;
  // OnEvents() with the same events comes soon, after those of other handlers: a chance to find out what it will need. It
  // must not run anything, nor change what the loop watches. False: it needs no company, the ones behind it are left alone.
  virtual bool OnSoon(uint32_t) noexcept { return true; }

 protected:
  ~EventHandler() = default;
};

// What the loop's owner does once per round before the loop may sleep: send what replies have gathered, bury the dead.
class LoopDelegate {
 public:
  virtual void BeforeWait() noexcept = 0;
  // Several handlers have had OnSoon(); their OnEvents() follow.
  virtual void AfterSoon() noexcept {}
  // The last of the events that were waited for has been handled, by the thread that calls this.
  virtual void AfterEvents() noexcept {}

 protected:
  ~LoopDelegate() = default;
};

inline constexpr int kEventsPerWaitMax = 256;
// Handlers that hear of their events together before the first of them gets any.
inline constexpr int kSoonMax = 16;

class EventLoop {
 public:
  static base::Result<std::unique_ptr<EventLoop>> Create(const base::Clock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Makes the calling thread the owner. What happens-before its call (a mutex, a join, a compare-and-swap) must cover
  // all that the former owner did; one that is still inside RunOnce must have been disowned.
  void Adopt() noexcept;
  // Any thread: takes the loop from its owner, which notices when the handler that it is in returns.
  void Disown() noexcept;
  bool owned_by_caller() const noexcept;

  base::Status Add(int fd, uint32_t interest, EventHandler& handler);
  void Modify(int fd, uint32_t interest, EventHandler& handler) noexcept;
  // Also drops events of the handler that are fetched and not delivered yet.
  void Remove(int fd, EventHandler& handler) noexcept;

  void ArmTimer(Timer& timer, int64_t deadline_us) { timers_.Arm(timer, deadline_us); }
  void ArmTimerIn(Timer& timer, int64_t delay_us) { timers_.Arm(timer, clock_.MonotonicMicros() + delay_us); }
  void CancelTimer(Timer& timer) noexcept { timers_.Cancel(timer); }
  const base::Clock& clock() const noexcept { return clock_; }

  void set_delegate(LoopDelegate* delegate) noexcept { delegate_ = delegate; }

  // Runs the task on the owner's thread, in the order of posting. Any thread.
  void Post(std::unique_ptr<base::Task> task) noexcept;
  // One round; waits at most `wait_us_max` (-1: until something happens). False when the caller lost the loop.
  bool RunOnce(int64_t wait_us_max);

  uint64_t rounds() const noexcept { return rounds_; }
  uint64_t wakeups() const noexcept { return wakeups_; }

 private:
  explicit EventLoop(const base::Clock& clock);
  void Wake() noexcept;
  int WaitMillis(int64_t wait_us_max) const noexcept;
  bool RunTasks() noexcept;
  bool RunTimers() noexcept;
  bool RunEvents() noexcept;
  void AnnounceEvents() noexcept;
  bool lost(uint64_t disown_count) const noexcept { return disown_count_.load(std::memory_order_acquire) != disown_count; }

  const base::Clock& clock_;
  base::UniqueFd epoll_;
  base::UniqueFd wake_fd_;
  base::Inbox inbox_;
  base::TaskList tasks_;  // Taken from the inbox, not run yet.
  TimerHeap timers_;
  LoopDelegate* delegate_ = nullptr;

  std::unique_ptr<epoll_event[]> events_;
  int event_count_ = 0;
  int event_next_ = 0;
  int announced_ = 0;  // Events before it have been announced, or never will be.
  uint64_t rounds_ = 0;
  uint64_t wakeups_ = 0;

  // Whether the owner sleeps or is about to. Stored by the owner, then it looks at the inbox; a poster puts its task,
  // then looks here. Both sides sequentially consistent, so at least one sees the other.
  std::atomic<bool> asleep_{false};
  // Counts Disown calls. Added to (release) by who takes the loop away, read (acquire) by the loser after each handler.
  std::atomic<uint64_t> disown_count_{0};
  std::atomic<unsigned long> owner_{0};  // The owner's thread, for assertions only.
};

}  // namespace tusk::io
