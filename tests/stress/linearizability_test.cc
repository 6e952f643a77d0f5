// The checker against histories whose answer is known, and against random ones made by a register that really is atomic.
#include "linearizability.h"

#include <gtest/gtest.h>

#include <random>

namespace tusk::stress {
namespace {

using Kind = Operation::Kind;

Operation Op(Kind kind, RegisterValue argument, RegisterValue result, uint64_t begin, uint64_t end) {
  return {.kind = kind, .argument = argument, .result = result, .begin = begin, .end = end, .client = 0};
}

TEST(LinearizabilityTest, ReadAfterWriteMustSeeIt) {
  EXPECT_TRUE(IsLinearizable({Op(Kind::kWrite, 1, 0, 0, 1), Op(Kind::kRead, 0, 1, 2, 3)}));
  EXPECT_FALSE(IsLinearizable({Op(Kind::kWrite, 1, 0, 0, 1), Op(Kind::kRead, 0, kAbsent, 2, 3)}));
}

TEST(LinearizabilityTest, ConcurrentReadMaySeeEither) {
  EXPECT_TRUE(IsLinearizable({Op(Kind::kWrite, 1, 0, 0, 5), Op(Kind::kRead, 0, kAbsent, 2, 3)}));
  EXPECT_TRUE(IsLinearizable({Op(Kind::kWrite, 1, 0, 0, 5), Op(Kind::kRead, 0, 1, 2, 3)}));
  EXPECT_FALSE(IsLinearizable({Op(Kind::kWrite, 1, 0, 0, 5), Op(Kind::kRead, 0, 2, 2, 3)}));
}

TEST(LinearizabilityTest, ValueMustNotFlickerBack) {
  EXPECT_FALSE(IsLinearizable({Op(Kind::kWrite, 1, 0, 0, 9), Op(Kind::kRead, 0, 1, 1, 2), Op(Kind::kRead, 0, kAbsent, 3, 4)}));
}

TEST(LinearizabilityTest, TwoSwapsMustNotSeeTheSameValue) {
  EXPECT_TRUE(IsLinearizable({Op(Kind::kSwap, 1, kAbsent, 0, 9), Op(Kind::kSwap, 2, 1, 0, 9)}));
  EXPECT_FALSE(IsLinearizable({Op(Kind::kSwap, 1, kAbsent, 0, 9), Op(Kind::kSwap, 2, kAbsent, 0, 9)}));
}

TEST(LinearizabilityTest, LostUpdateIsFound) {
  EXPECT_TRUE(IsLinearizable({Op(Kind::kAdd, 1, 1, 0, 9), Op(Kind::kAdd, 1, 2, 0, 9)}));
  EXPECT_FALSE(IsLinearizable({Op(Kind::kAdd, 1, 1, 0, 9), Op(Kind::kAdd, 1, 1, 0, 9)}));
}

// Clients take turns at random; each operation takes effect at one moment between its begin and its end.
std::vector<Operation> AtomicHistory(uint64_t seed, int clients, int operations) {
  std::mt19937_64 random(seed);
  std::vector<Operation> running(static_cast<size_t>(clients));
  std::vector<int> phase(static_cast<size_t>(clients), 0);
  std::vector<Operation> history;
  RegisterValue value = kAbsent;
  uint64_t clock = 1;
  while (history.size() < static_cast<size_t>(operations)) {
    size_t client = random() % running.size();
    Operation& operation = running[client];
    if (phase[client] == 0) {
      operation = Op(static_cast<Kind>(random() % 4), static_cast<RegisterValue>(random() % 5 + 1), 0, clock++, 0);
      operation.client = static_cast<int>(client);
    } else if (phase[client] == 1) {
      RegisterValue before = value;
      if (operation.kind == Kind::kAdd) value += operation.argument;
      if (operation.kind == Kind::kWrite || operation.kind == Kind::kSwap) value = operation.argument;
      operation.result = operation.kind == Kind::kAdd ? value : before;
    } else {
      operation.end = clock++;
      history.push_back(operation);
    }
    phase[client] = (phase[client] + 1) % 3;
  }
  // Operations that took effect without having ended would be missing: let them end.
  for (size_t client = 0; client < running.size(); ++client) {
    if (phase[client] != 2) continue;
    running[client].end = clock++;
    history.push_back(running[client]);
  }
  return history;
}

TEST(LinearizabilityTest, AcceptsEveryAtomicHistory) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::vector<Operation> history = AtomicHistory(seed, 8, 150);
    ASSERT_TRUE(IsLinearizable(history)) << "seed " << seed << "\n" << Describe(history);
  }
}

TEST(LinearizabilityTest, RefusesAtomicHistoriesWithAResultThatNobodyWrote) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    std::vector<Operation> history = AtomicHistory(seed, 4, 40);
    auto read = std::find_if(history.begin(), history.end(), [](const Operation& o) { return o.kind == Kind::kRead; });
    ASSERT_NE(read, history.end());
    read->result = 1'000'000;
    EXPECT_FALSE(IsLinearizable(history)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tusk::stress
