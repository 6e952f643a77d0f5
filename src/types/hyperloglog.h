// HyperLogLog: how many different elements were added, within 0.81 %, in at most 12 KB. The bytes are those that Redis
// stores, so that values move between servers by GET, SET, DUMP and RDB.
//
//   0      4          5        8             16
//   +------+----------+--------+-------------+--------------------------------------------------+
//   | HYLL | encoding | zeros  | cardinality | registers                                        |
//   +------+----------+--------+-------------+--------------------------------------------------+
//
// cardinality: what Count() found last, little endian; the top bit says that it is out of date.
// dense (0):  16384 registers of 6 bits, the first in the lowest bits of the first byte.
// sparse (1): runs of equal registers, in order:
//   00llllll           zeros, l + 1 of them
//   01llllll llllllll  zeros, l + 1 of them (high bits first)
//   1vvvvvll           l + 1 registers with the value v + 1
//
// A sparse value becomes dense when a register exceeds 32 or its bytes would exceed a limit; never the other way.
// Threads: caller-synchronised. Owns: its bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tusk::types {

inline constexpr uint32_t kHllRegisters = 1u << 14;
inline constexpr size_t kHllHeaderBytes = 16;
inline constexpr size_t kHllDenseBytes = kHllHeaderBytes + kHllRegisters * 6 / 8;
static_assert(kHllDenseBytes == 12304);

// What an element sets: its register becomes at least `value`, 1 to 51.
struct HllRank {
  uint32_t index;
  uint8_t value;
};
HllRank HllRankOf(std::string_view element) noexcept;

// One byte per register.
using HllRegisters = std::array<uint8_t, kHllRegisters>;

// The estimate for `registers`. O(registers).
uint64_t HllEstimate(const HllRegisters& registers) noexcept;

// ---- Bytes that somebody else holds; all but HllIsValid() take valid ones ----

// Header and length are right. Runs are checked by those who walk them.
bool HllIsValid(std::string_view bytes) noexcept;
bool HllIsDense(std::string_view bytes) noexcept;
// The estimate that the header remembers, if it is up to date.
std::optional<uint64_t> HllCachedCount(std::string_view bytes) noexcept;
// Both write to the header alone.
void HllRemember(char* bytes, uint64_t count) noexcept;
void HllForget(char* bytes) noexcept;
// Raises each of `into` to the register here. False: the runs are corrupt, `into` is spoiled. O(registers).
bool HllMergeInto(std::string_view bytes, HllRegisters& into) noexcept;
// Dense bytes only. True when the register grew; the header is left alone.
uint8_t HllDenseGet(const char* bytes, uint32_t index) noexcept;
bool HllDenseRaise(char* bytes, HllRank rank) noexcept;

// ---- A value to build or change ----

class HyperLogLog {
 public:
  enum class Change : uint8_t { kNone, kRaised, kCorrupt };

  // Empty and sparse.
  HyperLogLog();
  // `bytes` are valid.
  explicit HyperLogLog(std::string_view bytes);

  const std::string& bytes() const noexcept { return bytes_; }
  char* header() noexcept { return bytes_.data(); }
  bool is_dense() const noexcept { return HllIsDense(bytes_); }
  // Goes dense rather than beyond `sparse_bytes_max`, header included. The remembered estimate stays as it is.
  // O(runs) sparse, O(1) dense.
  Change Raise(HllRank rank, size_t sparse_bytes_max);
  // False: corrupt, nothing has changed.
  bool ToDense();

 private:
  Change RaiseSparse(HllRank rank, size_t sparse_bytes_max);
  Change RaiseAsDense(HllRank rank);
  void MergeRuns(size_t from) noexcept;

  std::string bytes_;
};

// The runs of a sparse value as PFDEBUG DECODE spells them, corrupt or not: "z:3 v:1,2 Z:16000".
std::string HllRunsText(std::string_view bytes);

}  // namespace tusk::types
