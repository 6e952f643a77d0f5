// ExpiryIndex: the deadlines of one shard's keys in order. FieldExpiryIndex: the hashes of one shard that have fields
// with deadlines, in the order of each one's first.
//
// Threads: stripe-guarded. Owns: the heaps; entries are borrowed and must be taken out before they move or die.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ds/deadline_heap.h"
#include "store/entry.h"

namespace tusk::store {

class ExpiryIndex {
 public:
  // The entry has a deadline block; its deadline is set here.
  void Insert(Entry& entry, int64_t deadline_ms);
  void Remove(Entry& entry) noexcept;
  void Change(Entry& entry, int64_t deadline_ms) noexcept;
  // The entry moved in memory: `to` is its copy, position included.
  void Rebind(Entry& to) noexcept { heap_.Rebind(&to); }

  bool empty() const noexcept { return heap_.empty(); }
  size_t size() const noexcept { return heap_.size(); }
  // The entry that is due first. Not empty.
  Entry& first() const noexcept { return *heap_.first(); }
  int64_t first_deadline_ms() const noexcept { return heap_.first_deadline_ms(); }
  // Any entry, for eviction's samples. position < size().
  Entry& at(size_t position) const noexcept { return *heap_.at(position); }
  int64_t deadline_sum() const noexcept { return deadline_sum_; }
  void Clear() noexcept;

 private:
  struct Policy {
    using Item = Entry*;
    static uint32_t& Position(Entry* entry) noexcept { return entry->deadline_block()->heap_position; }
  };

  ds::DeadlineHeap<Policy> heap_;
  int64_t deadline_sum_ = 0;  // For INFO's avg_ttl; wraps harmlessly with absurd deadlines.
};

// The place of an entry is kept in its hash. What is noted is never later than the hash's true first deadline, but may
// be earlier when the field that had it is gone: whoever comes then settles it.
class FieldExpiryIndex {
 public:
  // Notes the hash's first deadline, or forgets the hash when it has none. The entry holds a hash.
  void Settle(Entry& entry);
  // The entry holds a value of any type, which goes elsewhere or dies.
  void Remove(Entry& entry) noexcept;
  // The entry moved in memory, its hash did not.
  void Rebind(Entry& to) noexcept;

  size_t size() const noexcept { return heap_.size(); }
  Entry& first() const noexcept { return *heap_.first(); }
  int64_t first_deadline_ms() const noexcept { return heap_.first_deadline_ms(); }
  void Clear() noexcept { heap_.Clear(); }

 private:
  struct Policy {
    using Item = Entry*;
    static uint32_t& Position(Entry* entry) noexcept;
  };

  ds::DeadlineHeap<Policy> heap_;
};

}  // namespace tusk::store
