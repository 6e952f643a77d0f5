#include "types/hyperloglog.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/random.h"

namespace tusk::types {
namespace {

constexpr size_t kSparseMax = 3000;

HllRegisters RegistersOf(std::string_view bytes) {
  HllRegisters registers{};
  EXPECT_TRUE(HllMergeInto(bytes, registers));
  return registers;
}

// What redis-server stores for PFADD of these elements.
TEST(HyperLogLog, BytesAreThoseOfRedis) {
  HyperLogLog hll;
  EXPECT_EQ(hll.bytes(), std::string_view("HYLL\1\0\0\0\0\0\0\0\0\0\0\0\x7f\xff", 18));
  for (std::string_view element : {"a", "b", "c"}) hll.Raise(HllRankOf(element), kSparseMax);
  HllForget(hll.header());
  EXPECT_EQ(hll.bytes(), std::string_view("HYLL\1\0\0\0\0\0\0\0\0\0\0\x80\x60\xf3\x80\x50\xb1\x84\x4b\xfb\x80\x42\x5a", 27));
  EXPECT_EQ(HllRunsText(hll.bytes()), "Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603");
}

// Random registers, from sparse through dense, beside a plain array.
TEST(HyperLogLog, RegistersEqualAModel) {
  uint64_t seed = std::random_device()();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  base::Random random(seed);
  for (size_t sparse_max : {size_t{0}, size_t{100}, kSparseMax, size_t{16000}}) {
    HyperLogLog hll;
    HllRegisters model{};
    uint32_t near = 0;
    for (int step = 0; step < 5000; ++step) {
      if (random.Below(8) == 0) near = static_cast<uint32_t>(random.Below(kHllRegisters - 16));
      HllRank rank{near + static_cast<uint32_t>(random.Below(16)), static_cast<uint8_t>(1 + random.Below(step < 4000 ? 6 : 51))};
      bool grows = model[rank.index] < rank.value;
      EXPECT_EQ(hll.Raise(rank, sparse_max), grows ? HyperLogLog::Change::kRaised : HyperLogLog::Change::kNone);
      if (grows) model[rank.index] = rank.value;
      ASSERT_TRUE(HllIsValid(hll.bytes()));
      ASSERT_LE(hll.bytes().size(), hll.is_dense() ? kHllDenseBytes : std::max<size_t>(sparse_max, 18));
      if (step % 100 != 0) continue;
      ASSERT_EQ(RegistersOf(hll.bytes()), model) << "step " << step;
    }
    EXPECT_EQ(RegistersOf(hll.bytes()), model);
    ASSERT_TRUE(hll.ToDense());
    EXPECT_EQ(RegistersOf(hll.bytes()), model);
  }
}

TEST(HyperLogLog, EstimatesWithinAFewStandardErrors) {
  HyperLogLog hll;
  uint64_t count = 0;
  for (uint64_t limit : {10u, 100u, 1000u, 10'000u, 100'000u}) {
    for (; count < limit; ++count) hll.Raise(HllRankOf(fmt::format("element {}", count)), kSparseMax);
    uint64_t estimate = HllEstimate(RegistersOf(hll.bytes()));
    EXPECT_LE(std::abs(static_cast<double>(estimate) - static_cast<double>(limit)), static_cast<double>(limit) * 0.04);
  }
  EXPECT_TRUE(hll.is_dense());
}

TEST(HyperLogLog, RemembersItsCountUntilItChanges) {
  HyperLogLog hll;
  EXPECT_EQ(HllCachedCount(hll.bytes()), 0u);
  HllForget(hll.header());
  EXPECT_EQ(HllCachedCount(hll.bytes()), std::nullopt);
  HllRemember(hll.header(), 12345);
  EXPECT_EQ(HllCachedCount(hll.bytes()), 12345u);
}

TEST(HyperLogLog, DamagedBytesAreToldApart) {
  HyperLogLog hll;
  for (int i = 0; i < 300; ++i) hll.Raise(HllRankOf(fmt::format("{}", i)), kSparseMax);
  EXPECT_FALSE(HllIsValid("HYLL"));
  EXPECT_FALSE(HllIsValid("hyll" + hll.bytes().substr(4)));
  std::string wrong_encoding = hll.bytes();
  wrong_encoding[4] = 2;
  EXPECT_FALSE(HllIsValid(wrong_encoding));
  wrong_encoding[4] = 0;
  EXPECT_FALSE(HllIsValid(wrong_encoding)) << "Dense, but too short.";
  HllRegisters registers{};
  for (size_t size = kHllHeaderBytes; size < hll.bytes().size(); ++size) {
    std::string cut = hll.bytes().substr(0, size);
    EXPECT_FALSE(HllMergeInto(cut, registers));
    HyperLogLog damaged(cut);
    EXPECT_FALSE(damaged.ToDense());
    EXPECT_EQ(damaged.bytes(), cut);
    EXPECT_EQ(damaged.Raise({kHllRegisters - 1, 40}, kSparseMax), HyperLogLog::Change::kCorrupt);
  }
  EXPECT_FALSE(HllMergeInto(hll.bytes() + "x", registers));
}

}  // namespace
}  // namespace tusk::types
