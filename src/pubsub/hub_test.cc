#include "pubsub/hub.h"

#include <gtest/gtest.h>

#include <map>

#include "command/session.h"
#include "store/settings.h"

namespace tusk::pubsub {
namespace {

// Keeps what each session was sent, line ends shown as blanks.
class FakeHost final : public command::SessionHost {
 public:
  void DeliverReply(uint64_t, resp::OutputBuffer) noexcept override {}
  void DeliverPush(uint64_t session_id, std::shared_ptr<const std::string> bytes) noexcept override {
    for (char c : *bytes) {
      if (c != '\r') received[session_id] += c == '\n' ? ' ' : c;
    }
  }
  void RetryBlocked(uint64_t) noexcept override {}
  void WakeParked(uint64_t) noexcept override {}

  std::map<uint64_t, std::string> received;
};

class HubTest : public testing::Test {
 protected:
  HubTest() : hub_(settings_) {
    first_.id = 1;
    second_.id = 2;
    first_.host = second_.host = &host_;
  }

  store::Settings settings_;
  Hub hub_;
  FakeHost host_;
  command::Session first_;
  command::Session second_;
};

TEST_F(HubTest, MessagesReachSubscribersInTheirProtocol) {
  second_.protocol = 3;
  EXPECT_TRUE(hub_.Subscribe(first_, Kind::kChannel, "news"));
  EXPECT_TRUE(hub_.Subscribe(second_, Kind::kChannel, "news"));
  EXPECT_EQ(hub_.Publish(Kind::kChannel, "news", "hi"), 2u);
  EXPECT_EQ(hub_.Publish(Kind::kChannel, "other", "hi"), 0u);
  EXPECT_EQ(host_.received[1], "*3 $7 message $4 news $2 hi ");
  EXPECT_EQ(host_.received[2], ">3 $7 message $4 news $2 hi ");
}

TEST_F(HubTest, AProtocolChangeReachesTheHub) {
  hub_.Subscribe(first_, Kind::kChannel, "c");
  first_.protocol = 3;
  hub_.SetProtocol(first_);
  hub_.Publish(Kind::kChannel, "c", "x");
  EXPECT_EQ(host_.received[1], ">3 $7 message $1 c $1 x ");
}

TEST_F(HubTest, PatternsMatchAndNameThemselves) {
  hub_.Subscribe(first_, Kind::kPattern, "n*");
  hub_.Subscribe(first_, Kind::kPattern, "x*");
  hub_.Subscribe(first_, Kind::kChannel, "news");
  EXPECT_EQ(first_.channels + first_.patterns, 3u);
  EXPECT_EQ(hub_.Publish(Kind::kChannel, "news", "m"), 2u);
  EXPECT_EQ(host_.received[1], "*3 $7 message $4 news $1 m *4 $8 pmessage $2 n* $4 news $1 m ");
}

TEST_F(HubTest, ShardChannelsAreApartFromChannels) {
  hub_.Subscribe(first_, Kind::kShardChannel, "c");
  hub_.Subscribe(second_, Kind::kPattern, "*");
  EXPECT_EQ(hub_.Publish(Kind::kChannel, "c", "x"), 1u);
  EXPECT_EQ(hub_.Publish(Kind::kShardChannel, "c", "x"), 1u);
  EXPECT_EQ(host_.received[1], "*3 $8 smessage $1 c $1 x ");
}

TEST_F(HubTest, SubscribingTwiceCountsOnce) {
  EXPECT_TRUE(hub_.Subscribe(first_, Kind::kChannel, "c"));
  EXPECT_FALSE(hub_.Subscribe(first_, Kind::kChannel, "c"));
  EXPECT_EQ(first_.channels, 1u);
  EXPECT_TRUE(hub_.Unsubscribe(first_, Kind::kChannel, "c"));
  EXPECT_FALSE(hub_.Unsubscribe(first_, Kind::kChannel, "c"));
  EXPECT_EQ(first_.channels, 0u);
  EXPECT_EQ(hub_.SessionCount(), 0u);
}

TEST_F(HubTest, ForgettingEndsEverything) {
  hub_.Subscribe(first_, Kind::kChannel, "a");
  hub_.Subscribe(first_, Kind::kPattern, "b*");
  hub_.Subscribe(first_, Kind::kShardChannel, "c");
  hub_.Subscribe(second_, Kind::kChannel, "a");
  hub_.Forget(first_);
  EXPECT_FALSE(first_.subscribed());
  EXPECT_EQ(hub_.Publish(Kind::kChannel, "a", "x"), 1u);
  EXPECT_EQ(hub_.NameCount(Kind::kPattern), 0u);
  EXPECT_EQ(hub_.SessionCount(), 1u);
  EXPECT_EQ(host_.received[1], "");
}

TEST_F(HubTest, TellsWhatIsActive) {
  hub_.Subscribe(first_, Kind::kChannel, "abc");
  hub_.Subscribe(second_, Kind::kChannel, "abd");
  hub_.Subscribe(second_, Kind::kChannel, "abc");
  EXPECT_EQ(hub_.ActiveNames(Kind::kChannel, "*c"), std::vector<std::string>{"abc"});
  EXPECT_EQ(hub_.ActiveNames(Kind::kChannel, "").size(), 2u);
  EXPECT_EQ(hub_.SubscriberCount(Kind::kChannel, "abc"), 2u);
  EXPECT_EQ(hub_.SubscriberCount(Kind::kChannel, "none"), 0u);
  EXPECT_EQ(hub_.SubscriptionsOf(second_, Kind::kChannel), (std::vector<std::string>{"abd", "abc"}));
}

TEST_F(HubTest, KeyspaceEventsFollowTheSetting) {
  hub_.Subscribe(first_, Kind::kPattern, "__key*");
  hub_.OnKeyEvent(store::kEventString, "set", "k", 9);
  EXPECT_EQ(host_.received[1], "");
  settings_.notify_keyspace_events.set(store::kEventKeyspace | store::kEventString);
  hub_.OnKeyEvent(store::kEventString, "set", "k", 9);
  hub_.OnKeyEvent(store::kEventList, "lpush", "k", 9);
  EXPECT_EQ(host_.received[1], "*4 $8 pmessage $6 __key* $16 __keyspace@9__:k $3 set ");
  host_.received.clear();
  settings_.notify_keyspace_events.set(store::kEventKeyevent | store::kEventAll);
  hub_.OnKeyEvent(store::kEventList, "lpush", "k", 0);
  EXPECT_EQ(host_.received[1], "*4 $8 pmessage $6 __key* $20 __keyevent@0__:lpush $1 k ");
}

}  // namespace
}  // namespace tusk::pubsub
