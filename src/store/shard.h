// Shard: the keys of one database in one stripe, with their deadlines. The only place where entries are made, moved
// and destroyed, so that table, deadline index and account always agree.
//
// Any method that takes `Entry*& entry` or returns Entry& may have moved the entry: older pointers to it are dead.
// Threads: stripe-guarded, but size() and volatile_size() may be read by anybody. Owns: its entries.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "ds/table.h"
#include "store/entry.h"
#include "store/expiry_index.h"
#include "store/key.h"
#include "store/value.h"

namespace tusk::store {

class Reclaimer;

class Shard {
 public:
  struct TablePolicy {
    using Item = Entry*;
    static uint64_t Hash(Entry* entry) noexcept { return base::KeyHash(entry->key()); }
  };
  using Table = ds::Table<TablePolicy>;

  Shard() noexcept : table_(kStripeBits) {}
  ~Shard() { Clear(); }
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Null when there is none; expired entries are still found here.
  Entry* Find(const Key& key) const noexcept {
    return table_.Find(key.hash, [&key](const Entry* entry) { return entry->key() == key.text; });
  }
  // Look-ahead. The first needs no lock; false: it could do nothing without.
  bool GlanceAtBuckets(const Key& key) const noexcept { return table_.GlanceAtBuckets(key.hash); }
  void PrefetchBuckets(const Key& key) const noexcept { table_.PrefetchBuckets(key.hash); }
  bool PrefetchEntry(const Key& key) const noexcept { return table_.PrefetchItems(key.hash); }
  void PrefetchDisplaced(const Key& key) const noexcept { table_.PrefetchDisplaced(key.hash); }

  // Writes below replace whatever value `entry` (the key's entry, or null) has. The deadline stays as it is.
  Entry& PutString(const Key& key, Entry* entry, std::string_view bytes, Reclaimer* reclaimer);
  // The same, but bytes that spell an integer stay bytes.
  Entry& PutText(const Key& key, Entry* entry, std::string_view bytes, Reclaimer* reclaimer);
  Entry& PutInteger(const Key& key, Entry* entry, int64_t value, Reclaimer* reclaimer);
  Entry& Put(const Key& key, Entry* entry, Value value, Reclaimer* reclaimer);

  // The string's bytes for writing in place, at least `size` of them, new ones zeroed; the value is `size` long
  // afterwards, never shortened. OBJECT ENCODING says "raw" from then on.
  char* MutableString(const Key& key, Entry*& entry, size_t size);

  // Takes the value out and the key away.
  Value Take(const Key& key, Entry& entry);
  void Delete(const Key& key, Entry& entry, Reclaimer* reclaimer);

  Entry& SetDeadline(const Key& key, Entry& entry, int64_t deadline_ms);
  Entry& ClearDeadline(const Key& key, Entry& entry);
  // The first deadline of a hash's fields came nearer (a later one is noticed by itself), or all may be gone.
  void SettleFieldDeadline(Entry& entry) { field_expiry_.Settle(entry); }

  // Moves what lies in memory that is to be emptied (base::WantsMove): entries, and values of up to `elements_max` elements.
  // Goes on from `cursor`, 0 at first, some buckets of the table at a time; returns where to go on, 0 at the end. Elements
  // of larger values stay. Entries keep everything, the snapshot's mark included.
  struct Moved {
    uint64_t looked_at = 0;  // Keys.
    uint64_t keys = 0;       // Of which something moved.
    uint64_t blocks = 0;
  };
  uint64_t MoveSome(uint64_t cursor, size_t elements_max, Moved& moved);

  const Table& table() const noexcept { return table_; }
  const ExpiryIndex& expiry() const noexcept { return expiry_; }
  const FieldExpiryIndex& field_expiry() const noexcept { return field_expiry_; }
  // When the first key or field is due; INT64_MAX: none.
  int64_t first_deadline_ms() const noexcept {
    return std::min(expiry_.first_deadline_ms(), field_expiry_.first_deadline_ms());
  }
  // Written under the stripe's lock, read by DBSIZE and INFO without: relaxed, each stands for itself.
  uint64_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
  uint64_t volatile_size() const noexcept { return volatile_size_.load(std::memory_order_relaxed); }
  bool empty() const noexcept { return table_.size() == 0; }
  void Clear() noexcept;
  // Exchanges all content: SWAPDB, and FLUSHDB ASYNC with an empty shard that the background thread frees.
  void Swap(Shard& other) noexcept;

 private:
  // All of an entry with this key and this much behind it.
  static size_t EntryBytes(size_t key_length, bool with_deadline, size_t payload_bytes) noexcept;
  // A new entry with room for `payload_bytes`, linked nowhere and without a value.
  static Entry* Create(std::string_view key, bool with_deadline, size_t payload_bytes);
  static size_t BytesOf(const Entry& entry) noexcept {
    return EntryBytes(entry.key_length(), entry.has_deadline(), entry.payload_bytes());
  }
  // Makes `bytes` the value of an entry that has room for them, and no other value.
  static void Embed(Entry& entry, Rep rep, std::string_view bytes) noexcept;
  static void CopyPayload(const Entry& from, Entry& to) noexcept;
  static void Release(Entry* entry) noexcept;
  // The entry is in no index of fields (any more).
  static void DestroyValue(Entry& entry, Reclaimer* reclaimer) noexcept;
  // Makes `to`, which has the payload already, the entry of the key in place of `from`, whose meta word it copies; frees `from`.
  void Rebind(const Key& key, Entry* from, Entry* to) noexcept;
  Entry& Link(const Key& key, Entry* entry);
  void Unlink(const Key& key, Entry& entry) noexcept;
  Entry& PutInPlaceForm(const Key& key, Entry* entry, std::string_view bytes, Reclaimer* reclaimer);
  // The key's entry, new or old, with its former value destroyed and room for `payload_bytes`.
  Entry& Prepare(const Key& key, Entry* entry, size_t payload_bytes, Reclaimer* reclaimer);
  // A copy in new memory, in the indexes in the place of `from`, which is freed.
  Entry* Move(Entry* from) noexcept;
  void Publish() noexcept;

  Table table_;
  ExpiryIndex expiry_;
  FieldExpiryIndex field_expiry_;
  std::atomic<uint64_t> size_{0};
  std::atomic<uint64_t> volatile_size_{0};
};

}  // namespace tusk::store
