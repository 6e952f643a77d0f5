// ExpiryIndex: the deadlines of one shard in order, as a 4-ary heap whose items know their entry and whose entries know
// their position, so that a deadline changes or goes in O(log n) without a search.
//
// Threads: stripe-guarded. Owns: the heap; entries are borrowed and must be taken out before they move or die.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/entry.h"

namespace tusk::store {

class ExpiryIndex {
 public:
  // The entry has a deadline block; its deadline is set here.
  void Insert(Entry& entry, int64_t deadline_ms);
  void Remove(Entry& entry) noexcept;
  void Change(Entry& entry, int64_t deadline_ms) noexcept;
  // The entry moved in memory: `to` is its copy, position included.
  void Rebind(Entry& to) noexcept { heap_[to.deadline_block()->heap_position].entry = &to; }

  bool empty() const noexcept { return heap_.empty(); }
  size_t size() const noexcept { return heap_.size(); }
  // The entry that is due first. Not empty.
  Entry& first() const noexcept { return *heap_.front().entry; }
  int64_t first_deadline_ms() const noexcept { return heap_.empty() ? INT64_MAX : heap_.front().deadline_ms; }
  // Any entry, for eviction's samples. position < size().
  Entry& at(size_t position) const noexcept { return *heap_[position].entry; }
  int64_t deadline_sum() const noexcept { return deadline_sum_; }
  void Clear() noexcept;

 private:
  struct Item {
    int64_t deadline_ms;
    Entry* entry;
  };
  void SiftUp(size_t position) noexcept;
  void SiftDown(size_t position) noexcept;
  void Place(size_t position, Item item) noexcept;

  std::vector<Item> heap_;
  int64_t deadline_sum_ = 0;  // For INFO's avg_ttl; wraps harmlessly with absurd deadlines.
};

}  // namespace tusk::store
