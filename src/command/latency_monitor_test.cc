#include "command/latency_monitor.h"

#include <gtest/gtest.h>

namespace tusk::command {
namespace {

class LatencyMonitorTest : public testing::Test {
 protected:
  void Note(int64_t millis) { monitor_.Note("command", millis * 1000); }

  base::FakeClock clock_;
  store::Settings settings_;
  LatencyMonitor monitor_{settings_, clock_};
};

TEST_F(LatencyMonitorTest, KeepsNothingUntilAThresholdIsSet) {
  Note(1000);
  EXPECT_TRUE(monitor_.Events().empty());
  settings_.latency_monitor_threshold.set(10);
  Note(9);
  EXPECT_TRUE(monitor_.Events().empty());
  Note(10);
  ASSERT_EQ(monitor_.Events().size(), 1u);
  EXPECT_EQ(monitor_.Events()[0].samples[0].millis, 10);
}

TEST_F(LatencyMonitorTest, SpikesOfOneSecondAreOneSampleAndOldOnesGo) {
  settings_.latency_monitor_threshold.set(1);
  Note(5);
  Note(7);
  Note(6);
  EXPECT_EQ(monitor_.Find("command").samples.size(), 1u);
  EXPECT_EQ(monitor_.Find("command").samples[0].millis, 7);
  for (size_t i = 0; i < LatencyMonitor::kSamplesMax; ++i) {
    clock_.AdvanceMillis(1000);
    Note(2);
  }
  const LatencyEvent event = monitor_.Find("command");
  EXPECT_EQ(event.samples.size(), LatencyMonitor::kSamplesMax);
  EXPECT_EQ(event.samples.front().millis, 2);
  EXPECT_EQ(event.millis_max, 7);
}

TEST_F(LatencyMonitorTest, ForgetsOneEventOrAll) {
  settings_.latency_monitor_threshold.set(1);
  monitor_.Note("a", 1000);
  monitor_.Note("b", 1000);
  EXPECT_TRUE(monitor_.Forget("a"));
  EXPECT_FALSE(monitor_.Forget("a"));
  EXPECT_TRUE(monitor_.Find("a").samples.empty());
  EXPECT_EQ(monitor_.ForgetAll(), 1u);
  EXPECT_TRUE(monitor_.Events().empty());
}

}  // namespace
}  // namespace tusk::command
