#include "ds/counted_btree.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/memory.h"

namespace tusk::ds {
namespace {

// Whether (score, name) of `a` orders before that of `b`.
bool Less(double score_a, const ZMember* a, double score_b, const ZMember* b) noexcept {
  if (score_a != score_b) return score_a < score_b;
  return a->name() < b->name();
}

template <typename T>
void InsertInto(T* items, uint32_t& count, uint32_t index, const T& item) noexcept {
  std::memmove(items + index + 1, items + index, (count - index) * sizeof(T));
  items[index] = item;
  ++count;
}

template <typename T>
void EraseFrom(T* items, uint32_t& count, uint32_t index, uint32_t how_many) noexcept {
  std::memmove(items + index, items + index + how_many, (count - index - how_many) * sizeof(T));
  count -= how_many;
}

}  // namespace

ZMember* ZMember::Create(std::string_view name, double score) noexcept {
  CHECK(name.size() <= UINT32_MAX);
  const auto length = static_cast<uint32_t>(name.size());
  const size_t length_bytes = length < kLong ? 1 : 1 + sizeof(length);
  auto* member = static_cast<ZMember*>(base::Allocate(sizeof(ZMember) + length_bytes + length));
  member->score = score;
  member->bytes[0] = static_cast<char>(std::min<uint32_t>(length, kLong));
  if (length >= kLong) std::memcpy(member->bytes + 1, &length, sizeof(length));
  if (!name.empty()) std::memcpy(member->bytes + length_bytes, name.data(), length);
  return member;
}

void ZMember::Destroy(ZMember* member) noexcept { base::Free(member); }

template <typename T>
T* CountedBTree::NewNode() noexcept {
  auto* node = static_cast<T*>(base::Allocate(sizeof(T)));
  node->count = 0;
  node->is_leaf = sizeof(T) == sizeof(Leaf);
  node_bytes_ += sizeof(T);
  return node;
}

void CountedBTree::FreeNode(Node* node) noexcept {
  static_assert(sizeof(Leaf) == 512 && sizeof(Inner) == 2024);
  node_bytes_ -= node->is_leaf ? sizeof(Leaf) : sizeof(Inner);
  base::Free(node);
}

void CountedBTree::FreeTree(Node* node) noexcept {
  if (!node->is_leaf) {
    auto* inner = static_cast<Inner*>(node);
    for (uint32_t i = 0; i < inner->count; ++i) FreeTree(inner->nodes[i]);
  }
  FreeNode(node);
}

void CountedBTree::Clear() noexcept {
  if (root_) FreeTree(root_);
  root_ = nullptr;
  size_ = 0;
}

void CountedBTree::Inner::Set(uint32_t i, const Child& child) noexcept {
  scores[i] = child.score;
  firsts[i] = child.first;
  nodes[i] = child.node;
  counts[i] = child.count;
}

void CountedBTree::Inner::Insert(uint32_t i, const Child& child) noexcept {
  auto shift = [&](auto* array) { std::memmove(array + i + 1, array + i, (count - i) * sizeof *array); };
  shift(scores), shift(firsts), shift(nodes), shift(counts);
  Set(i, child);
  ++count;
}

void CountedBTree::Inner::Erase(uint32_t i) noexcept {
  --count;
  auto shift = [&](auto* array) { std::memmove(array + i, array + i + 1, (count - i) * sizeof *array); };
  shift(scores), shift(firsts), shift(nodes), shift(counts);
}

void CountedBTree::Inner::TakeTail(Inner* other, uint32_t from) noexcept {
  uint32_t taken = other->count - from;
  auto copy = [&](auto* to, const auto* source) {
    std::memcpy(to + count, source + from, taken * sizeof *to);
  };
  copy(scores, other->scores), copy(firsts, other->firsts), copy(nodes, other->nodes),
      copy(counts, other->counts);
  count += taken;
  other->count = from;
}

CountedBTree::Child CountedBTree::Describe(const Node* node) noexcept {
  if (node->is_leaf) {
    const ZMember* first = static_cast<const Leaf*>(node)->items[0];
    return {first->score, first, const_cast<Node*>(node), node->count};
  }
  auto* inner = static_cast<const Inner*>(node);
  uint64_t count = 0;
  for (uint32_t i = 0; i < inner->count; ++i) count += inner->counts[i];
  return {inner->scores[0], inner->firsts[0], const_cast<Node*>(node), count};
}

// After a change below child `index` by so many elements: its count, and its smallest element anew.
void CountedBTree::Recount(Inner* parent, uint32_t index, int64_t change) noexcept {
  parent->counts[index] += static_cast<uint64_t>(change);
  const Node* node = parent->nodes[index];
  if (node->is_leaf) {
    parent->firsts[index] = static_cast<const Leaf*>(node)->items[0];
    parent->scores[index] = parent->firsts[index]->score;
  } else {
    parent->firsts[index] = static_cast<const Inner*>(node)->firsts[0];
    parent->scores[index] = static_cast<const Inner*>(node)->scores[0];
  }
}

// `before(score, member)` is true for a prefix of the order. The path ends at the leaf of that prefix' last
// element (the first leaf if there is none), before anything in that leaf.
template <typename Before>
CountedBTree::Path CountedBTree::DescendToLeaf(Before before) const noexcept {
  Path path;
  Node* node = root_;
  while (!node->is_leaf) {
    auto* inner = static_cast<Inner*>(node);
    uint32_t low = 0,
             high =
                 inner->count;  // Child `low` begins within the prefix (or is the first), `high` behind it.
    while (high - low > 1) {
      uint32_t middle = (low + high) / 2;
      (before(inner->scores[middle], inner->firsts[middle]) ? low : high) = middle;
    }
    for (uint32_t i = 0; i < low; ++i) path.rank += inner->counts[i];
    DCHECK(path.depth < kDepthMax);
    path.steps[path.depth++] = {inner, low};
    node = inner->nodes[low];
  }
  path.leaf = static_cast<Leaf*>(node);
  return path;
}

// How many of the leaf's elements belong to the prefix. Members lie anywhere in memory, so a binary search
// would wait for one cache miss after the other; probing kProbes of them at once takes two rounds.
template <typename Before>
uint32_t CountedBTree::SearchLeaf(const Leaf* leaf, Before before) noexcept {
  constexpr uint32_t kProbes = 8;
  ZMember* const* items = leaf->items;
  uint32_t low = 0, high = leaf->count;
  if (high > kProbes) {
    uint32_t step = high / kProbes + 1;
    for (uint32_t i = step; i < high; i += step) __builtin_prefetch(items[i]);
    uint32_t i = step;
    while (i < high && before(items[i]->score, items[i])) i += step;
    low = i - step;
    high = std::min(high, i);
  }
  for (uint32_t i = low; i < high; ++i) __builtin_prefetch(items[i]);
  auto* found =
      std::partition_point(items + low, items + high, [&](ZMember* m) { return before(m->score, m); });
  return static_cast<uint32_t>(found - items);
}

// The path ends behind the prefix, in the leaf of its last element: the index may equal the leaf's count.
template <typename Before>
CountedBTree::Path CountedBTree::Descend(Before before) const noexcept {
  if (!root_) return {};
  Path path = DescendToLeaf(before);
  path.index = SearchLeaf(path.leaf, before);
  path.rank += path.index;
  return path;
}

uint32_t CountedBTree::FindInLeaf(const Leaf* leaf, const ZMember* member) noexcept {
  uint32_t index = 0;
  while (index < leaf->count && leaf->items[index] != member) ++index;
  CHECK(index < leaf->count);
  return index;
}

CountedBTree::Path CountedBTree::DescendToRank(uint64_t rank) const noexcept {
  Path path;
  path.rank = rank;
  Node* node = root_;
  while (!node->is_leaf) {
    auto* inner = static_cast<Inner*>(node);
    uint32_t index = 0;
    // The last child also takes a rank one beyond its end, which is where PushBack goes.
    for (; index + 1 < inner->count && rank >= inner->counts[index]; ++index) rank -= inner->counts[index];
    DCHECK(path.depth < kDepthMax);
    path.steps[path.depth++] = {inner, index};
    node = inner->nodes[index];
  }
  path.leaf = static_cast<Leaf*>(node);
  path.index = static_cast<uint32_t>(rank);
  return path;
}

CountedBTree::Path CountedBTree::DescendToMember(const ZMember* member) const noexcept {
  double score = member->score;
  Path path =
      DescendToLeaf([&](double s, const ZMember* m) { return m == member || !Less(score, member, s, m); });
  path.index = FindInLeaf(path.leaf, member);
  path.rank += path.index;
  return path;
}

CountedBTree::Position CountedBTree::ToPosition(const Path& path) const noexcept {
  if (!path.leaf) return {};
  if (path.index < path.leaf->count) return {path.leaf, path.index, path.rank};
  return {path.leaf->next, 0, path.rank};
}

CountedBTree::Position CountedBTree::At(uint64_t rank) const noexcept {
  if (rank >= size_) return {nullptr, 0, size_};
  return ToPosition(DescendToRank(rank));
}

CountedBTree::Position CountedBTree::FromScore(double score, bool exclusive) const noexcept {
  return ToPosition(Descend([&](double s, const ZMember*) { return exclusive ? s <= score : s < score; }));
}

CountedBTree::Position CountedBTree::FromName(std::string_view name, bool exclusive) const noexcept {
  return ToPosition(
      Descend([&](double, const ZMember* m) { return exclusive ? m->name() <= name : m->name() < name; }));
}

uint64_t CountedBTree::Rank(const ZMember* member) const noexcept { return DescendToMember(member).rank; }

void CountedBTree::Insert(ZMember* member) noexcept {
  double score = member->score;
  InsertAt(Descend([&](double s, const ZMember* m) { return Less(s, m, score, member); }), member);
}

void CountedBTree::PushBack(ZMember* member) noexcept {
  InsertAt(root_ ? DescendToRank(size_) : Path(), member);
}

// Moves what belongs right of the coming element at `index` to a new leaf. At either end of the whole order
// the old leaf stays full instead, since more elements of an ascending (or descending) run are likely to
// follow.
CountedBTree::Leaf* CountedBTree::SplitLeaf(Leaf* leaf, uint32_t index) noexcept {
  auto* right = NewNode<Leaf>();
  right->prev = leaf;
  right->next = leaf->next;
  if (leaf->next) leaf->next->prev = right;
  uint32_t keep = leaf->count / 2;
  if (index == leaf->count && !leaf->next) keep = leaf->count;
  if (index == 0 && !leaf->prev) keep = 0;
  leaf->next = right;
  right->count = leaf->count - keep;
  std::memcpy(right->items, leaf->items + keep, right->count * sizeof(ZMember*));
  leaf->count = keep;
  return right;
}

void CountedBTree::InsertAt(const Path& path, ZMember* member) noexcept {
  ++size_;
  Leaf* leaf = path.leaf;
  if (!leaf) {
    leaf = NewNode<Leaf>();
    leaf->prev = leaf->next = nullptr;
    leaf->items[leaf->count++] = member;
    root_ = leaf;
    return;
  }
  Leaf* right = leaf->count == kLeafMax ? SplitLeaf(leaf, path.index) : nullptr;
  if (right && (path.index > leaf->count || right->count == 0)) {
    InsertInto(right->items, right->count, path.index - leaf->count, member);
  } else {
    InsertInto(leaf->items, leaf->count, path.index, member);
  }
  // Upwards: new counts and smallest elements, and the new right sibling of the node below, if there is one.
  Node* node = leaf;
  Node* sibling = right;
  for (uint32_t d = path.depth; d-- > 0;) {
    auto [parent, index] = path.steps[d];
    if (sibling) {
      parent->Set(index, Describe(node));
      sibling = InsertChild(parent, index + 1, Describe(sibling));
    } else {
      Recount(parent, index, 1);
    }
    node = parent;
  }
  if (!sibling) return;
  auto* root = NewNode<Inner>();
  root->Insert(0, Describe(node));
  root->Insert(1, Describe(sibling));
  root_ = root;
}

// Returns the new right sibling of `parent` when that had to be split.
CountedBTree::Node* CountedBTree::InsertChild(Inner* parent, uint32_t index, const Child& child) noexcept {
  if (parent->count < kInnerMax) {
    parent->Insert(index, child);
    return nullptr;
  }
  auto* right = NewNode<Inner>();
  // As with leaves: an append leaves the old node full but for one, so that no inner node has a single child.
  right->TakeTail(parent, index == parent->count ? parent->count - 1 : parent->count / 2);
  if (index > parent->count) {
    right->Insert(index - parent->count, child);
  } else {
    parent->Insert(index, child);
  }
  return right;
}

void CountedBTree::Erase(const ZMember* member) noexcept { EraseAt(DescendToMember(member), 1); }

// Takes `count` elements out of the path's leaf and mends everything above it.
void CountedBTree::EraseAt(const Path& path, uint32_t count) noexcept {
  size_ -= count;
  Leaf* leaf = path.leaf;
  EraseFrom(leaf->items, leaf->count, path.index, count);
  if (leaf->count == 0) {
    if (leaf->prev) leaf->prev->next = leaf->next;
    if (leaf->next) leaf->next->prev = leaf->prev;
  }
  Node* node = leaf;
  for (uint32_t d = path.depth; d-- > 0;) {
    auto [parent, index] = path.steps[d];
    if (node->count == 0) {
      FreeNode(node);
      parent->Erase(index);
    } else {
      Recount(parent, index, -static_cast<int64_t>(count));
      MergeAround(parent, index);
    }
    node = parent;
  }
  if (root_->count == 0) {
    FreeNode(root_);
    root_ = nullptr;
    return;
  }
  while (!root_->is_leaf && root_->count == 1) {
    Node* child = static_cast<Inner*>(root_)->nodes[0];
    FreeNode(root_);
    root_ = child;
  }
}

void CountedBTree::MergeAround(Inner* parent, uint32_t index) noexcept {
  if (index + 1 < parent->count) MergeWithNext(parent, index);
  if (index > 0) MergeWithNext(parent, index - 1);
}

// Two neighbours become one when that leaves a quarter free: nodes stay half full on average, and an element
// that comes and goes does not split and merge each time.
void CountedBTree::MergeWithNext(Inner* parent, uint32_t index) noexcept {
  Node* left = parent->nodes[index];
  Node* right = parent->nodes[index + 1];
  uint32_t sum = left->count + right->count;
  if (sum > (left->is_leaf ? kLeafMax : kInnerMax) * 3 / 4) return;
  if (left->is_leaf) {
    auto* a = static_cast<Leaf*>(left);
    auto* b = static_cast<Leaf*>(right);
    std::memcpy(a->items + a->count, b->items, b->count * sizeof(ZMember*));
    a->count = sum;
    a->next = b->next;
    if (b->next) b->next->prev = a;
  } else {
    static_cast<Inner*>(left)->TakeTail(static_cast<Inner*>(right), 0);
  }
  parent->counts[index] += parent->counts[index + 1];
  FreeNode(right);
  parent->Erase(index + 1);
}

void CountedBTree::UpdateScore(ZMember* member, double score) noexcept {
  Path path = DescendToMember(member);
  Position left = ToPosition(path), right = left;
  left.Prev();
  right.Next();
  bool stays = (!left || Less(left->score, left.get(), score, member)) &&
               (!right || Less(score, member, right->score, right.get()));
  if (!stays) {
    EraseAt(path, 1);
    member->score = score;
    Insert(member);
    return;
  }
  member->score = score;
  // The score repeats in every ancestor below which the member is the smallest.
  bool smallest = path.index == 0;
  for (uint32_t d = path.depth; d-- > 0 && smallest;) {
    auto [parent, index] = path.steps[d];
    parent->scores[index] = score;
    smallest = index == 0;
  }
}

uint64_t CountedBTree::EraseRangeWith(uint64_t rank, uint64_t count, void (*taken)(void*, ZMember*),
                                      void* context) noexcept {
  uint64_t erased = 0;
  while (erased < count && rank < size_) {
    Path path = DescendToRank(rank);
    auto batch = static_cast<uint32_t>(std::min<uint64_t>(count - erased, path.leaf->count - path.index));
    ZMember* members[kLeafMax];
    std::memcpy(members, path.leaf->items + path.index, batch * sizeof(ZMember*));
    EraseAt(path, batch);
    for (uint32_t i = 0; i < batch; ++i) taken(context, members[i]);
    erased += batch;
  }
  return erased;
}

uint64_t CountedBTree::VerifyNode(const Node* node, const Leaf** last) const noexcept {
  CHECK(node->count > 0);
  if (node->is_leaf) {
    auto* leaf = static_cast<const Leaf*>(node);
    CHECK(leaf->count <= kLeafMax && leaf->prev == *last);
    CHECK(!*last || (*last)->next == leaf);
    for (uint32_t i = 0; i < leaf->count; ++i) {
      const ZMember* prev = i > 0 ? leaf->items[i - 1] : *last ? (*last)->items[(*last)->count - 1] : nullptr;
      CHECK(!prev || Less(prev->score, prev, leaf->items[i]->score, leaf->items[i]));
    }
    *last = leaf;
    return leaf->count;
  }
  auto* inner = static_cast<const Inner*>(node);
  CHECK(inner->count <= kInnerMax);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < inner->count; ++i) {
    Child child = inner->Get(i);
    Child real = Describe(child.node);
    CHECK(real.first == child.first && real.score == child.score && real.count == child.count);
    CHECK(VerifyNode(child.node, last) == child.count);
    sum += child.count;
  }
  return sum;
}

void CountedBTree::Verify() const noexcept {
  const Leaf* last = nullptr;
  CHECK((root_ ? VerifyNode(root_, &last) : 0) == size_);
  CHECK(!last || !last->next);
}

}  // namespace tusk::ds
