#include "types/list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>

#include "base/random.h"

namespace tusk::types {
namespace {

using base::Random;
using Model = std::deque<std::string>;

Model Forward(const List& list) {
  Model all;
  for (auto at = list.First(); at; at.Next()) all.push_back(at.Get().ToString());
  return all;
}

Model Backward(const List& list) {
  Model all;
  for (auto at = list.Last(); at; at.Prev()) all.push_front(at.Get().ToString());
  return all;
}

TEST(List, GrowsPastTheLimitAndShrinksAtHalfOfIt) {
  ListLimits limits{.max_listpack_size = 4};
  List list;
  for (const char* text : {"a", "b", "c", "d"}) list.Push(ListEnd::kTail, text, limits);
  EXPECT_EQ(list.EncodingName(), "listpack");
  list.Push(ListEnd::kHead, "e", limits);
  EXPECT_EQ(list.EncodingName(), "quicklist");
  list.Pop(ListEnd::kTail, limits);
  list.Pop(ListEnd::kTail, limits);
  EXPECT_EQ(list.EncodingName(), "quicklist");
  list.Pop(ListEnd::kHead, limits);
  list.Pop(ListEnd::kHead, limits);
  EXPECT_EQ(list.EncodingName(), "listpack");
  EXPECT_EQ(Forward(list), Model({"b"}));
}

TEST(List, GrowsBySizeOfAllThatIsPushedAtOnce) {
  ListLimits limits{.max_listpack_size = -1};
  List list;
  std::string half(2100, 'x');
  std::string_view both[] = {half, half};
  list.Push(ListEnd::kTail, both, limits);
  EXPECT_EQ(list.EncodingName(), "quicklist");
  EXPECT_EQ(list.node_count(), 2u);
}

TEST(List, AFailedInsertKeepsTheEncoding) {
  ListLimits limits{.max_listpack_size = 2};
  List list;
  list.Push(ListEnd::kTail, "a", limits);
  list.Push(ListEnd::kTail, "b", limits);
  EXPECT_FALSE(list.Insert("nowhere", true, "c", limits));
  EXPECT_EQ(list.EncodingName(), "listpack");
}

TEST(List, GivesLargeElementsANodeOfTheirOwn) {
  ListLimits limits{.max_listpack_size = -1};
  List list;
  std::string large(5000, 'L');
  for (const char* text : {"a", "b", "c"}) list.Push(ListEnd::kTail, text, limits);
  ASSERT_TRUE(list.Insert("b", false, large, limits));
  ASSERT_EQ(list.node_count(), 3u);
  EXPECT_TRUE(list.IsPlain(1, limits));
  ASSERT_TRUE(list.Set(0, large, limits));
  EXPECT_EQ(Forward(list), Model({large, "b", large, "c"}));
  ASSERT_TRUE(list.Set(2, "small", limits));
  EXPECT_EQ(Forward(list), Model({large, "b", "small", "c"}));
  EXPECT_EQ(Backward(list), Model({large, "b", "small", "c"}));
}

TEST(List, FindsByRankCountAndDistance) {
  List list;
  ListLimits limits;
  for (const char* text : {"a", "b", "c", "1", "2", "3", "c", "c"}) list.Push(ListEnd::kTail, text, limits);
  using Indexes = std::vector<uint64_t>;
  EXPECT_EQ(list.Find("c", 1, 1, 0), Indexes({2}));
  EXPECT_EQ(list.Find("c", 2, 1, 0), Indexes({6}));
  EXPECT_EQ(list.Find("c", -1, 1, 0), Indexes({7}));
  EXPECT_EQ(list.Find("c", -1, 0, 0), Indexes({7, 6, 2}));
  EXPECT_EQ(list.Find("c", 1, 2, 0), Indexes({2, 6}));
  EXPECT_EQ(list.Find("c", 1, 0, 3), Indexes({2}));
  EXPECT_EQ(list.Find("c", 1, 0, 2), Indexes());
  EXPECT_EQ(list.Find("3", INT64_MIN, 1, 0), Indexes());
}

TEST(List, NodesSurviveARoundTripThroughPacks) {
  ListLimits limits{.max_listpack_size = 3};
  List list, copy;
  for (int i = 0; i < 10; ++i) list.Push(ListEnd::kTail, std::to_string(i), limits);
  for (size_t i = 0; i < list.node_count(); ++i) copy.AppendNode(list.NodePack(i).Clone());
  copy.SettleEncoding(limits);
  EXPECT_EQ(Forward(copy), Forward(list));
  EXPECT_EQ(copy.EncodingName(), "quicklist");
  copy.SettleEncoding(ListLimits{});
  EXPECT_EQ(copy.EncodingName(), "quicklist");
  List small;
  small.AppendNode(list.NodePack(0).Clone());
  small.SettleEncoding(ListLimits{.max_listpack_size = 2});
  EXPECT_EQ(small.EncodingName(), "quicklist");
}

class ListEncodings : public testing::TestWithParam<int> {};

std::string RandomText(Random& random) {
  if (random.Below(3) == 0) return std::to_string(random.Below(5));
  if (random.Below(100) == 0) return std::string(9000, static_cast<char>('A' + random.Below(3)));
  return std::string(random.Below(40), static_cast<char>('a' + random.Below(3)));
}

void Step(Random& random, List& list, Model& model, const ListLimits& limits) {
  std::string text = RandomText(random);
  auto size = static_cast<int64_t>(model.size());
  int64_t at = size ? static_cast<int64_t>(random.Below(model.size())) : 0;
  switch (random.Below(size > 300 ? 12 : 9)) {
    case 0:
    case 1:
      list.Push(ListEnd::kHead, text, limits), model.push_front(text);
      break;
    case 2:
    case 3:
      list.Push(ListEnd::kTail, text, limits), model.push_back(text);
      break;
    case 4:
      if (!size) break;
      ASSERT_TRUE(list.Pop(ListEnd::kHead, limits) == model.front());
      model.pop_front();
      break;
    case 5: {
      bool fits = at < size, negative = random.Below(2);
      ASSERT_EQ(list.Set(negative ? at - size : at, text, limits), fits);
      if (fits) model[static_cast<size_t>(at)] = text;
      break;
    }
    case 6:
    case 7: {
      std::string pivot = size ? model[static_cast<size_t>(at)] : "none";
      bool before = random.Below(2);
      auto it = std::find(model.begin(), model.end(), pivot);
      ASSERT_EQ(list.Insert(pivot, before, text, limits), it != model.end());
      if (it != model.end()) model.insert(before ? it : it + 1, text);
      break;
    }
    case 8: {
      int64_t count = static_cast<int64_t>(random.Below(7)) - 3;
      uint64_t removed = 0, wanted = count ? static_cast<uint64_t>(std::abs(count)) : UINT64_MAX;
      if (count < 0) std::reverse(model.begin(), model.end());
      for (auto it = model.begin(); it != model.end() && removed < wanted;) {
        if (*it == text) {
          it = model.erase(it), ++removed;
        } else {
          ++it;
        }
      }
      if (count < 0) std::reverse(model.begin(), model.end());
      ASSERT_EQ(list.Remove(count, text, limits), removed);
      break;
    }
    case 9:
      ASSERT_TRUE(list.Pop(ListEnd::kTail, limits) == model.back());
      model.pop_back();
      break;
    default: {
      int64_t count = std::min<int64_t>(static_cast<int64_t>(random.Below(40)), size - at);
      list.EraseRange(static_cast<uint64_t>(at), static_cast<uint64_t>(count), limits);
      model.erase(model.begin() + at, model.begin() + at + count);
    }
  }
}

// Random changes against std::deque, for limits that keep it packed, split it often, or mix both.
TEST_P(ListEncodings, BehaveLikeADeque) {
  uint64_t seed = base::ThreadRandom().Next();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  ListLimits limits{.max_listpack_size = GetParam()};
  if (GetParam() == 7) limits.packed_threshold = 20;
  List list;
  Model model;
  for (int step = 0; step < 3000; ++step) {
    ASSERT_NO_FATAL_FAILURE(Step(random, list, model, limits));
    ASSERT_EQ(list.size(), model.size());
    if (step % 10 == 0) {
      ASSERT_TRUE(Forward(list) == model);
      ASSERT_TRUE(Backward(list) == model);
      ASSERT_TRUE(Forward(list.Clone()) == model);
      for (int64_t index : {int64_t{0}, int64_t(model.size() / 2), int64_t(model.size()) - 1}) {
        if (model.empty()) break;
        ASSERT_TRUE(list.Seek(index).Get().Equals(model[static_cast<size_t>(index)]));
        ASSERT_TRUE(list.Seek(index - int64_t(model.size())).Get().Equals(model[static_cast<size_t>(index)]));
      }
      ASSERT_FALSE(list.Seek(int64_t(model.size())));
      ASSERT_FALSE(list.Seek(-int64_t(model.size()) - 1));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Limits, ListEncodings, testing::Values(-5, -2, -1, 1, 3, 7, 1000));

}  // namespace
}  // namespace tusk::types
