#include "persist/key_placer.h"

#include <gtest/gtest.h>

#include <string>

#include "base/clock.h"

namespace tusk::persist {
namespace {

using base::Status;

class KeyPlacerTest : public testing::Test {
 protected:
  KeyPlacerTest() : keyspace_({.databases = 3, .clock = &clock_, .settings = &settings_}) {}

  static std::string KeyOf(int i) { return "key:" + std::to_string(i); }
  // Views into strings that die at once, as those of a file's reader do.
  static Status Add(KeyPlacer& placer, store::DbIndex db, const std::string& key, const std::string& text,
                    int64_t deadline_ms = store::Entry::kNoDeadline) {
    codec::LoadedKey loaded;
    std::string key_bytes = key, text_bytes = text;
    loaded.db = db;
    loaded.key = key_bytes;
    loaded.is_text = true;
    loaded.text = text_bytes;
    loaded.deadline_ms = deadline_ms;
    Status status = placer.Add(loaded, 7);
    std::fill(key_bytes.begin(), key_bytes.end(), '?');
    std::fill(text_bytes.begin(), text_bytes.end(), '?');
    return status;
  }
  std::string Text(store::DbIndex db, const std::string& key) {
    store::Transaction transaction(keyspace_);
    transaction.Begin(clock_.UnixMillis());
    store::Key found = store::Key::Of(key);
    transaction.LockOneBlocking(found.stripe());
    store::Entry* entry = transaction.Find(db, found, store::Access::kPeek);
    store::Entry::TextBuffer buffer;
    std::string text = entry ? std::string(entry->text(buffer)) : "(none)";
    transaction.Unlock();
    return text;
  }
  size_t Count() {
    size_t count = 0;
    for (size_t i = 0; i < store::kStripeCount; ++i) {
      for (store::DbIndex db = 0; db < 3; ++db) {
        if (const store::Shard* shard = keyspace_.stripe(i).FindShard(db)) count += shard->table().size();
      }
    }
    return count;
  }

  base::FakeClock clock_;
  store::Settings settings_;
  store::Keyspace keyspace_;
};

TEST_F(KeyPlacerTest, EveryKeyOfEveryBatchIsInItsPlaceWhateverTheNumberOfHelpers) {
  constexpr int kKeys = 20'000;
  for (size_t helpers : {size_t{0}, size_t{1}, KeyPlacer::kHelpersMax}) {
    store::DbIndex db = helpers == 0 ? 0 : helpers == 1 ? 1 : 2;
    {
      KeyPlacer placer(keyspace_, {}, helpers);
      for (int i = 0; i < kKeys; ++i) {
        // Some fill a batch by their bytes, some are too large for any.
        std::string text = i % 1000 == 0 ? std::string(KeyPlacer::kBatchBytes + i, 'x')
                           : i % 100 == 0 ? std::string(KeyPlacer::kBatchBytes / 3, 'y')
                                          : "value of " + std::to_string(i);
        ASSERT_TRUE(Add(placer, db, KeyOf(i), text).ok());
      }
      ASSERT_TRUE(placer.Finish().ok());
    }
    for (int i = 1; i < kKeys; i += 7) {
      if (i % 100 != 0) {
        ASSERT_EQ(Text(db, KeyOf(i)), "value of " + std::to_string(i)) << helpers;
      }
    }
    EXPECT_EQ(Text(db, KeyOf(1000)).size(), KeyPlacer::kBatchBytes + 1000);
    EXPECT_EQ(Text(db, KeyOf(100)).size(), KeyPlacer::kBatchBytes / 3);
  }
  EXPECT_EQ(Count(), 3u * kKeys);
}

TEST_F(KeyPlacerTest, AKeyThatIsThereAlreadyIsAnErrorThatNamesIt) {
  KeyPlacer placer(keyspace_, {}, 2);
  ASSERT_TRUE(Add(placer, 0, KeyOf(5), "first").ok());
  for (int i = 0; i < 5'000; ++i) {
    if (!Add(placer, 0, KeyOf(i), "second").ok()) break;
  }
  Status status = placer.Finish();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("offset 7: RDB has duplicated key 'key:5' in DB 0"), std::string::npos)
      << status.message();
  EXPECT_FALSE(Add(placer, 0, "another", "x").ok());
}

TEST_F(KeyPlacerTest, WithReplaceTheNewValueAndDeadlineStand) {
  {
    KeyPlacer placer(keyspace_, {}, 1);
    for (int i = 0; i < 3'000; ++i) ASSERT_TRUE(Add(placer, 0, KeyOf(i), "old").ok());
    ASSERT_TRUE(placer.Finish().ok());
  }
  KeyPlacer placer(keyspace_, {.replace = true}, 1);
  const int64_t later = clock_.UnixMillis() + 1000;
  for (int i = 0; i < 3'000; ++i) ASSERT_TRUE(Add(placer, 0, KeyOf(i), "new", i % 2 ? later : store::Entry::kNoDeadline).ok());
  ASSERT_TRUE(placer.Finish().ok());
  EXPECT_EQ(Count(), 3'000u);
  EXPECT_EQ(Text(0, KeyOf(0)), "new");
  EXPECT_EQ(Text(0, KeyOf(2'999)), "new");
  clock_.AdvanceMillis(2000);
  EXPECT_EQ(Text(0, KeyOf(2'998)), "new");
  EXPECT_EQ(Text(0, KeyOf(2'999)), "(none)");
}

TEST_F(KeyPlacerTest, AReaderThatGivesUpLeavesNoThreadBehind) {
  KeyPlacer placer(keyspace_, {}, 3);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(Add(placer, 0, KeyOf(i), "x").ok());
}

}  // namespace
}  // namespace tusk::persist
