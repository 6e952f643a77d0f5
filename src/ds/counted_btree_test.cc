#include "ds/counted_btree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"

namespace tusk::ds {
namespace {

using base::Random;
using Pair = std::pair<double, std::string>;

// A tree beside std::set and std::map, which see the same changes.
class TreeAndModel {
 public:
  ~TreeAndModel() {
    for (auto& [name, member] : members_) ZMember::Destroy(member);
  }

  void Set(const std::string& name, double score) {
    auto it = members_.find(name);
    if (it == members_.end()) {
      tree_.Insert(members_[name] = ZMember::Create(name, score));
    } else {
      order_.erase({it->second->score, name});
      tree_.UpdateScore(it->second, score);
    }
    order_.insert({score, name});
  }

  void Erase(const std::string& name) {
    auto it = members_.find(name);
    if (it == members_.end()) return;
    order_.erase({it->second->score, name});
    tree_.Erase(it->second);
    ZMember::Destroy(it->second);
    members_.erase(it);
  }

  void EraseRange(uint64_t rank, uint64_t count) {
    auto model = std::next(order_.begin(), static_cast<ptrdiff_t>(std::min<uint64_t>(rank, order_.size())));
    uint64_t expected = std::min<uint64_t>(count, order_.size() - std::min<uint64_t>(rank, order_.size()));
    uint64_t erased = tree_.EraseRange(rank, count, [&](ZMember* member) {
      ASSERT_EQ(member->name(), model->second);
      model = order_.erase(model);
      members_.erase(std::string(member->name()));
      ZMember::Destroy(member);
    });
    ASSERT_EQ(erased, expected);
  }

  void Compare() {
    tree_.Verify();
    ASSERT_EQ(tree_.size(), order_.size());
    auto position = tree_.First();
    uint64_t rank = 0;
    for (const auto& [score, name] : order_) {
      ASSERT_TRUE(position);
      ASSERT_EQ(position->name(), name);
      ASSERT_EQ(position->score, score);
      ASSERT_EQ(position.rank(), rank++);
      position.Next();
    }
    ASSERT_FALSE(position);
    position = tree_.Last();
    for (auto it = order_.rbegin(); it != order_.rend(); ++it, position.Prev())
      ASSERT_EQ(position->name(), it->second);
    ASSERT_FALSE(position);
  }

  void Probe(Random& random, double score) {
    for (bool exclusive : {false, true}) {
      auto model = order_.lower_bound({score, exclusive ? "~" : ""});
      auto position = tree_.FromScore(score, exclusive);
      ASSERT_EQ(position.rank(), static_cast<uint64_t>(std::distance(order_.begin(), model)));
      ASSERT_EQ(static_cast<bool>(position), model != order_.end());
      if (position) {
        ASSERT_EQ(position->name(), model->second);
      }
    }
    if (order_.empty()) return;
    uint64_t rank = random.Below(order_.size());
    auto at = tree_.At(rank);
    ASSERT_EQ(at->name(), std::next(order_.begin(), static_cast<ptrdiff_t>(rank))->second);
    ASSERT_EQ(tree_.Rank(at.get()), rank);
    ASSERT_FALSE(tree_.At(order_.size()));
  }

  size_t size() const { return order_.size(); }

 private:
  CountedBTree tree_;
  std::set<Pair> order_;
  std::map<std::string, ZMember*> members_;
};

double RandomScore(Random& random, int spread) {
  switch (random.Below(12)) {
    case 0:
      return -HUGE_VAL;
    case 1:
      return HUGE_VAL;
    case 2:
      return -0.0;
    case 3:
      return 0.0;
    default:
      return static_cast<double>(random.Below(static_cast<uint64_t>(spread))) - spread / 2;
  }
}

// Phases that mostly insert, then mostly erase, so that the tree grows to three levels and shrinks to
// nothing.
TEST(CountedBTree, BehavesLikeAnOrderedSet) {
  uint64_t seed = base::ThreadRandom().Next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  TreeAndModel both;
  for (int phase = 0; phase < 6; ++phase) {
    bool growing = phase % 2 == 0;
    int spread = phase < 2 ? 10 : 100000;
    for (int step = 0; step < 6000; ++step) {
      std::string name = std::to_string(random.Below(8000));
      if (random.Below(10) < (growing ? 9u : 2u)) {
        both.Set(name, RandomScore(random, spread));
      } else {
        both.Erase(name);
      }
      if (step % 7 == 0) both.Probe(random, RandomScore(random, spread));
      if (!growing && step % 50 == 0) both.EraseRange(random.Below(both.size() + 1), random.Below(100));
      if (step % 1000 == 0) {
        ASSERT_NO_FATAL_FAILURE(both.Compare());
      }
    }
    ASSERT_NO_FATAL_FAILURE(both.Compare());
  }
  both.EraseRange(0, ~uint64_t{0});
  both.Compare();
}

TEST(CountedBTree, FillsLeavesWhenElementsComeInOrder) {
  for (bool ascending : {true, false}) {
    CountedBTree tree;
    std::vector<ZMember*> members;
    constexpr int kCount = 100000;
    for (int i = 0; i < kCount; ++i) {
      members.push_back(ZMember::Create(std::to_string(i), ascending ? i : -i));
      tree.Insert(members.back());
    }
    tree.Verify();
    EXPECT_LT(tree.NodeBytes() / kCount, ascending ? 10u : 11u);
    for (ZMember* member : members) ZMember::Destroy(member);
  }
}

TEST(CountedBTree, PushBackNeedsNoComparison) {
  CountedBTree tree;
  for (int i = 0; i < 5000; ++i) tree.PushBack(ZMember::Create(std::to_string(i), i / 100));
  EXPECT_EQ(tree.FromScore(7, false).rank(), 700u);
  EXPECT_EQ(tree.FromScore(7, true).rank(), 800u);
  EXPECT_EQ(tree.EraseRange(10, 4000, ZMember::Destroy), 4000u);
  EXPECT_EQ(tree.At(10)->name(), "4010");
  tree.EraseRange(0, tree.size(), ZMember::Destroy);
  EXPECT_FALSE(tree.First());
  EXPECT_EQ(tree.NodeBytes(), 0u);
}

TEST(CountedBTree, FindsNamesAmongEqualScores) {
  CountedBTree tree;
  for (int i = 0; i < 1000; ++i) tree.Insert(ZMember::Create(std::to_string(10000 + 2 * i), 0));
  EXPECT_EQ(tree.FromName("10100", false).rank(), 50u);
  EXPECT_EQ(tree.FromName("10100", true).rank(), 51u);
  EXPECT_EQ(tree.FromName("10101", true).rank(), 51u);
  EXPECT_EQ(tree.FromName("", false).rank(), 0u);
  EXPECT_FALSE(tree.FromName("2", false));
  EXPECT_EQ(tree.FromName("2", false).rank(), 1000u);
  tree.EraseRange(0, tree.size(), ZMember::Destroy);
}

}  // namespace
}  // namespace tusk::ds
