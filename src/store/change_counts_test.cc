#include "store/change_counts.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tusk::store {
namespace {

TEST(ChangeCounts, WhatEndedTransactionsCountedStays) {
  ChangeCounts counts;
  ChangeCounts::Count& first = counts.Register();
  first.Add(3);
  counts.Unregister(first);
  EXPECT_EQ(counts.Unsaved(), 3u);
  ChangeCounts::Count& second = counts.Register();
  EXPECT_EQ(&second, &first) << "given back, so used again";
  second.Add(4);
  EXPECT_EQ(counts.Unsaved(), 7u);
}

TEST(ChangeCounts, WhatIsSavedBeforeItIsCountedLeavesNothing) {
  ChangeCounts counts;
  ChangeCounts::Count& count = counts.Register();
  counts.Forget(2);
  EXPECT_EQ(counts.Unsaved(), 0u);
  count.Add(5);
  EXPECT_EQ(counts.Unsaved(), 3u);
}

TEST(ChangeCounts, SumsWhatThreadsCountAtOnce) {
  constexpr uint64_t kAdditions = 10'000;
  ChangeCounts counts;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&counts] {
      ChangeCounts::Count& count = counts.Register();
      for (uint64_t n = 0; n < kAdditions; ++n) count.Add(1);
      counts.Unregister(count);
    });
  }
  EXPECT_LE(counts.Unsaved(), 4 * kAdditions);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counts.Unsaved(), 4 * kAdditions);
}

}  // namespace
}  // namespace tusk::store
