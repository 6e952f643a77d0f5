// The blocks of large containers: an array's elements with room at both ends, a map's pairs (or a set's members) in the order
// in which they came, with an index by hash once there are many.
//
//   ArrayBlock | capacity | head | size | -      | room | element ... | room |
//   MapBlock   | capacity | used | live | ...    | key value | key value | ... | room |     index: u32 positions, apart
//
// Threads: stripe-guarded, as the document that owns them. Owns: elements and index; see document.cc.
#pragma once

#include <cstddef>
#include <cstdint>

#include "types/document.h"

namespace tusk::types {

struct ArrayBlock {
  uint32_t capacity;
  uint32_t head;  // Slots that are free before the first element.
  uint32_t size;
  uint32_t unused;

  Document* slots() noexcept { return reinterpret_cast<Document*>(this + 1); }
  const Document* slots() const noexcept { return reinterpret_cast<const Document*>(this + 1); }
  Document* elements() noexcept { return slots() + head; }
  const Document* elements() const noexcept { return slots() + head; }
};
static_assert(sizeof(ArrayBlock) % alignof(Document) == 0);

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

}  // namespace tusk::types
