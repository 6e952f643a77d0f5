// Transaction and Keyspace: effects of single writes, then many threads at once.
#include "store/transaction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/random.h"
#include "store/recording_observer.h"

namespace tusk::store {
namespace {

class Recorder : public RecordingObserver, public EventSink {
 public:
  void OnKeyEvent(EventClass, std::string_view event, std::string_view key, DbIndex) override {
    events.push_back(std::string(event) + " " + std::string(key));
  }
  void OnCommit(uint64_t number, std::span<const ChangeCommand> unit) override {
    numbers.push_back(number);
    for (const ChangeCommand& change : unit) changes.push_back(change.argv);
  }

  std::vector<std::string> events;
  std::vector<uint64_t> numbers;
  std::vector<std::vector<std::string>> changes;
};

class TransactionTest : public ::testing::Test {
 protected:
  TransactionTest() : keyspace_({.databases = 4, .clock = &clock_, .settings = &settings_}) {
    settings_.notify_keyspace_events.set(kEventAll | kEventKeyevent);
  }

  void Begin(Transaction& transaction, const Key& key) {
    transaction.Begin(clock_.UnixMillis());
    while (!transaction.TryLockOne(key.stripe())) std::this_thread::yield();
  }
  static void End(Transaction& transaction) {
    transaction.Commit();
    transaction.Unlock();
    transaction.Reset();
  }

  base::FakeClock clock_;
  Settings settings_;
  Keyspace keyspace_;
};

TEST_F(TransactionTest, AnExpiredKeyIsGoneForWhoeverLooks) {
  Recorder recorder;
  keyspace_.SetObserver(&recorder);
  keyspace_.AddRecorder();
  keyspace_.SetEventSink(&recorder);
  Transaction transaction(keyspace_);
  Key key = Key::Of("k");
  Begin(transaction, key);
  Entry& entry = transaction.PutString(0, key, nullptr, "v");
  transaction.SetDeadline(0, key, entry, clock_.UnixMillis() + 10);
  EXPECT_EQ(keyspace_.NextDeadline(key.stripe()), clock_.UnixMillis() + 10);
  End(transaction);
  recorder.events.clear();

  clock_.AdvanceMillis(9);
  Begin(transaction, key);
  EXPECT_NE(transaction.Find(0, key, Access::kRead), nullptr);
  End(transaction);
  clock_.AdvanceMillis(1);
  Begin(transaction, key);
  EXPECT_EQ(transaction.Find(0, key, Access::kRead), nullptr);
  End(transaction);
  EXPECT_EQ(recorder.events, (std::vector<std::string>{"expired k"}));
  EXPECT_EQ(recorder.changes, (std::vector<std::vector<std::string>>{{"DEL", "k"}}));
  EXPECT_EQ(keyspace_.counters().expired_keys.load(), 1u);
  EXPECT_EQ(keyspace_.Size(0), 0u);
  EXPECT_EQ(keyspace_.NextDeadline(key.stripe()), INT64_MAX);
}

TEST_F(TransactionTest, OnlyReadsCountAsLookups) {
  Transaction transaction(keyspace_);
  Key key = Key::Of("k");
  Begin(transaction, key);
  transaction.PutString(0, key, nullptr, "v");
  transaction.Find(0, key, Access::kRead);
  transaction.Find(0, key, Access::kReadUntouched);
  transaction.Find(0, key, Access::kWrite);
  transaction.Find(0, key, Access::kPeek);
  transaction.Find(1, key, Access::kRead);
  End(transaction);
  Transaction::Lookups lookups = transaction.TakeLookups();
  EXPECT_EQ(lookups.hits, 2u);
  EXPECT_EQ(lookups.misses, 1u);
}

TEST_F(TransactionTest, LooksMoveTheAccessClockUnlessTheyPeek) {
  Transaction transaction(keyspace_);
  Key key = Key::Of("k");
  Begin(transaction, key);
  uint32_t created = transaction.PutString(0, key, nullptr, "v").access();
  End(transaction);
  clock_.AdvanceMillis(5000);
  Begin(transaction, key);
  EXPECT_EQ(transaction.Find(0, key, Access::kPeek)->access(), created);
  EXPECT_EQ(transaction.Find(0, key, Access::kReadUntouched)->access(), created);
  EXPECT_EQ(transaction.Find(0, key, Access::kRead)->access(), created + 5);
  End(transaction);
}

TEST_F(TransactionTest, TouchFailsWatchersOfThatKeyInThatDatabaseOnly) {
  Transaction transaction(keyspace_);
  Key key = Key::Of("k");
  Begin(transaction, key);
  Stripe& stripe = keyspace_.StripeOf(key);
  auto here = std::make_shared<WatchState>();
  auto elsewhere = std::make_shared<WatchState>();
  stripe.watchers[DbKey{0, "k"}].push_back(here);
  stripe.watchers[DbKey{1, "k"}].push_back(elsewhere);
  stripe.watched_keys = 2;
  transaction.Touch(0, key);
  EXPECT_TRUE(here->dirty.load());
  EXPECT_FALSE(elsewhere->dirty.load());
  End(transaction);
}

TEST_F(TransactionTest, TouchMarksWaitedKeysReadyOnce) {
  Transaction transaction(keyspace_);
  Key key = Key::Of("k");
  Begin(transaction, key);
  Stripe& stripe = keyspace_.StripeOf(key);
  stripe.waiters[DbKey{0, "k"}].push_back(std::make_shared<Waiter>());
  stripe.waited_keys = 1;
  transaction.Touch(0, key);
  transaction.Touch(0, key);
  transaction.Touch(1, key);
  ASSERT_EQ(transaction.ready_keys().size(), 1u);
  EXPECT_EQ(transaction.ready_keys()[0].key, "k");
  EXPECT_EQ(transaction.dirty(), 3u);
  End(transaction);
  EXPECT_EQ(keyspace_.change_counts().Unsaved(), 3u);
}

TEST_F(TransactionTest, WithoutAnObserverOrChangesNothingIsCommitted) {
  Recorder recorder;
  Transaction transaction(keyspace_);
  Key key = Key::Of("k");
  Begin(transaction, key);
  EXPECT_FALSE(transaction.wants_changes());
  End(transaction);
  keyspace_.SetObserver(&recorder);
  keyspace_.AddRecorder();
  Begin(transaction, key);
  End(transaction);
  EXPECT_TRUE(recorder.numbers.empty());
  Begin(transaction, key);
  transaction.AddChange(0, {"SET", "k", "v"});
  transaction.AddChange(0, {"DEL", "k"});
  End(transaction);
  EXPECT_EQ(recorder.numbers.size(), 1u);
  EXPECT_EQ(recorder.changes.size(), 2u);
}

TEST_F(TransactionTest, ABusyStripeMakesTryLockGiveEverythingBack) {
  Transaction holder(keyspace_);
  Transaction other(keyspace_);
  holder.Begin(0);
  other.Begin(0);
  ASSERT_TRUE(holder.TryLockOne(5));
  uint16_t wanted[] = {3, 5, 7};
  EXPECT_EQ(other.TryLock(wanted), 5u);
  EXPECT_EQ(other.held_count(), 0u);
  EXPECT_FALSE(keyspace_.stripe(3).lock.held());
  holder.Unlock();
  EXPECT_EQ(other.TryLock(wanted), Transaction::kNothingBusy);
  EXPECT_TRUE(other.Holds(7));
  EXPECT_FALSE(other.Holds(6));
  other.Unlock();
}

TEST_F(TransactionTest, ReachLocksFurtherStripesInTheLaneOnly) {
  Transaction transaction(keyspace_);
  Key first = Key::Of("a");
  Key second = Key::Of("b");
  ASSERT_NE(first.stripe(), second.stripe());
  Begin(transaction, first);
  EXPECT_TRUE(transaction.Reach(first));
  EXPECT_FALSE(transaction.Reach(second));
  transaction.Unlock();
  transaction.Begin(0);
  ASSERT_TRUE(transaction.TryEnterLane());
  EXPECT_TRUE(transaction.Reach(first));
  EXPECT_TRUE(transaction.Reach(second));
  EXPECT_EQ(transaction.held_count(), 2u);
  Transaction other(keyspace_);
  EXPECT_FALSE(other.TryEnterLane());
  transaction.Unlock();
  EXPECT_TRUE(other.TryEnterLane());
}

// ---- Threads ----

constexpr int kThreads = 4;
constexpr int kAccounts = 32;
constexpr int64_t kInitial = 1000;

std::string AccountName(uint64_t i) { return "account:" + std::to_string(i); }

void AddTo(Transaction& transaction, const std::string& name, int64_t amount) {
  Key key = Key::Of(name);
  Entry* entry = transaction.Find(0, key, Access::kWrite);
  transaction.PutInteger(0, key, entry, entry->integer() + amount);
}

// Moves an amount between two accounts, in one of the ways in which commands lock.
class Teller {
 public:
  Teller(Keyspace& keyspace, uint64_t seed) : transaction_(keyspace), random_(seed) {}

  void Transfer() {
    std::string from = AccountName(random_.Below(kAccounts));
    std::string to = AccountName(random_.Below(kAccounts));
    auto amount = static_cast<int64_t>(random_.Below(10));
    transaction_.Begin(0);
    switch (random_.Below(8)) {
      case 0: InLane(from, to); break;
      case 1: Everything(); break;
      default: Declared(from, to); break;
    }
    AddTo(transaction_, from, -amount);
    AddTo(transaction_, to, amount);
    transaction_.Commit();
    transaction_.Unlock();
  }

 private:
  void Declared(const std::string& from, const std::string& to) {
    std::vector<uint16_t> stripes = {static_cast<uint16_t>(Key::Of(from).stripe()),
                                     static_cast<uint16_t>(Key::Of(to).stripe())};
    std::sort(stripes.begin(), stripes.end());
    stripes.erase(std::unique(stripes.begin(), stripes.end()), stripes.end());
    while (transaction_.TryLock(stripes) != Transaction::kNothingBusy) std::this_thread::yield();
  }
  void InLane(const std::string& from, const std::string& to) {
    transaction_.EnterLaneBlocking();
    ASSERT_TRUE(transaction_.Reach(Key::Of(to)));
    ASSERT_TRUE(transaction_.Reach(Key::Of(from)));
  }
  void Everything() {
    transaction_.EnterLaneBlocking();
    transaction_.LockAllInLane();
    ASSERT_TRUE(transaction_.holds_all());
  }

  Transaction transaction_;
  base::Random random_;
};

TEST_F(TransactionTest, TransfersByManyThreadsKeepTheSum) {
  Transaction transaction(keyspace_);
  for (uint64_t i = 0; i < kAccounts; ++i) {
    std::string name = AccountName(i);
    Key key = Key::Of(name);
    Begin(transaction, key);
    transaction.PutInteger(0, key, nullptr, kInitial);
    End(transaction);
  }
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      Teller teller(keyspace_, static_cast<uint64_t>(t));
      for (int i = 0; i < 3000; ++i) teller.Transfer();
    });
  }
  threads.clear();
  int64_t sum = 0;
  for (uint64_t i = 0; i < kAccounts; ++i) {
    std::string name = AccountName(i);
    Key key = Key::Of(name);
    Begin(transaction, key);
    sum += transaction.Find(0, key, Access::kPeek)->integer();
    End(transaction);
  }
  EXPECT_EQ(sum, kInitial * kAccounts);
}

class CountingTarget : public WakeTarget {
 public:
  void WakeParked(uint64_t) noexcept override {
    wakes.fetch_add(1, std::memory_order_release);
    wakes.notify_all();
  }
  std::atomic<uint32_t> wakes{0};
};

// Each thread parks when it finds the stripe busy and sleeps until it is woken: a lost wake-up would hang the test.
TEST_F(TransactionTest, NoParkedCommandIsForgotten) {
  constexpr int kRounds = 2000;
  constexpr size_t kStripe = 9;
  uint64_t counter = 0;  // Guarded by the stripe.
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      CountingTarget target;
      Transaction transaction(keyspace_);
      for (int i = 0; i < kRounds; ++i) {
        transaction.Begin(0);
        uint32_t seen = target.wakes.load(std::memory_order_acquire);
        while (!transaction.TryLockOne(kStripe)) {
          if (keyspace_.parking().Park(kStripe, keyspace_.stripe(kStripe).lock, target, 1)) {
            target.wakes.wait(seen, std::memory_order_acquire);
            seen = target.wakes.load(std::memory_order_acquire);
          }
        }
        ++counter;
        if (i % 64 == 0) std::this_thread::yield();
        transaction.Unlock();
      }
    });
  }
  threads.clear();
  EXPECT_EQ(counter, uint64_t{kThreads} * kRounds);
}

// Readers of sizes need no lock while others write, create databases and flush.
TEST_F(TransactionTest, SizesMayBeReadWhileOthersWrite) {
  std::atomic<bool> stop{false};
  std::jthread reader([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      for (DbIndex db = 0; db < 4; ++db) ASSERT_LE(keyspace_.Size(db), 600u);
      ASSERT_GE(keyspace_.Deadlines(0).average_ttl_ms, 0);
    }
  });
  {
    std::vector<std::jthread> writers;
    for (int t = 0; t < 2; ++t) {
      writers.emplace_back([this, t] {
        Transaction transaction(keyspace_);
        for (int i = 0; i < 3000; ++i) {
          std::string name = std::to_string(t) + ":" + std::to_string(i % 300);
          Key key = Key::Of(name);
          auto db = static_cast<DbIndex>(i % 4);
          Begin(transaction, key);
          if (Entry* entry = transaction.Find(db, key, Access::kWrite)) {
            transaction.Delete(db, key, *entry, true);
          } else {
            Entry& fresh = transaction.PutString(db, key, nullptr, "x");
            transaction.SetDeadline(db, key, fresh, clock_.UnixMillis() + 1000);
          }
          End(transaction);
        }
      });
    }
  }
  stop.store(true, std::memory_order_relaxed);
}

}  // namespace
}  // namespace tusk::store
