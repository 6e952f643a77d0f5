#include "types/field_deadlines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/random.h"
#include "types/hash.h"

namespace tusk::types {
namespace {

// Random operations beside a map; the earliest is taken out now and then, as expiry does.
TEST(FieldDeadlines, EqualAModel) {
  uint64_t seed = base::SecureRandom64();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  base::Random random(seed);
  FieldDeadlines deadlines;
  std::map<std::string, int64_t> model;
  for (int step = 0; step < 20'000; ++step) {
    std::string field = "f" + std::to_string(random.Below(200));
    switch (random.Below(4)) {
      case 0:
      case 1: {
        auto deadline = static_cast<int64_t>(random.Below(1000));
        deadlines.Set(field, deadline);
        model[field] = deadline;
        break;
      }
      case 2: EXPECT_EQ(deadlines.Remove(field), model.erase(field) == 1); break;
      case 3:
        if (deadlines.empty()) break;
        EXPECT_EQ(model[std::string(deadlines.first_field())], deadlines.first_deadline_ms());
        model.erase(std::string(deadlines.first_field()));
        deadlines.Remove(std::string(deadlines.first_field()));
        break;
    }
    ASSERT_EQ(deadlines.size(), model.size());
    auto least = std::ranges::min_element(model, {}, &std::pair<const std::string, int64_t>::second);
    ASSERT_EQ(deadlines.first_deadline_ms(), least == model.end() ? INT64_MAX : least->second);
  }
  std::map<std::string, int64_t> all;
  deadlines.ForEach([&](std::string_view field, int64_t deadline_ms) { all[std::string(field)] = deadline_ms; });
  EXPECT_EQ(all, model);
  FieldDeadlines copy;
  copy.CopyFrom(deadlines);
  for (const auto& [field, deadline] : model) EXPECT_EQ(copy.Get(field), deadline);
}

TEST(FieldDeadlines, CostNothingBeforeTheFirst) {
  Hash hash;
  hash.Put("f", "v", {});
  size_t bytes = hash.MemoryBytes();
  EXPECT_EQ(hash.deadlines(), nullptr);
  EXPECT_EQ(hash.first_deadline_ms(), INT64_MAX);
  EXPECT_EQ(sizeof(Hash), sizeof(std::variant<ds::ListPack, ds::Table<PairNodePolicy>>));
  hash.SetDeadline("f", 5);
  EXPECT_GT(hash.MemoryBytes(), bytes);
}

TEST(FieldDeadlines, FollowTheFieldsOfBothEncodings) {
  for (size_t packed_max : {size_t{512}, size_t{0}}) {
    HashLimits limits{.listpack_entries_max = packed_max};
    Hash hash;
    for (std::string_view field : {"a", "b", "c"}) hash.Put(field, "1", limits);
    hash.SetDeadline("a", 30);
    hash.SetDeadline("b", 20);
    EXPECT_EQ(hash.EncodingName(), packed_max ? "listpackex" : "hashtable");
    EXPECT_EQ(hash.first_deadline_ms(), 20);
    Hash copy = hash.Clone();
    hash.Put("b", "2", limits, Hash::Deadline::kKeep);
    EXPECT_EQ(hash.DeadlineOf("b"), 20);
    hash.Put("b", "3", limits);
    EXPECT_EQ(hash.DeadlineOf("b"), std::nullopt);
    EXPECT_EQ(hash.first_deadline_ms(), 30);
    hash.Delete("a");
    EXPECT_EQ(hash.first_deadline_ms(), INT64_MAX);
    EXPECT_EQ(copy.DeadlineOf("b"), 20);
    EXPECT_EQ(copy.DeadlineOf("c"), std::nullopt);
    Hash moved = std::move(copy);
    EXPECT_TRUE(moved.ClearDeadline("b"));
    EXPECT_FALSE(moved.ClearDeadline("c"));
    EXPECT_EQ(moved.DeadlineOf("a"), 30);
    EXPECT_EQ(moved.size(), 3u);
  }
}

}  // namespace
}  // namespace tusk::types
