#include "types/zset.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"

namespace tusk::types {
namespace {

using base::Random;
using Kind = ZAddResult::Kind;

// The limits that keep a set packed, and those that never do.
class ZSetEncodings : public testing::TestWithParam<ZSetLimits> {
 protected:
  ZSetLimits limits_ = GetParam();
  ZSet set_;

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (auto at = set_.First(); at; at.Next()) names.push_back(at.member().ToString());
    return names;
  }
};

INSTANTIATE_TEST_SUITE_P(Limits, ZSetEncodings,
                         testing::Values(ZSetLimits{1 << 20, 1 << 20}, ZSetLimits{0, 0}, ZSetLimits{16, 8}));

TEST_P(ZSetEncodings, AddObeysItsFlags) {
  EXPECT_EQ(set_.Add("m", 1, limits_, {.xx = true}).kind, Kind::kRefused);
  EXPECT_EQ(set_.Add("m", 1, limits_, {.gt = true}).kind, Kind::kAdded);
  EXPECT_EQ(set_.Add("m", 1, limits_).kind, Kind::kUnchanged);
  EXPECT_EQ(set_.Add("m", 2, limits_, {.nx = true}).kind, Kind::kRefused);
  EXPECT_EQ(set_.Add("m", 0, limits_, {.gt = true}).kind, Kind::kRefused);
  EXPECT_EQ(set_.Add("m", 2, limits_, {.lt = true}).kind, Kind::kRefused);
  EXPECT_EQ(set_.Add("m", 2, limits_, {.xx = true, .gt = true}).kind, Kind::kUpdated);
  ZAddResult result = set_.Add("m", 0.5, limits_, {.incr = true});
  EXPECT_EQ(result.kind, Kind::kUpdated);
  EXPECT_EQ(result.score, 2.5);
  EXPECT_EQ(set_.Score("m"), 2.5);
  set_.Add("inf", HUGE_VAL, limits_);
  EXPECT_EQ(set_.Add("inf", -HUGE_VAL, limits_, {.incr = true}).kind, Kind::kNan);
  EXPECT_EQ(set_.Score("inf"), HUGE_VAL);
  EXPECT_EQ(set_.size(), 2u);
}

TEST_P(ZSetEncodings, KeepsScoresExactly) {
  std::vector<double> scores = {
      0.1,      -0.0, 1e300, -1e-300, 5e-324,   3.0000000000000004, 9007199254740993.0,
      HUGE_VAL, -1.5, 1e17,  123,     -HUGE_VAL};
  for (size_t i = 0; i < scores.size(); ++i) set_.Add(std::to_string(i), scores[i], limits_);
  for (size_t i = 0; i < scores.size(); ++i) {
    ASSERT_EQ(set_.Score(std::to_string(i)), scores[i]);
    if (set_.is_packed()) continue;
    ASSERT_EQ(std::signbit(*set_.Score(std::to_string(i))), std::signbit(scores[i]));
  }
}

TEST_P(ZSetEncodings, RangesByRankCountFromBothEnds) {
  for (int i = 0; i < 10; ++i) set_.Add(std::to_string(i), i, limits_);
  auto check = [&](int64_t start, int64_t stop, uint64_t begin, uint64_t end) {
    RankRange range = set_.RanksOf(start, stop);
    EXPECT_EQ(range.size(), end - begin) << start << ' ' << stop;
    if (end > begin) {
      EXPECT_EQ(range.begin, begin);
    }
  };
  check(0, -1, 0, 10);
  check(-3, -2, 7, 9);
  check(-100, 2, 0, 3);
  check(5, 100, 5, 10);
  check(10, 20, 0, 0);
  check(5, 4, 0, 0);
  check(0, -11, 0, 0);
}

TEST_P(ZSetEncodings, RangesByNameKnowTheirBounds) {
  using K = LexBound::Kind;
  for (const char* name : {"a", "b", "c", "d", "10"}) set_.Add(name, 0, limits_);
  auto count = [&](LexBound min, LexBound max) { return set_.RanksOf(LexRange{min, max}).size(); };
  EXPECT_EQ(count({K::kLowest, ""}, {K::kHighest, ""}), 5u);
  EXPECT_EQ(count({K::kInclusive, "b"}, {K::kExclusive, "d"}), 2u);
  EXPECT_EQ(count({K::kExclusive, "b"}, {K::kInclusive, "d"}), 2u);
  EXPECT_EQ(count({K::kLowest, ""}, {K::kInclusive, "10"}), 1u);
  EXPECT_EQ(count({K::kHighest, ""}, {K::kLowest, ""}), 0u);
  EXPECT_EQ(count({K::kInclusive, "d"}, {K::kInclusive, "b"}), 0u);
  EXPECT_EQ(count({K::kExclusive, "d"}, {K::kHighest, ""}), 0u);
}

TEST(ZSetTest, RangesByNameOverDifferentScoresStopAtTheFirstGap) {
  using K = LexBound::Kind;
  ZSet set;
  // By score: a z b y c
  const char* names[] = {"a", "z", "b", "y", "c"};
  for (int i = 0; i < 5; ++i) set.Add(names[i], i, {});
  auto ranks = [&](LexBound min, LexBound max, bool from_end) {
    RankRange range = set.RanksOf(LexRange{min, max}, from_end);
    return std::pair(range.begin, range.begin + range.size());
  };
  using Pair = std::pair<uint64_t, uint64_t>;
  EXPECT_EQ(ranks({K::kLowest, ""}, {K::kInclusive, "c"}, false), Pair(0, 1));
  EXPECT_EQ(ranks({K::kLowest, ""}, {K::kInclusive, "c"}, true), Pair(0, 5));
  EXPECT_EQ(ranks({K::kInclusive, "b"}, {K::kHighest, ""}, false), Pair(1, 5));
  EXPECT_EQ(ranks({K::kInclusive, "b"}, {K::kHighest, ""}, true), Pair(1, 5));
  // The first member from "b" on is "z", which "c" does not admit.
  EXPECT_EQ(set.RanksOf(LexRange{{K::kInclusive, "b"}, {K::kInclusive, "c"}}).size(), 0u);
  // The last member must not be below the lower bound.
  EXPECT_EQ(set.RanksOf(LexRange{{K::kInclusive, "d"}, {K::kHighest, ""}}, true).size(), 0u);
}

TEST_P(ZSetEncodings, ScanVisitsAll) {
  std::set<std::string> seen;
  for (int i = 0; i < 3000; ++i) set_.Add(std::to_string(i), i, limits_);
  uint64_t cursor = 0;
  do {
    cursor = set_.Scan(cursor, [&](ds::ListPackElement member, double score) {
      seen.insert(member.ToString());
      EXPECT_TRUE(member.Equals(std::to_string(static_cast<int>(score))));
    });
  } while (cursor);
  EXPECT_EQ(seen.size(), 3000u);
}

// Random changes and questions against std::map and std::set.
TEST_P(ZSetEncodings, BehaveLikeAnOrderedMap) {
  uint64_t seed = base::ThreadRandom().Next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  std::map<std::string, double> scores;
  std::set<std::pair<double, std::string>> order;
  auto sync = [&](const std::string& name, std::optional<double> score) {
    if (auto it = scores.find(name); it != scores.end()) order.erase({it->second, name}), scores.erase(it);
    if (score) scores[name] = *score, order.insert({*score, name});
  };
  for (int step = 0; step < 4000; ++step) {
    std::string name =
        random.Below(2) ? std::to_string(random.Below(200)) : std::string(random.Below(12), 'n');
    double score = (static_cast<double>(random.Below(60)) - 30) / 4;
    switch (random.Below(6)) {
      case 0:
        ASSERT_EQ(set_.Remove(name), scores.contains(name));
        sync(name, {});
        break;
      case 1: {
        if (random.Below(10) != 0 || order.empty()) break;
        uint64_t begin = random.Below(order.size()),
                 end = std::min<uint64_t>(begin + random.Below(10), order.size());
        ASSERT_EQ(set_.RemoveRanks({begin, end}), end - begin);
        for (uint64_t i = begin; i < end; ++i) sync(std::next(order.begin(), long(begin))->second, {});
        break;
      }
      case 2: {
        ScoreRange range{score, score + static_cast<double>(random.Below(5)), bool(random.Below(2)),
                         bool(random.Below(2))};
        uint64_t begin = 0, count = 0;
        for (auto& [s, n] : order) {
          begin += !range.Contains(s) && count == 0;
          count += range.Contains(s);
        }
        ASSERT_EQ(set_.RanksOf(range).size(), count);
        if (count) {
          ASSERT_EQ(set_.RanksOf(range).begin, begin);
        }
        break;
      }
      case 3: {
        bool known = scores.contains(name);
        ASSERT_EQ(set_.Rank(name).has_value(), known);
        if (!known) break;
        auto it = order.find({scores[name], name});
        ASSERT_EQ(set_.Rank(name)->rank, static_cast<uint64_t>(std::distance(order.begin(), it)));
        ASSERT_EQ(set_.Score(name), scores[name]);
        break;
      }
      default:
        set_.Add(name, score, limits_), sync(name, score);
    }
    ASSERT_EQ(set_.size(), order.size());
    if (step % 40 != 0) continue;
    auto at = set_.First();
    for (auto& [s, n] : order) {
      ASSERT_TRUE(at.member().Equals(n) && at.score() == s);
      at.Next();
    }
    ASSERT_FALSE(at);
    at = set_.Last();
    for (auto it = order.rbegin(); it != order.rend(); ++it, at.Prev())
      ASSERT_TRUE(at.member().Equals(it->second));
    ASSERT_FALSE(at);
    ASSERT_EQ(set_.Clone().size(), order.size());
  }
}

TEST(ZSet, GrowsByCountAndByNameAndShrinksWhenAsked) {
  ZSetLimits limits{4, 8};
  ZSet set;
  for (const char* name : {"a", "b", "c", "d"}) set.Add(name, 1, limits);
  EXPECT_EQ(set.EncodingName(), "listpack");
  set.Add("e", 1, limits);
  EXPECT_EQ(set.EncodingName(), "skiplist");
  set.Remove("a");
  EXPECT_EQ(set.EncodingName(), "skiplist");
  set.ShrinkIfSmall(limits);
  EXPECT_EQ(set.EncodingName(), "listpack");
  set.Remove("b");
  set.Add("ninebytes", 1, limits);
  EXPECT_EQ(set.EncodingName(), "skiplist");
  set.ShrinkIfSmall(limits);
  EXPECT_EQ(set.EncodingName(), "skiplist");
}

TEST(ZSet, TakesPacksThatAreSoundAndRefusesOthers) {
  auto from = [](std::initializer_list<std::string_view> elements) {
    ds::ListPack pack;
    for (std::string_view element : elements) pack.PushBack(element);
    return ZSet::FromPack(std::move(pack), ZSetLimits{});
  };
  auto good = from({"a", "-inf", "b", "1", "c", "1", "d", "2.5"});
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->Rank("d")->score, 2.5);
  EXPECT_FALSE(from({"a", "1", "b"}).has_value());
  EXPECT_FALSE(from({"a", "x"}).has_value());
  EXPECT_FALSE(from({"a", "nan"}).has_value());
  EXPECT_FALSE(from({"a", "2", "b", "1"}).has_value());
  EXPECT_FALSE(from({"b", "1", "a", "1"}).has_value());
  EXPECT_FALSE(from({"a", "1", "a", "2"}).has_value());
}

}  // namespace
}  // namespace tusk::types
