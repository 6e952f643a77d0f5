#include "types/list.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/check.h"

namespace tusk::types {
namespace {

using ds::ListPack;

// However many elements a count-limited node may hold, it stays below this size.
constexpr size_t kCountLimitedBytesMax = 8192;
// An overestimate of what an element costs beyond its text.
constexpr size_t kElementOverhead = 8;
constexpr size_t kPackOverhead = 7;
constexpr int kSizeClassMin = -5;

}  // namespace

size_t ListLimits::bytes_max() const noexcept {
  if (max_listpack_size >= 0) return SIZE_MAX;
  return size_t{4096} << (-std::max(max_listpack_size, kSizeClassMin) - 1);
}

size_t ListLimits::count_max() const noexcept {
  if (max_listpack_size < 0) return SIZE_MAX;
  return static_cast<size_t>(std::max(max_listpack_size, 1));
}

bool ListLimits::Exceeded(size_t bytes, size_t count) const noexcept {
  if (max_listpack_size < 0) return bytes > bytes_max();
  return bytes > kCountLimitedBytesMax || count > count_max();
}

bool ListLimits::IsLarge(size_t text_size) const noexcept {
  if (packed_threshold != 0) return text_size >= packed_threshold;
  return text_size > (max_listpack_size < 0 ? bytes_max() : kCountLimitedBytesMax);
}

List List::Clone() const {
  List copy;
  copy.size_ = size_;
  if (many_) {
    copy.many_ = std::make_unique<Nodes>();
    for (const Node& node : *many_) copy.many_->push_back({node.pack.Clone(), node.count});
  } else {
    copy.one_ = {one_.pack.Clone(), one_.count};
  }
  return copy;
}

size_t List::MemoryBytes(size_t samples) const noexcept {
  if (!many_) return sizeof(List) + one_.pack.MemoryBytes();
  size_t looked = samples == 0 ? many_->size() : std::min(samples, many_->size()), bytes = 0;
  for (size_t i = 0; i < looked; ++i) bytes += (*many_)[i].pack.MemoryBytes();
  if (looked > 0) bytes = bytes * many_->size() / looked;
  return sizeof(List) + sizeof(Nodes) + many_->size() * sizeof(Node) + bytes;
}

size_t List::MoveBlocks() noexcept {
  size_t moves = 0;
  for (size_t i = 0; i < node_count(); ++i) moves += node(i).pack.MoveBlock();
  return moves;
}

// A list about to grow leaves the single pack if all that comes would not fit into it.
void List::GrowFor(std::span<const std::string_view> texts, const ListLimits& limits) {
  if (many_) return;
  size_t bytes = one_.pack.bytes();
  for (std::string_view text : texts) bytes += text.size();
  if (limits.Exceeded(bytes, one_.count + texts.size())) BecomeQuickList();
}

void List::BecomeQuickList() {
  many_ = std::make_unique<Nodes>();
  if (size_ > 0) many_->push_back(std::exchange(one_, Node()));
}

bool List::IsPlain(size_t index, const ListLimits& limits) const noexcept {
  const Node& n = node(index);
  return n.count == 1 && limits.IsLarge(n.pack.Get(n.pack.First()).TextSize());
}

void List::ShrinkIfSmall(const ListLimits& limits, bool only_half) {
  if (!many_ || many_->size() != 1 || IsPlain(0, limits)) return;
  Node& only = many_->front();
  size_t divisor = only_half ? 2 : 1;
  if (only.pack.bytes() > limits.bytes_max() / divisor || only.count > limits.count_max() / divisor) return;
  one_ = std::move(only);
  many_.reset();
}

void List::SettleEncoding(const ListLimits& limits) {
  if (many_) {
    ShrinkIfSmall(limits, false);
  } else {
    GrowFor({}, limits);
  }
}

void List::AppendNode(ListPack pack) {
  size_t count = pack.size();
  if (count == 0) return;
  if (!many_ && size_ > 0) BecomeQuickList();
  size_ += count;
  if (many_) {
    many_->push_back({std::move(pack), count});
  } else {
    one_ = {std::move(pack), count};
  }
}

// Whether a text of this size may join the node.
bool List::Allows(const Node& node, size_t text_size, const ListLimits& limits) const noexcept {
  if (!many_) return true;  // GrowFor() has decided so.
  if (limits.IsLarge(text_size)) return false;
  if (limits.packed_threshold != 0 && node.count == 1 &&
      limits.IsLarge(node.pack.Get(node.pack.First()).TextSize())) {
    return false;
  }
  return !limits.Exceeded(node.pack.bytes() + text_size + kElementOverhead, node.count + 1);
}

void List::Push(ListEnd end, std::span<const std::string_view> texts, const ListLimits& limits) {
  GrowFor(texts, limits);
  for (std::string_view text : texts) PushOne(end, text, limits);
}

void List::PushOne(ListEnd end, std::string_view text, const ListLimits& limits) {
  bool head = end == ListEnd::kHead;
  if (many_ && (many_->empty() || !Allows(head ? many_->front() : many_->back(), text.size(), limits))) {
    return InsertNode(head ? 0 : many_->size(), text);
  }
  Node& target = node(head ? 0 : node_count() - 1);
  if (head) {
    target.pack.PushFront(text);
  } else {
    target.pack.PushBack(text);
  }
  ++target.count;
  ++size_;
}

// A new node that holds `text` alone.
void List::InsertNode(size_t index, std::string_view text) {
  Node fresh;
  fresh.pack.PushBack(text);
  fresh.count = 1;
  many_->insert(many_->begin() + static_cast<ptrdiff_t>(index), std::move(fresh));
  ++size_;
}

std::string List::Pop(ListEnd end, const ListLimits& limits) {
  std::string text = At(end).Get().ToString();
  Drop(end, limits);
  return text;
}

void List::Drop(ListEnd end, const ListLimits& limits) {
  EraseAt(At(end));
  ShrinkIfSmall(limits, true);
}

List::Cursor List::Seek(int64_t index) const noexcept {
  auto size = static_cast<int64_t>(size_);
  if (index < 0) index += size;
  if (index < 0 || index >= size) return {};
  if (index < size / 2) {
    for (size_t i = 0;; ++i) {
      auto count = static_cast<int64_t>(node(i).count);
      if (index < count) return {this, i, node(i).pack.Seek(index)};
      index -= count;
    }
  }
  index -= size;
  for (size_t i = node_count() - 1;; --i) {
    auto count = static_cast<int64_t>(node(i).count);
    if (-index <= count) return {this, i, node(i).pack.Seek(index)};
    index += count;
  }
}

bool List::Set(int64_t index, std::string_view text, const ListLimits& limits) {
  Cursor at = Seek(index);
  if (!at) return false;
  GrowFor({&text, 1}, limits);
  if (index < 0) index += static_cast<int64_t>(size_);
  Node& here = node(at.node_);
  bool large = many_ && limits.IsLarge(text.size());
  if (here.count == 1 || (!large && !(many_ && IsPlain(at.node_, limits)))) {
    here.pack.Replace(at.pos_, text);
  } else {
    InsertAt(at, false, text, limits);
    EraseAt(Seek(index));
  }
  ShrinkIfSmall(limits, true);
  return true;
}

bool List::Insert(std::string_view pivot, bool before, std::string_view text, const ListLimits& limits) {
  for (size_t i = 0; i < node_count(); ++i) {
    const ListPack& pack = node(i).pack;
    if (ListPack::Pos pos = pack.Find(pivot, pack.First())) {
      GrowFor({&text, 1}, limits);  // The only node stays the first, the position the same.
      InsertAt(Cursor(this, i, pos), before, text, limits);
      return true;
    }
  }
  return false;
}

// Into the node of `at` if it has room, else to the end of a neighbour that touches the place, else the node
// is split.
void List::InsertAt(const Cursor& at, bool before, std::string_view text, const ListLimits& limits) {
  Node& here = node(at.node_);
  if (Allows(here, text.size(), limits)) {
    before ? here.pack.InsertBefore(at.pos_, text) : here.pack.InsertAfter(at.pos_, text);
    ++here.count;
    ++size_;
    return;
  }
  bool at_first = before && at.pos_ == here.pack.First();
  bool at_last = !before && at.pos_ == here.pack.Last();
  if (at_last && at.node_ + 1 < many_->size() && Allows(node(at.node_ + 1), text.size(), limits)) {
    Node& next = node(at.node_ + 1);
    next.pack.PushFront(text);
    ++next.count;
    ++size_;
    return;
  }
  if (at_first && at.node_ > 0 && Allows(node(at.node_ - 1), text.size(), limits)) {
    Node& prev = node(at.node_ - 1);
    prev.pack.PushBack(text);
    ++prev.count;
    ++size_;
    return;
  }
  if (at_first) return InsertNode(at.node_, text);
  if (at_last) return InsertNode(at.node_ + 1, text);
  size_t right = Split(at.node_, before ? at.pos_ : here.pack.Next(at.pos_));
  if (Allows(node(right), text.size(), limits)) {
    node(right).pack.PushFront(text);
    ++node(right).count;
    ++size_;
  } else {
    InsertNode(right, text);
    ++right;
  }
  if (right + 1 < many_->size()) MergeWithNext(right, limits);
  if (at.node_ > 0) MergeWithNext(at.node_ - 1, limits);
}

// Moves the elements from `pos` on to a new node and returns its index.
size_t List::Split(size_t node_index, ListPack::Pos pos) {
  Node& left = node(node_index);
  Node right{left.pack.Clone(), left.count};
  left.pack.EraseFrom(pos, SIZE_MAX);
  left.count = left.pack.size();
  right.pack.EraseRange(0, left.count);
  right.count -= left.count;
  many_->insert(many_->begin() + static_cast<ptrdiff_t>(node_index) + 1, std::move(right));
  return node_index + 1;
}

void List::MergeWithNext(size_t index, const ListLimits& limits) {
  Node& left = node(index);
  Node& right = node(index + 1);
  if (IsPlain(index, limits) || IsPlain(index + 1, limits)) return;
  if (limits.Exceeded(left.pack.bytes() + right.pack.bytes() - kPackOverhead, left.count + right.count))
    return;
  left.pack.Append(right.pack);
  left.count += right.count;
  many_->erase(many_->begin() + static_cast<ptrdiff_t>(index) + 1);
}

void List::EraseAt(const Cursor& at) {
  Node& here = node(at.node_);
  here.pack.Erase(at.pos_);
  --here.count;
  --size_;
  DropNodeIfEmpty(at.node_);
}

void List::DropNodeIfEmpty(size_t node_index) {
  if (many_ && node(node_index).count == 0) many_->erase(many_->begin() + static_cast<ptrdiff_t>(node_index));
}

uint64_t List::Remove(int64_t count, std::string_view text, const ListLimits& limits) {
  uint64_t wanted = count == 0  ? UINT64_MAX
                    : count > 0 ? static_cast<uint64_t>(count)
                                : 0 - static_cast<uint64_t>(count);
  uint64_t removed = count < 0 ? RemoveBackward(wanted, text) : RemoveForward(wanted, text);
  if (removed > 0) ShrinkIfSmall(limits, true);
  return removed;
}

uint64_t List::RemoveForward(uint64_t count, std::string_view text) {
  uint64_t removed = 0;
  for (size_t i = 0; i < node_count() && removed < count;) {
    Node& here = node(i);
    ListPack::Pos pos = here.pack.Find(text, here.pack.First());
    for (; pos && removed < count; ++removed) {
      pos = here.pack.Find(text, here.pack.Erase(pos));
      --here.count;
      --size_;
    }
    bool stays = here.count > 0 || !many_;
    DropNodeIfEmpty(i);
    if (stays) ++i;
  }
  return removed;
}

uint64_t List::RemoveBackward(uint64_t count, std::string_view text) {
  uint64_t removed = 0;
  for (size_t i = node_count(); i-- > 0 && removed < count;) {
    Node& here = node(i);
    for (ListPack::Pos pos = here.pack.Last(); pos && removed < count;) {
      // Positions before an erased element stay valid.
      ListPack::Pos prev = here.pack.Prev(pos);
      if (here.pack.Get(pos).Equals(text)) {
        here.pack.Erase(pos);
        --here.count;
        --size_;
        ++removed;
      }
      pos = prev;
    }
    DropNodeIfEmpty(i);
  }
  return removed;
}

void List::EraseRange(uint64_t index, uint64_t count, const ListLimits& limits) {
  if (index >= size_ || count == 0) return;
  count = std::min(count, size_ - index);
  size_t i = 0;
  if (index < size_ / 2) {
    while (index >= node(i).count) index -= node(i++).count;
  } else {
    uint64_t behind = size_ - index;
    for (i = node_count() - 1; behind > node(i).count; --i) behind -= node(i).count;
    index = node(i).count - behind;
  }
  size_ -= count;
  // Whole nodes in the middle leave by one erase from the deque.
  size_t whole_begin = SIZE_MAX, whole_end = 0;
  for (; count > 0; ++i, index = 0) {
    Node& here = node(i);
    size_t batch = std::min<uint64_t>(count, here.count - index);
    count -= batch;
    if (batch == here.count && many_) {
      whole_begin = std::min(whole_begin, i);
      whole_end = i + 1;
      continue;
    }
    here.pack.EraseRange(static_cast<int64_t>(index), batch);
    here.count -= batch;
  }
  if (whole_begin < whole_end) {
    many_->erase(many_->begin() + static_cast<ptrdiff_t>(whole_begin),
                 many_->begin() + static_cast<ptrdiff_t>(whole_end));
  }
  ShrinkIfSmall(limits, true);
}

std::vector<uint64_t> List::Find(std::string_view text, int64_t rank, uint64_t count,
                                 uint64_t compared_max) const {
  std::vector<uint64_t> found;
  bool backward = rank < 0;
  uint64_t to_skip = (backward ? 0 - static_cast<uint64_t>(rank) : static_cast<uint64_t>(rank)) - 1;
  uint64_t compared = 0;
  for (Cursor at = backward ? Last() : First(); at && (compared_max == 0 || compared < compared_max);
       ++compared) {
    if (at.Get().Equals(text)) {
      if (to_skip > 0) {
        --to_skip;
      } else {
        found.push_back(backward ? size_ - 1 - compared : compared);
        if (count != 0 && found.size() == count) break;
      }
    }
    backward ? at.Prev() : at.Next();
  }
  return found;
}

}  // namespace tusk::types
