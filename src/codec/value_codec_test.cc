// Every encoding there and back, the old ones from bytes, and payloads that lie.
#include "codec/value_codec.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "codec/payload.h"
#include "codec/zip_list.h"
#include "store/shard.h"

namespace tusk::codec {
namespace {

using store::Entry;
using store::Key;
using store::Value;

class ValueCodecTest : public testing::Test {
 protected:
  Entry& Keep(Value value) { return shard_.Put(Key::Of("key"), shard_.Find(Key::Of("key")), std::move(value), nullptr); }
  template <typename T>
  Entry& Keep(T object) {
    return Keep(Value::Object(std::make_unique<T>(std::move(object))));
  }
  // Writes the value that is kept and keeps what is read.
  Entry& RoundTrip() {
    Entry* entry = shard_.Find(Key::Of("key"));
    std::string payload = DumpValue(*entry, limits_, true);
    EXPECT_TRUE(PayloadIsIntact(payload, false));
    auto value = RestoreValue(payload, limits_);
    EXPECT_TRUE(value.has_value()) << value.error().message();
    return Keep(*std::move(value));
  }
  // What a value of this type and these bytes reads as: elements with blanks between, "error: ..." or "empty".
  std::string Read(RdbType type, std::string_view bytes) {
    Reader reader(bytes);
    Value value = ReadValue(reader, type, limits_, true);
    if (!reader.ok()) return "error: " + reader.status().message();
    if (value.empty()) return "empty";
    return Spell(Keep(std::move(value)));
  }
  static std::string Spell(const Entry& entry) {
    std::string out(entry.EncodingName());
    auto add = [&out](ds::ListPackElement element) { out += " " + element.ToString(); };
    switch (entry.type()) {
      case store::Type::kString: {
        Entry::TextBuffer buffer;
        out += " " + std::string(entry.text(buffer));
        break;
      }
      case store::Type::kList:
        for (auto at = entry.object<types::List>().First(); at; at.Next()) add(at.Get());
        break;
      case store::Type::kSet: entry.object<types::Set>().ForEach(add); break;
      case store::Type::kZSet:
        for (auto at = entry.object<types::ZSet>().First(); at; at.Next()) {
          add(at.member());
          out += "=" + base::DoubleToString(at.score());
        }
        break;
      case store::Type::kHash:
        entry.object<types::Hash>().ForEach([&](auto field, auto value) {
          add(field);
          out += "=" + value.ToString();
        });
        break;
      case store::Type::kStream:
      case store::Type::kDocument: break;  // Streams and documents have tests of their own.
    }
    return out;
  }

  EncodingLimits limits_;
  store::Shard shard_;
};

std::string Text(std::string_view text) { return static_cast<char>(text.size()) + std::string(text); }

// A ziplist of short texts.
std::string ZipList(const std::vector<std::string>& texts) {
  std::string body;
  size_t before = 0, last = 10;
  for (const std::string& text : texts) {
    last = 10 + body.size();
    std::string element;
    element += static_cast<char>(before);
    element += Text(text);
    before = element.size();
    body += element;
  }
  auto little = [](uint64_t value, size_t bytes) { return std::string(reinterpret_cast<const char*>(&value), bytes); };
  return little(body.size() + 11, 4) + little(last, 4) + little(texts.size(), 2) + body + "\xff";
}

TEST_F(ValueCodecTest, StringsComeBack) {
  for (std::string text : {std::string(), std::string("7"), std::string("-9223372036854775808"), std::string("abc"),
                           std::string(100, 'a'), std::string(100'000, 'z')}) {
    Keep(Value::String(text));
    Entry& entry = RoundTrip();
    Entry::TextBuffer buffer;
    EXPECT_EQ(entry.text(buffer), text);
  }
}

TEST_F(ValueCodecTest, CollectionsOfAllSizesComeBack) {
  constexpr unsigned kSeed = 20261122;
  SCOPED_TRACE(kSeed);
  std::mt19937_64 random(kSeed);
  for (size_t size : {1u, 2u, 50u, 129u, 600u, 3000u}) {
    for (bool numbers : {true, false}) {
      types::List list;
      types::Set set;
      types::ZSet zset;
      types::Hash hash;
      for (size_t i = 0; i < size; ++i) {
        std::string name = numbers ? std::to_string(static_cast<int32_t>(random()) >> random() % 31) : fmt::format("{}-{}", i, std::string(random() % 80, 'n'));
        list.Push(types::ListEnd::kTail, name, limits_.list);
        set.Add(name, limits_.set);
        zset.Add(name, static_cast<double>(random() % 1000) / 8, limits_.zset);
        hash.Put(name, std::to_string(i), limits_.hash);
      }
      list.SettleEncoding(limits_.list);
      std::string before = Spell(Keep(std::move(list)));
      EXPECT_EQ(Spell(RoundTrip()), before);
      before = Spell(Keep(std::move(zset)));
      EXPECT_EQ(Spell(RoundTrip()), before);
      before = Spell(Keep(std::move(hash)));
      EXPECT_EQ(Spell(RoundTrip()).size(), before.size());
      before = Spell(Keep(std::move(set)));
      EXPECT_EQ(Spell(RoundTrip()).size(), before.size());
    }
  }
}

TEST_F(ValueCodecTest, LargeListElementsAreNodesOfTheirOwn) {
  types::List list;
  for (std::string text : {std::string("small"), std::string(20'000, 'b'), std::string("12")}) {
    list.Push(types::ListEnd::kTail, text, limits_.list);
  }
  std::string before = Spell(Keep(std::move(list)));
  EXPECT_EQ(Spell(RoundTrip()), before);
}

TEST_F(ValueCodecTest, OldListsAreRead) {
  EXPECT_EQ(Read(RdbType::kList, "\x02" + Text("a") + Text("b")), "listpack a b");
  EXPECT_EQ(Read(RdbType::kListZipList, Text(ZipList({"a", "b", "17"}))), "listpack a b 17");
  EXPECT_EQ(Read(RdbType::kListQuickList, "\x02" + Text(ZipList({"a"})) + Text(ZipList({"b"}))), "quicklist a b");
}

TEST_F(ValueCodecTest, OldZSetsAreRead) {
  EXPECT_EQ(Read(RdbType::kZSetText, "\x02" + Text("b") + Text("2.5") + Text("a") + "\xff"), "listpack a=-inf b=2.5");
  EXPECT_EQ(Read(RdbType::kZSetZipList, Text(ZipList({"a", "1", "b", "2"}))), "listpack a=1 b=2");
  EXPECT_EQ(Read(RdbType::kZSetText, "\x01" + Text("b") + "\xfd"), "error: sorted set with a score that is no number at byte 4");
}

TEST_F(ValueCodecTest, OldHashesAreRead) {
  EXPECT_EQ(Read(RdbType::kHashZipList, Text(ZipList({"f", "v", "g", "w"}))), "listpack f=v g=w");
  std::string map = std::string("\x02\x01" "f\x02\x01" "vvx\x01g", 10) + std::string("\x01\x00w\xff", 4);
  EXPECT_EQ(Read(RdbType::kHashZipMap, Text(map)), "listpack f=vv g=w");
  std::string large = std::string("\x01\x01" "f\x46\x00", 5) + std::string(70, 'v') + "\xff";
  EXPECT_EQ(Read(RdbType::kHashZipMap, "\x40" + Text(large)), "hashtable f=" + std::string(70, 'v'));
}

TEST_F(ValueCodecTest, ZipListIntegersOfAllWidthsAreRead) {
  std::string body;
  std::string elements[] = {std::string("\xc0\xfe\xff", 3), std::string("\xd0\x00\x00\x01\x00", 5), std::string("\xe0\x00\x00\x00\x00\x01\x00\x00\x00", 9),
                            std::string("\xf0\x00\x00\x80", 4), std::string("\xfe\x81", 2), std::string("\xf1"), std::string("\xfd")};
  size_t before = 0, last = 0;
  for (const std::string& element : elements) {
    last = 10 + body.size();
    body += static_cast<char>(before) + element;
    before = 1 + element.size();
  }
  std::string bytes = std::string{static_cast<char>(body.size() + 11), 0, 0, 0, static_cast<char>(last), 0, 0, 0, 7, 0} + body + "\xff";
  auto pack = PackFromZipList(bytes);
  ASSERT_TRUE(pack.has_value());
  std::string spelled;
  for (auto pos = pack->First(); pos; pos = pack->Next(pos)) spelled += pack->Get(pos).ToString() + " ";
  EXPECT_EQ(spelled, "-2 65536 4294967296 -8388608 -127 0 12 ");
}

TEST_F(ValueCodecTest, SetsOfRedis72AreRead) {
  ds::ListPack pack;
  pack.PushBack("a");
  pack.PushBack("5");
  EXPECT_EQ(Read(RdbType::kSetListPack, Text(pack.raw())), "listpack a 5");
  pack.PushBack("a");
  EXPECT_EQ(Read(RdbType::kSetListPack, Text(pack.raw())).substr(0, 27), "error: set with a member tw");
}

TEST_F(ValueCodecTest, FieldsKeepTheirDeadlines) {
  for (size_t size : {3u, 600u}) {
    types::Hash hash;
    for (size_t i = 0; i < size; ++i) hash.Put(std::to_string(i), "v", limits_.hash);
    hash.SetDeadline("1", 1'900'000'000'000);
    hash.SetDeadline("2", 1'800'000'000'000);
    Keep(std::move(hash));
    auto& again = RoundTrip().object<types::Hash>();
    EXPECT_EQ(again.size(), size);
    EXPECT_EQ(again.DeadlineOf("1"), 1'900'000'000'000);
    EXPECT_EQ(again.DeadlineOf("2"), 1'800'000'000'000);
    EXPECT_EQ(again.DeadlineOf("0"), std::nullopt);
  }
}

TEST_F(ValueCodecTest, FieldDeadlinesOfRedis74AreRead) {
  ds::ListPack pack;
  for (std::string_view text : {"f", "v", "1800000000000", "g", "w", "0"}) pack.PushBack(text);
  EXPECT_EQ(Read(RdbType::kHashFieldExpiryPack, std::string(8, 0) + Text(pack.raw())), "listpackex f=v g=w");
  auto& hash = shard_.Find(Key::Of("key"))->object<types::Hash>();
  EXPECT_EQ(hash.DeadlineOf("f"), 1'800'000'000'000);
  EXPECT_EQ(hash.DeadlineOf("g"), std::nullopt);
  pack.PushBack("odd");
  EXPECT_TRUE(Read(RdbType::kHashFieldExpiryPack, std::string(8, 0) + Text(pack.raw())).starts_with("error: hash with a field that"));
  EXPECT_TRUE(Read(RdbType::kHashFieldExpiry, std::string(8, '\xff') + "\x01").starts_with("error: hash with a deadline"));
}

TEST_F(ValueCodecTest, EncodingsFollowTheLimitsOfTheReader) {
  limits_.hash.listpack_entries_max = limits_.set.intset_entries_max = limits_.zset.max_listpack_entries = 1;
  EXPECT_EQ(Read(RdbType::kHashZipList, Text(ZipList({"f", "v", "g", "w"}))).substr(0, 9), "hashtable");
  ds::IntSet ints;
  ints.Add(1);
  ints.Add(2);
  EXPECT_EQ(Read(RdbType::kSetIntSet, Text(ints.raw())).substr(0, 6), "listpa");
  EXPECT_EQ(Read(RdbType::kZSetZipList, Text(ZipList({"a", "1", "b", "2"}))), "skiplist a=1 b=2");
}

TEST_F(ValueCodecTest, CollectionsWithoutElementsAreNoValues) {
  for (RdbType type : {RdbType::kList, RdbType::kSet, RdbType::kZSet, RdbType::kHash, RdbType::kListQuickList2}) {
    EXPECT_EQ(Read(type, std::string_view("\0", 1)), "empty");
  }
  EXPECT_EQ(Read(RdbType::kHashListPack, Text(ds::ListPack().raw())), "empty");
}

TEST_F(ValueCodecTest, DamageIsRefusedByName) {
  EXPECT_TRUE(Read(RdbType::kSet, "\x02" + Text("a") + Text("a")).starts_with("error: set with a member twice"));
  EXPECT_TRUE(Read(RdbType::kHash, "\x02" + Text("a") + Text("v") + Text("a") + Text("v")).starts_with("error: hash with a field twice"));
  EXPECT_TRUE(Read(RdbType::kHashZipList, Text(ZipList({"f"}))).starts_with("error: hash with a field that has no value"));
  EXPECT_TRUE(Read(RdbType::kListQuickList2, "\x01\x03" + Text("a")).starts_with("error: quicklist node of unknown container"));
}

TEST_F(ValueCodecTest, EveryCutAndFlippedByteOfAZipListIsRefusedOrRead) {
  std::string whole = ZipList({"abc", "", "de"});
  for (size_t cut = 0; cut < whole.size(); ++cut) EXPECT_FALSE(PackFromZipList(whole.substr(0, cut)).has_value());
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << bit);
      (void)PackFromZipList(flipped).has_value();
    }
  }
}

TEST(Payload, VersionAndChecksumMustStand) {
  std::string payload("\0\x01" "a", 3);
  AppendPayloadFooter(payload);
  EXPECT_EQ(payload.size(), 13u);
  EXPECT_TRUE(PayloadIsIntact(payload, false));
  std::string other = payload;
  other[2] = 'b';
  EXPECT_FALSE(PayloadIsIntact(other, false));
  EXPECT_TRUE(PayloadIsIntact(other, true));
  other = payload;
  other[4] = 1;
  EXPECT_FALSE(PayloadIsIntact(other, true));
  EXPECT_FALSE(PayloadIsIntact("short", true));
}

}  // namespace
}  // namespace tusk::codec
