#include "ds/table_core.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/prefetch.h"
#include "base/check.h"
#include "base/memory.h"

namespace tusk::ds {
namespace {

constexpr uint32_t kSlots = TableBucket::kSlots;
constexpr uint32_t kBucketCountHardMax = 65535;  // What a segment word can say.

// How far a segment grows before it splits: a little less than it may have, so that four of them fill a page of cells.
constexpr uint32_t kGrowthMax = 254;
static_assert(kGrowthMax <= TableCore::kSegmentBucketsMax);

// Items that a segment holds before it grows. Small ones are filled to the last slot, since a lookup reads all of them
// within a few lines anyway; larger ones keep a twelfth free, which keeps displaced items below a tenth.
constexpr uint32_t LoadMax(uint32_t bucket_count) noexcept {
  uint32_t slots = bucket_count * kSlots;
  return bucket_count <= 4 ? slots : slots - slots / 12;
}

// Buckets for `count` items at a load of about three quarters, so that neither growth nor shrinking is near.
constexpr uint32_t BucketsFor(uint32_t count) noexcept { return count * 4 / (kSlots * 3) + 1; }

constexpr uint32_t NextBucketCount(uint32_t bucket_count) noexcept {
  if (bucket_count >= kGrowthMax) return bucket_count + bucket_count / 4;
  // The allocator's size classes are an eighth apart or more, and NewSegment() uses what they round up.
  uint32_t next = bucket_count > 32 ? bucket_count + bucket_count / 8 : bucket_count + std::max(1u, bucket_count / 2);
  return std::min(next, kGrowthMax);
}

constexpr bool IsSparse(uint32_t count, uint32_t bucket_count) noexcept { return count * 3 < bucket_count * kSlots; }

// Two buddies become one segment when it would be at most half full: far from its next split.
constexpr uint32_t kMergeCountMax = LoadMax(TableCore::kSegmentBucketsMax) / 2;
// A directory much larger than its items need means that hashes are alike in their top bits; such segments grow on.
constexpr size_t kDirectorySlack = 16;

uint32_t TagIn(uint64_t slot) noexcept { return static_cast<uint32_t>(slot >> 48); }

// Calls f(bucket, index) for every used slot in bucket order.
template <typename F>
void ForEachSlot(TableSegmentWord word, F&& f) {
  TableBucket* buckets = word.buckets();
  for (uint32_t b = 0; b < word.bucket_count(); ++b) {
    for (uint32_t used = buckets[b].Used(); used; used &= used - 1) {
      f(buckets[b], static_cast<uint32_t>(std::countr_zero(used)));
    }
  }
}

}  // namespace

TableCore::TableCore(TableCore&& other) noexcept
    : root_(other.root_),
      size_(std::exchange(other.size_, 0)),
      deepest_count_(std::exchange(other.deepest_count_, 0)),
      depth_(std::exchange(other.depth_, 0)),
      skip_bits_(other.skip_bits_) {
  other.SetRoot(0);
}

TableCore& TableCore::operator=(TableCore&& other) noexcept {
  if (this != &other) {
    FreeAll();
    SetRoot(other.root_);
    other.SetRoot(0);
    size_ = std::exchange(other.size_, 0);
    deepest_count_ = std::exchange(other.deepest_count_, 0);
    depth_ = std::exchange(other.depth_, 0);
    // Glances read it without a lock; among tables that are glanced at it is the same.
    if (skip_bits_ != other.skip_bits_) skip_bits_ = other.skip_bits_;
  }
  return *this;
}

size_t TableCore::segment_count() const noexcept {
  if (root_ == 0) return 0;
  size_t count = 0;
  for (size_t i = 0, end = size_t{1} << depth_; i < end; i += SpanOf(WordAt(i))) ++count;
  return count;
}

size_t TableCore::MemoryBytes() const noexcept {
  if (root_ == 0) return 0;
  size_t bytes = depth_ ? base::AllocatedSize(words()) : 0;
  for (size_t i = 0, end = size_t{1} << depth_; i < end; i += SpanOf(WordAt(i))) {
    bytes += base::AllocatedSize(WordAt(i).segment());
  }
  return bytes;
}

void TableCore::Reserve(size_t count) noexcept {
  if (root_ != 0 || count == 0) return;
  uint32_t first = static_cast<uint32_t>(std::min<size_t>(count, LoadMax(kSegmentBucketsMax)));
  SetRoot(NewSegment(std::min(BucketsFor(first), kSegmentBucketsMax), 0).bits());
}

TableSegmentWord TableCore::NewSegment(uint32_t buckets_min, uint32_t depth) noexcept {
  DCHECK(buckets_min >= 1 && buckets_min <= kBucketCountHardMax);
  size_t bytes = sizeof(TableSegment) + size_t{buckets_min} * sizeof(TableBucket);
  auto* segment = static_cast<TableSegment*>(base::AllocateAligned(bytes, sizeof(TableBucket)));
  // What the allocator rounded up to would be lost otherwise. A quarter more is the most, so that a segment that was
  // just shrunk to fit is not sparse at once.
  uint32_t bucket_count = static_cast<uint32_t>(base::AllocatedSize(segment) / sizeof(TableBucket)) - 1;
  bucket_count = std::min({bucket_count, buckets_min + buckets_min / 4, std::max(buckets_min, kGrowthMax)});
  segment->count = 0;
  TableBucket* buckets = segment->buckets();
  // Slots stay uninitialised: a fingerprint of 0 says that nobody may read them.
  for (uint32_t i = 0; i < bucket_count; ++i) std::memset(&buckets[i], 0, kSlots + 1);
  return TableSegmentWord(segment, bucket_count, depth);
}

void TableCore::PlaceItem(TableSegmentWord word, uint32_t tag, uint8_t fingerprint, uint64_t pointer) noexcept {
  TableBucket* buckets = word.buckets();
  uint32_t at = word.HomeOf(tag);
  uint32_t free = buckets[at].Match(0);
  if (free == 0) {
    TableBucket& home = buckets[at];
    if (home.overflow != TableBucket::kOverflowMax) ++home.overflow;
    do {
      at = word.NextBucket(at);
      free = buckets[at].Match(0);
    } while (free == 0);
  }
  uint32_t index = static_cast<uint32_t>(std::countr_zero(free));
  buckets[at].fingerprints[index] = fingerprint;
  buckets[at].slots[index] = pointer | uint64_t{tag} << 48;
}

void TableCore::InsertRaw(uint64_t hash, uint64_t pointer, HashOf hash_of) noexcept {
  DCHECK((pointer & ~kPointerMask) == 0 && pointer != 0);
  uint64_t shifted = Shifted(hash);
  if (root_ == 0) SetRoot(NewSegment(1, 0).bits());
  TableSegmentWord word = WordAt(IndexOf(shifted));
  while (__builtin_expect(word.segment()->count >= LoadMax(word.bucket_count()), 0)) {
    MakeRoom(IndexOf(shifted), hash_of);
    word = WordAt(IndexOf(shifted));
  }
  PlaceItem(word, word.TagOf(shifted), FingerprintOf(hash), pointer);
  ++word.segment()->count;
  ++size_;
}

void TableCore::MakeRoom(size_t index, HashOf hash_of) noexcept {
  TableSegmentWord word = WordAt(index);
  if (word.bucket_count() >= kGrowthMax && MaySplit(word)) {
    Split(index, hash_of);
    return;
  }
  CHECK(word.bucket_count() < kBucketCountHardMax);
  Resize(index, std::min(NextBucketCount(word.bucket_count()), kBucketCountHardMax));
}

bool TableCore::MaySplit(TableSegmentWord word) const noexcept {
  if (word.depth() >= kDepthMax) return false;
  if (word.depth() < depth_) return true;
  size_t needed = size_ / kMergeCountMax + 1;
  return (size_t{2} << depth_) <= needed * kDirectorySlack;
}

void TableCore::SetWords(size_t index, TableSegmentWord old_word, TableSegmentWord new_word) noexcept {
  size_t span = SpanOf(old_word);
  size_t first = index & ~(span - 1);
  if (depth_ == 0) return SetRoot(new_word.bits());
  std::fill_n(words() + first, span, new_word.bits());
}

void TableCore::Resize(size_t index, uint32_t bucket_count) noexcept {
  TableSegmentWord old_word = WordAt(index);
  TableSegmentWord new_word = NewSegment(bucket_count, old_word.depth());
  ForEachSlot(old_word, [&](TableBucket& bucket, uint32_t i) {
    PlaceItem(new_word, TagIn(bucket.slots[i]), bucket.fingerprints[i], bucket.slots[i] & kPointerMask);
  });
  new_word.segment()->count = old_word.segment()->count;
  SetWords(index, old_word, new_word);
  base::Free(old_word.segment());
}

void TableCore::Split(size_t index, HashOf hash_of) noexcept {
  TableSegmentWord old_word = WordAt(index);
  if (old_word.depth() == depth_) {
    DoubleDirectory();
    index *= 2;
  }
  // The top tag bit is the hash bit that tells the halves apart, so their sizes are known before any item is read.
  uint32_t counts[2] = {0, 0};
  ForEachSlot(old_word, [&](TableBucket& bucket, uint32_t i) { ++counts[bucket.slots[i] >> 63]; });

  uint32_t depth = old_word.depth() + 1;
  TableSegmentWord halves[2];
  for (int side = 0; side < 2; ++side) {
    halves[side] = NewSegment(std::min(BucketsFor(counts[side]), kBucketCountHardMax), depth);
    halves[side].segment()->count = counts[side];
  }
  // Reading the items' hashes costs a cache miss each: a bucket's items are prefetched while the one before is moved.
  TableBucket* buckets = old_word.buckets();
  for (uint32_t b = 0; b < old_word.bucket_count(); ++b) {
    if (b + 1 < old_word.bucket_count()) {
      for (uint32_t used = buckets[b + 1].Used(); used; used &= used - 1) {
        base::Prefetch(reinterpret_cast<void*>(buckets[b + 1].slots[std::countr_zero(used)] & kPointerMask));
      }
    }
    for (uint32_t used = buckets[b].Used(); used; used &= used - 1) {
      int i = std::countr_zero(used);
      uint64_t pointer = buckets[b].slots[i] & kPointerMask;
      TableSegmentWord half = halves[buckets[b].slots[i] >> 63];
      PlaceItem(half, half.TagOf(Shifted(hash_of(pointer))), buckets[b].fingerprints[i], pointer);
    }
  }
  size_t span = SpanOf(old_word);
  size_t first = index & ~(span - 1);
  std::fill_n(words() + first, span / 2, halves[0].bits());
  std::fill_n(words() + first + span / 2, span / 2, halves[1].bits());
  if (depth == depth_) deepest_count_ += 2;
  base::Free(old_word.segment());
}

void TableCore::DoubleDirectory() noexcept {
  size_t old_size = size_t{1} << depth_;
  auto* directory = static_cast<uint64_t*>(base::Allocate(old_size * 2 * sizeof(uint64_t)));
  const uint64_t* old_words = std::as_const(*this).words();
  for (size_t i = 0; i < old_size; ++i) directory[2 * i] = directory[2 * i + 1] = old_words[i];
  if (depth_) base::Free(words());
  SetRoot(reinterpret_cast<uint64_t>(directory));
  ++depth_;
  deepest_count_ = 0;
}

void TableCore::HalveDirectory() noexcept {
  uint64_t* old_words = words();
  size_t new_size = size_t{1} << (depth_ - 1);
  --depth_;
  if (depth_ == 0) {
    SetRoot(old_words[0]);
  } else {
    auto* directory = static_cast<uint64_t*>(base::Allocate(new_size * sizeof(uint64_t)));
    for (size_t i = 0; i < new_size; ++i) directory[i] = old_words[2 * i];
    SetRoot(reinterpret_cast<uint64_t>(directory));
  }
  base::Free(old_words);
  deepest_count_ = 0;
  if (depth_ == 0) return;
  for (size_t i = 0; i < new_size; ++i) deepest_count_ += WordAt(i).depth() == depth_;
}

void TableCore::PullHome(TableSegmentWord word, uint32_t home) noexcept {
  TableBucket* buckets = word.buckets();
  TableBucket& target = buckets[home];
  for (uint32_t b = word.NextBucket(home); b != home; b = word.NextBucket(b)) {
    for (uint32_t used = buckets[b].Used(); used; used &= used - 1) {
      int i = std::countr_zero(used);
      if (word.HomeOf(TagIn(buckets[b].slots[i])) != home) continue;
      int to = std::countr_zero(target.Match(0));
      target.fingerprints[to] = buckets[b].fingerprints[i];
      target.slots[to] = buckets[b].slots[i];
      buckets[b].fingerprints[i] = 0;
      if (target.overflow != TableBucket::kOverflowMax) --target.overflow;
      return;
    }
  }
}

void TableCore::EraseAt(uint64_t hash, Place place) noexcept {
  size_t index = IndexOf(Shifted(hash));
  TableSegmentWord word = WordAt(index);
  TableBucket* buckets = word.buckets();
  uint32_t home = word.HomeOf(TagIn(*place.slot()));
  place.bucket->fingerprints[place.index] = 0;
  if (place.bucket != &buckets[home] && buckets[home].overflow != TableBucket::kOverflowMax) --buckets[home].overflow;
  uint32_t at = static_cast<uint32_t>(place.bucket - buckets);
  if (place.bucket->overflow != 0) PullHome(word, at);
  --size_;
  uint32_t count = --word.segment()->count;
  if (__builtin_expect(count == 0 || IsSparse(count, word.bucket_count()), 0)) GiveBack(index);
}

void TableCore::GiveBack(size_t index) noexcept {
  while (WordAt(index).depth() > 0 && MergeWithBuddy(index)) {
    while (depth_ > 0 && deepest_count_ == 0) {
      HalveDirectory();
      index /= 2;
    }
  }
  TableSegmentWord word = WordAt(index);
  uint32_t count = word.segment()->count;
  if (count == 0 && depth_ == 0) {
    base::Free(word.segment());
    SetRoot(0);
    return;
  }
  uint32_t target = BucketsFor(count);
  if (IsSparse(count, word.bucket_count()) && target < word.bucket_count()) Resize(index, target);
}

bool TableCore::MergeWithBuddy(size_t index) noexcept {
  TableSegmentWord word = WordAt(index);
  size_t span = SpanOf(word);
  size_t first = index & ~(span - 1);
  TableSegmentWord low = word;
  TableSegmentWord high = WordAt(first ^ span);
  if (first & span) std::swap(low, high);
  if (low.depth() != high.depth()) return false;
  uint32_t count = low.segment()->count + high.segment()->count;
  if (count > kMergeCountMax) return false;

  uint32_t depth = word.depth() - 1;
  TableSegmentWord merged = NewSegment(BucketsFor(count), depth);
  merged.segment()->count = count;
  uint32_t side = 0;
  for (TableSegmentWord half : {low, high}) {
    ForEachSlot(half, [&](TableBucket& bucket, uint32_t i) {
      uint32_t tag = side << 15 | TagIn(bucket.slots[i]) >> 1;
      PlaceItem(merged, tag, bucket.fingerprints[i], bucket.slots[i] & kPointerMask);
    });
    base::Free(half.segment());
    side = 1;
  }
  std::fill_n(words() + (first & ~span), 2 * span, merged.bits());
  if (word.depth() == depth_) deepest_count_ -= 2;
  return true;
}

uint64_t TableCore::RandomRaw(base::Random& random) const noexcept {
  DCHECK(size_ > 0);
  for (;;) {
    size_t index = depth_ == 0 ? 0 : random.Below(size_t{1} << depth_);
    TableSegmentWord word = WordAt(index);
    // A uniform directory entry favours segments by their span and ignores their length: both are made good by
    // refusal, until every bucket is equally likely. Segments beyond kSegmentBucketsMax count as if they had no more.
    if (depth_ != 0) {
      uint64_t limit = uint64_t{kSegmentBucketsMax} * SpanOf(word);
      if (random.Below(limit) >= word.bucket_count()) continue;
    }
    const TableBucket& bucket = word.buckets()[random.Below(word.bucket_count())];
    uint32_t i = static_cast<uint32_t>(random.Below(kSlots));
    if (bucket.fingerprints[i] != 0) return bucket.slots[i] & kPointerMask;
  }
}

void TableCore::FreeAll() noexcept {
  if (root_ == 0) return;
  for (size_t i = 0, end = size_t{1} << depth_; i < end;) {
    TableSegmentWord word = WordAt(i);
    i += SpanOf(word);
    base::Free(word.segment());
  }
  if (depth_) base::Free(words());
  SetRoot(0);
  size_ = 0;
  deepest_count_ = 0;
  depth_ = 0;
}

}  // namespace tusk::ds
