#include "types/hash.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace tusk::types {
namespace {

struct Shape {
  const char* name;
  HashLimits limits;
  size_t size_goal;
};

class HashTest : public testing::TestWithParam<Shape> {
 protected:
  std::string Draw(const char* prefix) {
    uint64_t n = random_.Below(GetParam().size_goal * 2);
    if (n % 3 == 0) return std::to_string(n);
    if (n % 31 == 1) return std::string(300, 'L') + std::to_string(n);
    return prefix + std::to_string(n);
  }
  void CheckSame(const Hash& hash, const std::map<std::string, std::string>& model) {
    std::map<std::string, std::string> seen;
    auto note = [&](Hash::Element field, Hash::Element value) { seen[field.ToString()] = value.ToString(); };
    hash.ForEach(note);
    EXPECT_EQ(seen, model);
    seen.clear();
    uint64_t cursor = 0;
    do cursor = hash.Scan(cursor, note);
    while (cursor != 0);
    EXPECT_EQ(seen, model);
  }
  base::Random random_{base::SecureRandom64()};
};

TEST_P(HashTest, AnswersLikeAMap) {
  const HashLimits& limits = GetParam().limits;
  Hash hash;
  std::map<std::string, std::string> model;
  for (int i = 0; i < 4000; ++i) {
    std::string field = Draw("field:");
    switch (random_.Below(5)) {
      case 0:
      case 1: {
        std::string value = Draw("v");
        ASSERT_EQ(hash.Put(field, value, limits), !model.contains(field));
        model[field] = value;
        break;
      }
      case 2: ASSERT_EQ(hash.Delete(field), model.erase(field) == 1); break;
      case 3: {
        auto value = hash.Get(field);
        ASSERT_EQ(value.has_value(), model.contains(field));
        if (value) {
          ASSERT_EQ(value->ToString(), model[field]);
        }
        break;
      }
      default: {
        if (model.empty()) break;
        Hash::Entry entry = hash.RandomEntry(random_);
        ASSERT_EQ(model.at(entry.field.ToString()), entry.value.ToString());
      }
    }
    ASSERT_EQ(hash.size(), model.size());
  }
  CheckSame(hash, model);
  Hash copy = hash.Clone();
  EXPECT_EQ(copy.encoding(), hash.encoding());
  CheckSame(copy, model);
  EXPECT_GT(hash.MemoryBytes(), sizeof hash);
  EXPECT_GT(hash.MemoryBytes(5), sizeof hash);
}

INSTANTIATE_TEST_SUITE_P(EveryEncoding, HashTest,
                         testing::Values(Shape{"listpack", {100000, 1000}, 100},
                                         Shape{"table", {0, 0}, 3000}, Shape{"converting", {}, 800}),
                         [](const auto& info) { return info.param.name; });

TEST(Hash, ConvertsWhereRedisDoes) {
  HashLimits limits;
  Hash many;
  for (int i = 0; i < 512; ++i) many.Put(std::to_string(i), "v", limits);
  EXPECT_EQ(many.EncodingName(), "listpack");
  many.Put("512", "v", limits);
  EXPECT_EQ(many.EncodingName(), "hashtable");
  many.Delete("512");
  EXPECT_EQ(many.EncodingName(), "hashtable");

  Hash longs;
  longs.Put("f", std::string(64, 'x'), limits);
  EXPECT_EQ(longs.EncodingName(), "listpack");
  longs.Put("f", std::string(65, 'x'), limits);
  EXPECT_EQ(longs.EncodingName(), "hashtable");
  EXPECT_EQ(longs.Get("f")->text(), std::string(65, 'x'));
}

}  // namespace
}  // namespace tusk::types
