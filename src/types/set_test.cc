#include "types/set.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tusk::types {
namespace {

// What a run draws its members from decides which encodings it passes through.
struct Shape {
  const char* name;
  SetLimits limits;
  bool integers_only;
  size_t size_goal;
};

class SetTest : public testing::TestWithParam<Shape> {
 protected:
  std::string Draw() {
    uint64_t n = random_.Below(GetParam().size_goal * 2);
    if (GetParam().integers_only || n % 3 == 0) return std::to_string(n * 1000003);
    if (n % 31 == 1) return std::string(300, 'L') + std::to_string(n);
    return "member:" + std::to_string(n);
  }
  void CheckSame(const Set& set, const std::set<std::string>& model) {
    std::set<std::string> seen;
    set.ForEach([&](Set::Member member) { EXPECT_TRUE(seen.insert(member.ToString()).second); });
    EXPECT_EQ(seen, model);
    seen.clear();
    uint64_t cursor = 0;
    do cursor = set.Scan(cursor, [&](Set::Member member) { seen.insert(member.ToString()); });
    while (cursor != 0);
    EXPECT_EQ(seen, model);
  }
  base::Random random_{base::SecureRandom64()};
};

TEST_P(SetTest, AnswersLikeAStdSet) {
  const SetLimits& limits = GetParam().limits;
  Set set;
  std::set<std::string> model;
  for (int i = 0; i < 4000; ++i) {
    std::string member = Draw();
    switch (random_.Below(5)) {
      case 0:
      case 1: ASSERT_EQ(set.Add(member, limits), model.insert(member).second); break;
      case 2: ASSERT_EQ(set.Remove(member), model.erase(member) == 1); break;
      case 3: ASSERT_EQ(set.Contains(member), model.contains(member)); break;
      default:
        if (model.empty()) break;
        ASSERT_TRUE(model.contains(set.RandomMember(random_).ToString()));
        if (i % 7 == 0) {
          ASSERT_EQ(model.erase(set.PopRandom(random_)), 1u);
        }
    }
    ASSERT_EQ(set.size(), model.size());
  }
  CheckSame(set, model);
  Set copy = set.Clone();
  EXPECT_EQ(copy.encoding(), set.encoding());
  CheckSame(copy, model);
  EXPECT_GT(set.MemoryBytes(), sizeof set);
  EXPECT_GT(set.MemoryBytes(5), sizeof set);
  for (const std::string& member : model) ASSERT_TRUE(copy.Remove(member));
  EXPECT_TRUE(copy.empty());
  CheckSame(set, model);
}

INSTANTIATE_TEST_SUITE_P(EveryEncoding, SetTest,
                         testing::Values(Shape{"intset", {100000, 100000, 1000}, true, 300},
                                         Shape{"listpack", {0, 100000, 1000}, false, 100},
                                         Shape{"table", {0, 0, 0}, false, 3000},
                                         Shape{"converting", {}, false, 400},
                                         Shape{"converting_integers", {}, true, 1000}),
                         [](const auto& info) { return info.param.name; });

TEST(Set, ConvertsWhereRedisDoes) {
  SetLimits limits;
  Set set;
  for (int i = 0; i < 127; ++i) set.Add(std::to_string(i), limits);
  EXPECT_EQ(set.EncodingName(), "intset");
  set.Add("text", limits);
  EXPECT_EQ(set.EncodingName(), "listpack");
  set.Add("one more", limits);
  EXPECT_EQ(set.EncodingName(), "hashtable");

  Set longs;
  longs.Add(std::string(64, 'x'), limits);
  EXPECT_EQ(longs.EncodingName(), "listpack");
  longs.Add(std::string(65, 'x'), limits);
  EXPECT_EQ(longs.EncodingName(), "hashtable");

  Set ints;
  for (int i = 0; i < 512; ++i) ints.Add(std::to_string(i), limits);
  EXPECT_EQ(ints.EncodingName(), "intset");
  ints.Add("512", limits);
  EXPECT_EQ(ints.EncodingName(), "hashtable");
  ints.Remove("512");
  ints.CompactToIntSet(limits);
  EXPECT_EQ(ints.EncodingName(), "intset");
  EXPECT_EQ(ints.size(), 512u);

  EXPECT_EQ(Set::For("a", 129, limits).EncodingName(), "hashtable");
  EXPECT_EQ(Set::For("a", 128, limits).EncodingName(), "listpack");
  EXPECT_EQ(Set::For("1", 128, limits).EncodingName(), "intset");
}

}  // namespace
}  // namespace tusk::types
