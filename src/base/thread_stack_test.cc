#include "base/thread_stack.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

namespace tusk::base {
namespace {

TEST(ThreadStackTest, TellsWhatAnotherThreadIsIn) {
  InstallStackSignal();
  std::promise<pid_t> id;
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    id.set_value(gettid());
    while (!stop.load()) std::this_thread::yield();
  });
  const std::vector<std::string> lines = StackOf(id.get_future().get());
  EXPECT_FALSE(lines.empty());
  stop.store(true);
  busy.join();
}

TEST(ThreadStackTest, AThreadThatIsGoneHasNone) {
  InstallStackSignal();
  pid_t id = 0;
  std::thread([&] { id = gettid(); }).join();
  EXPECT_TRUE(StackOf(id).empty());
}

TEST(ThreadStackTest, ASignalThatNobodyAskedForDoesNothing) {
  InstallStackSignal();
  EXPECT_EQ(raise(SIGALRM), 0);
}

}  // namespace
}  // namespace tusk::base
