#include "ds/list_pack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"

namespace tusk::ds {
namespace {

using base::Random;

std::vector<std::string> Forward(const ListPack& pack) {
  std::vector<std::string> all;
  for (ListPack::Pos pos = pack.First(); pos; pos = pack.Next(pos)) all.push_back(pack.Get(pos).ToString());
  return all;
}

std::vector<std::string> Backward(const ListPack& pack) {
  std::vector<std::string> all;
  for (ListPack::Pos pos = pack.Last(); pos; pos = pack.Prev(pos))
    all.insert(all.begin(), pack.Get(pos).ToString());
  return all;
}

std::string RandomText(Random& random) {
  switch (random.Below(8)) {
    case 0:
      return std::to_string(random.Below(128));
    case 1:
      return std::to_string(static_cast<int64_t>(random.Below(16384)) - 8192);
    case 2:
      return std::to_string(static_cast<int64_t>(random.Next()) >> random.Below(64));
    case 3:
      return std::string(random.Below(5000), 'x');
    case 4:
      return "0" + std::to_string(random.Below(100));
    case 5:
      return {};
    default:
      return std::string(random.Below(80), static_cast<char>(random.Below(256)));
  }
}

TEST(ListPack, IsOnePointer) { EXPECT_EQ(sizeof(ListPack), sizeof(void*)); }

TEST(ListPack, WritesTheFormatOfRedis) {
  ListPack pack;
  pack.PushBack("1");
  pack.PushBack("-1");
  pack.PushBack("abc");
  pack.PushBack("1000000");
  const char expected[] =
      "\x17\0\0\0\x04\0"
      "\x01\x01"
      "\xdf\xff\x02"
      "\x83"
      "abc\x04"
      "\xf2\x40\x42\x0f\x04"
      "\xff";
  std::string_view want(expected, sizeof expected - 1);
  EXPECT_EQ(pack.bytes(), pack.raw().size());
  EXPECT_EQ(pack.raw().substr(4), want.substr(4));
}

TEST(ListPack, StoresCanonicalIntegersAsIntegersAtEveryWidth) {
  for (int shift = 0; shift < 64; ++shift) {
    for (int64_t around = -2; around <= 2; ++around) {
      for (int64_t sign : {1, -1}) {
        auto bits = (uint64_t{1} << shift) + static_cast<uint64_t>(around);
        auto value = static_cast<int64_t>(sign < 0 ? 0 - bits : bits);
        ListPack pack;
        pack.PushBack(std::to_string(value));
        ASSERT_TRUE(pack.Get(pack.First()).is_int());
        ASSERT_EQ(pack.Get(pack.First()).int_value(), value);
        ListPack other;
        other.PushBackInt(value);
        ASSERT_EQ(other.raw(), pack.raw());
        ASSERT_EQ(pack.Find(std::to_string(value), pack.First()), pack.First());
      }
    }
  }
  ListPack pack;
  for (const char* text : {"007", "+1", "-0", " 1", "1.0", "9223372036854775808"}) {
    pack.PushBack(text);
    EXPECT_FALSE(pack.Get(pack.Last()).is_int()) << text;
  }
}

TEST(ListPack, KeepsTextsAroundEveryBackLengthBoundary) {
  for (size_t edge : {63, 64, 127, 128, 4095, 4096, 16383, 16384, 2097151}) {
    ListPack pack;
    for (size_t size = edge - 8; size <= edge + 8; ++size) pack.PushBack(std::string(size, 'v'));
    size_t size = edge + 8;
    for (ListPack::Pos pos = pack.Last(); pos; pos = pack.Prev(pos))
      ASSERT_EQ(pack.Get(pos).text().size(), size--);
    ASSERT_EQ(size, edge - 9);
    auto copy = ListPack::FromBytes(pack.raw());
    ASSERT_TRUE(copy.has_value());
    ASSERT_EQ(copy->raw(), pack.raw());
  }
}

// Random edits against a vector of texts, reading both ways and re-validating the bytes after every step.
TEST(ListPack, BehavesLikeAVectorOfTexts) {
  uint64_t seed = base::ThreadRandom().Next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 20; ++round) {
    ListPack pack;
    std::vector<std::string> model;
    for (int step = 0; step < 150; ++step) {
      std::string text = RandomText(random);
      size_t at = model.empty() ? 0 : random.Below(model.size());
      auto here = model.begin() + static_cast<ptrdiff_t>(at);
      ListPack::Pos pos = pack.Seek(static_cast<int64_t>(at));
      switch (random.Below(9)) {
        case 0:
          pack.PushFront(text), model.insert(model.begin(), text);
          break;
        case 1:
          pack.PushBack(text), model.push_back(text);
          break;
        case 2:
          if (!pos) break;
          pos = pack.InsertBefore(pos, text), model.insert(here, text);
          ASSERT_TRUE(pack.Get(pos).Equals(text));
          break;
        case 3:
          if (!pos) break;
          pos = pack.InsertAfter(pos, text), model.insert(here + 1, text);
          ASSERT_TRUE(pack.Get(pos).Equals(text));
          break;
        case 4:
          if (pos) pack.Replace(pos, text), *here = text;
          break;
        case 5:
          if (!pos) break;
          pos = pack.Erase(pos), model.erase(here);
          ASSERT_EQ(pos, pack.Seek(static_cast<int64_t>(at)));
          break;
        case 6: {
          size_t count = random.Below(4), erased = std::min(count, model.size() - at);
          ASSERT_EQ(pack.EraseRange(static_cast<int64_t>(at) - static_cast<int64_t>(model.size()), count),
                    erased);
          model.erase(here, here + static_cast<ptrdiff_t>(erased));
          break;
        }
        case 7: {
          std::string_view more[] = {text, "17", "tail"};
          pack.PushBackAll(more);
          model.insert(model.end(), std::begin(more), std::end(more));
          break;
        }
        default: {
          if (model.empty()) break;
          ListPack::Pos found = pack.Find(model[at], pack.First());
          ASSERT_EQ(found, pack.Seek(std::find(model.begin(), model.end(), model[at]) - model.begin()));
        }
      }
      ASSERT_EQ(pack.size(), model.size());
      ASSERT_EQ(pack.empty(), model.empty());
      ASSERT_TRUE(Forward(pack) == model);
      ASSERT_TRUE(Backward(pack) == model);
    }
    auto copy = ListPack::FromBytes(pack.raw());
    ASSERT_TRUE(copy.has_value());
    copy->Append(pack);
    std::vector<std::string> twice = model;
    twice.insert(twice.end(), model.begin(), model.end());
    ASSERT_TRUE(Forward(*copy) == twice);
  }
}

TEST(ListPack, FindLeavesOutSkippedElements) {
  ListPack pack;
  for (const char* text : {"a", "b", "b", "a", "c", "d"}) pack.PushBack(text);
  EXPECT_EQ(pack.Find("b", pack.First(), 1), pack.Seek(2));
  EXPECT_EQ(pack.Find("d", pack.First(), 1), ListPack::kNone);
  EXPECT_EQ(pack.Find("a", pack.Seek(1), 0), pack.Seek(3));
  EXPECT_EQ(pack.Find("a", ListPack::kNone), ListPack::kNone);
}

TEST(ListPack, CountsByWalkingBeyondWhatTheHeaderHolds) {
  ListPack pack;
  for (int i = 0; i < 65540; ++i) pack.PushBack("1");
  EXPECT_EQ(pack.size(), 65540u);
  EXPECT_EQ(pack.raw().substr(4, 2), "\xff\xff");
  EXPECT_NE(pack.Seek(-65540), ListPack::kNone);
  EXPECT_EQ(pack.Seek(-65541), ListPack::kNone);
  EXPECT_EQ(pack.Seek(65540), ListPack::kNone);
  EXPECT_EQ(pack.EraseRange(0, 10), 10u);
  EXPECT_EQ(pack.size(), 65530u);
  EXPECT_NE(pack.raw().substr(4, 2), "\xff\xff");
}

// Bytes from outside, cut at every length and with every single byte changed: refused, or a pack that is safe
// to walk.
TEST(ListPack, RefusesDamagedBytesOrStaysInsideThem) {
  ListPack pack;
  for (const char* text : {"1", "-77", "hello", "30000", "8000000", "2000000000", "123456789012", ""})
    pack.PushBack(text);
  pack.PushBack(std::string(70, 'm'));
  pack.PushBack(std::string(4100, 'l'));
  std::string good(pack.raw());
  for (size_t cut = 0; cut < good.size(); ++cut)
    ASSERT_FALSE(ListPack::FromBytes(std::string_view(good).substr(0, cut)));
  Random random(7);
  for (size_t at = 0; at < good.size(); ++at) {
    for (int flip = 0; flip < 16; ++flip) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (flip < 8 ? 1 << flip : static_cast<int>(1 + random.Below(255))));
      auto read = ListPack::FromBytes(bad);
      if (read) Forward(*read), Backward(*read);
    }
  }
  EXPECT_FALSE(ListPack::FromBytes(""));
}

}  // namespace
}  // namespace tusk::ds
