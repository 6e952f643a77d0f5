// The deadlines of a hash's fields: which field has which, and which comes first. A hash has one of these from its first
// deadline on (types/hash.h); others pay nothing.
//
//   Node:  | place in the heap u32 | field length | field bytes |     (length as in text_node.h)
//
// Cost: all O(log n) but Get and first_*, which are O(1), and Clone.
// Threads: stripe-guarded. Owns: its nodes. Views of fields are valid until the next change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ds/deadline_heap.h"
#include "ds/table.h"
#include "types/text_node.h"

namespace tusk::types {

class FieldDeadlines {
 public:
  static constexpr uint32_t kNotIndexed = UINT32_MAX;

  FieldDeadlines() noexcept = default;
  ~FieldDeadlines() { Clear(); }
  FieldDeadlines(const FieldDeadlines&) = delete;
  FieldDeadlines& operator=(const FieldDeadlines&) = delete;
  // Into an empty one.
  void CopyFrom(const FieldDeadlines& other);

  size_t size() const noexcept { return heap_.size(); }
  bool empty() const noexcept { return heap_.empty(); }
  // INT64_MAX when there is none.
  int64_t first_deadline_ms() const noexcept { return heap_.first_deadline_ms(); }
  // Not empty.
  std::string_view first_field() const noexcept { return heap_.first()->field(); }
  // Unix milliseconds.
  std::optional<int64_t> Get(std::string_view field) const noexcept;
  void Set(std::string_view field, int64_t deadline_ms);
  // True when it had one.
  bool Remove(std::string_view field) noexcept;
  void Clear() noexcept;
  size_t MemoryBytes() const noexcept;

  template <typename Callback>  // void(std::string_view field, int64_t deadline_ms)
  void ForEach(Callback&& callback) const {
    for (size_t i = 0; i < heap_.size(); ++i) callback(heap_.at(i)->field(), heap_.deadline_ms(heap_.at(i)));
  }

  // The store's: where its index of hashes keeps this one's place.
  uint32_t index_position = kNotIndexed;

 private:
  struct Node {
    uint32_t position;

    static Node* New(std::string_view field);
    static void Free(Node* node) noexcept;
    std::string_view field() const noexcept;
  };
  struct NodePolicy {
    using Item = Node*;
    static uint64_t Hash(const Node* node) noexcept { return base::KeyHash(node->field()); }
    static uint32_t& Position(Node* node) noexcept { return node->position; }
  };
  Node* Find(std::string_view field) const noexcept;

  ds::Table<NodePolicy> nodes_;
  ds::DeadlineHeap<NodePolicy> heap_;
};

}  // namespace tusk::types
