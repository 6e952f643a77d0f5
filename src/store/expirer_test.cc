// The timer that deletes keys at their deadline, and the background thread that frees what is big.
#include "store/expirer.h"

#include <gtest/gtest.h>

#include "store/transaction.h"
#include "types/list.h"

namespace tusk::store {
namespace {

class ExpirerTest : public ::testing::Test {
 protected:
  ExpirerTest() : keyspace_({.databases = 4, .clock = &clock_, .settings = &settings_}), transaction_(keyspace_) {}

  void Put(const std::string& name, DbIndex db, int64_t deadline_in_ms) {
    Key key = Key::Of(name);
    transaction_.Begin(clock_.UnixMillis());
    ASSERT_TRUE(transaction_.TryLockOne(key.stripe()));
    Entry& entry = transaction_.PutString(db, key, nullptr, "x");
    transaction_.SetDeadline(db, key, entry, clock_.UnixMillis() + deadline_in_ms);
    transaction_.Unlock();
  }
  // Until nothing is due.
  void RunAll(size_t share = 0, size_t shares = 1) {
    Expirer expirer(share, shares);
    while (expirer.Run(transaction_, clock_.UnixMillis()) == 0) {
    }
  }

  base::FakeClock clock_;
  Settings settings_;
  Keyspace keyspace_;
  Transaction transaction_;
};

TEST_F(ExpirerTest, DeletesWhatIsDueInEveryDatabaseAndNothingElse) {
  for (int i = 0; i < 3000; ++i) Put("due:" + std::to_string(i), static_cast<DbIndex>(i % 4), 10 + i % 5);
  for (int i = 0; i < 100; ++i) Put("later:" + std::to_string(i), 0, 1000);
  RunAll();
  EXPECT_EQ(keyspace_.counters().expired_keys.load(), 0u);
  clock_.AdvanceMillis(14);
  RunAll();
  EXPECT_EQ(keyspace_.counters().expired_keys.load(), 3000u);
  EXPECT_EQ(keyspace_.Size(0), 100u);
  EXPECT_EQ(keyspace_.Size(3), 0u);
}

TEST_F(ExpirerTest, SaysWhenItWantsToRunAgain) {
  Expirer expirer(0, 1);
  EXPECT_EQ(expirer.Run(transaction_, clock_.UnixMillis()), Expirer::kIdleMillisMax);
  Put("k", 0, Expirer::kIdleMillisMax - 2);
  EXPECT_EQ(expirer.Run(transaction_, clock_.UnixMillis()), Expirer::kIdleMillisMax - 2);
  clock_.AdvanceMillis(Expirer::kIdleMillisMax - 3);
  EXPECT_EQ(expirer.Run(transaction_, clock_.UnixMillis()), 1);
}

TEST_F(ExpirerTest, OneRunIsBounded) {
  for (int i = 0; i < Expirer::kKeysPerRunMax * 2; ++i) Put("k:" + std::to_string(i), 0, 1);
  clock_.AdvanceMillis(1);
  Expirer expirer(0, 1);
  EXPECT_EQ(expirer.Run(transaction_, clock_.UnixMillis()), 0);
  EXPECT_EQ(keyspace_.counters().expired_keys.load(), uint64_t{Expirer::kKeysPerRunMax});
}

TEST_F(ExpirerTest, SharesCoverAllStripesWithoutOverlap) {
  for (int i = 0; i < 2000; ++i) Put("k:" + std::to_string(i), 0, 1);
  clock_.AdvanceMillis(1);
  for (size_t share = 0; share < 3; ++share) RunAll(share, 3);
  EXPECT_EQ(keyspace_.Size(0), 0u);
}

TEST_F(ExpirerTest, RestsWhileExpiryIsTurnedOff) {
  settings_.active_expire.set(false);
  Put("k", 0, 1);
  clock_.AdvanceMillis(5);
  Expirer expirer(0, 1);
  EXPECT_EQ(expirer.Run(transaction_, clock_.UnixMillis()), Expirer::kIdleMillisMax);
  EXPECT_EQ(keyspace_.Size(0), 1u);
}

TEST_F(ExpirerTest, ABusyStripeIsLeftForTheNextRun) {
  Put("k", 0, 1);
  clock_.AdvanceMillis(1);
  Transaction holder(keyspace_);
  holder.Begin(0);
  ASSERT_TRUE(holder.TryLockOne(Key::Of("k").stripe()));
  Expirer expirer(0, 1);
  EXPECT_LE(expirer.Run(transaction_, clock_.UnixMillis()), 1);
  EXPECT_EQ(keyspace_.Size(0), 1u);
  holder.Unlock();
  RunAll();
  EXPECT_EQ(keyspace_.Size(0), 0u);
}

TEST(ReclaimerTest, FreesSmallValuesAtOnceAndBigOnesInTheBackground) {
  Reclaimer reclaimer;
  auto list_of = [](size_t count) {
    auto list = std::make_unique<types::List>();
    for (size_t i = 0; i < count; ++i) list->Push(types::ListEnd::kTail, "x", {});
    return Value::Object(std::move(list));
  };
  reclaimer.Reclaim(list_of(Reclaimer::kInlineEffortMax));
  EXPECT_EQ(reclaimer.pending_objects() + reclaimer.reclaimed_objects(), 0u);
  reclaimer.Reclaim(list_of(Reclaimer::kInlineEffortMax + 1));
  reclaimer.Drain();
  EXPECT_EQ(reclaimer.reclaimed_objects(), 1u);
  EXPECT_EQ(reclaimer.pending_objects(), 0u);
}

TEST(ReclaimerTest, DrainWaitsForWhatATaskOwns) {
  Reclaimer reclaimer;
  auto token = std::make_shared<int>(7);
  std::weak_ptr<int> watch = token;
  reclaimer.Run([owned = std::move(token)] {}, 1);
  reclaimer.Drain();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace tusk::store
