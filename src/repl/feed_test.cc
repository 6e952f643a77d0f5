#include "repl/feed.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "base/random.h"
#include "command/session.h"
#include "store/keyspace.h"
#include "store/transaction.h"

namespace tusk::repl {
namespace {

TEST(BacklogTest, KeepsTheNewestBytesWhateverItsSize) {
  const uint64_t seed = base::SecureRandom64();
  SCOPED_TRACE("seed " + std::to_string(seed));
  base::Random random(seed);
  Backlog backlog;
  backlog.Resize(100);
  std::string all;
  size_t held = 0;
  for (int step = 0; step < 3000; ++step) {
    if (random.Below(40) == 0) {
      const size_t capacity = 1 + random.Below(300);
      backlog.Resize(capacity);
      held = std::min(held, capacity);
    }
    std::string bytes(random.Below(150), static_cast<char>('a' + random.Below(26)));
    backlog.Append(bytes);
    all += bytes;
    held = std::min(held + bytes.size(), backlog.capacity_bytes());
    ASSERT_EQ(backlog.size_bytes(), held);
    ASSERT_EQ(backlog.Newest(held), all.substr(all.size() - held));
    const size_t part = random.Below(held + 1);
    ASSERT_EQ(backlog.Newest(part), all.substr(all.size() - part));
  }
}

// Collects what is pushed to each session.
class Host final : public command::SessionHost {
 public:
  void WakeParked(uint64_t) noexcept override {}
  void DeliverReply(uint64_t, resp::OutputBuffer) noexcept override {}
  void DeliverPush(uint64_t session_id, std::shared_ptr<const std::string> bytes) noexcept override {
    std::lock_guard hold(mutex_);
    got_[session_id] += *bytes;
  }
  void RetryBlocked(uint64_t session_id) noexcept override {
    std::lock_guard hold(mutex_);
    ++retries_[session_id];
  }
  std::string Got(uint64_t session_id) {
    std::lock_guard hold(mutex_);
    return got_[session_id];
  }
  int Retries(uint64_t session_id) {
    std::lock_guard hold(mutex_);
    return retries_[session_id];
  }

 private:
  std::mutex mutex_;
  std::map<uint64_t, std::string> got_;
  std::map<uint64_t, int> retries_;
};

class FeedTest : public testing::Test {
 protected:
  FeedTest() : keyspace_({.clock = &clock_, .settings = &settings_}), feed_(keyspace_, log_) {
    keyspace_.SetObserver(&log_);
  }
  command::Session NewSession(uint64_t id) {
    command::Session session;
    session.id = id;
    session.host = &host_;
    return session;
  }
  // Nobody writes meanwhile.
  void CopyTo(command::Session& session, std::string_view copy) {
    feed_.AskForCopy(session, true);
    const std::optional<CopyKind> kind = feed_.NextCopy();
    ASSERT_TRUE(kind.has_value());
    const Feed::CopyStart start = feed_.StartCopy(*kind);
    ASSERT_EQ(start.recipients.size(), 1u);
    EXPECT_TRUE(feed_.PushCopy(session.id, std::make_shared<const std::string>(copy)));
    feed_.EndCopy(session.id);
  }
  uint64_t Write(std::string_view value) {
    store::Transaction transaction(keyspace_);
    transaction.Begin(1);
    if (transaction.wants_changes()) transaction.AddChange(0, {"SET", "k", value});
    return transaction.Commit();
  }

  base::FakeClock clock_;
  store::Settings settings_;
  Host host_;
  store::Keyspace keyspace_;
  store::ChangeLog log_{keyspace_.passing()};
  Feed feed_;
};

TEST_F(FeedTest, NothingIsRecordedBeforeTheFirstReplica) {
  EXPECT_EQ(Write("1"), 0u);
  EXPECT_EQ(feed_.offset(), 0u);
  EXPECT_FALSE(feed_.HasBacklog());
}

TEST_F(FeedTest, AReplicaGetsTheCopyAndThenTheStream) {
  command::Session session = NewSession(7);
  CopyTo(session, "$4\r\ncopy");
  EXPECT_TRUE(session.replica);
  const uint64_t offset = feed_.OffsetOf(Write("1"));
  const std::string stream = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n1\r\n";
  EXPECT_EQ(host_.Got(7), "$4\r\ncopy" + stream);
  EXPECT_EQ(offset, stream.size());
}

constexpr std::string_view kSet1 = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n1\r\n";

TEST_F(FeedTest, TheStreamIsKeptBackUntilTheCopyIsThere) {
  command::Session session = NewSession(7);
  feed_.AskForCopy(session, false);
  const Feed::CopyStart start = feed_.StartCopy(*feed_.NextCopy());
  EXPECT_FALSE(feed_.NextCopy().has_value());
  feed_.OffsetOf(Write("1"));
  EXPECT_TRUE(feed_.PushCopy(7, std::make_shared<const std::string>("copy")));
  EXPECT_EQ(host_.Got(7), "copy");
  feed_.EndCopy(7);
  EXPECT_EQ(host_.Got(7), "copy" + std::string(kSet1));
  EXPECT_EQ(start.offset, 0u);
}

TEST_F(FeedTest, WhatGoesToReplicasDoesNotCountAgainstMaxmemory) {
  command::Session session = NewSession(7);
  feed_.AskForCopy(session, false);
  const Feed::CopyStart start = feed_.StartCopy(*feed_.NextCopy());
  const uint64_t before = keyspace_.passing().bytes();
  feed_.OffsetOf(Write(std::string(100'000, 'v')));
  // The change log keeps the room of its queue for the next write.
  const uint64_t queue = store::ChangeQueue::kChunkBytes;
  EXPECT_GE(keyspace_.passing().bytes(), before + queue + 100'000);
  feed_.EndCopy(7);  // The host drops what it gets.
  EXPECT_GE(keyspace_.passing().bytes(), before + queue);
  EXPECT_LT(keyspace_.passing().bytes(), before + queue + 100'000);
}

TEST_F(FeedTest, BehindAMarkTheStreamWaitsForTheFirstAcknowledgement) {
  command::Session session = NewSession(7);
  feed_.SetOpenEnded(session);
  CopyTo(session, "copy");
  feed_.OffsetOf(Write("1"));
  EXPECT_EQ(host_.Got(7), "copy");
  EXPECT_EQ(feed_.Replicas().front().phase, ReplicaPhase::kAwaitsAck);
  feed_.Acknowledge(session, 0);
  EXPECT_EQ(host_.Got(7), "copy" + std::string(kSet1));
}

TEST_F(FeedTest, ACopyThatCouldNotBeginIsAskedForAgain) {
  command::Session session = NewSession(7);
  feed_.AskForCopy(session, true);
  const Feed::CopyStart start = feed_.StartCopy(*feed_.NextCopy());
  feed_.OffsetOf(Write("1"));
  feed_.TakeBackCopy(start);
  const Feed::CopyStart again = feed_.StartCopy(*feed_.NextCopy());
  EXPECT_GT(again.offset, start.offset);
  feed_.EndCopy(7);
  EXPECT_EQ(host_.Got(7), "");
}

TEST_F(FeedTest, ReplicasOfOneKindShareACopyInTheOrderOfTheirAsking) {
  command::Session sized = NewSession(1);
  command::Session open = NewSession(2);
  command::Session open_too = NewSession(3);
  feed_.SetOpenEnded(open);
  feed_.SetOpenEnded(open_too);
  feed_.AskForCopy(open, true);
  feed_.AskForCopy(sized, true);
  feed_.AskForCopy(open_too, true);
  EXPECT_TRUE(feed_.NextCopy()->open_ended);
  EXPECT_EQ(feed_.StartCopy(*feed_.NextCopy()).recipients.size(), 2u);
  EXPECT_FALSE(feed_.NextCopy()->open_ended);
  EXPECT_EQ(feed_.StartCopy(*feed_.NextCopy()).recipients.size(), 1u);
}

TEST_F(FeedTest, WhoLetsTooMuchBeKeptBackIsLost) {
  feed_.settings().output_bytes_max.store(10);
  command::Session session = NewSession(7);
  feed_.AskForCopy(session, true);
  feed_.StartCopy(*feed_.NextCopy());
  EXPECT_TRUE(feed_.LostReplicas().empty());
  feed_.OffsetOf(Write("1"));
  EXPECT_EQ(feed_.LostReplicas(), std::vector<uint64_t>{7});
  EXPECT_FALSE(feed_.PushCopy(7, std::make_shared<const std::string>("copy")));
}

TEST_F(FeedTest, WhoIsSilentForLongIsLost) {
  command::Session session = NewSession(7);
  CopyTo(session, "");
  clock_.AdvanceMillis(feed_.settings().timeout_seconds.load() * 1000 + 1);
  EXPECT_EQ(feed_.LostReplicas(), std::vector<uint64_t>{7});
  feed_.Acknowledge(session, 0);
  EXPECT_TRUE(feed_.LostReplicas().empty());
}

TEST_F(FeedTest, WhoWasAwayGoesOnWhereItStopped) {
  command::Session first = NewSession(1);
  CopyTo(first, "");
  const uint64_t seen = feed_.OffsetOf(Write("1"));
  feed_.Forget(first);
  feed_.OffsetOf(Write("2"));
  command::Session second = NewSession(2);
  EXPECT_FALSE(feed_.Continue(second, "another", static_cast<int64_t>(seen + 1)));
  EXPECT_FALSE(feed_.Continue(second, feed_.replid(), static_cast<int64_t>(feed_.offset() + 2)));
  ASSERT_TRUE(feed_.Continue(second, feed_.replid(), static_cast<int64_t>(seen + 1)));
  EXPECT_EQ(host_.Got(2), "+CONTINUE " + feed_.replid() + "\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n2\r\n");
}

TEST_F(FeedTest, AcknowledgementsAreCountedAndWakeWhoWaits) {
  command::Session replica = NewSession(1);
  command::Session waiter = NewSession(2);
  CopyTo(replica, "");
  const uint64_t offset = feed_.OffsetOf(Write("1"));
  EXPECT_EQ(feed_.CountAcknowledged(offset), 0);
  feed_.AskForAcks(waiter);
  EXPECT_NE(host_.Got(1).find("GETACK"), std::string::npos);
  feed_.Acknowledge(replica, offset);
  EXPECT_EQ(feed_.CountAcknowledged(offset), 1);
  EXPECT_EQ(host_.Retries(2), 1);
  feed_.StopAsking(2);
  feed_.Acknowledge(replica, offset + 1);
  EXPECT_EQ(host_.Retries(2), 1);
}

TEST_F(FeedTest, WritesNeedAsManyReplicasAsTheSettingSays) {
  feed_.settings().min_replicas.store(1);
  feed_.SettingsChanged();
  EXPECT_TRUE(settings_.writes_need_replicas);
  command::Session replica = NewSession(1);
  CopyTo(replica, "");
  EXPECT_FALSE(settings_.writes_need_replicas);
  feed_.Forget(replica);
  EXPECT_TRUE(settings_.writes_need_replicas);
}

TEST_F(FeedTest, AStreamGoesOnFromTheMomentOfAFile) {
  EXPECT_FALSE(feed_.CurrentMoment().has_value());
  const std::string before(40, 'a');
  feed_.GoOnFrom({before, 1000});
  EXPECT_EQ(feed_.offset(), 1000u);
  EXPECT_NE(feed_.replid(), before);
  command::Session exact = NewSession(7), behind = NewSession(8), ahead = NewSession(9), stranger = NewSession(10);
  EXPECT_TRUE(feed_.Continue(exact, before, 1001));
  EXPECT_EQ(host_.Got(7), "+CONTINUE " + feed_.replid() + "\r\n");
  EXPECT_FALSE(feed_.Continue(behind, before, 1000));
  EXPECT_FALSE(feed_.Continue(ahead, before, 1002));
  EXPECT_FALSE(feed_.Continue(stranger, std::string(40, 'b'), 1001));
  feed_.OffsetOf(Write("1"));
  EXPECT_TRUE(host_.Got(7).ends_with(kSet1)) << host_.Got(7);
  // Later still: what has been sent since then comes at once. But whoever was ahead of the file never was on this stream.
  command::Session late = NewSession(11);
  EXPECT_TRUE(feed_.Continue(late, before, 1001));
  EXPECT_TRUE(host_.Got(11).ends_with(kSet1));
  EXPECT_FALSE(feed_.Continue(ahead, before, 1002));
  const std::optional<Feed::Moment> now = feed_.CurrentMoment();
  ASSERT_TRUE(now.has_value());
  EXPECT_EQ(now->replid, feed_.replid());
  EXPECT_EQ(now->offset, 1000 + kSet1.size());
  feed_.StartAnew();
  EXPECT_TRUE(feed_.predecessor().replid.empty());
}

}  // namespace
}  // namespace tusk::repl
