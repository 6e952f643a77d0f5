#include "ds/int_set.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <string>

namespace tusk::ds {
namespace {

TEST(IntSet, AnswersLikeASetAtEveryWidth) {
  uint64_t seed = base::SecureRandom64();
  printf("seed %llu\n", static_cast<unsigned long long>(seed));
  base::Random random(seed);
  for (int shift : {56, 50, 40, 20, 0}) {
    IntSet set;
    std::set<int64_t> model;
    for (int i = 0; i < 5000; ++i) {
      int64_t value = static_cast<int64_t>(random.Next()) >> shift;
      if (!model.empty() && random.Below(2)) value = set.RandomValue(random);
      switch (random.Below(3)) {
        case 0: ASSERT_EQ(set.Add(value), model.insert(value).second); break;
        case 1: ASSERT_EQ(set.Remove(value), model.erase(value) == 1); break;
        default: ASSERT_EQ(set.Contains(value), model.contains(value));
      }
      ASSERT_EQ(set.size(), model.size());
    }
    size_t index = 0;
    for (int64_t value : model) ASSERT_EQ(set.At(index++), value);
    auto copy = IntSet::FromBytes(set.Clone().raw());
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->raw(), set.raw());
  }
}

TEST(IntSet, HasTheBytesOfRedis) {
  IntSet set;
  set.Add(5);
  set.Add(-1);
  EXPECT_EQ(set.raw(), std::string_view("\x02\0\0\0\x02\0\0\0\xff\xff\x05\0", 12));
  set.Add(65535);
  EXPECT_EQ(set.raw(), std::string_view("\x04\0\0\0\x03\0\0\0\xff\xff\xff\xff\x05\0\0\0\xff\xff\0\0", 20));
}

TEST(IntSet, RefusesDamagedBytes) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(IntSet::FromBytes(""));
  EXPECT_FALSE(IntSet::FromBytes("\x03\0\0\0\0\0\0\0"sv));
  EXPECT_FALSE(IntSet::FromBytes("\x02\0\0\0\x02\0\0\0\x01\0"sv));
  EXPECT_FALSE(IntSet::FromBytes("\x02\0\0\0\x02\0\0\0\x02\0\x01\0"sv));
  EXPECT_FALSE(IntSet::FromBytes("\x02\0\0\0\x02\0\0\0\x01\0\x01\0"sv));
  EXPECT_TRUE(IntSet::FromBytes("\x02\0\0\0\0\0\0\0"sv));
}

}  // namespace
}  // namespace tusk::ds
