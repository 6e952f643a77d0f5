// The blocks of large containers: an array's elements with room at both ends, a map's pairs (or a set's members) in the order
// in which they came, with an index by hash once there are many.
//
//   ArrayBlock | capacity | head | size | width  | room | element ... | room |     of integers alone: each in `width` bytes
//   MapBlock   | capacity | used | live | ...    | key value | key value | ... | room |     index: u32 positions, apart
//
// Threads: stripe-guarded, as the document that owns them. Owns: elements and index; see document.cc.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "types/document.h"

namespace tusk::types {

struct ArrayBlock {
  uint32_t capacity;
  uint32_t head;  // Slots that are free before the first element.
  uint32_t size;
  // 0: the elements are Documents. Else all are integers, and lie there as such in 1, 2, 4 or 8 bytes each, with their sign.
  uint32_t width;

  static ArrayBlock* New(uint32_t capacity, uint32_t width) noexcept;
  // The fewest bytes that hold every element of an array; 0: one is no integer. O(elements).
  static uint32_t WidthOf(const DocumentView& array) noexcept;
  static uint32_t WidthOf(int64_t value) noexcept;

  size_t stride() const noexcept { return width == 0 ? sizeof(Document) : width; }
  char* bytes(size_t i) noexcept { return reinterpret_cast<char*>(this + 1) + (head + i) * stride(); }
  const char* bytes(size_t i) const noexcept { return reinterpret_cast<const char*>(this + 1) + (head + i) * stride(); }
  Document* elements() noexcept {
    DCHECK(width == 0);
    return reinterpret_cast<Document*>(bytes(0));
  }
  const Document* elements() const noexcept {
    DCHECK(width == 0);
    return reinterpret_cast<const Document*>(bytes(0));
  }
  int64_t integer(size_t i) const noexcept {
    DCHECK(width != 0 && i < size);
    int64_t value = 0;
    std::memcpy(&value, bytes(i), width);
    const auto unused = static_cast<int>(64 - 8 * width);
    return value << unused >> unused;  // Its sign, over the bytes that are not there.
  }
  void set_integer(size_t i, int64_t value) noexcept {
    DCHECK(width != 0 && WidthOf(value) <= width);
    std::memcpy(bytes(i), &value, width);
  }
};
static_assert(sizeof(ArrayBlock) % alignof(Document) == 0);
static_assert(std::endian::native == std::endian::little);

// A pair that was erased keeps its place, its key being vacant (Document::is_vacant()), until half of them are.
struct MapBlock {
  uint32_t capacity;
  uint32_t used;  // Places from the first on that hold a pair or are vacant.
  uint32_t live;
  uint32_t index_mask;  // Places of the index less one; 0: there is none.
  uint32_t* index;      // 0: free; kErased; else the pair's place plus one.
  uint64_t has_values;  // 1: map; 0: set, whose places have no value.

  static constexpr uint32_t kErased = UINT32_MAX;
  // Up to here keys are compared one by one.
  static constexpr uint32_t kUnindexedMax = 16;

  size_t stride() const noexcept { return 1 + has_values; }
  Document* slots() noexcept { return reinterpret_cast<Document*>(this + 1); }
  const Document* slots() const noexcept { return reinterpret_cast<const Document*>(this + 1); }
  const Document& key(size_t place) const noexcept { return slots()[place * stride()]; }
  // Of a set the member itself.
  const Document& value(size_t place) const noexcept { return slots()[place * stride() + has_values]; }
  Document& key(size_t place) noexcept { return slots()[place * stride()]; }
  Document& value(size_t place) noexcept { return slots()[place * stride() + has_values]; }
  static constexpr size_t kNowhere = SIZE_MAX;
  size_t PlaceOf(const DocumentView& key) const noexcept;
};
static_assert(sizeof(MapBlock) % alignof(Document) == 0);

// Places and elements are counted in 32 bits, two values of which the index of a map needs.
inline constexpr size_t kBlockElementsMax = UINT32_MAX - 2;
// The capacity that a block of `size` elements deserves when it has to grow: half as much again.
inline uint32_t GrownBlock(size_t size, uint32_t smallest) noexcept {
  CHECK(size < kBlockElementsMax);
  return static_cast<uint32_t>(std::min(std::max<size_t>(size + size / 2, smallest), kBlockElementsMax));
}

}  // namespace tusk::types
