#include "base/cells.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "base/cell_census.h"
#include "base/memory.h"
#include "base/random.h"

namespace tusk::base {
namespace {

constexpr size_t kSpaceBytes = size_t{1} << 30;

void* Allocate(CellHeap& heap, size_t bytes) {
  return heap.Allocate(bytes <= kCellBytesMax ? CellClassOf(bytes) : LargeCellClassOf(bytes));
}

TEST(Cells, SizesAreStepsThatHoldWhatWasAskedFor) {
  for (size_t bytes = 0; bytes <= kCellBytesMax; ++bytes) {
    const size_t given = CellBytesOf(CellClassOf(bytes));
    EXPECT_GE(given, bytes);
    EXPECT_LT(given, std::max<size_t>(bytes, 1) + (bytes <= 256 ? 8 : bytes <= 512 ? 16 : 32));
  }
}

TEST(Cells, LargeSizesFillTheirPages) {
  for (size_t bytes = kCellBytesMax + 1; bytes <= kLargeCellBytesMax; ++bytes) {
    const size_t size_class = LargeCellClassOf(bytes);
    ASSERT_LT(size_class, kCellClasses);
    ASSERT_GE(CellBytesOf(size_class), bytes);
    ASSERT_EQ(CellBytesOf(size_class) % 64, 0u);
    ASSERT_LE(CellBytesOf(size_class), bytes + bytes / 4 + 64);
    ASSERT_GE(CellCapacity(size_class) * CellBytesOf(size_class), kCellPageBytes - kCellPageHeadBytes - kCellPageBytes / 16);
  }
}

// Random allocations and frees beside a map of what lies where: no cell overlaps another or loses a byte.
TEST(Cells, RandomUseBesideAMap) {
  CellSpace space(kSpaceBytes);
  ASSERT_NE(space.bytes(), 0u);
  CellHeap& heap = space.Adopt();
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Random random(seed);
  std::map<char*, std::pair<size_t, char>> cells;
  std::vector<char*> order;
  for (int i = 0; i < 200'000; ++i) {
    const bool grow = (i / 40'000) % 2 == 0;
    if (order.empty() || random.Below(10) < (grow ? 7u : 3u)) {
      const size_t bytes = random.Below(8) ? random.Below(100) : random.Below(random.Below(8) ? kCellBytesMax + 1 : kLargeCellBytesMax + 1);
      auto* cell = static_cast<char*>(Allocate(heap, bytes));
      ASSERT_TRUE(space.Contains(cell));
      ASSERT_EQ(reinterpret_cast<uintptr_t>(cell) % 8, 0u);
      auto after = cells.lower_bound(cell);
      if (after != cells.end()) {
        ASSERT_LE(cell + bytes, after->first);
      }
      if (after != cells.begin()) {
        ASSERT_LE(std::prev(after)->first + std::prev(after)->second.first, cell);
      }
      const char mark = static_cast<char>(i);
      std::memset(cell, mark, bytes);
      cells[cell] = {bytes, mark};
      order.push_back(cell);
    } else {
      const size_t at = random.Below(order.size());
      char* cell = order[at];
      order[at] = order.back();
      order.pop_back();
      const auto [bytes, mark] = cells[cell];
      for (size_t j = 0; j < bytes; ++j) ASSERT_EQ(cell[j], mark);
      cells.erase(cell);
      heap.Free(cell);
    }
  }
  for (char* cell : order) heap.Free(cell);
  // At most the page that each size is at.
  EXPECT_LE(space.figures().pages_used, kCellClasses);
  space.Purge(SIZE_MAX, true);
  EXPECT_EQ(space.figures().pages_resident, 0u);
}

// A thread that begins must not look like data: maxmemory would evict for it.
TEST(Cells, AHeapIsInNobodysAccount) {
  CellSpace space(kSpaceBytes);
  const uint64_t before = UsedMemory();
  space.Adopt();
  EXPECT_LT(UsedMemory(), before + sizeof(CellHeap) / 4);
}

TEST(Cells, PagesThatCameFreeServeAgainAfterTheirMemoryWentBack) {
  CellSpace space(kSpaceBytes);
  CellHeap& heap = space.Adopt();
  for (int round = 0; round < 3; ++round) {
    std::vector<void*> cells;
    for (int i = 0; i < 100'000; ++i) {
      cells.push_back(Allocate(heap, 56));
      std::memset(cells.back(), 1, 56);
    }
    const size_t pages = space.figures().pages_used;
    EXPECT_LE(pages, 100'000u / CellCapacity(CellClassOf(56)) + 1);
    for (void* cell : cells) heap.Free(cell);
    EXPECT_LE(space.figures().pages_used, 1u);
    EXPECT_GE(space.Purge(SIZE_MAX, true), pages - 1);
  }
}

TEST(Cells, WhatOtherThreadsFreeComesBackWhenTheOwnerDrains) {
  CellSpace space(kSpaceBytes);
  CellHeap& heap = space.Adopt();
  std::vector<void*> cells;
  for (int i = 0; i < 50'000; ++i) cells.push_back(Allocate(heap, 40));
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = t; i < cells.size(); i += 4) CellHeap::FreeOfOther(CellPage::Of(cells[i]), cells[i]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  heap.Drain();
  EXPECT_LE(space.figures().pages_used, 1u);
}

// Threads that hand cells round, each freeing what another made, and writing all of every cell.
TEST(Cells, ThreadsFreeEachOthersCells) {
  constexpr size_t kThreads = 4;
  constexpr int kRounds = 300, kCells = 200;
  CellSpace space(kSpaceBytes);
  std::atomic<std::vector<void*>*> mail[kThreads] = {};
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      CellHeap& heap = space.Adopt();
      Random random(t);
      for (int round = 0; round < kRounds; ++round) {
        auto batch = std::make_unique<std::vector<void*>>();
        for (int i = 0; i < kCells; ++i) {
          const size_t bytes = 8 + random.Below(200);
          batch->push_back(Allocate(heap, bytes));
          std::memset(batch->back(), static_cast<int>(t), bytes);
        }
        std::unique_ptr<std::vector<void*>> other(mail[(t + 1) % kThreads].exchange(batch.release()));
        if (other) for (void* cell : *other) heap.Free(cell);
        std::unique_ptr<std::vector<void*>> own(mail[t].exchange(nullptr));
        if (own) for (void* cell : *own) heap.Free(cell);
      }
      space.Leave(heap);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CellHeap& heap = space.Adopt();
  for (auto& slot : mail) {
    std::unique_ptr<std::vector<void*>> rest(slot.exchange(nullptr));
    if (rest) for (void* cell : *rest) heap.Free(cell);
  }
  heap.Drain();
  space.Leave(heap);
  space.DrainLeft();
  EXPECT_LE(space.figures().pages_used, kThreads * kCellClasses);
}

TEST(Cells, AHeapThatWasLeftServesTheNextThread) {
  CellSpace space(kSpaceBytes);
  CellHeap& heap = space.Adopt();
  void* cell = Allocate(heap, 16);
  space.Leave(heap);
  CellHeap::FreeOfOther(CellPage::Of(cell), cell);
  space.DrainLeft();
  EXPECT_EQ(&space.Adopt(), &heap);
}

TEST(Cells, AUsedUpSpaceSaysSo) {
  CellSpace space(size_t{256} << 20);
  CellHeap& heap = space.Adopt();
  size_t bytes = 0;
  while (Allocate(heap, kCellBytesMax)) bytes += kCellBytesMax;
  EXPECT_GT(bytes, size_t{240} << 20);
}

TEST(CellCensus, RoundsThatMoveNothingAreCounted) {
  CellSpace space(kSpaceBytes);
  CellHeap& heap = space.Adopt();
  std::vector<void*> rest;
  std::vector<void*> gone;
  for (size_t i = 0; i < 200'000; ++i) (i % 5 == 0 ? rest : gone).push_back(Allocate(heap, 56));
  for (void* cell : gone) heap.Free(cell);
  CellCensus census(space);
  for (uint32_t round = 0; round < 4; ++round) {
    while (!census.Count(SIZE_MAX)) {}
    while (!census.Count(SIZE_MAX)) {}
    EXPECT_EQ(census.rounds_in_vain(), round);
    while (!census.Mark(SIZE_MAX)) {}
    census.EndRound();
  }
  for (void* cell : rest) heap.Free(cell);
  while (!census.Count(SIZE_MAX)) {}
  EXPECT_EQ(census.rounds_in_vain(), 0u);
}

// Four of five cells go; what a round marks is moved; then the pages in use are those that the rest needs.
TEST(CellCensus, ARoundEmptiesThePagesThatAreNotNeeded) {
  CellSpace space(kSpaceBytes);
  CellHeap& heap = space.Adopt();
  constexpr size_t kCount = 400'000, kBytes = 56;
  std::vector<void*> rest;
  std::vector<void*> gone;
  for (size_t i = 0; i < kCount; ++i) (i % 5 == 0 ? rest : gone).push_back(Allocate(heap, kBytes));
  CellCensus census(space);
  while (!census.Count(100)) {}
  EXPECT_LT(census.figures().spare, census.figures().in_use / 10);
  for (void* cell : gone) heap.Free(cell);
  while (!census.Count(100)) {}
  const size_t before = space.figures().pages_used;
  EXPECT_GT(census.figures().spare, census.figures().in_use * 7 / 10);
  while (!census.Mark(100)) {}
  EXPECT_GT(census.marked(), before * 7 / 10);
  for (void*& cell : rest) {
    if (!space.WantsMove(cell)) continue;
    void* moved = Allocate(heap, kBytes);
    heap.Free(cell);
    cell = moved;
  }
  census.EndRound();
  const size_t needed = kCount / 5 / CellCapacity(CellClassOf(kBytes)) + 1;
  EXPECT_LE(space.figures().pages_used, needed + needed / 10 + 2);
  for (void* cell : rest) EXPECT_FALSE(space.WantsMove(cell));
}

TEST(CellCensus, WhatNobodyMovedIsOrdinaryAfterTheRound) {
  CellSpace space(kSpaceBytes);
  CellHeap& heap = space.Adopt();
  constexpr size_t kCount = 100'000, kBytes = 56;
  std::vector<void*> rest;
  std::vector<void*> gone;
  for (size_t i = 0; i < kCount; ++i) (i % 5 == 0 ? rest : gone).push_back(Allocate(heap, kBytes));
  for (void* cell : gone) heap.Free(cell);
  CellCensus census(space);
  while (!census.Count(SIZE_MAX)) {}
  while (!census.Mark(SIZE_MAX)) {}
  const size_t pages = space.figures().pages_used;
  // Only as many as the pages that stay have room for, so that the others are met and set aside.
  for (size_t i = 0; i < kCount / 5; ++i) rest.push_back(Allocate(heap, kBytes));
  census.EndRound();
  for (size_t i = 0; i < kCount / 2; ++i) rest.push_back(Allocate(heap, kBytes));
  EXPECT_LE(space.figures().pages_used, pages + pages / 5);
  for (void* cell : rest) heap.Free(cell);
  EXPECT_LE(space.figures().pages_used, 1u);
}

}  // namespace
}  // namespace tusk::base
