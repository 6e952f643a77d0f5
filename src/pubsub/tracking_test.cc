#include "pubsub/tracking.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "command/services.h"
#include "command/session.h"
#include "store/keyspace.h"
#include "store/transaction.h"

namespace tusk::pubsub {
namespace {

using store::Key;

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

// A keyspace, and sessions that read and change keys through transactions as the executor would.
class TrackingTest : public testing::Test {
 protected:
  TrackingTest() : keyspace_({.clock = &clock_, .settings = &settings_}), tracking_(services_), txn_(keyspace_) {
    services_.keyspace = &keyspace_;
    keyspace_.SetInvalidationSink(&tracking_);
    for (uint64_t i = 0; i < sessions_.size(); ++i) {
      sessions_[i].id = i + 1;
      sessions_[i].host = &host_;
      sessions_[i].protocol = 3;
    }
  }
  void Track(command::Session& session, command::TrackingMode mode = {}, std::vector<std::string_view> prefixes = {}) {
    mode.on = true;
    session.tracking = mode;
    tracking_.Start(session, prefixes);
  }
  void Read(const command::Session& session, std::string_view name) {
    InTransaction(name, [&](const Key& key) { txn_.Track(key, session.id); });
  }
  void Change(uint64_t source, std::vector<std::string_view> names) {
    txn_.Begin(clock_.UnixMillis());
    ASSERT_TRUE(txn_.TryEnterLane());
    txn_.set_source(source);
    for (std::string_view name : names) {
      ASSERT_TRUE(txn_.Reach(Key::Of(name)));
      txn_.Touch(0, Key::Of(name));
    }
    txn_.Commit();
    txn_.Unlock();
  }
  template <typename Act>
  void InTransaction(std::string_view name, Act act) {
    const Key key = Key::Of(name);
    txn_.Begin(clock_.UnixMillis());
    ASSERT_TRUE(txn_.TryLockOne(key.stripe()));
    act(key);
    txn_.Commit();
    txn_.Unlock();
  }
  // What the session has been sent since the last time.
  std::string Heard(const command::Session& session) { return std::exchange(host_.received[session.id], {}); }

  base::FakeClock clock_;
  store::Settings settings_;
  store::Keyspace keyspace_;
  command::Services services_;
  Tracking tracking_;
  store::Transaction txn_;
  FakeHost host_;
  std::array<command::Session, 3> sessions_;
  command::Session& a_ = sessions_[0];
  command::Session& b_ = sessions_[1];
};

TEST_F(TrackingTest, AReaderHearsOfTheFirstChangeOnly) {
  Track(a_);
  Read(a_, "k");
  EXPECT_EQ(keyspace_.tracking().keys.load(), 1u);
  Change(b_.id, {"k"});
  EXPECT_EQ(Heard(a_), ">2 $10 invalidate *1 $1 k ");
  Change(b_.id, {"k"});
  EXPECT_EQ(Heard(a_), "");
  EXPECT_EQ(keyspace_.tracking().keys.load(), 0u);
  EXPECT_EQ(keyspace_.tracking().items.load(), 0u);
}

TEST_F(TrackingTest, NoLoopSparesWhoChangedTheKey) {
  Track(a_, {.no_loop = true});
  Track(b_);
  for (const command::Session& session : {a_, b_}) Read(session, "k");
  Change(a_.id, {"k"});
  EXPECT_EQ(Heard(a_), "");
  EXPECT_EQ(Heard(b_), ">2 $10 invalidate *1 $1 k ");
}

TEST_F(TrackingTest, AnExpiredKeyIsNobodysChange) {
  Track(a_, {.no_loop = true});
  Read(a_, "k");
  InTransaction("k", [&](const Key& key) {
    txn_.set_source(a_.id);
    txn_.Expire(0, key, txn_.PutString(0, key, nullptr, "v"));
  });
  EXPECT_EQ(Heard(a_), ">2 $10 invalidate *1 $1 k ");
}

TEST_F(TrackingTest, FollowersOfAPrefixGetOneMessagePerUnit) {
  Track(a_, {.broadcast = true}, {"user:", "job:"});
  Track(b_, {.broadcast = true, .no_loop = true}, {"user:"});
  EXPECT_EQ(tracking_.PrefixCount(), 2u);
  Change(b_.id, {"user:1", "other", "user:2", "user:1"});
  EXPECT_EQ(Heard(a_), ">2 $10 invalidate *2 $6 user:1 $6 user:2 ");
  EXPECT_EQ(Heard(b_), "");
  tracking_.Stop(a_);
  tracking_.Stop(b_);
  EXPECT_EQ(tracking_.PrefixCount(), 0u);
  EXPECT_EQ(keyspace_.tracking().broadcasts.load(), 0u);
}

TEST_F(TrackingTest, Resp2HearsNothingAndAGoneRedirectIsReported) {
  a_.protocol = 2;
  Track(a_);
  Read(a_, "k");
  Change(b_.id, {"k"});
  EXPECT_EQ(Heard(a_), "");
  Track(b_, {.redirect = 77});  // There are no clients that it could be.
  Read(b_, "k");
  Change(a_.id, {"k"});
  EXPECT_EQ(Heard(b_), ">2 $21 tracking-redir-broken :77 ");
  EXPECT_TRUE(tracking_.IsRedirectBroken(b_.id));
}

TEST_F(TrackingTest, AFlushTellsEverybodyAndForgetsAllReaders) {
  Track(a_);
  Track(b_, {.broadcast = true}, {"x"});
  Read(a_, "k");
  txn_.Begin(clock_.UnixMillis());
  ASSERT_TRUE(txn_.TryEnterLane());
  txn_.LockAllInLane();
  txn_.FlushTracked();
  txn_.Commit();
  txn_.Unlock();
  EXPECT_EQ(Heard(a_), ">2 $10 invalidate _ ");
  EXPECT_EQ(Heard(b_), ">2 $10 invalidate _ ");
  EXPECT_EQ(keyspace_.tracking().keys.load(), 0u);
}

// The bound on the table: what does not fit is invalidated, here into the reply that is about to be written.
TEST_F(TrackingTest, ATableThatIsTooLargeLosesKeys) {
  settings_.tracking_table_max_keys.set(2);
  Track(a_);
  for (std::string_view key : {"a", "b", "c", "d", "e"}) Read(a_, key);
  EXPECT_TRUE(keyspace_.tracking().trim_wanted.load());
  store::DirectDelivery direct{a_.id, {}};
  txn_.set_direct(&direct);
  txn_.TrimTracked();
  txn_.set_direct(nullptr);
  EXPECT_EQ(keyspace_.tracking().keys.load(), 2u);
  EXPECT_FALSE(keyspace_.tracking().trim_wanted.load());
  EXPECT_EQ(Heard(a_), "");
  EXPECT_EQ(direct.bytes.size(), 3 * std::string_view(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n").size());
}

}  // namespace
}  // namespace tusk::pubsub
