// Shard and the ExpiryIndex in it, against a std::map.
#include "store/shard.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/cells.h"
#include "base/random.h"
#include "store/reclaimer.h"
#include "types/list.h"

namespace tusk::store {
namespace {

uint64_t TestSeed() {
  const char* text = getenv("TUSK_TEST_SEED");
  uint64_t seed = text ? strtoull(text, nullptr, 10) : base::SecureRandom64();
  printf("seed %llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

std::string TextOf(const Entry& entry) {
  Entry::TextBuffer buffer;
  return std::string(entry.text(buffer));
}

// A text of any layout: integer, embedded, raw.
std::string AnyText(base::Random& random) {
  switch (random.Below(4)) {
    case 0: return std::to_string(static_cast<int64_t>(random.Next() >> random.Below(64)));
    case 1: return std::string(random.Below(40), static_cast<char>('a' + random.Below(26)));
    case 2: return std::string(random.Below(kEmbeddedMax + 2), static_cast<char>('a' + random.Below(26)));
    default: return std::string(kEmbeddedMax + random.Below(2000), static_cast<char>('a' + random.Below(26)));
  }
}

// What a shard should hold.
struct Expected {
  std::string text;  // Of a list: its only element.
  bool is_list = false;
  std::optional<int64_t> deadline_ms;
};

class ShardModel {
 public:
  explicit ShardModel(uint64_t seed) : random_(seed) {}

  void Step() {
    std::string name = "key:" + std::to_string(random_.Below(kNames));
    Key key = Key::Of(name);
    Entry* entry = shard_.Find(key);
    ASSERT_EQ(entry != nullptr, model_.contains(name));
    switch (random_.Below(10)) {
      case 9: return MoveAll();
      case 0:
      case 1: return Put(name, key, entry);
      case 2: return PutList(name, key, entry);
      case 3: return PutInteger(name, key, entry);
      case 4: return entry ? Append(name, key, entry) : void();
      case 5:
      case 6: return entry ? SetDeadline(name, key, *entry) : void();
      case 7: return entry ? ClearDeadline(name, key, *entry) : void();
      default: return entry ? Remove(name, key, *entry) : void();
    }
  }

  void Verify() {
    ASSERT_EQ(shard_.size(), model_.size());
    std::multiset<int64_t> deadlines;
    for (const auto& [name, expected] : model_) {
      Entry* entry = shard_.Find(Key::Of(name));
      ASSERT_NE(entry, nullptr) << name;
      ASSERT_EQ(entry->key(), name);
      ASSERT_EQ(entry->has_deadline(), expected.deadline_ms.has_value());
      ASSERT_EQ(entry->deadline_ms(), expected.deadline_ms.value_or(Entry::kNoDeadline));
      if (expected.deadline_ms) deadlines.insert(*expected.deadline_ms);
      ASSERT_EQ(entry->type(), expected.is_list ? Type::kList : Type::kString);
      std::string text = expected.is_list ? entry->object<types::List>().First().Get().ToString() : TextOf(*entry);
      ASSERT_EQ(text, expected.text);
    }
    ASSERT_EQ(shard_.volatile_size(), deadlines.size());
    ASSERT_EQ(shard_.expiry().first_deadline_ms(), deadlines.empty() ? INT64_MAX : *deadlines.begin());
  }

  // Takes keys out in the order of their deadlines, as the timer does.
  void Drain() {
    int64_t last = INT64_MIN;
    while (!shard_.expiry().empty()) {
      Entry& entry = shard_.expiry().first();
      ASSERT_GE(entry.deadline_ms(), last);
      last = entry.deadline_ms();
      std::string name(entry.key());
      shard_.Delete(Key::Of(name), entry, nullptr);
      ASSERT_EQ(model_.erase(name), 1u);
    }
  }

  Shard& shard() { return shard_; }
  size_t size() const { return model_.size(); }

 private:
  static constexpr uint64_t kNames = 200;

  // Every block of every key, as the mover does.
  void MoveAll() {
    if (random_.Below(20) != 0) return;
    base::MoveEverything(true);
    Shard::Moved moved;
    uint64_t cursor = 0;
    do {
      cursor = shard_.MoveSome(cursor, SIZE_MAX, moved);
    } while (cursor != 0);
    base::MoveEverything(false);
    ASSERT_EQ(moved.looked_at, model_.size());
    ASSERT_EQ(moved.keys, model_.size());
  }
  void Put(const std::string& name, const Key& key, Entry* entry) {
    std::string text = AnyText(random_);
    Entry& result = random_.Below(2) ? shard_.PutString(key, entry, text, nullptr)
                                     : shard_.Put(key, entry, Value::String(text), &reclaimer_);
    ASSERT_EQ(&result, shard_.Find(key));
    Set(name, text, false);
  }
  void PutList(const std::string& name, const Key& key, Entry* entry) {
    auto list = std::make_unique<types::List>();
    std::string text = AnyText(random_);
    list->Push(types::ListEnd::kTail, text, {});
    shard_.Put(key, entry, Value::Object(std::move(list)), &reclaimer_);
    Set(name, text, true);
  }
  void PutInteger(const std::string& name, const Key& key, Entry* entry) {
    auto value = static_cast<int64_t>(random_.Next());
    shard_.PutInteger(key, entry, value, nullptr);
    Set(name, std::to_string(value), false);
  }
  void Append(const std::string& name, const Key& key, Entry* entry) {
    Expected& expected = model_[name];
    if (expected.is_list) return;
    std::string more = AnyText(random_);
    size_t old = expected.text.size();
    char* bytes = shard_.MutableString(key, entry, old + more.size());
    ASSERT_EQ(entry, shard_.Find(key));
    for (size_t i = old; i < old + more.size(); ++i) ASSERT_EQ(bytes[i], '\0');
    more.copy(bytes + old, more.size());
    expected.text += more;
    ASSERT_EQ(entry->EncodingName(), "raw");
  }
  void SetDeadline(const std::string& name, const Key& key, Entry& entry) {
    auto deadline = static_cast<int64_t>(random_.Below(1000));
    Entry& result = shard_.SetDeadline(key, entry, deadline);
    ASSERT_EQ(&result, shard_.Find(key));
    model_[name].deadline_ms = deadline;
  }
  void ClearDeadline(const std::string& name, const Key& key, Entry& entry) {
    Entry& result = shard_.ClearDeadline(key, entry);
    ASSERT_EQ(&result, shard_.Find(key));
    model_[name].deadline_ms.reset();
  }
  // Deletes, or renames as RENAME does.
  void Remove(const std::string& name, const Key& key, Entry& entry) {
    if (random_.Below(2)) {
      shard_.Delete(key, entry, random_.Below(2) ? &reclaimer_ : nullptr);
      model_.erase(name);
      return;
    }
    std::string other = "renamed:" + std::to_string(random_.Below(20));
    Value value = shard_.Take(key, entry);
    Key to = Key::Of(other);
    Entry* target = shard_.Find(to);
    shard_.Put(to, target, std::move(value), nullptr);
    Expected moved = model_[name];
    model_.erase(name);
    // Put() leaves the deadline of the key alone.
    moved.deadline_ms = target ? model_[other].deadline_ms : std::nullopt;
    model_[other] = moved;
  }
  void Set(const std::string& name, const std::string& text, bool is_list) {
    model_[name].text = text;
    model_[name].is_list = is_list;
  }

  base::Random random_;
  Reclaimer reclaimer_;
  Shard shard_;
  std::map<std::string, Expected> model_;
};

TEST(ShardTest, BehavesLikeAMapUnderRandomOperations) {
  ShardModel model(TestSeed());
  for (int i = 0; i < 30'000; ++i) {
    model.Step();
    if (testing::Test::HasFatalFailure()) return;
    if (i % 500 == 0) model.Verify();
    if (testing::Test::HasFatalFailure()) return;
  }
  model.Verify();
  model.Drain();
  model.Verify();
}

TEST(ShardTest, SwapExchangesKeysAndDeadlines) {
  ShardModel model(TestSeed());
  for (int i = 0; i < 500; ++i) model.Step();
  Shard other;
  Key key = Key::Of("other");
  other.PutString(key, nullptr, "x", nullptr);
  int64_t first = model.shard().expiry().first_deadline_ms();
  uint64_t size = model.shard().size();
  model.shard().Swap(other);
  EXPECT_EQ(model.shard().size(), 1u);
  EXPECT_EQ(model.shard().volatile_size(), 0u);
  EXPECT_EQ(other.size(), size);
  EXPECT_EQ(other.expiry().first_deadline_ms(), first);
  model.shard().Swap(other);
  model.Verify();
}

TEST(ShardTest, ClearForgetsEverything) {
  ShardModel model(TestSeed());
  for (int i = 0; i < 500; ++i) model.Step();
  model.shard().Clear();
  EXPECT_EQ(model.shard().size(), 0u);
  EXPECT_EQ(model.shard().volatile_size(), 0u);
  EXPECT_EQ(model.shard().expiry().first_deadline_ms(), INT64_MAX);
}

// Lengths around the number of bits that the header has for them.
TEST(ShardTest, KeysOfAnyLengthHoldValuesOfAnyLayout) {
  constexpr size_t kBits23 = (1u << 23) - 1;
  for (size_t length : {size_t{0}, size_t{1}, size_t{255}, size_t{256}, kBits23 - 1, kBits23, kBits23 + 1}) {
    SCOPED_TRACE(length);
    Shard shard;
    std::string name(length, 'k');
    Key key = Key::Of(name);
    Entry* entry = &shard.PutString(key, nullptr, "first", nullptr);
    auto expect = [&](std::string_view text, int64_t deadline_ms) {
      ASSERT_EQ(shard.Find(key), entry);
      EXPECT_TRUE(entry->key() == name);
      EXPECT_EQ(TextOf(*entry), text);
      EXPECT_EQ(entry->deadline_ms(), deadline_ms);
    };
    expect("first", Entry::kNoDeadline);
    entry = &shard.SetDeadline(key, *entry, 77);
    expect("first", 77);
    entry = &shard.PutString(key, entry, "-12345678901", nullptr);
    EXPECT_TRUE(entry->is_integer());
    expect("-12345678901", 77);
    const std::string raw(kEmbeddedMax + 1, 'r');
    entry = &shard.PutString(key, entry, raw, nullptr);
    expect(raw, 77);
    entry = &shard.ClearDeadline(key, *entry);
    expect(raw, Entry::kNoDeadline);
    const std::string largest(kEmbeddedMax, 'e');
    entry = &shard.PutString(key, entry, largest, nullptr);
    expect(largest, Entry::kNoDeadline);
    entry = &shard.PutString(key, entry, "", nullptr);
    expect("", Entry::kNoDeadline);
    shard.Delete(key, *entry, nullptr);
    EXPECT_TRUE(shard.empty());
  }
}

// The bytes of a value stay where they are when another of the same size comes.
TEST(ShardTest, AValueOfTheSameSizeIsWrittenInPlace) {
  Shard shard;
  Key key = Key::Of("key");
  Entry* entry = &shard.PutString(key, nullptr, "eight by", nullptr);
  EXPECT_EQ(&shard.PutString(key, entry, "eighttoo", nullptr), entry);
  EXPECT_EQ(TextOf(*entry), "eighttoo");
  // An integer's word is as large.
  EXPECT_EQ(&shard.PutString(key, entry, "42", nullptr), entry);
  EXPECT_EQ(entry->integer(), 42);
  EXPECT_EQ(&shard.PutText(key, entry, "42424242", nullptr), entry);
  EXPECT_FALSE(entry->is_integer());
  EXPECT_EQ(TextOf(*entry), "42424242");
}

TEST(ShardTest, EncodingNamesFollowRedis) {
  Shard shard;
  Key key = Key::Of("k");
  Entry* entry = &shard.PutString(key, nullptr, "123", nullptr);
  EXPECT_EQ(entry->EncodingName(), "int");
  entry = &shard.PutString(key, entry, std::string(kEmbstrNameMax, 'x'), nullptr);
  EXPECT_EQ(entry->EncodingName(), "embstr");
  entry = &shard.PutString(key, entry, std::string(kEmbstrNameMax + 1, 'x'), nullptr);
  EXPECT_EQ(entry->EncodingName(), "raw");
  entry = &shard.PutString(key, entry, "short", nullptr);
  shard.MutableString(key, entry, 6);
  EXPECT_EQ(entry->EncodingName(), "raw");
}

TEST(ShardTest, ATextWithADeadlineKeepsItThroughOverwriting) {
  Shard shard;
  Key key = Key::Of("k");
  Entry* entry = &shard.PutString(key, nullptr, "short", nullptr);
  entry = &shard.SetDeadline(key, *entry, 77);
  for (size_t size : {size_t{1}, size_t{150}, size_t{5000}, size_t{3}}) {
    entry = &shard.PutString(key, entry, std::string(size, 'x'), nullptr);
    EXPECT_EQ(entry->deadline_ms(), 77);
    EXPECT_EQ(&shard.expiry().first(), entry);
  }
}

}  // namespace
}  // namespace tusk::store
