#include "io/event_loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace tusk::io {
namespace {

struct Pair {
  Pair() {
    int fds[2];
    EXPECT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
    ours.Reset(fds[0]);
    theirs.Reset(fds[1]);
  }
  void Send() { EXPECT_EQ(1, write(theirs.get(), "x", 1)); }
  base::UniqueFd ours, theirs;
};

struct Recorder final : EventHandler {
  void OnEvents(uint32_t ready) noexcept override {
    events |= ready;
    ++count;
    if (action) action();
  }
  uint32_t events = 0;
  int count = 0;
  std::function<void()> action;
};

std::unique_ptr<EventLoop> NewLoop() {
  static const base::SystemClock clock;
  auto loop = EventLoop::Create(clock);
  EXPECT_TRUE(loop);
  return *std::move(loop);
}

TEST(EventLoop, ReportsWhatItIsAskedFor) {
  auto loop = NewLoop();
  Pair pair;
  Recorder handler;
  ASSERT_TRUE(loop->Add(pair.ours.get(), kReadable, handler).ok());
  ASSERT_TRUE(loop->RunOnce(0));
  EXPECT_EQ(0u, handler.events);
  pair.Send();
  ASSERT_TRUE(loop->RunOnce(0));
  EXPECT_EQ(kReadable, handler.events);
  loop->Modify(pair.ours.get(), kWritable, handler);
  handler.events = 0;
  ASSERT_TRUE(loop->RunOnce(0));
  EXPECT_EQ(kWritable, handler.events);
  pair.theirs.Reset();
  ASSERT_TRUE(loop->RunOnce(0));
  EXPECT_TRUE(handler.events & kHangup);
  loop->Remove(pair.ours.get(), handler);
}

TEST(EventLoop, AHandlerThatWasRemovedHearsNothingMore) {
  auto loop = NewLoop();
  Pair one, two;
  Recorder first, second;
  first.action = [&] { loop->Remove(two.ours.get(), second); };
  second.action = [&] { loop->Remove(one.ours.get(), first); };
  ASSERT_TRUE(loop->Add(one.ours.get(), kReadable, first).ok());
  ASSERT_TRUE(loop->Add(two.ours.get(), kReadable, second).ok());
  one.Send();
  two.Send();
  ASSERT_TRUE(loop->RunOnce(0));
  EXPECT_EQ(1, first.count + second.count);
}

TEST(EventLoop, TimersWaitForTheClock) {
  base::FakeClock clock;
  auto loop = *EventLoop::Create(clock);
  struct Counter final : Timer {
    void OnTimer() noexcept override { ++count; }
    int count = 0;
  } timer;
  loop->ArmTimerIn(timer, 5000);
  loop->RunOnce(0);
  EXPECT_EQ(0, timer.count);
  clock.AdvanceMillis(5);
  loop->RunOnce(0);
  EXPECT_EQ(1, timer.count);
}

TEST(EventLoop, PostsFromOtherThreadsEndTheWaitAndNoneIsLost) {
  auto loop = NewLoop();
  constexpr int kThreads = 3, kPosts = 5000;
  int count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kPosts; ++i) {
        loop->Post(base::MakeTask([&] {
          // The last one ends the wait that the same round would begin.
          if (++count == kThreads * kPosts) loop->Post(base::MakeTask([] {}));
        }));
      }
    });
  }
  while (count < kThreads * kPosts) ASSERT_TRUE(loop->RunOnce(-1));
  for (auto& thread : threads) thread.join();
}

// A handler is stuck; another thread adopts the loop, delivers the event that was fetched together with the first,
// and the late thread finds out that it lost the loop.
TEST(EventLoop, ASecondThreadGoesOnWhereAStuckOneStands) {
  auto loop = NewLoop();
  Pair one, two;
  Recorder first, second;
  std::atomic<int> delivered{0};
  std::thread spare;
  auto stuck = [&] {
    if (delivered.fetch_add(1) > 0) return;
    spare = std::thread([&] {
      loop->Disown();
      loop->Adopt();
      loop->Remove(one.ours.get(), first);
      EXPECT_TRUE(loop->RunOnce(0));
      delivered.fetch_add(10);
    });
    while (delivered.load() < 12) std::this_thread::yield();
  };
  first.action = stuck;
  second.action = [&] { delivered.fetch_add(1); };
  ASSERT_TRUE(loop->Add(one.ours.get(), kReadable, first).ok());
  one.Send();
  // The second descriptor is ready in the same round as the first; whichever comes first is the stuck one.
  ASSERT_TRUE(loop->Add(two.ours.get(), kReadable, second).ok());
  two.Send();
  bool kept = loop->RunOnce(0);
  if (spare.joinable()) spare.join();
  EXPECT_FALSE(kept);
  EXPECT_FALSE(loop->owned_by_caller());
}

}  // namespace
}  // namespace tusk::io
