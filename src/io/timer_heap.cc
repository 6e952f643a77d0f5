#include "io/timer_heap.h"

#include "base/check.h"

namespace tusk::io {

Timer::~Timer() {
  if (heap_ != nullptr) heap_->Cancel(*this);
}

TimerHeap::~TimerHeap() {
  for (Timer* timer : heap_) timer->heap_ = nullptr;
}

void TimerHeap::Place(Timer* timer, size_t index) noexcept {
  heap_[index] = timer;
  timer->index_ = index;
}

void TimerHeap::SiftUp(size_t index) noexcept {
  Timer* timer = heap_[index];
  while (index > 0) {
    size_t parent = (index - 1) / 2;
    if (heap_[parent]->deadline_us_ <= timer->deadline_us_) break;
    Place(heap_[parent], index);
    index = parent;
  }
  Place(timer, index);
}

void TimerHeap::SiftDown(size_t index) noexcept {
  Timer* timer = heap_[index];
  while (true) {
    size_t child = index * 2 + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->deadline_us_ < heap_[child]->deadline_us_) ++child;
    if (heap_[child]->deadline_us_ >= timer->deadline_us_) break;
    Place(heap_[child], index);
    index = child;
  }
  Place(timer, index);
}

void TimerHeap::Arm(Timer& timer, int64_t deadline_us) {
  if (timer.armed()) {
    DCHECK(timer.heap_ == this);
    bool later = deadline_us > timer.deadline_us_;
    timer.deadline_us_ = deadline_us;
    later ? SiftDown(timer.index_) : SiftUp(timer.index_);
    return;
  }
  timer.deadline_us_ = deadline_us;
  timer.heap_ = this;
  heap_.push_back(&timer);
  SiftUp(heap_.size() - 1);
}

void TimerHeap::Cancel(Timer& timer) noexcept {
  if (!timer.armed()) return;
  DCHECK(timer.heap_ == this && heap_[timer.index_] == &timer);
  size_t index = timer.index_;
  timer.heap_ = nullptr;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  Place(last, index);
  SiftDown(index);
  SiftUp(last->index_);
}

bool TimerHeap::RunDue(int64_t now_us) noexcept {
  if (heap_.empty() || next_deadline_us() > now_us) return false;
  Timer* timer = heap_.front();
  Cancel(*timer);
  timer->OnTimer();
  return true;
}

}  // namespace tusk::io
