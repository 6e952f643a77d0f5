// The list type: a sequence of texts, cheap at both ends.
//
// A small list is one packed node and reports "listpack"; a larger one is a deque of packed nodes and reports
// "quicklist". Nodes know their element counts, so that an index is found node by node; an element too large
// to share a node is alone in one, which RDB files then call a plain node. The rules for growing from one
// encoding to the other and back are those of Redis 7.2: a list grows when a push would exceed the limit, and
// shrinks when a change leaves one node that is at most half the limit.
//
// Ends O(1), index O(nodes + node size). Any change invalidates cursors except those that it returns; texts
// passed in must not lie in the list itself. Threads: stripe-guarded. Owns: its elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory.h"
#include "ds/list_pack.h"

namespace tusk::types {

// The settings that decide over encodings; cheap to copy, handed to every change.
struct ListLimits {
  // list-max-listpack-size: an element count, or -1 to -5 for 4, 8, 16, 32 and 64 KiB.
  int max_listpack_size = -2;
  // DEBUG QUICKLIST-PACKED-THRESHOLD: from this size on an element counts as large; 0 follows
  // max_listpack_size.
  size_t packed_threshold = 0;

  size_t bytes_max() const noexcept;  // SIZE_MAX where a count limits.
  size_t count_max() const noexcept;  // SIZE_MAX where a size limits.
  bool Exceeded(size_t bytes, size_t count) const noexcept;
  bool IsLarge(size_t text_size) const noexcept;
};

enum class ListEnd : uint8_t { kHead, kTail };

class List : public base::Movable {
 public:
  // A place in the list. Walking past an end makes it false, for good.
  class Cursor {
   public:
    Cursor() noexcept = default;
    explicit operator bool() const noexcept { return pos_ != ds::ListPack::kNone; }
    ds::ListPackElement Get() const noexcept { return list_->node(node_).pack.Get(pos_); }
    void Next() noexcept;
    void Prev() noexcept;

   private:
    friend class List;
    Cursor(const List* list, size_t node, ds::ListPack::Pos pos) noexcept
        : list_(list), node_(node), pos_(pos) {}

    const List* list_ = nullptr;
    size_t node_ = 0;
    ds::ListPack::Pos pos_ = ds::ListPack::kNone;
  };

  List() noexcept = default;
  // What was moved from may only be destroyed or assigned to.
  List(List&&) noexcept = default;
  List& operator=(List&&) noexcept = default;
  List Clone() const;

  uint64_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  // As OBJECT ENCODING says.
  std::string_view EncodingName() const noexcept { return many_ ? "quicklist" : "listpack"; }
  bool is_packed() const noexcept { return !many_; }
  // Looks at up to `samples` nodes (0: all) and takes the others to be alike.
  size_t MemoryBytes(size_t samples) const noexcept;
  // Moves blocks out of memory that is to be emptied (base::WantsMove). Returns how many. O(n).
  size_t MoveBlocks() noexcept;

  // One after the other, so that pushing a, b at the head leaves b, a.
  void Push(ListEnd end, std::span<const std::string_view> texts, const ListLimits& limits);
  void Push(ListEnd end, std::string_view text, const ListLimits& limits) { Push(end, {&text, 1}, limits); }
  // The list must not be empty. Drop() is for callers that have looked at the element in place.
  std::string Pop(ListEnd end, const ListLimits& limits);
  void Drop(ListEnd end, const ListLimits& limits);

  // Negative indexes count from the end.
  Cursor Seek(int64_t index) const noexcept;
  Cursor First() const noexcept { return Seek(0); }
  Cursor Last() const noexcept { return Seek(-1); }
  Cursor At(ListEnd end) const noexcept { return end == ListEnd::kHead ? First() : Last(); }

  // False when there is no such index.
  bool Set(int64_t index, std::string_view text, const ListLimits& limits);
  // Beside the first element equal to `pivot`; false when there is none.
  bool Insert(std::string_view pivot, bool before, std::string_view text, const ListLimits& limits);
  // Takes out up to |count| elements equal to `text`, from the head, from the tail when negative; 0 means
  // all.
  uint64_t Remove(int64_t count, std::string_view text, const ListLimits& limits);
  // Takes out `count` elements from `index` (not negative) on; what lies beyond the end is ignored.
  void EraseRange(uint64_t index, uint64_t count, const ListLimits& limits);
  // Indexes of elements equal to `text`: the |rank|-th match first (from the tail when negative), up to
  // `count` of them (0: all), looking at no more than `compared_max` elements (0: all).
  std::vector<uint64_t> Find(std::string_view text, int64_t rank, uint64_t count,
                             uint64_t compared_max) const;

  // What RDB files hold: nodes in order, each a pack or (plain) one large text.
  size_t node_count() const noexcept { return many_ ? many_->size() : 1; }
  const ds::ListPack& NodePack(size_t index) const noexcept { return node(index).pack; }
  bool IsPlain(size_t index, const ListLimits& limits) const noexcept;
  // Appends a node as it was saved. Empty packs are left out.
  void AppendNode(ds::ListPack pack);
  // After the last AppendNode: takes the encoding that fits the limits.
  void SettleEncoding(const ListLimits& limits);

 private:
  struct Node {
    ds::ListPack pack;
    size_t count = 0;
  };
  using Nodes = std::deque<Node>;

  const Node& node(size_t index) const noexcept { return many_ ? (*many_)[index] : one_; }
  Node& node(size_t index) noexcept { return many_ ? (*many_)[index] : one_; }

  bool Allows(const Node& node, size_t text_size, const ListLimits& limits) const noexcept;
  void GrowFor(std::span<const std::string_view> texts, const ListLimits& limits);
  void ShrinkIfSmall(const ListLimits& limits, bool only_half);
  void BecomeQuickList();
  void PushOne(ListEnd end, std::string_view text, const ListLimits& limits);
  void InsertNode(size_t index, std::string_view text);
  void InsertAt(const Cursor& at, bool before, std::string_view text, const ListLimits& limits);
  size_t Split(size_t node_index, ds::ListPack::Pos pos);
  void MergeWithNext(size_t index, const ListLimits& limits);
  void EraseAt(const Cursor& at);
  void DropNodeIfEmpty(size_t node_index);
  uint64_t RemoveForward(uint64_t count, std::string_view text);
  uint64_t RemoveBackward(uint64_t count, std::string_view text);

  uint64_t size_ = 0;
  Node one_;                     // All elements while many_ is null.
  std::unique_ptr<Nodes> many_;  // May hold a single node: a quicklist does not shrink at once.
};

inline void List::Cursor::Next() noexcept {
  const Node& here = list_->node(node_);
  pos_ = here.pack.Next(pos_);
  if (!pos_ && node_ + 1 < list_->node_count()) pos_ = list_->node(++node_).pack.First();
}

inline void List::Cursor::Prev() noexcept {
  const Node& here = list_->node(node_);
  pos_ = here.pack.Prev(pos_);
  if (!pos_ && node_ > 0) pos_ = list_->node(--node_).pack.Last();
}

}  // namespace tusk::types
