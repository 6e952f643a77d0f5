#include "types/zset.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/numbers.h"
#include "ds/table.h"

namespace tusk::types {

using ds::ListPack;
using ds::ListPackElement;
using ds::ZMember;

namespace {

struct MemberPolicy {
  using Item = ZMember*;
  static uint64_t Hash(Item item) { return base::KeyHash(item->name()); }
};

// A score's text in a pack: as an integer where it is one, which the pack then stores as such. As in Redis
// that takes the sign from a zero, which only the large form keeps.
struct ScoreText {
  char buffer[base::kDoubleTextMax];
  std::string_view view;
  explicit ScoreText(double score) noexcept
      : view(buffer, base::FormatDouble(score == 0 ? 0 : score, buffer)) {}
};

}  // namespace

struct ZSet::Index {
  ds::CountedBTree tree;
  ds::Table<MemberPolicy> members;

  Index() noexcept = default;
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;
  ~Index() noexcept {
    tree.Clear();
    members.Clear(ZMember::Destroy);
  }

  void Insert(std::string_view name, double score) noexcept {
    ZMember* member = ZMember::Create(name, score);
    tree.Insert(member);
    members.Insert(base::KeyHash(name), member);
  }
  void PushBack(std::string_view name, double score) noexcept {
    ZMember* member = ZMember::Create(name, score);
    tree.PushBack(member);
    members.Insert(base::KeyHash(name), member);
  }
  void Forget(ZMember* member) noexcept {
    members.Erase(base::KeyHash(member->name()), [&](ZMember* other) { return other == member; });
    ZMember::Destroy(member);
  }
};

ZSet::ZSet() noexcept = default;
ZSet::~ZSet() noexcept = default;
ZSet::ZSet(ZSet&& other) noexcept = default;
ZSet& ZSet::operator=(ZSet&& other) noexcept = default;

double ZSet::ScoreIn(const ListPack& pack, Pos pos) noexcept {
  ListPackElement element = pack.Get(pos);
  if (element.is_int()) return static_cast<double>(element.int_value());
  return base::ParseDouble(element.text()).value_or(0);
}

double ZSet::Cursor::score() const noexcept {
  return pack_ ? ScoreIn(*pack_, pack_->Next(pos_)) : position_->score;
}

void ZSet::Cursor::Next() noexcept {
  if (pack_) {
    pos_ = pack_->Next(pack_->Next(pos_));
  } else {
    position_.Next();
  }
}

void ZSet::Cursor::Prev() noexcept {
  if (!pack_) return position_.Prev();
  pos_ = pack_->Prev(pos_);
  if (pos_) pos_ = pack_->Prev(pos_);
}

uint64_t ZSet::size() const noexcept { return index_ ? index_->tree.size() : pack_.size() / 2; }

ZSet ZSet::Clone() const {
  ZSet copy;
  if (!index_) {
    copy.pack_ = pack_.Clone();
    return copy;
  }
  copy.index_ = std::make_unique<Index>();
  copy.index_->members.Reserve(size());
  for (auto at = index_->tree.First(); at; at.Next()) copy.index_->PushBack(at->name(), at->score);
  return copy;
}

size_t ZSet::MemoryBytes(size_t samples) const noexcept {
  size_t bytes = sizeof(ZSet) + pack_.MemoryBytes();
  if (!index_) return bytes;
  size_t looked = 0, sum = 0;
  for (auto at = index_->tree.First(); at && (samples == 0 || looked < samples); at.Next(), ++looked) {
    sum += base::AllocatedSize(at.get());
  }
  if (looked > 0) sum = sum * size() / looked;
  return bytes + sizeof(Index) + index_->tree.NodeBytes() + index_->members.MemoryBytes() + sum;
}

size_t ZSet::MoveBlocks() noexcept { return pack_.MoveBlock(); }

ListPack::Pos ZSet::PackedFind(std::string_view name) const noexcept {
  return pack_.Find(name, pack_.First(), 1);
}

ZMember* ZSet::FindMember(std::string_view name) const noexcept {
  return index_->members.Find(base::KeyHash(name), [&](ZMember* member) { return member->name() == name; });
}

void ZSet::PackedInsert(std::string_view name, double score) noexcept {
  ScoreText text(score);
  char buffer[base::kInt64TextMax];
  for (Pos pos = pack_.First(); pos;) {
    Pos score_pos = pack_.Next(pos);
    double other = ScoreIn(pack_, score_pos);
    if (other > score || (other == score && pack_.Get(pos).ToText(buffer) > name)) {
      pos = pack_.InsertBefore(pos, name);
      pack_.InsertAfter(pos, text.view);
      return;
    }
    pos = pack_.Next(score_pos);
  }
  std::string_view both[] = {name, text.view};
  pack_.PushBackAll(both);
}

bool ZSet::FitsPacked(std::string_view name, const ZSetLimits& limits) const noexcept {
  return size() < limits.max_listpack_entries && name.size() <= limits.max_listpack_value &&
         pack_.SafeToAdd(name.size() + base::kDoubleTextMax);
}

void ZSet::BecomeLarge() {
  auto index = std::make_unique<Index>();
  char buffer[base::kInt64TextMax];
  for (Cursor at = First(); at; at.Next()) index->PushBack(at.member().ToText(buffer), at.score());
  index_ = std::move(index);
  pack_ = ListPack();
}

void ZSet::Expect(size_t elements, size_t name_size, const ZSetLimits& limits) {
  if (index_) return;
  if (elements > limits.max_listpack_entries || (empty() && name_size > limits.max_listpack_value))
    BecomeLarge();
}

void ZSet::InsertNew(std::string_view name, double score, const ZSetLimits& limits) {
  if (!index_ && !FitsPacked(name, limits)) BecomeLarge();
  if (index_) {
    index_->Insert(name, score);
  } else {
    PackedInsert(name, score);
  }
}

void ZSet::AddLast(std::string_view name, double score, const ZSetLimits& limits) {
  if (!index_ && !FitsPacked(name, limits)) BecomeLarge();
  if (index_) return index_->PushBack(name, score);
  ScoreText text(score);
  std::string_view both[] = {name, text.view};
  pack_.PushBackAll(both);
}

ZAddResult ZSet::Add(std::string_view name, double score, const ZSetLimits& limits, const ZAddFlags& flags) {
  using enum ZAddResult::Kind;
  Pos pos = index_ ? ListPack::kNone : PackedFind(name);
  ZMember* member = index_ ? FindMember(name) : nullptr;
  if (!pos && !member) {
    if (flags.xx) return {kRefused, 0};
    InsertNew(name, score, limits);
    return {kAdded, score};
  }
  double current = member ? member->score : ScoreIn(pack_, pack_.Next(pos));
  if (flags.nx) return {kRefused, current};
  if (flags.incr) score += current;
  if (std::isnan(score)) return {kNan, current};
  if ((flags.lt && score >= current) || (flags.gt && score <= current)) return {kRefused, current};
  if (score == current) return {kUnchanged, score};
  if (member) {
    index_->tree.UpdateScore(member, score);
  } else {
    pack_.EraseFrom(pos, 2);
    PackedInsert(name, score);
  }
  return {kUpdated, score};
}

std::optional<double> ZSet::Score(std::string_view name) const noexcept {
  if (index_) {
    ZMember* member = FindMember(name);
    return member ? std::optional(member->score) : std::nullopt;
  }
  Pos pos = PackedFind(name);
  return pos ? std::optional(ScoreIn(pack_, pack_.Next(pos))) : std::nullopt;
}

std::optional<ZRank> ZSet::Rank(std::string_view name) const noexcept {
  if (index_) {
    ZMember* member = FindMember(name);
    if (!member) return {};
    return ZRank{index_->tree.Rank(member), member->score};
  }
  uint64_t rank = 0;
  for (Cursor at = First(); at; at.Next(), ++rank) {
    if (at.member().Equals(name)) return ZRank{rank, at.score()};
  }
  return {};
}

bool ZSet::Remove(std::string_view name) noexcept {
  if (!index_) {
    Pos pos = PackedFind(name);
    if (pos) pack_.EraseFrom(pos, 2);
    return pos != ListPack::kNone;
  }
  ZMember* member = FindMember(name);
  if (!member) return false;
  index_->tree.Erase(member);
  index_->Forget(member);
  return true;
}

// How many elements from the front `before(member, score)` accepts.
template <typename Before>
uint64_t ZSet::PackedRank(Before before) const noexcept {
  uint64_t rank = 0;
  for (Cursor at = First(); at && before(at); at.Next()) ++rank;
  return rank;
}

RankRange ZSet::RanksOf(const ScoreRange& range) const noexcept {
  if (range.empty()) return {};
  if (index_) {
    return {index_->tree.FromScore(range.min, range.min_exclusive).rank(),
            index_->tree.FromScore(range.max, !range.max_exclusive).rank()};
  }
  auto below = [&](double bound, bool inclusive) {
    return PackedRank([&](const Cursor& at) { return inclusive ? at.score() <= bound : at.score() < bound; });
  };
  return {below(range.min, range.min_exclusive), below(range.max, !range.max_exclusive)};
}

namespace {
// Is the name at or behind the bound?
bool AdmitsFrom(const LexBound& min, std::string_view name) noexcept {
  switch (min.kind) {
    case LexBound::Kind::kLowest: return true;
    case LexBound::Kind::kHighest: return false;
    case LexBound::Kind::kInclusive: return name >= min.name;
    case LexBound::Kind::kExclusive: return name > min.name;
  }
  return false;
}

// Is it before the bound, or at it?
bool AdmitsUpTo(const LexBound& max, std::string_view name) noexcept {
  switch (max.kind) {
    case LexBound::Kind::kLowest: return false;
    case LexBound::Kind::kHighest: return true;
    case LexBound::Kind::kInclusive: return name <= max.name;
    case LexBound::Kind::kExclusive: return name < max.name;
  }
  return false;
}
}  // namespace

RankRange ZSet::PackedRanksOf(const LexRange& range, bool from_end) const noexcept {
  if (empty()) return {};
  char buffer[base::kInt64TextMax];
  auto from = [&](const Cursor& at) { return AdmitsFrom(range.min, at.member().ToText(buffer)); };
  auto up_to = [&](const Cursor& at) { return AdmitsUpTo(range.max, at.member().ToText(buffer)); };
  if (!from(Last()) || !up_to(First())) return {};
  if (!from_end) {
    uint64_t begin = 0;
    Cursor at = First();
    for (; !from(at); at.Next()) ++begin;
    uint64_t end = begin;
    for (; at && up_to(at); at.Next()) ++end;
    return {begin, end};
  }
  uint64_t end = size();
  Cursor at = Last();
  for (; !up_to(at); at.Prev()) --end;
  uint64_t begin = end;
  for (; at && from(at); at.Prev()) --begin;
  return {begin, end};
}

RankRange ZSet::RanksOf(const LexRange& range, bool from_end) const noexcept {
  if (!index_) return PackedRanksOf(range, from_end);
  // The rank of the first element at or (when `after`) behind the bound.
  auto rank_of = [&](const LexBound& bound, bool after) -> uint64_t {
    if (bound.kind == LexBound::Kind::kLowest) return 0;
    if (bound.kind == LexBound::Kind::kHighest) return size();
    return index_->tree.FromName(bound.name, after).rank();
  };
  RankRange ranks{rank_of(range.min, range.min.kind == LexBound::Kind::kExclusive),
                  rank_of(range.max, range.max.kind == LexBound::Kind::kInclusive)};
  return ranks.begin < ranks.end ? ranks : RankRange{};
}

RankRange ZSet::RanksOf(int64_t start, int64_t stop) const noexcept {
  auto length = static_cast<int64_t>(size());
  if (start < 0) start = std::max<int64_t>(start + length, 0);
  if (stop < 0) stop += length;
  stop = std::min(stop, length - 1);
  if (start > stop || start >= length) return {};
  return {static_cast<uint64_t>(start), static_cast<uint64_t>(stop) + 1};
}

ZSet::Cursor ZSet::At(uint64_t rank) const noexcept {
  if (index_) return Cursor(index_->tree.At(rank));
  return rank < size() ? Cursor(&pack_, pack_.Seek(static_cast<int64_t>(rank) * 2)) : Cursor();
}

uint64_t ZSet::RemoveRanks(const RankRange& range) noexcept {
  if (range.size() == 0) return 0;
  if (index_) {
    return index_->tree.EraseRange(range.begin, range.size(),
                                   [this](ZMember* member) { index_->Forget(member); });
  }
  return pack_.EraseRange(static_cast<int64_t>(range.begin) * 2, range.size() * 2) / 2;
}

uint64_t ZSet::ScanWith(uint64_t cursor, void (*visit)(void*, ListPackElement, double), void* context) const {
  if (index_) {
    return index_->members.Scan(
        cursor, [&](ZMember* member) { visit(context, ListPackElement(member->name()), member->score); });
  }
  for (Cursor at = First(); at; at.Next()) visit(context, at.member(), at.score());
  return 0;
}

void ZSet::ShrinkIfSmall(const ZSetLimits& limits) {
  if (!index_ || size() > limits.max_listpack_entries) return;
  size_t bytes = 0;
  for (auto at = index_->tree.First(); at; at.Next()) {
    if (at->name().size() > limits.max_listpack_value) return;
    bytes += at->name().size() + base::kDoubleTextMax;
  }
  if (!pack_.SafeToAdd(bytes)) return;
  for (auto at = index_->tree.First(); at; at.Next()) {
    ScoreText text(at->score);
    std::string_view both[] = {at->name(), text.view};
    pack_.PushBackAll(both);
  }
  index_.reset();
}

base::Result<ZSet> ZSet::FromPack(ListPack pack, const ZSetLimits& limits) {
  auto bad = [](std::string_view what) { return base::Error(base::Status::Invalid(what)); };
  size_t count = pack.size();
  if (count % 2 != 0) return bad("sorted set with a member that has no score");
  ZSet set;
  std::vector<std::string> names;
  names.reserve(count / 2);
  double last = -HUGE_VAL;
  for (Pos pos = pack.First(); pos;) {
    names.push_back(pack.Get(pos).ToString());
    pos = pack.Next(pos);
    ListPackElement score = pack.Get(pos);
    if (!score.is_int() && !base::ParseDouble(score.text()))
      return bad("sorted set with a score that is no number");
    double value = ScoreIn(pack, pos);
    bool in_order =
        value > last || (value == last && (names.size() < 2 || names[names.size() - 2] < names.back()));
    if (!in_order) return bad("sorted set out of order");
    last = value;
    pos = pack.Next(pos);
  }
  size_t longest = 0;
  for (const std::string& name : names) longest = std::max(longest, name.size());
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end())
    return bad("sorted set with a member twice");
  set.pack_ = std::move(pack);
  if (names.size() > limits.max_listpack_entries || longest > limits.max_listpack_value) set.BecomeLarge();
  return set;
}

}  // namespace tusk::types
