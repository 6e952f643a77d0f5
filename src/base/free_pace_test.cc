#include "base/free_pace.h"

#include <gtest/gtest.h>

#include "base/memory.h"

namespace tusk::base {
namespace {

void FreeMany(uint32_t blocks) {
  for (uint32_t i = 0; i < blocks; ++i) Free(Allocate(16));
}

TEST(FreePaceTest, RestsAfterEachStepAndOnlyWhileItLives) {
  FreeMany(10 * FreePace::kFreesPerStep);
  FreePace pace;
  FreeMany(FreePace::kFreesPerStep - 1);
  EXPECT_EQ(pace.rests(), 0u);
  FreeMany(1);
  EXPECT_EQ(pace.rests(), 1u);
  FreeMany(2 * FreePace::kFreesPerStep);
  EXPECT_EQ(pace.rests(), 3u);
}

TEST(FreePaceTest, DoesNotRestWhileSomebodyIsInAHurry) {
  FreePace pace;
  {
    FreeHurry one;
    FreeHurry two;
    FreeMany(3 * FreePace::kFreesPerStep);
  }
  EXPECT_EQ(pace.rests(), 0u);
  FreeMany(FreePace::kFreesPerStep);
  EXPECT_EQ(pace.rests(), 1u);
}

TEST(FreePaceTest, DoesNotRestForATimeWhenMemoryIsMissed) {
  FreePace pace;
  FreePace::HurryFor(std::chrono::hours(1));
  FreeMany(3 * FreePace::kFreesPerStep);
  EXPECT_EQ(pace.rests(), 0u);
  FreePace::HurryFor(std::chrono::milliseconds(0));
  FreeMany(FreePace::kFreesPerStep);
  EXPECT_EQ(pace.rests(), 1u);
}

TEST(FreePaceTest, TheAccountStaysExact) {
  void* block = Allocate(1000);
  uint64_t before = UsedMemory();
  {
    FreePace pace;
    Free(block);
  }
  EXPECT_LT(UsedMemory(), before);
  void* again = Allocate(1000);
  EXPECT_EQ(UsedMemory(), before);
  Free(again);
}

}  // namespace
}  // namespace tusk::base
