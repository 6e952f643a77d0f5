// A sorted set of integers in one block of memory, byte for byte Redis' intset, so that RDB files and replicas take it
// by copy.
//
//   | bytes per integer: 2, 4 or 8, u32 LE | count u32 LE | integers, ascending, two's complement LE |
//
// All integers take the width of the widest that was ever added. Contains and At are O(log n) and O(1), Add and Remove
// O(n) byte moves; meant for at most some thousand integers. Any change invalidates raw().
// Threads: caller-synchronised. Owns: its block, which is all the class holds (one pointer).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/random.h"
#include "base/status.h"

namespace tusk::ds {

class IntSet {
 public:
  IntSet() noexcept;
  ~IntSet() noexcept;
  IntSet(IntSet&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
  IntSet& operator=(IntSet&& other) noexcept;
  IntSet(const IntSet&) = delete;
  IntSet& operator=(const IntSet&) = delete;

  IntSet Clone() const noexcept;
  // Checks width, length and order, so that nothing that a file or peer sends breaks a search.
  static base::Result<IntSet> FromBytes(std::string_view bytes);

  size_t size() const noexcept;
  bool empty() const noexcept { return size() == 0; }
  // False when it was there already.
  bool Add(int64_t value) noexcept;
  // False when it was not there.
  bool Remove(int64_t value) noexcept;
  bool Contains(int64_t value) const noexcept;
  // The integers in ascending order; index < size().
  int64_t At(size_t index) const noexcept;
  // size() > 0.
  int64_t RandomValue(base::Random& random) const noexcept { return At(random.Below(size())); }

  std::string_view raw() const noexcept;
  size_t MemoryBytes() const noexcept;
  // Out of memory that is to be emptied (base::WantsMove). Returns how many blocks moved: 0 or 1.
  size_t MoveBlock() noexcept;

 private:
  explicit IntSet(uint8_t* block) noexcept : block_(block) {}
  uint32_t width() const noexcept;
  void SetHeader(uint32_t width, uint32_t count) noexcept;
  void SetAt(size_t index, int64_t value) noexcept;
  // Index of the first integer that is not less than `value`.
  size_t LowerBound(int64_t value) const noexcept;
  void Widen(uint32_t width) noexcept;

  uint8_t* block_;  // Null after being moved from only.
};

}  // namespace tusk::ds
