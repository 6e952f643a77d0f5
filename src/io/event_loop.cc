#include "io/event_loop.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"

namespace tusk::io {
namespace {

uint32_t ToEpoll(uint32_t interest) {
  uint32_t events = 0;
  if (interest & kReadable) events |= EPOLLIN;
  if (interest & kWritable) events |= EPOLLOUT;
  return events;
}

uint32_t FromEpoll(uint32_t events) {
  uint32_t ready = 0;
  if (events & EPOLLIN) ready |= kReadable;
  if (events & EPOLLOUT) ready |= kWritable;
  if (events & (EPOLLERR | EPOLLHUP)) ready |= kHangup;
  return ready;
}

}  // namespace

EventLoop::EventLoop(const base::Clock& clock) : clock_(clock), events_(std::make_unique<epoll_event[]>(kEventsPerWaitMax)) {}
EventLoop::~EventLoop() = default;

base::Result<std::unique_ptr<EventLoop>> EventLoop::Create(const base::Clock& clock) {
  std::unique_ptr<EventLoop> loop(new EventLoop(clock));
  loop->epoll_.Reset(epoll_create1(EPOLL_CLOEXEC));
  if (!loop->epoll_.valid()) return base::Error(base::Status::Errno("Creating an epoll descriptor", errno));
  loop->wake_fd_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!loop->wake_fd_.valid()) return base::Error(base::Status::Errno("Creating an event descriptor", errno));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // No handler: the wake-up.
  if (epoll_ctl(loop->epoll_.get(), EPOLL_CTL_ADD, loop->wake_fd_.get(), &event) != 0) {
    return base::Error(base::Status::Errno("Watching an event descriptor", errno));
  }
  loop->Adopt();
  return loop;
}

void EventLoop::Adopt() noexcept {
  owner_.store(pthread_self(), std::memory_order_relaxed);
}

void EventLoop::Disown() noexcept {
  owner_.store(0, std::memory_order_relaxed);
  disown_count_.fetch_add(1, std::memory_order_release);
}

bool EventLoop::owned_by_caller() const noexcept { return owner_.load(std::memory_order_relaxed) == pthread_self(); }

base::Status EventLoop::Add(int fd, uint32_t interest, EventHandler& handler) {
  DCHECK(owned_by_caller());
  epoll_event event{};
  event.events = ToEpoll(interest);
  event.data.ptr = &handler;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return base::Status::Errno("Watching a socket", errno);
  return {};
}

void EventLoop::Modify(int fd, uint32_t interest, EventHandler& handler) noexcept {
  DCHECK(owned_by_caller());
  epoll_event event{};
  event.events = ToEpoll(interest);
  event.data.ptr = &handler;
  int result = epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
  CHECK(result == 0);
}

void EventLoop::Remove(int fd, EventHandler& handler) noexcept {
  DCHECK(owned_by_caller());
  int result = epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  CHECK(result == 0);
  for (int i = event_next_; i < event_count_; ++i) {
    if (events_[i].data.ptr == &handler) events_[i].events = 0;
  }
}

void EventLoop::Post(std::unique_ptr<base::Task> task) noexcept {
  if (inbox_.Put(std::move(task))) Wake();
}

void EventLoop::Wake() noexcept {
  if (!asleep_.load(std::memory_order_seq_cst)) return;
  // The first to see it asleep writes; others in between need not.
  if (!asleep_.exchange(false, std::memory_order_seq_cst)) return;
  uint64_t one = 1;
  // It can't fail but for a full counter, and then the loop is awake anyway.
  [[maybe_unused]] ssize_t written = write(wake_fd_.get(), &one, sizeof(one));
}

int EventLoop::WaitMillis(int64_t wait_us_max) const noexcept {
  int64_t wait_us = wait_us_max;
  if (!timers_.empty()) {
    int64_t until = std::max<int64_t>(timers_.next_deadline_us() - clock_.MonotonicMicros(), 0);
    wait_us = wait_us < 0 ? until : std::min(wait_us, until);
  }
  if (wait_us < 0) return -1;
  // Rounded up, or a timer's last millisecond would be spent spinning.
  return static_cast<int>(std::min<int64_t>((wait_us + 999) / 1000, 60'000));
}

bool EventLoop::RunTasks() noexcept {
  uint64_t disown_count = disown_count_.load(std::memory_order_relaxed);
  if (tasks_.empty()) tasks_ = inbox_.TakeAll();
  while (std::unique_ptr<base::Task> task = tasks_.Pop()) {
    task->Run();
    if (lost(disown_count)) return false;
  }
  return true;
}

bool EventLoop::RunTimers() noexcept {
  if (timers_.empty()) return true;
  uint64_t disown_count = disown_count_.load(std::memory_order_relaxed);
  int64_t now_us = clock_.MonotonicMicros();
  while (timers_.RunDue(now_us)) {
    if (lost(disown_count)) return false;
  }
  return true;
}

void EventLoop::AnnounceEvents() noexcept {
  announced_ = std::min(event_next_ + kSoonMax, event_count_);
  // Alone it would only be told twice.
  if (announced_ - event_next_ < 2 || delegate_ == nullptr) return;
  for (int i = event_next_; i < announced_; ++i) {
    if (events_[i].data.ptr == nullptr || events_[i].events == 0) continue;
    if (!static_cast<EventHandler*>(events_[i].data.ptr)->OnSoon(FromEpoll(events_[i].events))) announced_ = i + 1;
  }
  delegate_->AfterSoon();
}

bool EventLoop::RunEvents() noexcept {
  uint64_t disown_count = disown_count_.load(std::memory_order_relaxed);
  while (event_next_ < event_count_) {
    if (event_next_ >= announced_) AnnounceEvents();
    const epoll_event event = events_[event_next_++];
    if (event.data.ptr == nullptr) {
      uint64_t count;
      [[maybe_unused]] ssize_t got = read(wake_fd_.get(), &count, sizeof(count));
      ++wakeups_;
    } else if (event.events != 0) {
      static_cast<EventHandler*>(event.data.ptr)->OnEvents(FromEpoll(event.events));
      if (lost(disown_count)) return false;
    }
  }
  if (delegate_ != nullptr) delegate_->AfterEvents();
  return true;
}

bool EventLoop::RunOnce(int64_t wait_us_max) {
  DCHECK(owned_by_caller());
  ++rounds_;
  // Events here are those that a former owner had fetched. Tasks always come before them: what another thread posted
  // before a peer's bytes arrived is done before these are read.
  if (!RunTasks() || !RunEvents() || !RunTimers()) return false;
  if (delegate_ != nullptr) delegate_->BeforeWait();
  int wait_ms = WaitMillis(wait_us_max);
  if (wait_ms != 0) {
    asleep_.store(true, std::memory_order_seq_cst);
    if (!inbox_.empty()) wait_ms = 0;
  }
  event_next_ = event_count_ = announced_ = 0;
  int count = epoll_wait(epoll_.get(), events_.get(), kEventsPerWaitMax, wait_ms);
  asleep_.store(false, std::memory_order_relaxed);
  CHECK(count >= 0 || errno == EINTR);
  event_count_ = std::max(count, 0);
  return RunTasks() && RunEvents();
}

}  // namespace tusk::io
