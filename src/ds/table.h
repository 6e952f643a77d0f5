// The one hash table of the house: keyspace stripes, hashes, sets and the members of sorted sets.
//
// Extendible hashing over segments of up to kSegmentBucketsMax cache-line buckets (layout: table_core.h). It grows and
// shrinks one segment at a time, so no operation ever pays for the whole table; a lookup walks table object -> bucket
// line -> item; iteration is in hash order, hence a Scan() cursor is a position in hash space that any growth or
// shrinking leaves valid. An empty table holds no memory.
//
//   struct Policy {
//     using Item = T*;                                  // or anything that is a 48-bit pointer
//     static uint64_t Hash(Item item);                  // the full hash again; called on splits only
//   };
//
// `skip_bits`: top hash bits that are the same for everything in this table, because the caller spent them already.
// Items with the same full hash are fine; the predicates tell them apart. Erasing may move other items between slots
// and frees memory, so callbacks of ForEach and Scan must not change the table.
//
// Cost: Find, Insert, Erase O(1); Scan O(1) per call; RandomItem O(1) expected.
// Threads: caller-synchronised. Owns: its segments, never the items: Clear() hands them back.
#pragma once

#include <bit>
#include <type_traits>

#include "base/check.h"
#include "base/prefetch.h"
#include "ds/table_core.h"

namespace tusk::ds {

template <class Policy>
class Table : public TableCore {
 public:
  using Item = typename Policy::Item;
  static_assert(std::is_pointer_v<Item>);

  // An item's place, for replacing it by another of the same hash. Any Insert or Erase invalidates it.
  class Slot {
   public:
    Slot() noexcept = default;
    explicit operator bool() const noexcept { return place_.bucket != nullptr; }
    Item item() const noexcept { return ItemIn(*place_.slot()); }
    void Replace(Item item) noexcept {
      DCHECK((BitsOf(item) & ~kPointerMask) == 0);
      *place_.slot() = (*place_.slot() & ~kPointerMask) | BitsOf(item);
    }

   private:
    friend class Table;
    explicit Slot(Place place) noexcept : place_(place) {}
    Place place_;
  };

  explicit Table(uint32_t skip_bits = 0) noexcept : TableCore(skip_bits) {}

  // The item with this hash that `is_wanted(Item)` accepts, or null.
  template <typename Predicate>
  Item Find(uint64_t hash, Predicate&& is_wanted) const noexcept {
    Place place = Locate(hash, is_wanted);
    return place.bucket ? ItemIn(*place.slot()) : nullptr;
  }

  template <typename Predicate>
  Slot FindSlot(uint64_t hash, Predicate&& is_wanted) noexcept {
    return Slot(Locate(hash, is_wanted));
  }

  // The caller has made sure that no equal item is there.
  void Insert(uint64_t hash, Item item) noexcept { InsertRaw(hash, BitsOf(item), &HashRaw); }

  // Takes the item out and returns it, or null.
  template <typename Predicate>
  Item Erase(uint64_t hash, Predicate&& is_wanted) noexcept {
    Slot slot(Locate(hash, is_wanted));
    return slot ? EraseSlot(hash, slot) : nullptr;
  }
  Item EraseSlot(uint64_t hash, Slot slot) noexcept {
    Item item = slot.item();
    EraseAt(hash, slot.place_);
    return item;
  }

  // Calls `release(Item)` for every item and frees the table's memory. `release` must not touch the table.
  template <typename Callback>
  void Clear(Callback&& release) {
    ForEach(release);
    FreeAll();
  }

  // Every item in the order of segments and buckets (hash order up to items displaced within a segment).
  template <typename Callback>
  void ForEach(Callback&& callback) const {
    if (empty()) return;
    for (size_t i = 0, end = size_t{1} << global_depth(); i < end;) {
      TableSegmentWord word = WordAt(i);
      i += SpanOf(word);
      VisitAll(word, callback);
    }
  }

  // Visits the items at home in the bucket that holds position `cursor` and returns the position to go on from, 0 when
  // the walk is complete. Starting from 0, every item that is present during the whole walk is visited at least once,
  // whatever is inserted, erased, grown or shrunk between the calls.
  template <typename Callback>
  uint64_t Scan(uint64_t cursor, Callback&& callback) const {
    if (empty() || cursor >> kPositionBits) return 0;
    TableSegmentWord word = WordAtPosition(cursor);
    uint32_t bucket = word.HomeOf(word.TagOf(cursor << (64 - kPositionBits)));
    VisitHome(word, bucket, callback);
    return PositionAfter(cursor, word, bucket);
  }

  // As Scan(), for who moves items in memory: puts what `move(Item)` returns in the item's place, which is the same item or
  // another of the same hash.
  template <typename Move>
  uint64_t Relocate(uint64_t cursor, Move&& move) {
    if (empty() || cursor >> kPositionBits) return 0;
    TableSegmentWord word = WordAtPosition(cursor);
    uint32_t bucket = word.HomeOf(word.TagOf(cursor << (64 - kPositionBits)));
    VisitHomeSlots(word, bucket, [&move](uint64_t& slot) {
      const Item moved = move(ItemIn(slot));
      DCHECK((BitsOf(moved) & ~kPointerMask) == 0);
      slot = (slot & ~kPointerMask) | BitsOf(moved);
    });
    return PositionAfter(cursor, word, bucket);
  }

  // A uniformly drawn item: every slot of the table is equally likely to be drawn, free ones are drawn again. size()
  // must not be 0. Only segments that outgrew kSegmentBucketsMax, which takes alike hashes, are drawn too rarely.
  Item RandomItem(base::Random& random) const noexcept { return ItemIn(RandomRaw(random)); }

  // Look-ahead for a batch of lookups, whose memory accesses it overlaps. PrefetchBuckets asks for the line in which a
  // hash would be found; some time later PrefetchItems reads them and asks for the items behind matching fingerprints. Where
  // it returns false the item may be displaced: it has asked for the next bucket's line, for PrefetchDisplaced.
  void PrefetchBuckets(uint64_t hash) const noexcept {
    if (!empty()) PrefetchBucketsOf(WordFor(hash), hash);
  }
  // The same without the lock that guards the table. False: it has more than one segment, and nothing was asked for. A
  // segment that goes at this moment does no harm: an address is asked for, nothing is read.
  bool GlanceAtBuckets(uint64_t hash) const noexcept {
    const TableSegmentWord word = GlanceAtRoot();
    if (word.bits() == 0) return false;
    PrefetchBucketsOf(word, hash);
    return true;
  }
  bool PrefetchItems(uint64_t hash) const noexcept {
    if (empty()) return true;
    const TableSegmentWord word = WordFor(hash);
    const uint32_t tag = word.TagOf(Shifted(hash));
    const uint32_t home = word.HomeOf(tag);
    const TableBucket* buckets = word.buckets();
    if (PrefetchMatches(buckets[home], tag, FingerprintOf(hash)) || buckets[home].overflow == 0) return true;
    // Where nearly all of those are that find their home full: one in ten, too few to ask for both lines at once.
    base::Prefetch(&buckets[word.NextBucket(home)]);
    return false;
  }
  void PrefetchDisplaced(uint64_t hash) const noexcept {
    if (empty()) return;
    const TableSegmentWord word = WordFor(hash);
    const uint32_t tag = word.TagOf(Shifted(hash));
    PrefetchMatches(word.buckets()[word.NextBucket(word.HomeOf(tag))], tag, FingerprintOf(hash));
  }

 private:
  static uint64_t BitsOf(Item item) noexcept { return reinterpret_cast<uint64_t>(item); }
  static Item ItemIn(uint64_t slot) noexcept { return reinterpret_cast<Item>(slot & kPointerMask); }
  void PrefetchBucketsOf(TableSegmentWord word, uint64_t hash) const noexcept {
    base::Prefetch(&word.buckets()[word.HomeOf(word.TagOf(Shifted(hash)))]);
  }
  static bool PrefetchMatches(const TableBucket& bucket, uint32_t tag, uint8_t fingerprint) noexcept {
    bool any = false;
    for (uint32_t m = bucket.Match(fingerprint); m; m &= m - 1) {
      const uint64_t slot = bucket.slots[std::countr_zero(m)];
      if (slot >> 48 != tag) continue;
      // Two lines: a small item, its value behind the key included, rarely begins where a line does.
      const char* item = reinterpret_cast<const char*>(slot & kPointerMask);
      base::Prefetch(item);
      base::Prefetch(item + 64);
      any = true;
    }
    return any;
  }
  static uint64_t HashRaw(uint64_t pointer) { return Policy::Hash(ItemIn(pointer)); }

  TableSegmentWord WordAtPosition(uint64_t position) const noexcept {
    return WordAt(IndexOf(position << (64 - kPositionBits)));
  }

  // The position after the last one at home in `bucket` of the segment that holds `position`.
  static uint64_t PositionAfter(uint64_t position, TableSegmentWord word, uint32_t bucket) noexcept {
    uint32_t segment_bits = kPositionBits - word.depth();
    uint64_t start = position >> segment_bits << segment_bits;
    uint64_t next = start + (uint64_t{word.FirstTagOf(bucket + 1)} << (segment_bits - 16));
    return next >> kPositionBits ? 0 : next;
  }

  template <typename Predicate>
  Place Locate(uint64_t hash, Predicate&& is_wanted) const {
    if (empty()) return {};
    TableSegmentWord word = WordFor(hash);
    uint32_t tag = word.TagOf(Shifted(hash));
    uint32_t home = word.HomeOf(tag);
    uint8_t fingerprint = FingerprintOf(hash);
    TableBucket* bucket = &word.buckets()[home];
    for (uint32_t m = bucket->Match(fingerprint); m; m &= m - 1) {
      uint32_t i = static_cast<uint32_t>(std::countr_zero(m));
      if (bucket->slots[i] >> 48 == tag && is_wanted(ItemIn(bucket->slots[i]))) return {bucket, i};
    }
    if (__builtin_expect(bucket->overflow == 0, 1)) return {};
    return LocateDisplaced(word, home, tag, fingerprint, is_wanted);
  }

  template <typename Predicate>
  [[gnu::noinline]] static Place LocateDisplaced(TableSegmentWord word, uint32_t home, uint32_t tag,
                                                 uint8_t fingerprint, Predicate&& is_wanted) {
    TableBucket* buckets = word.buckets();
    uint32_t left = buckets[home].overflow;
    const bool counted = left != TableBucket::kOverflowMax;
    for (uint32_t b = word.NextBucket(home); b != home; b = word.NextBucket(b)) {
      for (uint32_t m = buckets[b].Match(fingerprint); m; m &= m - 1) {
        uint32_t i = static_cast<uint32_t>(std::countr_zero(m));
        if (buckets[b].slots[i] >> 48 == tag && is_wanted(ItemIn(buckets[b].slots[i]))) return {&buckets[b], i};
      }
      if (!counted) continue;
      for (uint32_t used = buckets[b].Used(); used; used &= used - 1) {
        uint64_t slot = buckets[b].slots[std::countr_zero(used)];
        if (word.HomeOf(static_cast<uint32_t>(slot >> 48)) == home && --left == 0) return {};
      }
    }
    return {};
  }

  template <typename Callback>
  static void VisitAll(TableSegmentWord word, Callback&& callback) {
    TableBucket* buckets = word.buckets();
    for (uint32_t b = 0; b < word.bucket_count(); ++b) {
      for (uint32_t used = buckets[b].Used(); used; used &= used - 1) {
        callback(ItemIn(buckets[b].slots[std::countr_zero(used)]));
      }
    }
  }

  template <typename Callback>
  static void VisitHome(TableSegmentWord word, uint32_t home, Callback&& callback) {
    VisitHomeSlots(word, home, [&callback](uint64_t slot) { callback(ItemIn(slot)); });
  }

  template <typename Callback>
  static void VisitHomeSlots(TableSegmentWord word, uint32_t home, Callback&& callback) {
    TableBucket* buckets = word.buckets();
    uint32_t left = buckets[home].overflow;
    const bool counted = left != TableBucket::kOverflowMax;
    uint32_t b = home;
    do {
      for (uint32_t used = buckets[b].Used(); used; used &= used - 1) {
        uint64_t& slot = buckets[b].slots[std::countr_zero(used)];
        if (word.HomeOf(static_cast<uint32_t>(slot >> 48)) != home) continue;
        callback(slot);
        if (b != home && counted) --left;
      }
      b = word.NextBucket(b);
    } while (b != home && left != 0);
  }
};

}  // namespace tusk::ds
