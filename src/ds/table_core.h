// The untyped half of ds::Table: buckets, segments and the directory, over raw 48-bit pointers. Use table.h.
//
// Bits of the 64-bit hash, from the top:
//
//   | skip bits | local depth |   tag (16)   | ...................... | fingerprint (8) |
//     spent by    picks the     position in                            low byte, never
//     the caller  segment       the segment                            stored as 0
//
// Bucket, one cache line:   | 7 fingerprints, 0 = free slot | overflow count | 7 slots of 8 bytes |
// Slot:                     | tag (16) | item pointer (48) |
// Segment:                  | header line: count          | bucket 0 | bucket 1 | ... |
// Segment word:             | bucket count (16) | segment address (42) | local depth (6) |
//
// The home bucket of a tag is tag * buckets >> 16, so positions are monotone in the hash: any number of buckets will
// do, a segment grows or shrinks without touching an item, and iteration in bucket order is iteration in hash order.
// An item that finds its home full goes to the next bucket (wrapping) that has room, and the home's overflow count says
// how many such items a lookup must expect; once it reaches 255 it stays there until the segment is rebuilt.
//
// Threads: caller-synchronised. Owns: segments and directory, never the items.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/check.h"
#include "base/random.h"

namespace tusk::ds {

struct alignas(64) TableBucket {
  static constexpr uint32_t kSlots = 7;
  static constexpr uint8_t kOverflowMax = 255;

  uint8_t fingerprints[kSlots];
  uint8_t overflow;
  uint64_t slots[kSlots];

  // One bit per slot whose fingerprint equals `wanted`; 0 asks for free slots.
  uint32_t Match(uint8_t wanted) const noexcept {
#if defined(__SSE2__)
    __m128i meta = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(this));
    return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(meta, _mm_set1_epi8(static_cast<char>(wanted))))) & 0x7f;
#else
    uint32_t mask = 0;
    for (uint32_t i = 0; i < kSlots; ++i) mask |= uint32_t{fingerprints[i] == wanted} << i;
    return mask;
#endif
  }
  uint32_t Used() const noexcept { return ~Match(0) & 0x7f; }
};
static_assert(sizeof(TableBucket) == 64);

struct alignas(64) TableSegment {
  uint32_t count;

  TableBucket* buckets() noexcept { return reinterpret_cast<TableBucket*>(this + 1); }
};
static_assert(sizeof(TableSegment) == 64);

// Everything about a segment that a lookup needs, without touching the segment. Zero: no segment.
class TableSegmentWord {
 public:
  static constexpr uint64_t kDepthMask = 63;
  static constexpr uint64_t kAddressMask = 0x0000'ffff'ffff'ffc0;

  TableSegmentWord() noexcept = default;
  explicit TableSegmentWord(uint64_t bits) noexcept : bits_(bits) {}
  TableSegmentWord(TableSegment* segment, uint32_t bucket_count, uint32_t depth) noexcept
      : bits_(reinterpret_cast<uint64_t>(segment) | uint64_t{bucket_count} << 48 | depth) {}

  uint64_t bits() const noexcept { return bits_; }
  TableSegment* segment() const noexcept { return reinterpret_cast<TableSegment*>(bits_ & kAddressMask); }
  TableBucket* buckets() const noexcept { return segment()->buckets(); }
  uint32_t bucket_count() const noexcept { return static_cast<uint32_t>(bits_ >> 48); }
  uint32_t depth() const noexcept { return static_cast<uint32_t>(bits_ & kDepthMask); }

  // `shifted` is the hash without the skipped bits.
  uint32_t TagOf(uint64_t shifted) const noexcept { return static_cast<uint32_t>((shifted << depth()) >> 48); }
  uint32_t HomeOf(uint32_t tag) const noexcept { return (tag * bucket_count()) >> 16; }
  // First tag at home in `bucket`; for bucket == bucket_count(), one past the last tag.
  uint32_t FirstTagOf(uint32_t bucket) const noexcept {
    return ((bucket << 16) + bucket_count() - 1) / bucket_count();
  }
  uint32_t NextBucket(uint32_t bucket) const noexcept { return bucket + 1 == bucket_count() ? 0 : bucket + 1; }

 private:
  uint64_t bits_ = 0;
};

class TableCore {
 public:
  // A segment of more buckets is split instead of grown, unless its hashes are too alike to be told apart.
  static constexpr uint32_t kSegmentBucketsMax = 256;
  static constexpr uint32_t kDepthMax = 22;
  static constexpr uint64_t kPointerMask = 0x0000'ffff'ffff'ffff;
  // Positions of Scan(): the 48 hash bits that follow the skipped ones.
  static constexpr uint32_t kPositionBits = 48;

  explicit TableCore(uint32_t skip_bits) noexcept : skip_bits_(static_cast<uint8_t>(skip_bits)) {}
  ~TableCore() { FreeAll(); }
  TableCore(TableCore&& other) noexcept;
  TableCore& operator=(TableCore&& other) noexcept;

  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  uint32_t global_depth() const noexcept { return depth_; }
  size_t segment_count() const noexcept;
  // Bytes of segments and directory as the allocator counts them. O(segments).
  size_t MemoryBytes() const noexcept;
  // Makes room for `count` items at once if the table is empty; a hint for loaders. Never splits ahead.
  void Reserve(size_t count) noexcept;

 protected:
  using HashOf = uint64_t (*)(uint64_t pointer);
  // Where a lookup ended; slot == nullptr: nowhere.
  struct Place {
    TableBucket* bucket = nullptr;
    uint32_t index = 0;
    uint64_t* slot() const noexcept { return &bucket->slots[index]; }
  };

  uint64_t Shifted(uint64_t hash) const noexcept { return hash << skip_bits_; }
  static uint8_t FingerprintOf(uint64_t hash) noexcept {
    uint8_t low = static_cast<uint8_t>(hash);
    return low ? low : 1;
  }
  const uint64_t* words() const noexcept {
    return depth_ == 0 ? &root_ : reinterpret_cast<const uint64_t*>(root_);
  }
  // The directory, which only a table of more than one segment has.
  uint64_t* words() noexcept {
    DCHECK(depth_ != 0);
    return reinterpret_cast<uint64_t*>(root_);
  }
  void SetRoot(uint64_t bits) noexcept { std::atomic_ref(root_).store(bits, std::memory_order_relaxed); }
  // The only segment's word, or zero: also for a glance by somebody who holds no lock. A directory is known by the zeroes
  // in its upper bits, where a segment's word has its count of buckets.
  TableSegmentWord GlanceAtRoot() const noexcept {
    const TableSegmentWord word(std::atomic_ref(const_cast<uint64_t&>(root_)).load(std::memory_order_relaxed));
    return word.bucket_count() == 0 ? TableSegmentWord() : word;
  }
  size_t IndexOf(uint64_t shifted) const noexcept { return depth_ == 0 ? 0 : shifted >> (64 - depth_); }
  TableSegmentWord WordAt(size_t index) const noexcept { return TableSegmentWord(words()[index]); }
  TableSegmentWord WordFor(uint64_t hash) const noexcept { return WordAt(IndexOf(Shifted(hash))); }
  // Directory entries that the segment of `word` fills; the first one is a multiple of it.
  size_t SpanOf(TableSegmentWord word) const noexcept { return size_t{1} << (depth_ - word.depth()); }

  void InsertRaw(uint64_t hash, uint64_t pointer, HashOf hash_of) noexcept;
  // Frees the slot, pulls a displaced item home if one waits, and gives memory back when the segment became sparse.
  void EraseAt(uint64_t hash, Place place) noexcept;
  // A slot drawn uniformly; size() must not be 0.
  uint64_t RandomRaw(base::Random& random) const noexcept;
  void FreeAll() noexcept;

 private:
  // At least `buckets_min` buckets, more when the allocator's block has room for them.
  static TableSegmentWord NewSegment(uint32_t buckets_min, uint32_t depth) noexcept;
  static void PlaceItem(TableSegmentWord word, uint32_t tag, uint8_t fingerprint, uint64_t pointer) noexcept;
  static void PullHome(TableSegmentWord word, uint32_t home) noexcept;
  void SetWords(size_t index, TableSegmentWord old_word, TableSegmentWord new_word) noexcept;
  void MakeRoom(size_t index, HashOf hash_of) noexcept;
  void Resize(size_t index, uint32_t bucket_count) noexcept;
  bool MaySplit(TableSegmentWord word) const noexcept;
  void Split(size_t index, HashOf hash_of) noexcept;
  void DoubleDirectory() noexcept;
  void HalveDirectory() noexcept;
  void GiveBack(size_t index) noexcept;
  bool MergeWithBuddy(size_t index) noexcept;

  // Written by SetRoot() only. depth_ == 0: the segment word itself, 0 when nothing is allocated. Otherwise the directory, 2^depth_ words.
  uint64_t root_ = 0;
  size_t size_ = 0;
  uint32_t deepest_count_ = 0;  // Segments whose local depth equals depth_; at 0 the directory halves.
  uint8_t depth_ = 0;
  uint8_t skip_bits_;
};
static_assert(sizeof(TableCore) <= 24);

}  // namespace tusk::ds
