#include "store/expiry_index.h"

namespace tusk::store {
namespace {

constexpr size_t kArity = 4;

int64_t WrappingAdd(int64_t a, int64_t b) noexcept {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

}  // namespace

void ExpiryIndex::Place(size_t position, Item item) noexcept {
  heap_[position] = item;
  item.entry->deadline_block()->heap_position = static_cast<uint32_t>(position);
}

void ExpiryIndex::SiftUp(size_t position) noexcept {
  Item item = heap_[position];
  while (position > 0) {
    size_t parent = (position - 1) / kArity;
    if (heap_[parent].deadline_ms <= item.deadline_ms) break;
    Place(position, heap_[parent]);
    position = parent;
  }
  Place(position, item);
}

void ExpiryIndex::SiftDown(size_t position) noexcept {
  Item item = heap_[position];
  for (;;) {
    size_t first = position * kArity + 1;
    if (first >= heap_.size()) break;
    size_t best = first;
    for (size_t child = first + 1; child < first + kArity && child < heap_.size(); ++child) {
      if (heap_[child].deadline_ms < heap_[best].deadline_ms) best = child;
    }
    if (item.deadline_ms <= heap_[best].deadline_ms) break;
    Place(position, heap_[best]);
    position = best;
  }
  Place(position, item);
}

void ExpiryIndex::Insert(Entry& entry, int64_t deadline_ms) {
  entry.deadline_block()->deadline_ms = deadline_ms;
  heap_.push_back({deadline_ms, &entry});
  deadline_sum_ = WrappingAdd(deadline_sum_, deadline_ms);
  SiftUp(heap_.size() - 1);
}

void ExpiryIndex::Remove(Entry& entry) noexcept {
  size_t position = entry.deadline_block()->heap_position;
  DCHECK(position < heap_.size() && heap_[position].entry == &entry);
  deadline_sum_ = WrappingAdd(deadline_sum_, -heap_[position].deadline_ms);
  Item last = heap_.back();
  heap_.pop_back();
  if (position < heap_.size()) {
    Place(position, last);
    SiftUp(position);
    SiftDown(last.entry->deadline_block()->heap_position);
  }
  constexpr size_t kShrinkAbove = 64;
  if (heap_.capacity() > kShrinkAbove && heap_.size() * 4 < heap_.capacity()) heap_.shrink_to_fit();
}

void ExpiryIndex::Change(Entry& entry, int64_t deadline_ms) noexcept {
  size_t position = entry.deadline_block()->heap_position;
  DCHECK(position < heap_.size() && heap_[position].entry == &entry);
  deadline_sum_ = WrappingAdd(deadline_sum_, deadline_ms - heap_[position].deadline_ms);
  heap_[position].deadline_ms = deadline_ms;
  entry.deadline_block()->deadline_ms = deadline_ms;
  SiftUp(position);
  SiftDown(entry.deadline_block()->heap_position);
}

void ExpiryIndex::Clear() noexcept {
  heap_ = {};
  deadline_sum_ = 0;
}

}  // namespace tusk::store
