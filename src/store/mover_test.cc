// The mover beside ordinary work: what lies in marked pages moves, nothing is lost, and pages come free.
#include "store/mover.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/cells.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "store/transaction.h"
#include "types/hash.h"
#include "types/set.h"

namespace tusk::store {
namespace {

// Time passes with each look, so that slices end.
class TickingClock final : public base::Clock {
 public:
  int64_t UnixMicros() const noexcept override { return MonotonicMicros(); }
  int64_t MonotonicMicros() const noexcept override { return micros_.fetch_add(20, std::memory_order_relaxed); }
  void AdvanceMicros(int64_t us) noexcept { micros_.fetch_add(us, std::memory_order_relaxed); }

 private:
  mutable std::atomic<int64_t> micros_{1'700'000'000'000'000};  // Publishes nothing but itself: relaxed.
};

class MoverTest : public testing::Test {
 protected:
  MoverTest() : keyspace_({.clock = &clock_, .settings = &settings_}), transaction_(keyspace_) {
    settings_.active_defrag_ignore_bytes.set(1);
  }
  void SetUp() override {
    base::Free(base::Allocate(8));  // From here on there are cells, in builds that have them.
  }

  static std::string Name(int i) { return "key:" + std::to_string(i); }
  static std::string Text(int i) { return std::string(static_cast<size_t>(i % 60), static_cast<char>('a' + i % 26)); }

  // Runs what `act(shard, key, entry)` does under the key's lock.
  template <typename Act>
  void With(Transaction& transaction, const std::string& name, Act act) {
    const Key key = Key::Of(name);
    transaction.Begin(clock_.UnixMillis());
    transaction.LockOneBlocking(key.stripe());
    Shard& shard = keyspace_.stripe(key.stripe()).ShardFor(0);
    act(shard, key, shard.Find(key));
    transaction.Unlock();
  }
  void Put(Transaction& transaction, int i) {
    With(transaction, Name(i), [i](Shard& shard, const Key& key, Entry* entry) {
      switch (i % 8) {
        case 5: {
          auto hash = std::make_unique<types::Hash>();
          for (int j = 0; j < 5; ++j) hash->Put("field" + std::to_string(j), Text(i + j), {});
          shard.Put(key, entry, Value::Object(std::move(hash)), nullptr);
          return;
        }
        case 6: {
          auto set = std::make_unique<types::Set>();
          for (int j = 0; j < 5; ++j) set->Add(std::to_string(i + j), {});
          shard.Put(key, entry, Value::Object(std::move(set)), nullptr);
          return;
        }
        case 7: {
          Entry& put = shard.PutString(key, entry, Text(i), nullptr);
          shard.SetDeadline(key, put, i);
          return;
        }
        default: shard.PutString(key, entry, i % 8 == 4 ? std::string(300, 'x') : Text(i), nullptr);
      }
    });
  }
  void Verify(int i) {
    With(transaction_, Name(i), [i](Shard&, const Key&, Entry* entry) {
      ASSERT_NE(entry, nullptr) << i;
      ASSERT_EQ(entry->key(), Name(i));
      Entry::TextBuffer buffer;
      switch (i % 8) {
        case 4: ASSERT_EQ(entry->text(buffer), std::string(300, 'x')); return;
        case 5:
          for (int j = 0; j < 5; ++j) {
            ASSERT_EQ(entry->object<types::Hash>().Get("field" + std::to_string(j))->ToString(), Text(i + j));
          }
          return;
        case 6:
          for (int j = 0; j < 5; ++j) ASSERT_TRUE(entry->object<types::Set>().Contains(std::to_string(i + j)));
          return;
        case 7: ASSERT_EQ(entry->deadline_ms(), i); [[fallthrough]];
        default: ASSERT_EQ(entry->text(buffer), Text(i));
      }
    });
  }
  void Delete(Transaction& transaction, int i) {
    With(transaction, Name(i), [](Shard& shard, const Key& key, Entry* entry) {
      if (entry) shard.Delete(key, *entry, nullptr);
    });
  }
  // Until a round has begun and ended, or none begins.
  void RunRound() {
    const uint64_t rounds = keyspace_.mover().counters().rounds;
    bool began = false;
    for (int i = 0; i < 100'000; ++i) {
      clock_.AdvanceMicros(keyspace_.mover().Step(share_, transaction_, clock_.MonotonicMicros()));
      began = began || keyspace_.mover().counters().rounds != rounds;
      if (began && keyspace_.mover().counters().percent == 0) return;
    }
  }

  TickingClock clock_;
  Settings settings_;
  Keyspace keyspace_;
  Transaction transaction_;
  Mover::Share share_{0, 1};
};

TEST_F(MoverTest, PagesOfDeletedKeysComeFreeAndNothingIsLost) {
  constexpr int kKeys = 100'000;
  for (int i = 0; i < kKeys; ++i) Put(transaction_, i);
  const size_t full = base::Cells() ? base::Cells()->figures().pages_used : 0;
  for (int i = 0; i < kKeys; ++i) {
    if (i % 5 != 0) Delete(transaction_, i);
  }
  RunRound();
  for (int i = 0; i < kKeys; i += 5) ASSERT_NO_FATAL_FAILURE(Verify(i));
  if (!base::Cells()) return;
  EXPECT_GT(keyspace_.mover().counters().keys_moved, 1000u);
  EXPECT_LT(base::Cells()->figures().pages_used, full * 2 / 5);
  EXPECT_EQ(base::Cells()->round(), 0u);
}

TEST_F(MoverTest, NothingMovesWhileItIsOff) {
  settings_.active_defrag.set(false);
  for (int i = 0; i < 20'000; ++i) Put(transaction_, i);
  for (int i = 0; i < 20'000; ++i) {
    if (i % 5 != 0) Delete(transaction_, i);
  }
  for (int i = 0; i < 100; ++i) clock_.AdvanceMicros(keyspace_.mover().Step(share_, transaction_, clock_.MonotonicMicros()));
  EXPECT_EQ(keyspace_.mover().counters().rounds, 0u);
}

TEST_F(MoverTest, ABusyStripeIsLeftAndTheRoundEnds) {
  constexpr int kKeys = 50'000;
  for (int i = 0; i < kKeys; ++i) Put(transaction_, i);
  for (int i = 0; i < kKeys; ++i) {
    if (i % 5 != 0) Delete(transaction_, i);
  }
  Transaction other(keyspace_);
  other.Begin(0);
  ASSERT_TRUE(other.TryLockOne(7));
  RunRound();
  EXPECT_EQ(keyspace_.mover().counters().keys_moved > 1000u, base::Cells() != nullptr);
  EXPECT_EQ(keyspace_.mover().counters().percent, 0u);
  other.Unlock();
}

// The settings' two thresholds and the effort between them.
TEST_F(MoverTest, EffortGrowsBetweenTheThresholds) {
  settings_.active_defrag_ignore_bytes.set(100);
  const auto effort = [this](size_t used, size_t spare) {
    return Mover::EffortFor(used + spare, spare, settings_);
  };
  EXPECT_EQ(effort(10'000, 99), 0u);
  EXPECT_EQ(effort(10'000, 999), 0u);
  EXPECT_EQ(effort(10'000, 1'000), 1u);
  EXPECT_EQ(effort(10'000, 5'500), 13u);
  EXPECT_EQ(effort(10'000, 10'000), 25u);
  EXPECT_EQ(effort(10'000, 90'000), 25u);
}

// Two movers' shares beside threads that write and delete the same keys; for ThreadSanitizer above all.
TEST_F(MoverTest, MovesBesideWriters) {
  constexpr int kKeys = 8'000;
  for (int i = 0; i < kKeys; ++i) Put(transaction_, i);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      Transaction transaction(keyspace_);
      base::Random random(static_cast<uint64_t>(t) + 1);
      for (int n = 0; n < 30'000; ++n) {
        // Keys that divide by 16 are never deleted.
        const int i = static_cast<int>(random.Below(kKeys));
        i % 16 == 0 || random.Below(3) == 0 ? Put(transaction, i) : Delete(transaction, i);
      }
    });
  }
  for (size_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      Transaction transaction(keyspace_);
      Mover::Share share(t, 2);
      for (int64_t now_us = 0; !stop.load(std::memory_order_relaxed); now_us += Mover::kRestMicros) {
        keyspace_.mover().Hurry();
        keyspace_.mover().Step(share, transaction, now_us);
      }
    });
  }
  threads[0].join();
  threads[1].join();
  stop = true;
  threads[2].join();
  threads[3].join();
  for (int i = 0; i < kKeys; i += 16) ASSERT_NO_FATAL_FAILURE(Verify(i));
}

}  // namespace
}  // namespace tusk::store
