// What may hold up the server's end, with a loop that the test turns by itself.
#include "server/shutdown.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "engine/config.h"
#include "io/event_loop.h"

namespace tusk::server {
namespace {

class ShutdownTest : public testing::Test {
 protected:
  ShutdownTest() {
    loop_ = *io::EventLoop::Create(clock_);
    loop_->Adopt();
    shutdown_.Attach(*loop_, [this] { stopped_ = true; });
  }
  // Turns the loop until the asker has its answer.
  std::string Ask(const Shutdown::Wish& wish) {
    std::atomic<bool> answered{false};
    std::string answer;
    std::thread asker([&] {
      base::Status status = shutdown_.ByCommand(wish);
      answer = status.ok() ? "OK" : status.message();
      answered.store(true, std::memory_order_release);
      loop_->Post(base::MakeTask([] {}));
    });
    while (!answered.load(std::memory_order_acquire)) loop_->RunOnce(100'000);
    asker.join();
    return answer;
  }

  base::Logger log_{"/dev/null"};
  engine::Config config_;
  base::SystemClock clock_;
  std::unique_ptr<io::EventLoop> loop_;
  Shutdown shutdown_{log_, config_};
  bool stopped_ = false;
};

TEST_F(ShutdownTest, StepsDecideUnlessForced) {
  bool works = false;
  shutdown_.AddStep([&](const Shutdown::Wish& wish) {
    return works || wish.no_save ? base::Status::Ok() : base::Status::Invalid("no room");
  });
  EXPECT_EQ(Ask({}), "ERR Errors trying to SHUTDOWN. Check logs.");
  EXPECT_FALSE(stopped_);
  EXPECT_FALSE(shutdown_.under_way());
  EXPECT_EQ(Ask({.force = true}), "OK");
  EXPECT_TRUE(stopped_);
}

TEST_F(ShutdownTest, WaitsForReplicasUntilTheyAreThere) {
  int looks = 0;
  shutdown_.set_replicas_in_sync([&] { return ++looks == 3; });
  EXPECT_EQ(Ask({}), "OK");
  EXPECT_EQ(looks, 3);
}

TEST_F(ShutdownTest, WritesRestWhileReplicasAreWaitedFor) {
  std::string told;
  shutdown_.set_hold_writes([&](bool hold) { told += hold ? "hold " : "go "; });
  bool works = false;
  shutdown_.AddStep([&](const Shutdown::Wish&) { return works ? base::Status::Ok() : base::Status::Invalid("no room"); });
  int looks = 0;
  shutdown_.set_replicas_in_sync([&] { return ++looks % 3 == 0; });
  EXPECT_EQ(Ask({}), "ERR Errors trying to SHUTDOWN. Check logs.");
  EXPECT_EQ(told, "hold go ");
  works = true;
  EXPECT_EQ(Ask({}), "OK");
  EXPECT_EQ(told, "hold go hold ");
}

TEST_F(ShutdownTest, NowWaitsForNobody) {
  shutdown_.set_replicas_in_sync([] { return false; });
  EXPECT_EQ(Ask({.now = true}), "OK");
}

TEST_F(ShutdownTest, AbortEndsTheWait) {
  shutdown_.set_replicas_in_sync([&] {
    // From the loop's thread, as soon as it waits.
    loop_->Post(base::MakeTask([this] { EXPECT_TRUE(shutdown_.Abort().ok()); }));
    return false;
  });
  EXPECT_EQ(Ask({}), "ERR Errors trying to SHUTDOWN. Check logs.");
  EXPECT_EQ(shutdown_.Abort().message(), "ERR No shutdown in progress.");
  EXPECT_FALSE(stopped_);
}

TEST_F(ShutdownTest, APausedSignalCanBeTakenBackOrGoesOnLater) {
  shutdown_.PauseSignals(true);
  shutdown_.BySignal({});
  EXPECT_TRUE(shutdown_.under_way());
  EXPECT_TRUE(shutdown_.Abort().ok());
  EXPECT_FALSE(shutdown_.under_way());
  shutdown_.BySignal({});
  shutdown_.PauseSignals(false);
  loop_->RunOnce(0);
  EXPECT_TRUE(stopped_);
}

}  // namespace
}  // namespace tusk::server
