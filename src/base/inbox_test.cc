#include "base/inbox.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tusk::base {
namespace {

TEST(Inbox, GivesMessagesInOrderAndTellsWhenItWasEmpty) {
  Inbox inbox;
  std::vector<int> seen;
  EXPECT_TRUE(inbox.Put(MakeTask([&] { seen.push_back(1); })));
  EXPECT_FALSE(inbox.Put(MakeTask([&] { seen.push_back(2); })));
  EXPECT_FALSE(inbox.empty());
  TaskList tasks = inbox.TakeAll();
  EXPECT_TRUE(inbox.empty());
  while (auto task = tasks.Pop()) task->Run();
  EXPECT_EQ((std::vector<int>{1, 2}), seen);
}

TEST(Inbox, ManyThreadsLoseNothingAndKeepTheirOwnOrder) {
  constexpr int kThreads = 4;
  constexpr int kMessages = 20'000;
  Inbox inbox;
  std::vector<int> last(kThreads, -1);
  int count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kMessages; ++i) {
        inbox.Put(MakeTask([&, t, i] {
          EXPECT_EQ(last[t] + 1, i);
          last[t] = i;
          ++count;
        }));
      }
    });
  }
  while (count < kThreads * kMessages) {
    TaskList tasks = inbox.TakeAll();
    while (auto task = tasks.Pop()) task->Run();
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Inbox, DropsWhatIsLeftWithoutRunningIt) {
  auto alive = std::make_shared<int>(1);
  {
    Inbox inbox;
    for (int i = 0; i < 100'000; ++i) inbox.Put(MakeTask([alive] { FAIL(); }));
  }
  EXPECT_EQ(1, alive.use_count());
}

}  // namespace
}  // namespace tusk::base
