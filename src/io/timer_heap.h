// Timers of one loop in a binary heap. A Timer lives inside the object that it serves and knows its place in the heap,
// so arming allocates nothing once the heap has its size, and cancelling is O(log n).
// Threads: caller-synchronised (the loop's owner). Owns: nothing; a Timer leaves its heap in its destructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tusk::io {

class TimerHeap;

class Timer {
 public:
  Timer() noexcept = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool armed() const noexcept { return heap_ != nullptr; }
  int64_t deadline_us() const noexcept { return deadline_us_; }

 protected:
  // Not virtual-public: timers are members or bases, never deleted through this type.
  ~Timer();

 private:
  friend class TimerHeap;
  // The timer is disarmed when it is called and may be armed again from within.
  virtual void OnTimer() noexcept = 0;

  TimerHeap* heap_ = nullptr;
  size_t index_ = 0;
  int64_t deadline_us_ = 0;
};

class TimerHeap {
 public:
  TimerHeap() noexcept = default;
  ~TimerHeap();
  TimerHeap(const TimerHeap&) = delete;
  TimerHeap& operator=(const TimerHeap&) = delete;

  // Arms or re-arms for a moment of the loop's monotonic clock.
  void Arm(Timer& timer, int64_t deadline_us);
  void Cancel(Timer& timer) noexcept;
  bool empty() const noexcept { return heap_.empty(); }
  // The earliest deadline; the heap must not be empty.
  int64_t next_deadline_us() const noexcept { return heap_.front()->deadline_us_; }
  // Disarms and calls the earliest timer if it is due at `now_us`; false when none is.
  bool RunDue(int64_t now_us) noexcept;

 private:
  void Place(Timer* timer, size_t index) noexcept;
  void SiftUp(size_t index) noexcept;
  void SiftDown(size_t index) noexcept;

  std::vector<Timer*> heap_;
};

}  // namespace tusk::io
