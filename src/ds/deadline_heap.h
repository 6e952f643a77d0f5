// Deadlines in order: a 4-ary heap over things that know their place in it, so that a deadline changes or goes in
// O(log n) without a search.
//
//   struct Policy {
//     using Item = T*;                                   // what has the deadline
//     static uint32_t& Position(Item item) noexcept;     // where the heap may keep the item's place
//   };
//
// Cost: Insert, Remove, Change O(log n); first O(1).
// Threads: caller-synchronised. Owns: the heap; items are borrowed and must be taken out before they die.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"

namespace tusk::ds {

template <class Policy>
class DeadlineHeap {
 public:
  using Item = typename Policy::Item;

  void Insert(Item item, int64_t deadline_ms) {
    CHECK(slots_.size() < UINT32_MAX);
    slots_.push_back({deadline_ms, item});
    SiftUp(slots_.size() - 1);
  }
  // Returns the deadline that it had.
  int64_t Remove(Item item) noexcept {
    size_t position = PositionOf(item);
    int64_t deadline_ms = slots_[position].deadline_ms;
    Slot last = slots_.back();
    slots_.pop_back();
    if (position < slots_.size()) {
      Place(position, last);
      SiftUp(position);
      SiftDown(Policy::Position(last.item));
    }
    constexpr size_t kShrinkAbove = 64;
    if (slots_.capacity() > kShrinkAbove && slots_.size() * 4 < slots_.capacity()) slots_.shrink_to_fit();
    return deadline_ms;
  }
  void Change(Item item, int64_t deadline_ms) noexcept {
    size_t position = PositionOf(item);
    slots_[position].deadline_ms = deadline_ms;
    SiftUp(position);
    SiftDown(Policy::Position(item));
  }
  // `to` takes the place of an item, whose position it has got already.
  void Rebind(Item to) noexcept { slots_[Policy::Position(to)].item = to; }

  bool empty() const noexcept { return slots_.empty(); }
  size_t size() const noexcept { return slots_.size(); }
  size_t MemoryBytes() const noexcept { return slots_.capacity() * sizeof(Slot); }
  // What is due first. Not empty.
  Item first() const noexcept {
    DCHECK(!slots_.empty());
    return slots_.front().item;
  }
  int64_t first_deadline_ms() const noexcept { return slots_.empty() ? INT64_MAX : slots_.front().deadline_ms; }
  // Any item, in no order. position < size().
  Item at(size_t position) const noexcept {
    DCHECK(position < slots_.size());
    return slots_[position].item;
  }
  int64_t deadline_ms(Item item) const noexcept { return slots_[PositionOf(item)].deadline_ms; }
  void Clear() noexcept { slots_ = {}; }

 private:
  static constexpr size_t kArity = 4;
  struct Slot {
    int64_t deadline_ms;
    Item item;
  };

  size_t PositionOf(Item item) const noexcept {
    size_t position = Policy::Position(item);
    DCHECK(position < slots_.size() && slots_[position].item == item);
    return position;
  }
  void Place(size_t position, Slot slot) noexcept {
    slots_[position] = slot;
    Policy::Position(slot.item) = static_cast<uint32_t>(position);
  }
  void SiftUp(size_t position) noexcept {
    Slot slot = slots_[position];
    while (position > 0) {
      size_t parent = (position - 1) / kArity;
      if (slots_[parent].deadline_ms <= slot.deadline_ms) break;
      Place(position, slots_[parent]);
      position = parent;
    }
    Place(position, slot);
  }
  void SiftDown(size_t position) noexcept {
    Slot slot = slots_[position];
    for (;;) {
      size_t child = position * kArity + 1;
      if (child >= slots_.size()) break;
      size_t best = child;
      for (size_t end = child + kArity; ++child < end && child < slots_.size();) {
        if (slots_[child].deadline_ms < slots_[best].deadline_ms) best = child;
      }
      if (slot.deadline_ms <= slots_[best].deadline_ms) break;
      Place(position, slots_[best]);
      position = best;
    }
    Place(position, slot);
  }

  std::vector<Slot> slots_;
};

}  // namespace tusk::ds
