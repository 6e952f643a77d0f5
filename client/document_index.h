// DocumentIndex: where the keys of a large map, or the members of a large set, lie in its vector: open addressing by hash.
//
// Cost: Find, Insert O(1) expected; Rebuild O(places). Threads: as the container that owns it. Owns: its table.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "tusk/document.h"

namespace tusk {

// Equal scalars have equal hashes; of a container only its kind and size count.
uint64_t HashOfKey(const Document& key) noexcept;
uint64_t HashOfName(std::string_view name) noexcept;
[[noreturn]] void ThrowContainerKey();

class DocumentIndex {
 public:
  // Up to here keys are compared one by one.
  static constexpr size_t kUnindexedMax = 16;

  // The place among `count` that `is_it(place)` is true of, else `count`.
  template <typename IsIt>
  static size_t Find(const DocumentIndex* index, size_t count, uint64_t hash, IsIt is_it) {
    if (!index) {
      size_t place = 0;
      while (place < count && !is_it(place)) ++place;
      return place;
    }
    DCHECK(std::has_single_bit(index->table_.size()) && index->table_.size() > count);
    for (size_t at = hash & index->mask(); index->table_[at] != 0; at = (at + 1) & index->mask()) {
      const size_t place = index->table_[at] - 1;
      DCHECK(place < count);
      if (is_it(place)) return place;
    }
    return count;
  }

  // Gives the container an index that holds all its `count` places, or none when they are few.
  template <typename HashAt>
  static void Rebuild(std::unique_ptr<DocumentIndex>& index, size_t count, HashAt hash_at) {
    if (count <= kUnindexedMax) return index.reset();
    if (!index) index = std::make_unique<DocumentIndex>();
    index->table_.assign(std::bit_ceil(count * 2), 0);
    for (size_t place = 0; place < count; ++place) index->Insert(hash_at(place), place);
  }

  // After the container has grown by one, to `count`. May throw std::bad_alloc: then the index is as it was.
  template <typename HashAt>
  static void Added(std::unique_ptr<DocumentIndex>& index, size_t count, HashAt hash_at) {
    if (!index || index->table_.size() < count + count / 3) return Rebuild(index, count, hash_at);
    index->Insert(hash_at(count - 1), count - 1);
  }

 private:
  size_t mask() const noexcept { return table_.size() - 1; }
  void Insert(uint64_t hash, size_t place) noexcept {
    size_t at = hash & mask();
    while (table_[at] != 0) at = (at + 1) & mask();
    table_[at] = place + 1;
  }

  std::vector<size_t> table_;  // 0: free; else a place plus one.
};

}  // namespace tusk
