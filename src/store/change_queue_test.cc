#include "store/change_queue.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"

namespace tusk::store {
namespace {

// A unit whose content follows from its number.
std::string ContentOf(uint64_t number, size_t size) {
  std::string text = std::to_string(number) + ' ';
  text.resize(std::max(text.size(), size), static_cast<char>('a' + number % 26));
  return text;
}

void Add(ChangeBuffer& buffer, uint64_t number, size_t words, size_t size) {
  for (size_t i = 0; i < words; ++i) {
    const std::string content = ContentOf(number, size);
    const std::string_view argv[] = {content};
    buffer.Add(static_cast<DbIndex>(i % 16), argv, kToAll);
  }
}

// Sizes from a few bytes to several chunks.
TEST(ChangeQueueTest, WhatOneThreadPutsAnotherTakesInOrder) {
  constexpr uint64_t kUnits = 4000;
  const uint64_t seed = base::SecureRandom64();
  SCOPED_TRACE("seed " + std::to_string(seed));
  struct Shape {
    size_t words, size;
  };
  std::vector<Shape> shapes;
  base::Random random(seed);
  for (uint64_t i = 0; i < kUnits; ++i) {
    const bool large = random.Below(200) == 0;
    shapes.push_back({1 + random.Below(large ? 300 : 3), random.Below(large ? 3000 : 90)});
  }
  PassingBytes account;
  ChangeQueue queue(account);
  std::thread writer([&] {
    ChangeBuffer buffer;
    for (uint64_t number = 1; number <= kUnits; ++number) {
      Add(buffer, number, shapes[number - 1].words, shapes[number - 1].size);
      queue.Put(buffer.Unit(number));
      buffer.Clear();
    }
  });
  uint64_t expected = 1;
  while (expected <= kUnits) {
    // Some are held on to while further ones are taken.
    std::vector<ChangeUnit> held;
    while (held.size() < 50 && queue.NextNumber() != 0) held.push_back(queue.Next());
    for (const ChangeUnit& unit : held) {
      ChangeBuffer buffer;
      Add(buffer, expected, shapes[expected - 1].words, shapes[expected - 1].size);
      ASSERT_EQ(unit.number, expected);
      ASSERT_EQ(unit.bytes, buffer.Unit(expected).bytes);
      ASSERT_EQ(unit.parts.size(), shapes[expected - 1].words);
      ASSERT_EQ(unit.parts.back().end, unit.bytes.size());
      ++expected;
    }
    queue.Release();
    if (held.empty()) std::this_thread::yield();
  }
  writer.join();
  EXPECT_EQ(queue.NextNumber(), 0u);
}

// Nor does it stay in the account of what maxmemory leaves out.
TEST(ChangeQueueTest, WhatIsNotTakenIsFreedWithIt) {
  PassingBytes account;
  {
    ChangeQueue queue(account);
    ChangeBuffer buffer;
    for (uint64_t number = 1; number <= 5; ++number) {
      Add(buffer, number, 1, ChangeQueue::kChunkBytes);
      queue.Put(buffer.Unit(number));
      buffer.Clear();
    }
    EXPECT_EQ(queue.NextNumber(), 1u);
    EXPECT_GE(account.bytes(), 5 * ChangeQueue::kChunkBytes);
  }
  EXPECT_EQ(account.bytes(), 0u);
}

}  // namespace
}  // namespace tusk::store
