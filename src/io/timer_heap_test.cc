#include "io/timer_heap.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "base/random.h"

namespace tusk::io {
namespace {

struct TestTimer final : Timer {
  explicit TestTimer(std::vector<int>& log, int name) : log(log), name(name) {}
  void OnTimer() noexcept override { log.push_back(name); }
  std::vector<int>& log;
  int name;
};

TEST(TimerHeap, RunsInOrderOfDeadlinesAndNotBefore) {
  std::vector<int> log;
  TestTimer a(log, 1), b(log, 2), c(log, 3);
  TimerHeap heap;
  heap.Arm(a, 30);
  heap.Arm(b, 10);
  heap.Arm(c, 20);
  while (heap.RunDue(20)) {
  }
  EXPECT_EQ((std::vector<int>{2, 3}), log);
  EXPECT_TRUE(a.armed());
  EXPECT_FALSE(b.armed());
}

TEST(TimerHeap, ATimerLeavesWhenItDies) {
  std::vector<int> log;
  TimerHeap heap;
  {
    TestTimer timer(log, 1);
    heap.Arm(timer, 1);
  }
  EXPECT_TRUE(heap.empty());
}

// Random arming, re-arming and cancelling against a map.
TEST(TimerHeap, BehavesLikeASortedMap) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    std::vector<int> log;
    std::vector<std::unique_ptr<TestTimer>> timers;
    for (int i = 0; i < 50; ++i) timers.push_back(std::make_unique<TestTimer>(log, i));
    TimerHeap heap;
    std::map<int, int64_t> model;
    for (int step = 0; step < 2000; ++step) {
      int name = static_cast<int>(random.Below(50));
      if (random.Below(3) > 0) {
        model[name] = static_cast<int64_t>(random.Below(1000));
        heap.Arm(*timers[name], model[name]);
      } else {
        model.erase(name);
        heap.Cancel(*timers[name]);
      }
    }
    int64_t now = 0;
    while (!heap.empty()) {
      int64_t next = heap.next_deadline_us();
      ASSERT_GE(next, now);
      now = next;
      ASSERT_TRUE(heap.RunDue(now));
      ASSERT_EQ(now, model[log.back()]);
      model.erase(log.back());
    }
    EXPECT_TRUE(model.empty());
  }
}

}  // namespace
}  // namespace tusk::io
