#include "store/expiry_index.h"

#include "types/hash.h"

namespace tusk::store {
namespace {

int64_t WrappingAdd(int64_t a, int64_t b) noexcept {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

// The entry's hash if that is in an index, or might be.
types::Hash* VolatileHash(Entry& entry) noexcept {
  if (entry.type() != Type::kHash || entry.rep() != Rep::kObject) return nullptr;
  auto& hash = entry.object<types::Hash>();
  return hash.deadlines() ? &hash : nullptr;
}

}  // namespace

void ExpiryIndex::Insert(Entry& entry, int64_t deadline_ms) {
  DCHECK(entry.has_deadline());
  entry.deadline_block()->deadline_ms = deadline_ms;
  deadline_sum_ = WrappingAdd(deadline_sum_, deadline_ms);
  heap_.Insert(&entry, deadline_ms);
}

void ExpiryIndex::Remove(Entry& entry) noexcept { deadline_sum_ = WrappingAdd(deadline_sum_, -heap_.Remove(&entry)); }

void ExpiryIndex::Change(Entry& entry, int64_t deadline_ms) noexcept {
  deadline_sum_ = WrappingAdd(deadline_sum_, deadline_ms - heap_.deadline_ms(&entry));
  entry.deadline_block()->deadline_ms = deadline_ms;
  heap_.Change(&entry, deadline_ms);
}

void ExpiryIndex::Clear() noexcept {
  heap_.Clear();
  deadline_sum_ = 0;
}

uint32_t& FieldExpiryIndex::Policy::Position(Entry* entry) noexcept {
  return entry->object<types::Hash>().deadlines()->index_position;
}

void FieldExpiryIndex::Settle(Entry& entry) {
  types::Hash* hash = VolatileHash(entry);
  if (!hash) return;
  int64_t deadline_ms = hash->deadlines()->first_deadline_ms();
  bool noted = hash->deadlines()->index_position != types::FieldDeadlines::kNotIndexed;
  if (deadline_ms == INT64_MAX) {
    Remove(entry);
  } else if (noted) {
    heap_.Change(&entry, deadline_ms);
  } else {
    heap_.Insert(&entry, deadline_ms);
  }
}

void FieldExpiryIndex::Remove(Entry& entry) noexcept {
  types::Hash* hash = VolatileHash(entry);
  if (!hash || hash->deadlines()->index_position == types::FieldDeadlines::kNotIndexed) return;
  heap_.Remove(&entry);
  hash->deadlines()->index_position = types::FieldDeadlines::kNotIndexed;
}

void FieldExpiryIndex::Rebind(Entry& to) noexcept {
  types::Hash* hash = VolatileHash(to);
  if (hash && hash->deadlines()->index_position != types::FieldDeadlines::kNotIndexed) heap_.Rebind(&to);
}

}  // namespace tusk::store
