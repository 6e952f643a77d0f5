#include "store/shard.h"

#include <cstring>
#include <utility>

#include "base/memory.h"
#include "base/prefetch.h"
#include "store/reclaimer.h"

namespace tusk::store {

size_t Shard::EntryBytes(size_t key_length, bool with_deadline, size_t payload_bytes) noexcept {
  const size_t deadline_bytes = with_deadline ? sizeof(Entry::DeadlineBlock) : 0;
  const size_t long_bytes = key_length >= Entry::kKeyLengthLong ? sizeof(uint64_t) : 0;
  return sizeof(Entry) + deadline_bytes + long_bytes + key_length + payload_bytes;
}

void Shard::Publish() noexcept {
  size_.store(table_.size(), std::memory_order_relaxed);
  volatile_size_.store(expiry_.size(), std::memory_order_relaxed);
}

Entry* Shard::Create(std::string_view key, bool with_deadline, size_t payload_bytes) {
  CHECK(key.size() <= kKeyLengthMax);
  auto* entry = static_cast<Entry*>(base::Allocate(EntryBytes(key.size(), with_deadline, payload_bytes)));
  entry->meta_ = 0;
  const auto length = static_cast<uint32_t>(std::min<size_t>(key.size(), Entry::kKeyLengthLong));
  entry->lengths_ = length << Entry::kKeyLengthShift | (with_deadline ? Entry::kDeadlineBit : 0);
  if (entry->is_long()) [[unlikely]] {
    const uint64_t long_length = key.size();
    std::memcpy(entry->KeyBytes() - sizeof(long_length), &long_length, sizeof(long_length));
  }
  if (!key.empty()) std::memcpy(entry->KeyBytes(), key.data(), key.size());
  return entry;
}

void Shard::Release(Entry* entry) noexcept { base::Free(entry); }

void Shard::DestroyValue(Entry& entry, Reclaimer* reclaimer) noexcept {
  if (entry.rep() == Rep::kRaw || entry.rep() == Rep::kObject) {
    Value value(entry.type(), entry.rep(), entry.word());
    if (reclaimer) reclaimer->Reclaim(std::move(value));
  }
  entry.set_type_and_rep(Type::kString, Rep::kInteger);
}

Entry& Shard::Link(const Key& key, Entry* entry) {
  table_.Insert(key.hash, entry);
  Publish();
  return *entry;
}

void Shard::Unlink(const Key& key, Entry& entry) noexcept {
  if (entry.has_deadline()) expiry_.Remove(entry);
  field_expiry_.Remove(entry);
  Entry* erased = table_.Erase(key.hash, [&entry](const Entry* other) { return other == &entry; });
  CHECK(erased == &entry);
  Publish();
}

void Shard::Rebind(const Key& key, Entry* from, Entry* to) noexcept {
  to->meta_ = from->meta_;
  auto slot = table_.FindSlot(key.hash, [from](const Entry* other) { return other == from; });
  CHECK(bool(slot));
  slot.Replace(to);
  if (from->has_deadline() && to->has_deadline()) {
    *to->deadline_block() = *from->deadline_block();
    expiry_.Rebind(*to);
  }
  field_expiry_.Rebind(*to);
  Release(from);
}

Entry& Shard::Prepare(const Key& key, Entry* entry, size_t payload_bytes, Reclaimer* reclaimer) {
  if (!entry) return Link(key, Create(key.text, false, payload_bytes));
  const bool same_size = entry->payload_bytes() == payload_bytes;
  if (!entry->is_embedded() && !entry->is_integer()) {
    field_expiry_.Remove(*entry);
    DestroyValue(*entry, reclaimer);
  }
  // Without a look at what the allocator notes of the block, which lies in another cache line.
  if (same_size) return *entry;
  // Whatever happens to it from here on, it has no value to look at.
  entry->set_type_and_rep(Type::kString, Rep::kInteger);
  size_t needed = EntryBytes(key.text.size(), entry->has_deadline(), payload_bytes);
  size_t room = base::AllocatedSize(entry);
  // Kept in place while it fits and does not waste more than half.
  if (needed <= room && needed * 2 >= room) return *entry;
  Entry* moved = Create(key.text, entry->has_deadline(), payload_bytes);
  Rebind(key, entry, moved);
  return *moved;
}

Entry& Shard::PutString(const Key& key, Entry* entry, std::string_view bytes, Reclaimer* reclaimer) {
  if (bytes.size() <= base::kInt64TextMax) {
    if (std::optional<int64_t> integer = base::ParseInt64(bytes)) return PutInteger(key, entry, *integer, reclaimer);
  }
  return PutText(key, entry, bytes, reclaimer);
}

Entry& Shard::PutText(const Key& key, Entry* entry, std::string_view bytes, Reclaimer* reclaimer) {
  if (bytes.size() > kEmbeddedMax) {
    Entry& target = Prepare(key, entry, Entry::kWordBytes, reclaimer);
    target.set_word(reinterpret_cast<uint64_t>(types::RawString(bytes).Release()));
    target.set_type_and_rep(Type::kString, Rep::kRaw);
    return target;
  }
  Entry& target = Prepare(key, entry, bytes.size(), reclaimer);
  Embed(target, Rep::kEmbedded, bytes);
  return target;
}

void Shard::Embed(Entry& entry, Rep rep, std::string_view bytes) noexcept {
  entry.set_embedded_length(bytes.size());
  entry.set_type_and_rep(Type::kString, rep);
  if (!bytes.empty()) std::memcpy(entry.Payload(), bytes.data(), bytes.size());
}

Entry& Shard::PutInteger(const Key& key, Entry* entry, int64_t value, Reclaimer* reclaimer) {
  Entry& target = Prepare(key, entry, Entry::kWordBytes, reclaimer);
  target.set_word(static_cast<uint64_t>(value));
  target.set_type_and_rep(Type::kString, Rep::kInteger);
  return target;
}

// A copy of a string that was written in place keeps that form, integers included.
Entry& Shard::PutInPlaceForm(const Key& key, Entry* entry, std::string_view bytes, Reclaimer* reclaimer) {
  DCHECK(bytes.size() <= kEmbeddedMax);
  Entry& target = Prepare(key, entry, bytes.size(), reclaimer);
  Embed(target, Rep::kEmbeddedRaw, bytes);
  return target;
}

Entry& Shard::Put(const Key& key, Entry* entry, Value value, Reclaimer* reclaimer) {
  CHECK(!value.empty());
  DCHECK(value.rep_ != Rep::kEmbedded);
  if (value.rep_ == Rep::kRaw || value.rep_ == Rep::kEmbeddedRaw) {
    std::string_view bytes = types::RawString::ViewOf(reinterpret_cast<const void*>(value.word_));
    if (value.rep_ == Rep::kEmbeddedRaw) return PutInPlaceForm(key, entry, bytes, reclaimer);
    // Not PutString(): what INCRBYFLOAT wrote stays a text, even if it reads as an integer.
    if (bytes.size() <= kEmbeddedMax) return PutText(key, entry, bytes, reclaimer);
  }
  Entry& target = Prepare(key, entry, Entry::kWordBytes, reclaimer);
  target.set_word(value.word_);
  target.set_type_and_rep(value.type_, value.rep_);
  value.present_ = false;
  field_expiry_.Settle(target);
  return target;
}

char* Shard::MutableString(const Key& key, Entry*& entry, size_t size) {
  Entry::TextBuffer buffer;
  std::string_view old = entry->text(buffer);
  size_t new_size = old.size() > size ? old.size() : size;
  if (entry->rep() == Rep::kRaw) {
    types::RawString raw = types::RawString::Adopt(reinterpret_cast<void*>(entry->word()));
    raw.Resize(new_size);
    char* writable = raw.Mutable();
    entry->set_word(reinterpret_cast<uint64_t>(raw.Release()));
    return writable;
  }
  // An integer's text is in `buffer`, an embedded one may move with the entry: both are copied out first.
  char copy[kEmbeddedMax];
  std::memcpy(copy, old.data(), old.size());
  char* bytes = nullptr;
  if (new_size > kEmbeddedMax) {
    types::RawString raw(std::string_view(copy, old.size()));
    raw.Resize(new_size);
    bytes = raw.Mutable();
    entry = &Prepare(key, entry, Entry::kWordBytes, nullptr);
    entry->set_word(reinterpret_cast<uint64_t>(raw.Release()));
    entry->set_type_and_rep(Type::kString, Rep::kRaw);
    return bytes;
  }
  entry = &Prepare(key, entry, new_size, nullptr);
  entry->set_embedded_length(new_size);
  entry->set_type_and_rep(Type::kString, Rep::kEmbeddedRaw);
  bytes = entry->Payload();
  std::memcpy(bytes, copy, old.size());
  std::memset(bytes + old.size(), 0, new_size - old.size());
  return bytes;
}

Value Shard::Take(const Key& key, Entry& entry) {
  Value value;
  if (entry.rep() == Rep::kRaw || entry.rep() == Rep::kObject) {
    value = Value(entry.type(), entry.rep(), entry.word());
  } else {
    value = Value::CloneOf(entry);
  }
  Unlink(key, entry);
  Release(&entry);
  return value;
}

void Shard::Delete(const Key& key, Entry& entry, Reclaimer* reclaimer) {
  if (!reclaimer) {
    // The key counts until its value is freed: who sees it gone finds the memory back.
    field_expiry_.Remove(entry);
    DestroyValue(entry, nullptr);
  }
  Unlink(key, entry);
  DestroyValue(entry, reclaimer);
  Release(&entry);
}

void Shard::CopyPayload(const Entry& from, Entry& to) noexcept {
  to.set_embedded_length(from.embedded_length());
  std::memcpy(to.Payload(), from.Payload(), from.payload_bytes());
}

Entry& Shard::SetDeadline(const Key& key, Entry& entry, int64_t deadline_ms) {
  if (entry.has_deadline()) {
    expiry_.Change(entry, deadline_ms);
    return entry;
  }
  Entry* moved = Create(key.text, true, entry.payload_bytes());
  CopyPayload(entry, *moved);
  Rebind(key, &entry, moved);
  expiry_.Insert(*moved, deadline_ms);
  Publish();
  return *moved;
}

Entry& Shard::ClearDeadline(const Key& key, Entry& entry) {
  if (!entry.has_deadline()) return entry;
  expiry_.Remove(entry);
  Entry* moved = Create(key.text, false, entry.payload_bytes());
  CopyPayload(entry, *moved);
  Rebind(key, &entry, moved);
  Publish();
  return *moved;
}

Entry* Shard::Move(Entry* from) noexcept {
  const size_t bytes = BytesOf(*from);
  auto* to = static_cast<Entry*>(base::Allocate(bytes));
  std::memcpy(static_cast<void*>(to), from, bytes);
  if (to->has_deadline()) expiry_.Rebind(*to);
  field_expiry_.Rebind(*to);
  Release(from);
  return to;
}

uint64_t Shard::MoveSome(uint64_t cursor, size_t elements_max, Moved& moved) {
  // The first pass asks for memory that the second one reads, so that its cache misses overlap.
  constexpr int kBuckets = 4;
  uint64_t ahead = cursor;
  for (int i = 0; i < kBuckets && (i == 0 || ahead != 0); ++i) {
    ahead = table_.Scan(ahead, [](const Entry* entry) {
      base::Prefetch(entry);
      base::Prefetch(reinterpret_cast<const char*>(entry) + 64);
    });
  }
  for (int i = 0; i < kBuckets && (i == 0 || cursor != 0); ++i) {
    cursor = table_.Relocate(cursor, [&](Entry* entry) {
      ++moved.looked_at;
      uint64_t blocks = 0;
      if (entry->rep() == Rep::kRaw || entry->rep() == Rep::kObject) {
        entry->set_word(MoveValue(entry->type(), entry->rep(), entry->word(), elements_max, blocks));
      }
      if (base::WantsMove(entry)) {
        entry = Move(entry);
        ++blocks;
      }
      moved.keys += blocks != 0;
      moved.blocks += blocks;
      return entry;
    });
  }
  return cursor;
}

void Shard::Clear() noexcept {
  expiry_.Clear();
  field_expiry_.Clear();
  table_.Clear([](Entry* entry) {
    DestroyValue(*entry, nullptr);
    Release(entry);
  });
  Publish();
}

void Shard::Swap(Shard& other) noexcept {
  std::swap(table_, other.table_);
  std::swap(expiry_, other.expiry_);
  std::swap(field_expiry_, other.field_expiry_);
  Publish();
  other.Publish();
}

}  // namespace tusk::store
