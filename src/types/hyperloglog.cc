#include "types/hyperloglog.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>

#include "base/check.h"

namespace tusk::types {
namespace {

constexpr std::string_view kMagic = "HYLL";
constexpr char kDense = 0;
constexpr char kSparse = 1;
constexpr size_t kEncodingAt = 4;
constexpr size_t kCountAt = 8;
constexpr uint8_t kOutOfDate = 0x80;  // In the count's last byte.
constexpr int kHashBits = 64;
constexpr int kIndexBits = std::countr_zero(kHllRegisters);
constexpr int kRankBits = kHashBits - kIndexBits;  // The longest run of zeros that a hash can show.
constexpr uint32_t kShortZerosMax = 64;
constexpr uint32_t kValuesMax = 4;
constexpr uint8_t kSparseValueMax = 32;

// Austin Appleby's MurmurHash64A; the seed is part of the format.
uint64_t Murmur64A(std::string_view text) noexcept {
  constexpr uint64_t kSeed = 0xadc83b19;
  constexpr uint64_t kMultiplier = 0xc6a4a7935bd1e995;
  constexpr int kShift = 47;
  uint64_t hash = kSeed ^ (text.size() * kMultiplier);
  for (; text.size() >= 8; text.remove_prefix(8)) {
    uint64_t word;
    std::memcpy(&word, text.data(), sizeof word);
    word *= kMultiplier;
    word ^= word >> kShift;
    word *= kMultiplier;
    hash = (hash ^ word) * kMultiplier;
  }
  if (!text.empty()) {
    uint64_t rest = 0;
    std::memcpy(&rest, text.data(), text.size());
    hash = (hash ^ rest) * kMultiplier;
  }
  hash ^= hash >> kShift;
  hash *= kMultiplier;
  return hash ^ (hash >> kShift);
}
static_assert(std::endian::native == std::endian::little, "Hash and registers are read as little-endian words.");

// How many registers have each value.
using Histogram = std::array<uint32_t, 64>;

// Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017: sigma corrects for registers
// that are still zero, tau for saturated ones.
double Sigma(double x) noexcept {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double weight = 1, sum = x, before;
  do {
    x *= x;
    before = sum;
    sum += x * weight;
    weight += weight;
  } while (sum != before);
  return sum;
}

double Tau(double x) noexcept {
  if (x == 0 || x == 1) return 0;
  double weight = 1, sum = 1 - x, before;
  do {
    x = std::sqrt(x);
    before = sum;
    weight *= 0.5;
    sum -= std::pow(1 - x, 2) * weight;
  } while (sum != before);
  return sum / 3;
}

uint64_t Estimate(const Histogram& counts) noexcept {
  constexpr double kAlphaInfinity = 0.721347520444481703680;  // 0.5 / ln 2
  constexpr double m = kHllRegisters;
  double z = m * Tau((m - counts[kRankBits + 1]) / m);
  for (int value = kRankBits; value >= 1; --value) z = (z + counts[static_cast<size_t>(value)]) * 0.5;
  z += m * Sigma(counts[0] / m);
  return static_cast<uint64_t>(std::llroundl(kAlphaInfinity * m * m / z));
}

// Calls `visit(index, value)` for each dense register, eight of which share six bytes.
template <typename Visit>
void ForEachDense(const char* bytes, Visit visit) noexcept {
  const char* at = bytes + kHllHeaderBytes;
  for (uint32_t index = 0; index < kHllRegisters; index += 8, at += 6) {
    uint64_t word = 0;
    std::memcpy(&word, at, 6);
    for (uint32_t i = 0; i < 8; ++i, word >>= 6) visit(index + i, static_cast<uint8_t>(word & 63));
  }
}

// One run of a sparse value.
struct Run {
  uint32_t registers;
  uint8_t value;  // 0 for zeros.
  uint8_t bytes;

  static Run At(std::string_view bytes, size_t at) noexcept {
    auto first = static_cast<uint8_t>(bytes[at]);
    if (first & 0x80) return {(first & 3u) + 1, static_cast<uint8_t>(((first >> 2) & 31) + 1), 1};
    if (!(first & 0x40)) return {(first & 63u) + 1, 0, 1};
    // A file that ends within a run: the walk finds that it goes beyond the end.
    uint32_t second = at + 1 < bytes.size() ? static_cast<uint8_t>(bytes[at + 1]) : 0;
    return {((first & 63u) << 8 | second) + 1, 0, 2};
  }
  // Writes a run where `at` points, returns its end.
  static char* Write(char* at, uint32_t registers, uint8_t value) noexcept {
    DCHECK(registers > 0 && registers <= kHllRegisters);
    uint32_t length = registers - 1;
    if (value != 0) {
      DCHECK(registers <= kValuesMax && value <= kSparseValueMax);
      *at = static_cast<char>(0x80u | static_cast<uint32_t>(value - 1) << 2 | length);
      return at + 1;
    }
    if (registers <= kShortZerosMax) {
      *at = static_cast<char>(length);
      return at + 1;
    }
    at[0] = static_cast<char>(0x40u | length >> 8);
    at[1] = static_cast<char>(length & 0xff);
    return at + 2;
  }
  // Calls `visit(first register, run)` for all runs; false when they don't make up all registers exactly.
  template <typename Visit>
  static bool ForEach(std::string_view bytes, Visit visit) {
    uint32_t index = 0;
    for (size_t at = kHllHeaderBytes; at < bytes.size();) {
      Run run = At(bytes, at);
      at += run.bytes;
      if (at > bytes.size() || run.registers > kHllRegisters - index) return false;
      visit(index, run);
      index += run.registers;
    }
    return index == kHllRegisters;
  }
};

}  // namespace

HllRank HllRankOf(std::string_view element) noexcept {
  uint64_t hash = Murmur64A(element);
  auto index = static_cast<uint32_t>(hash & (kHllRegisters - 1));
  uint64_t rest = hash >> kIndexBits | uint64_t{1} << kRankBits;
  return {index, static_cast<uint8_t>(std::countr_zero(rest) + 1)};
}

uint64_t HllEstimate(const HllRegisters& registers) noexcept {
  Histogram counts{};
  for (uint8_t value : registers) ++counts[value & 63];
  return Estimate(counts);
}

bool HllIsDense(std::string_view bytes) noexcept { return bytes[kEncodingAt] == kDense; }

bool HllIsValid(std::string_view bytes) noexcept {
  if (bytes.size() < kHllHeaderBytes || !bytes.starts_with(kMagic)) return false;
  if (HllIsDense(bytes)) return bytes.size() == kHllDenseBytes;
  return bytes[kEncodingAt] == kSparse;
}

std::optional<uint64_t> HllCachedCount(std::string_view bytes) noexcept {
  DCHECK(HllIsValid(bytes));
  if (static_cast<uint8_t>(bytes[kHllHeaderBytes - 1]) & kOutOfDate) return std::nullopt;
  uint64_t count;
  std::memcpy(&count, bytes.data() + kCountAt, sizeof count);
  return count;
}

void HllRemember(char* bytes, uint64_t count) noexcept {
  DCHECK(count >> 63 == 0);
  std::memcpy(bytes + kCountAt, &count, sizeof count);
}

void HllForget(char* bytes) noexcept {
  bytes[kHllHeaderBytes - 1] = static_cast<char>(static_cast<uint8_t>(bytes[kHllHeaderBytes - 1]) | kOutOfDate);
}

bool HllMergeInto(std::string_view bytes, HllRegisters& into) noexcept {
  DCHECK(HllIsValid(bytes));
  if (HllIsDense(bytes)) {
    ForEachDense(bytes.data(), [&](uint32_t index, uint8_t value) { into[index] = std::max(into[index], value); });
    return true;
  }
  return Run::ForEach(bytes, [&](uint32_t index, Run run) {
    if (run.value == 0) return;
    for (uint32_t i = index; i < index + run.registers; ++i) into[i] = std::max(into[i], run.value);
  });
}

uint8_t HllDenseGet(const char* bytes, uint32_t index) noexcept {
  DCHECK(index < kHllRegisters);
  uint32_t bit = index * 6;
  const auto* at = reinterpret_cast<const uint8_t*>(bytes) + kHllHeaderBytes + bit / 8;
  // The last register ends with the last byte, so a second one is only looked at where there is one.
  uint32_t word = bit % 8 > 2 ? at[0] | static_cast<uint32_t>(at[1]) << 8 : at[0];
  return static_cast<uint8_t>(word >> (bit % 8) & 63);
}

bool HllDenseRaise(char* bytes, HllRank rank) noexcept {
  DCHECK(rank.value > 0 && rank.value < 64);
  if (HllDenseGet(bytes, rank.index) >= rank.value) return false;
  uint32_t bit = rank.index * 6;
  uint32_t shift = bit % 8;
  auto* at = reinterpret_cast<uint8_t*>(bytes) + kHllHeaderBytes + bit / 8;
  at[0] = static_cast<uint8_t>((at[0] & ~(63u << shift)) | static_cast<uint32_t>(rank.value) << shift);
  if (shift > 2) {
    at[1] = static_cast<uint8_t>((at[1] & ~(63u >> (8 - shift))) | static_cast<uint32_t>(rank.value) >> (8 - shift));
  }
  DCHECK(HllDenseGet(bytes, rank.index) == rank.value);
  return true;
}

HyperLogLog::HyperLogLog() : bytes_(kMagic) {
  bytes_.resize(kHllHeaderBytes + 2);
  bytes_[kEncodingAt] = kSparse;
  Run::Write(bytes_.data() + kHllHeaderBytes, kHllRegisters, 0);
}

HyperLogLog::HyperLogLog(std::string_view bytes) : bytes_(bytes) { DCHECK(HllIsValid(bytes_)); }

HyperLogLog::Change HyperLogLog::Raise(HllRank rank, size_t sparse_bytes_max) {
  if (!is_dense()) return RaiseSparse(rank, sparse_bytes_max);
  return HllDenseRaise(bytes_.data(), rank) ? Change::kRaised : Change::kNone;
}

bool HyperLogLog::ToDense() {
  if (is_dense()) return true;
  std::string dense(bytes_, 0, kHllHeaderBytes);
  dense.resize(kHllDenseBytes);
  dense[kEncodingAt] = kDense;
  bool complete = Run::ForEach(bytes_, [&](uint32_t index, Run run) {
    if (run.value == 0) return;
    for (uint32_t i = index; i < index + run.registers; ++i) HllDenseRaise(dense.data(), {i, run.value});
  });
  if (complete) bytes_ = std::move(dense);
  return complete;
}

HyperLogLog::Change HyperLogLog::RaiseAsDense(HllRank rank) {
  if (!ToDense()) return Change::kCorrupt;
  return HllDenseRaise(bytes_.data(), rank) ? Change::kRaised : Change::kNone;
}

HyperLogLog::Change HyperLogLog::RaiseSparse(HllRank rank, size_t sparse_bytes_max) {
  if (rank.value > kSparseValueMax) return RaiseAsDense(rank);
  // Find the run that holds the register.
  uint32_t first = 0;
  size_t at = kHllHeaderBytes;
  size_t before = kHllHeaderBytes;  // The run left of it, or the first one.
  Run run{};
  for (;; before = at, at += run.bytes, first += run.registers) {
    if (at >= bytes_.size()) return Change::kCorrupt;
    run = Run::At(bytes_, at);
    if (rank.index < first + run.registers) break;
  }
  if (at + run.bytes > bytes_.size()) return Change::kCorrupt;
  if (run.value >= rank.value) return Change::kNone;

  // It is replaced by what is left of it on either side, and the new value between.
  char replacement[5];
  char* end = replacement;
  uint32_t last = first + run.registers - 1;
  if (rank.index != first) end = Run::Write(end, rank.index - first, run.value);
  end = Run::Write(end, 1, rank.value);
  if (rank.index != last) end = Run::Write(end, last - rank.index, run.value);
  auto size = static_cast<size_t>(std::distance(replacement, end));
  DCHECK(size <= sizeof replacement);
  if (size > run.bytes && bytes_.size() + size - run.bytes > sparse_bytes_max) return RaiseAsDense(rank);
  bytes_.replace(at, run.bytes, replacement, size);
  MergeRuns(before);
  return Change::kRaised;
}

// Joins equal neighbours among the few runs that a change may have made alike. Redis looks at five; so must we, for
// the bytes to be the same.
void HyperLogLog::MergeRuns(size_t at) noexcept {
  constexpr int kRunsLookedAt = 5;
  for (int i = 0; i < kRunsLookedAt && at < bytes_.size(); ++i) {
    Run run = Run::At(bytes_, at);
    if (run.value != 0 && at + 1 < bytes_.size()) {
      Run next = Run::At(bytes_, at + 1);
      if (next.value == run.value && run.registers + next.registers <= kValuesMax) {
        Run::Write(bytes_.data() + at + 1, run.registers + next.registers, run.value);
        bytes_.erase(at, 1);
        continue;  // It may go together with the one after it, too.
      }
    }
    at += run.bytes;
  }
}

std::string HllRunsText(std::string_view bytes) {
  DCHECK(HllIsValid(bytes) && !HllIsDense(bytes));
  std::string text;
  for (size_t at = kHllHeaderBytes; at < bytes.size();) {
    Run run = Run::At(bytes, at);
    at += run.bytes;
    if (!text.empty()) text += ' ';
    if (run.value != 0) {
      fmt::format_to(std::back_inserter(text), "v:{},{}", run.value, run.registers);
    } else {
      fmt::format_to(std::back_inserter(text), "{}:{}", run.bytes == 2 ? 'Z' : 'z', run.registers);
    }
  }
  return text;
}

}  // namespace tusk::types
