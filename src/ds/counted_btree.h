// A B+ tree of (score, member) pairs that knows how many elements every subtree holds, so that ranks, ranges
// by score and by rank, and counts of ranges are all O(log n). It is what a large sorted set is ordered by.
//
//   inner:  for up to kInnerMax children, in arrays of their own: smallest score, smallest member, node,
//   count leaf:   previous, next | member pointer ... (up to kLeafMax)
//
// A member is one allocation, ZMember, that the leaf points to; a hash table that finds members by name
// points to the same. Scores repeat in inner nodes only: a descent compares without leaving the node unless
// scores tie. Elements appended (or prepended) in order fill leaves completely. Nodes merge when two
// neighbours fit well into one. Scores are never NaN; -0 and +0 are equal, ties order by the members' bytes.
// Every change invalidates positions. Threads: caller-synchronised.
// Owns: its nodes. The members belong to the caller, who frees them after they have left the tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tusk::ds {

struct ZMember {
  double score;
  char bytes[];  // The name's length, in one byte below 255, otherwise 255 and u32; then the name.

  std::string_view name() const noexcept {
    const auto length = static_cast<uint8_t>(bytes[0]);
    if (__builtin_expect(length != kLong, 1)) return {bytes + 1, length};
    uint32_t wide;
    __builtin_memcpy(&wide, bytes + 1, sizeof(wide));
    return {bytes + 1 + sizeof(wide), wide};
  }
  static constexpr uint8_t kLong = 255;

  static ZMember* Create(std::string_view name, double score) noexcept;
  static void Destroy(ZMember* member) noexcept;
};

class CountedBTree {
  struct Node;
  struct Inner;
  struct Leaf;

 public:
  // An element and its rank; a position without element (at the end) carries rank size().
  class Position {
   public:
    Position() noexcept = default;
    explicit operator bool() const noexcept { return leaf_ != nullptr; }
    ZMember* operator->() const noexcept { return get(); }
    ZMember& operator*() const noexcept { return *get(); }
    ZMember* get() const noexcept;
    uint64_t rank() const noexcept { return rank_; }
    void Next() noexcept;
    void Prev() noexcept;

   private:
    friend class CountedBTree;
    Position(Leaf* leaf, uint32_t index, uint64_t rank) noexcept : leaf_(leaf), index_(index), rank_(rank) {}

    Leaf* leaf_ = nullptr;
    uint32_t index_ = 0;
    uint64_t rank_ = 0;
  };

  CountedBTree() noexcept = default;
  ~CountedBTree() noexcept { Clear(); }
  CountedBTree(const CountedBTree&) = delete;
  CountedBTree& operator=(const CountedBTree&) = delete;

  uint64_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  size_t NodeBytes() const noexcept { return node_bytes_; }

  // The pair must not be in the tree yet.
  void Insert(ZMember* member) noexcept;
  // `member` must order after all others: no comparison.
  void PushBack(ZMember* member) noexcept;
  // The member must be in the tree.
  void Erase(const ZMember* member) noexcept;
  // Moves the member to its new place; cheaper than Erase and Insert when it keeps its rank.
  void UpdateScore(ZMember* member, double score) noexcept;
  uint64_t Rank(const ZMember* member) const noexcept;
  // Takes `count` elements from `rank` on out of the tree and hands each to `taken(ZMember*)`, in order; the
  // callback may free it but must not use the tree. Returns how many there were.
  template <typename Taken>
  uint64_t EraseRange(uint64_t rank, uint64_t count, Taken taken) noexcept {
    auto call = [](void* context, ZMember* member) { (*static_cast<Taken*>(context))(member); };
    return EraseRangeWith(rank, count, call, &taken);
  }
  void Clear() noexcept;

  Position First() const noexcept { return At(0); }
  Position Last() const noexcept { return size_ ? At(size_ - 1) : Position(); }
  Position At(uint64_t rank) const noexcept;
  // The first element whose score is at least `score`, or greater than it when `exclusive`.
  Position FromScore(double score, bool exclusive) const noexcept;
  // The same for names, meaningful where all scores are equal.
  Position FromName(std::string_view name, bool exclusive) const noexcept;

  // Walks the whole tree and CHECKs order, counts and links. For tests.
  void Verify() const noexcept;

 private:
  static constexpr size_t kLeafMax = 61;   // With this a leaf is 512 bytes,
  static constexpr size_t kInnerMax = 63;  // and an inner node 2024.
  static constexpr size_t kDepthMax = 16;

  struct Step {
    Inner* node;
    uint32_t index;
  };
  // How a descent came to a leaf.
  struct Path {
    Step steps[kDepthMax];
    uint32_t depth = 0;
    Leaf* leaf = nullptr;
    uint32_t index = 0;
    uint64_t rank = 0;
  };
  struct Child {
    double score;  // Of the smallest element below `node`.
    const ZMember* first;
    Node* node;
    uint64_t count;
  };
  struct Node {
    uint32_t count;
    bool is_leaf;
  };
  struct Leaf : Node {
    Leaf* prev;
    Leaf* next;
    ZMember* items[kLeafMax];
  };
  struct Inner : Node {
    double scores[kInnerMax];
    const ZMember* firsts[kInnerMax];
    Node* nodes[kInnerMax];
    uint64_t counts[kInnerMax];

    Child Get(uint32_t i) const noexcept { return {scores[i], firsts[i], nodes[i], counts[i]}; }
    void Set(uint32_t i, const Child& child) noexcept;
    void Insert(uint32_t i, const Child& child) noexcept;
    void Erase(uint32_t i) noexcept;
    // Appends the children of `other` from `from` on, which leave it.
    void TakeTail(Inner* other, uint32_t from) noexcept;
  };

  template <typename Before>
  Path DescendToLeaf(Before before) const noexcept;
  template <typename Before>
  static uint32_t SearchLeaf(const Leaf* leaf, Before before) noexcept;
  template <typename Before>
  Path Descend(Before before) const noexcept;
  Path DescendToRank(uint64_t rank) const noexcept;
  Path DescendToMember(const ZMember* member) const noexcept;
  Position ToPosition(const Path& path) const noexcept;

  void InsertAt(const Path& path, ZMember* member) noexcept;
  Node* InsertChild(Inner* parent, uint32_t index, const Child& child) noexcept;
  Leaf* SplitLeaf(Leaf* leaf, uint32_t index) noexcept;
  void EraseAt(const Path& path, uint32_t count) noexcept;
  void MergeAround(Inner* parent, uint32_t index) noexcept;
  void MergeWithNext(Inner* parent, uint32_t index) noexcept;
  uint64_t EraseRangeWith(uint64_t rank, uint64_t count, void (*taken)(void*, ZMember*),
                          void* context) noexcept;

  template <typename T>
  T* NewNode() noexcept;
  void FreeNode(Node* node) noexcept;
  void FreeTree(Node* node) noexcept;
  static Child Describe(const Node* node) noexcept;
  static void Recount(Inner* parent, uint32_t index, int64_t change) noexcept;
  static uint32_t FindInLeaf(const Leaf* leaf, const ZMember* member) noexcept;
  uint64_t VerifyNode(const Node* node, const Leaf** last) const noexcept;

  Node* root_ = nullptr;
  uint64_t size_ = 0;
  size_t node_bytes_ = 0;
};

inline ZMember* CountedBTree::Position::get() const noexcept { return leaf_->items[index_]; }

inline void CountedBTree::Position::Next() noexcept {
  ++rank_;
  if (++index_ < leaf_->count) return;
  leaf_ = leaf_->next;
  index_ = 0;
}

inline void CountedBTree::Position::Prev() noexcept {
  --rank_;
  if (index_-- > 0) return;
  leaf_ = leaf_->prev;
  index_ = leaf_ ? leaf_->count - 1 : 0;
}

}  // namespace tusk::ds
