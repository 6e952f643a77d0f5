#include "ds/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/hash.h"
#include "base/random.h"

namespace tusk::ds {
namespace {

struct Thing {
  uint64_t key;
  uint64_t value;
};

uint64_t HashOfKey(uint64_t key) {
  return base::SeededHash({reinterpret_cast<const char*>(&key), sizeof key}, 42);
}

struct ThingPolicy {
  using Item = Thing*;
  static uint64_t Hash(const Thing* thing) { return HashOfKey(thing->key); }
};

using ThingTable = Table<ThingPolicy>;
static_assert(sizeof(ThingTable) <= 24);

auto Is(uint64_t key) {
  return [key](const Thing* thing) { return thing->key == key; };
}

uint64_t TestSeed() {
  const char* text = getenv("TUSK_TEST_SEED");
  uint64_t seed = text ? strtoull(text, nullptr, 10) : base::SecureRandom64();
  printf("seed %llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

// A table, the things in it, and the model that says what it should hold.
class Model {
 public:
  void Put(uint64_t key, uint64_t value) {
    auto [it, is_new] = model_.try_emplace(key);
    auto slot = table_.FindSlot(HashOfKey(key), Is(key));
    ASSERT_EQ(static_cast<bool>(slot), !is_new);
    it->second = std::make_unique<Thing>(Thing{key, value});
    if (is_new) {
      table_.Insert(HashOfKey(key), it->second.get());
    } else {
      slot.Replace(it->second.get());
    }
  }
  void Erase(uint64_t key) {
    auto it = model_.find(key);
    Thing* erased = table_.Erase(HashOfKey(key), Is(key));
    ASSERT_EQ(erased, it == model_.end() ? nullptr : it->second.get());
    if (erased) model_.erase(it);
  }
  void CheckFind(uint64_t key) const {
    auto it = model_.find(key);
    ASSERT_EQ(table_.Find(HashOfKey(key), Is(key)), it == model_.end() ? nullptr : it->second.get());
  }
  void CheckAll() const {
    ASSERT_EQ(table_.size(), model_.size());
    for (const auto& [key, thing] : model_) ASSERT_EQ(table_.Find(HashOfKey(key), Is(key)), thing.get());
    std::unordered_set<uint64_t> seen;
    table_.ForEach([&](const Thing* thing) { EXPECT_TRUE(seen.insert(thing->key).second); });
    ASSERT_EQ(seen.size(), model_.size());
  }
  // Puts a copy in the place of some things at `cursor`; returns where to go on.
  uint64_t RelocateSome(uint64_t cursor, base::Random& random) {
    return table_.Relocate(cursor, [&](Thing* thing) {
      if (random.Below(2)) return thing;
      std::unique_ptr<Thing>& owner = model_[thing->key];
      EXPECT_EQ(owner.get(), thing);
      owner = std::make_unique<Thing>(*thing);
      return owner.get();
    });
  }
  ThingTable& table() { return table_; }
  const auto& model() const { return model_; }

 private:
  ThingTable table_;
  std::unordered_map<uint64_t, std::unique_ptr<Thing>> model_;
};

TEST(Table, AnswersLikeAMapThroughGrowthAndShrinking) {
  base::Random random(TestSeed());
  Model model;
  // Each wave of random operations leans towards growth or towards shrinking to its goal.
  for (uint64_t goal : {5u, 30u, 3u, 2000u, 100u, 100000u, 4000u, 1000000u, 50000u, 1000u, 0u}) {
    uint64_t key_range = std::max<uint64_t>(goal * 2, 64);
    for (;;) {
      bool grow = model.model().size() < goal;
      for (int i = 0; i < 64; ++i) {
        uint64_t key = random.Below(2'000'000) % (grow ? key_range : 2'000'000);
        uint64_t dice = random.Below(8);
        if (dice < (grow ? 5u : 2u)) {
          if (goal != 0 || grow) model.Put(key, random.Next());
        } else if (dice < 7 && !grow && !model.model().empty()) {
          model.Erase(model.table().RandomItem(random)->key);
        } else if (dice < 7) {
          model.Erase(key);
        } else {
          model.CheckFind(key);
        }
        if (HasFatalFailure()) return;
      }
      if (grow ? model.model().size() >= goal : model.model().size() <= goal) break;
    }
    model.CheckAll();
    if (HasFatalFailure()) return;
  }
  while (!model.model().empty()) model.Erase(model.model().begin()->first);
  EXPECT_EQ(model.table().MemoryBytes(), 0u);
  EXPECT_EQ(model.table().segment_count(), 0u);
}

TEST(Table, ScanReturnsWhatStaysWhateverElseHappens) {
  base::Random random(TestSeed());
  for (uint64_t others_max : {20u, 400u, 5000u, 20000u}) {
    Model model;
    for (uint64_t key = 0; key < 1000; ++key) model.Put(key, 0);
    std::unordered_set<uint64_t> seen;
    uint64_t cursor = 0;
    bool grow = true;
    do {
      cursor = model.table().Scan(cursor, [&](const Thing* thing) { seen.insert(thing->key); });
      uint64_t changes = random.Below(others_max);
      for (uint64_t i = 0; i < changes; ++i) {
        uint64_t key = 1000 + random.Below(others_max);
        if (grow) {
          model.Put(key, 1);
        } else {
          model.Erase(key);
        }
      }
      if (random.Below(4) == 0) grow = !grow;
    } while (cursor != 0);
    for (uint64_t key = 0; key < 1000; ++key) ASSERT_TRUE(seen.contains(key)) << key;
  }
}

TEST(Table, RelocatedItemsAreFoundWhateverElseHappens) {
  base::Random random(TestSeed());
  for (uint64_t others_max : {20u, 400u, 5000u, 20000u}) {
    Model model;
    uint64_t cursor = 0;
    bool grow = true;
    do {
      for (uint64_t i = random.Below(others_max); i-- > 0;) {
        const uint64_t key = random.Below(others_max);
        grow ? model.Put(key, 1) : model.Erase(key);
      }
      cursor = model.RelocateSome(cursor, random);
      if (random.Below(4) == 0) grow = !grow;
    } while (cursor != 0);
    model.CheckAll();
    if (HasFatalFailure()) return;
  }
}

TEST(Table, ScanOfAQuietTableReturnsEachItemOnce) {
  Model model;
  for (uint64_t key = 0; key < 20000; ++key) model.Put(key, 0);
  std::unordered_set<uint64_t> seen;
  uint64_t cursor = 0;
  int calls = 0;
  do {
    cursor = model.table().Scan(cursor, [&](const Thing* thing) { EXPECT_TRUE(seen.insert(thing->key).second); });
    ++calls;
  } while (cursor != 0);
  EXPECT_EQ(seen.size(), 20000u);
  EXPECT_LT(calls, 20000);
}

// Chi-square of 200 draws per item, against a bound that a fair draw passes but once in a million runs or so.
TEST(Table, RandomItemIsFair) {
  base::Random random(TestSeed());
  for (uint64_t count : {1u, 5u, 50u, 1500u, 5000u}) {
    Model model;
    for (uint64_t key = 0; key < count; ++key) model.Put(key, 0);
    std::vector<uint64_t> hits(count);
    for (uint64_t i = 0; i < count * 200; ++i) ++hits[model.table().RandomItem(random)->key];
    double chi = 0;
    for (uint64_t n : hits) chi += (static_cast<double>(n) - 200) * (static_cast<double>(n) - 200) / 200;
    double degrees = static_cast<double>(count - 1);
    EXPECT_LT(chi, degrees + 6 * std::sqrt(2 * degrees) + 20) << count;
  }
}

TEST(Table, MemoryFollowsTheItems) {
  ThingTable table;
  EXPECT_EQ(table.MemoryBytes(), 0u);
  std::deque<Thing> things;
  size_t peak = 0;
  for (uint64_t key = 0; key < 20000; ++key) {
    things.push_back({key, 0});
    table.Insert(HashOfKey(key), &things.back());
    if (key < 1000) continue;
    peak = table.MemoryBytes();
    ASSERT_LT(peak / (key + 1), 16u) << key;
  }
  for (uint64_t key = 0; key < things.size() - 100; ++key) table.Erase(HashOfKey(key), Is(key));
  EXPECT_LT(table.MemoryBytes(), peak / 50);
  EXPECT_EQ(table.segment_count(), 1u);
}

struct AlikePolicy {
  using Item = Thing*;
  static uint64_t Hash(const Thing*) { return 0xabcd'0000'0000'0000; }
};

TEST(Table, SurvivesHashesThatAreAllAlike) {
  Table<AlikePolicy> table;
  std::deque<Thing> things;
  for (uint64_t key = 0; key < 4000; ++key) {
    things.push_back({key, 0});
    table.Insert(AlikePolicy::Hash(nullptr), &things.back());
  }
  EXPECT_LE(table.global_depth(), 10u);
  for (uint64_t key = 0; key < 4000; ++key) ASSERT_NE(table.Find(AlikePolicy::Hash(nullptr), Is(key)), nullptr);
  for (uint64_t key = 0; key < 4000; ++key) ASSERT_NE(table.Erase(AlikePolicy::Hash(nullptr), Is(key)), nullptr);
  EXPECT_EQ(table.MemoryBytes(), 0u);
}

TEST(Table, SkipsTheBitsThatTheCallerSpent) {
  struct StripePolicy {
    using Item = Thing*;
    static uint64_t Hash(const Thing* thing) { return HashOfKey(thing->key) >> 10 | uint64_t{7} << 54; }
  };
  Table<StripePolicy> table(10);
  std::deque<Thing> things;
  for (uint64_t key = 0; key < 10000; ++key) {
    things.push_back({key, 0});
    table.Insert(StripePolicy::Hash(&things.back()), &things.back());
  }
  EXPECT_GT(table.segment_count(), 4u);
  for (const Thing& thing : things) ASSERT_EQ(table.Find(StripePolicy::Hash(&thing), Is(thing.key)), &thing);
}

TEST(Table, MovesAndClears) {
  std::deque<Thing> things{{1, 1}, {2, 2}};
  ThingTable a;
  for (Thing& thing : things) a.Insert(HashOfKey(thing.key), &thing);
  ThingTable b = std::move(a);
  EXPECT_EQ(a.size(), 0u);  // NOLINT(bugprone-use-after-move): emptied by contract
  EXPECT_EQ(b.size(), 2u);
  b.PrefetchBuckets(HashOfKey(1));
  b.PrefetchItems(HashOfKey(1));
  size_t released = 0;
  b.Clear([&](Thing*) { ++released; });
  EXPECT_EQ(released, 2u);
  EXPECT_EQ(b.MemoryBytes(), 0u);
}

}  // namespace
}  // namespace tusk::ds
