// The sorted-set type: members with scores, ordered by score and then by name.
//
// A small set is one packed list of member, score, member, score ... in order and reports "listpack". A
// larger one is a counted B+ tree for order and a hash table for names over one copy of each member; it
// reports "skiplist", the name by which clients know it. It never goes back to the packed form by itself;
// commands that build a set as a result ask for it (ShrinkIfSmall).
//
// Every range (by rank, score or name, in either direction, with offset and limit) is first turned into a
// RankRange, after which counting, walking and removing are the same for all of them. O(log n) large, O(n)
// packed. Any change invalidates cursors; names passed in must not lie in the set itself. Threads:
// stripe-guarded. Owns: its members.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "ds/counted_btree.h"
#include "ds/list_pack.h"

namespace tusk::types {

struct ZSetLimits {
  size_t max_listpack_entries = 128;
  size_t max_listpack_value = 64;
};

struct ScoreRange {
  double min;
  double max;
  bool min_exclusive = false;
  bool max_exclusive = false;

  bool empty() const noexcept { return min > max || (min == max && (min_exclusive || max_exclusive)); }
  bool Contains(double score) const noexcept {
    return (min_exclusive ? score > min : score >= min) && (max_exclusive ? score < max : score <= max);
  }
};

// One end of a range of names: "-", "+", "[name" or "(name".
struct LexBound {
  enum class Kind : uint8_t { kLowest, kHighest, kInclusive, kExclusive };
  Kind kind;
  std::string_view name;
};
struct LexRange {
  LexBound min;
  LexBound max;
};

// Elements by rank, `end` not included.
struct RankRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t size() const noexcept { return end > begin ? end - begin : 0; }
};

struct ZAddFlags {
  bool nx = false;    // Only new members.
  bool xx = false;    // Only members that exist.
  bool gt = false;    // Existing ones only if the score grows,
  bool lt = false;    // or falls.
  bool incr = false;  // Add to the score instead of setting it.
};
struct ZAddResult {
  enum class Kind : uint8_t { kAdded, kUpdated, kUnchanged, kRefused, kNan };
  // kUnchanged: the member has this score already. kRefused: the flags did not let it happen.
  Kind kind;
  double score;  // The member's score afterwards; meaningless after kNan and kRefused.
};

struct ZRank {
  uint64_t rank;
  double score;
};

class ZSet : public base::Movable {
  struct Index;

 public:
  class Cursor {
   public:
    Cursor() noexcept = default;
    explicit operator bool() const noexcept { return pack_ ? pos_ != ds::ListPack::kNone : bool(position_); }
    ds::ListPackElement member() const noexcept {
      return pack_ ? pack_->Get(pos_) : ds::ListPackElement(position_->name());
    }
    double score() const noexcept;
    void Next() noexcept;
    void Prev() noexcept;

   private:
    friend class ZSet;
    Cursor(const ds::ListPack* pack, ds::ListPack::Pos pos) noexcept : pack_(pack), pos_(pos) {}
    explicit Cursor(ds::CountedBTree::Position position) noexcept : position_(position) {}

    const ds::ListPack* pack_ = nullptr;
    ds::ListPack::Pos pos_ = ds::ListPack::kNone;
    ds::CountedBTree::Position position_;
  };

  ZSet() noexcept;
  ~ZSet() noexcept;
  // What was moved from may only be destroyed or assigned to.
  ZSet(ZSet&& other) noexcept;
  ZSet& operator=(ZSet&& other) noexcept;
  ZSet Clone() const;

  uint64_t size() const noexcept;
  bool empty() const noexcept { return size() == 0; }
  std::string_view EncodingName() const noexcept { return index_ ? "skiplist" : "listpack"; }
  bool is_packed() const noexcept { return !index_; }
  // Looks at up to `samples` members (0: all) and takes the others to be alike.
  size_t MemoryBytes(size_t samples) const noexcept;
  // Moves blocks of a packed set out of memory that is to be emptied (base::WantsMove). Returns how many. A large set's members
  // stay, since tree and table both point at them.
  size_t MoveBlocks() noexcept;

  // A command is about to add so many elements, of which the first name is so long: a set that can't stay
  // packed is converted before instead of on the way.
  void Expect(size_t elements, size_t name_size, const ZSetLimits& limits);
  // `score` is not NaN.
  ZAddResult Add(std::string_view name, double score, const ZSetLimits& limits, const ZAddFlags& flags = {});
  std::optional<double> Score(std::string_view name) const noexcept;
  std::optional<ZRank> Rank(std::string_view name) const noexcept;
  bool Remove(std::string_view name) noexcept;

  RankRange RanksOf(const ScoreRange& range) const noexcept;
  // Where scores differ, names are in no order, and the range is what Redis finds in its packed form: from the first
  // member (or, `from_end`, the last) that one bound admits, as far as the other admits without a gap.
  RankRange RanksOf(const LexRange& range, bool from_end = false) const noexcept;
  // ZRANGE's start and stop, either of which may count from the end.
  RankRange RanksOf(int64_t start, int64_t stop) const noexcept;
  // False beyond the end.
  Cursor At(uint64_t rank) const noexcept;
  Cursor First() const noexcept { return At(0); }
  Cursor Last() const noexcept { return empty() ? Cursor() : At(size() - 1); }
  uint64_t RemoveRanks(const RankRange& range) noexcept;
  // The set must not be empty.
  Cursor RandomMember(base::Random& random) const noexcept { return At(random.Below(size())); }

  // Calls `visit(member, score)` for some elements and returns the cursor to go on from, 0 at the end.
  // Starting from 0, every member that is there all the time is visited; a packed set is visited whole.
  template <typename Visit>
  uint64_t Scan(uint64_t cursor, Visit visit) const {
    auto call = [](void* context, ds::ListPackElement member, double score) {
      (*static_cast<Visit*>(context))(member, score);
    };
    return ScanWith(cursor, call, &visit);
  }

  // Packs a large set that is within the limits.
  void ShrinkIfSmall(const ZSetLimits& limits);

  // What RDB files hold; null when the set is not packed.
  const ds::ListPack* pack() const noexcept { return index_ ? nullptr : &pack_; }
  // A pack as it was saved: refused unless it holds distinct members with scores, in order.
  static base::Result<ZSet> FromPack(ds::ListPack pack, const ZSetLimits& limits);
  // For loaders: the member orders after all others (then it is cheaper than Add) and is not in the set.
  void AddLast(std::string_view name, double score, const ZSetLimits& limits);

 private:
  using Pos = ds::ListPack::Pos;

  static double ScoreIn(const ds::ListPack& pack, Pos pos) noexcept;
  Pos PackedFind(std::string_view name) const noexcept;
  void PackedInsert(std::string_view name, double score) noexcept;
  template <typename Before>
  uint64_t PackedRank(Before before) const noexcept;
  RankRange PackedRanksOf(const LexRange& range, bool from_end) const noexcept;
  bool FitsPacked(std::string_view name, const ZSetLimits& limits) const noexcept;
  void BecomeLarge();
  void InsertNew(std::string_view name, double score, const ZSetLimits& limits);
  ds::ZMember* FindMember(std::string_view name) const noexcept;
  uint64_t ScanWith(uint64_t cursor, void (*visit)(void*, ds::ListPackElement, double), void* context) const;

  ds::ListPack pack_;  // Empty while index_ is there.
  std::unique_ptr<Index> index_;
};

}  // namespace tusk::types
