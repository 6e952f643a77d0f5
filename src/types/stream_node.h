// StreamNode: a run of a stream's entries in one packed list, byte for byte as Redis lays them out, so that RDB files and
// replicas take it by copy. The node's own id, from which its entries count, is kept by the stream.
//
//   master entry:  live | deleted | fields F | name 1 ... name F | 0
//   an entry:      flags | ms - node's ms | seq - node's seq | body | elements of this entry
//     body:        value 1 ... value F                       with kSameFields: the names are the master entry's
//                  fields N | name 1 | value 1 ... name N | value N         otherwise
//
// The last number lets a reader walk backwards. A deleted entry keeps its place and gets a flag; the stream drops a node
// that has no live entry left.
//
// Threads: stripe-guarded. Owns: its bytes. Any change invalidates cursors and elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "ds/list_pack.h"
#include "types/stream_id.h"

namespace tusk::types {

class StreamNode {
 public:
  using Element = ds::ListPackElement;

  // A node whose first entry will have these names; `fields` alternates names and values.
  explicit StreamNode(std::span<const std::string_view> fields) noexcept;
  // Checks that every count in the pack is what it says and that ids ascend from `node_id` on.
  static base::Result<StreamNode> FromBytes(std::string_view bytes, StreamId node_id);
  StreamNode Clone() const noexcept { return StreamNode(pack_.Clone()); }

  // Entries that are there, and deleted ones that still take place. O(1).
  uint64_t live() const noexcept { return Number(pack_.First()); }
  uint64_t deleted() const noexcept { return Number(pack_.Next(pack_.First())); }
  size_t bytes() const noexcept { return pack_.bytes(); }
  std::string_view raw() const noexcept { return pack_.raw(); }
  size_t MemoryBytes() const noexcept { return sizeof(*this) + pack_.MemoryBytes(); }

  // `id` is greater than all in the node. O(bytes of the entry).
  void Append(StreamId node_id, StreamId id, std::span<const std::string_view> fields) noexcept;

  // One entry, deleted or not, and how far its fields have been read.
  class Cursor {
   public:
    // Stands outside: Next() goes to the first entry, Previous() to the last.
    Cursor(const StreamNode& node, StreamId node_id) noexcept;

    // To the neighbour; false when there is none, and the cursor is used up. O(fields).
    bool Next() noexcept;
    bool Previous() noexcept;

    StreamId id() const noexcept { return id_; }
    bool is_deleted() const noexcept { return (flags_ & kDeleted) != 0; }
    size_t field_count() const noexcept { return field_count_; }
    // The entry's fields in order, each once; false when all were read.
    bool NextField(Element& name, Element& value) noexcept;
    // Reads the fields from the first again.
    void Rewind() noexcept;

   private:
    friend class StreamNode;
    using Pos = ds::ListPack::Pos;

    void Load(Pos flags_pos) noexcept;

    const StreamNode* node_;
    StreamId node_id_;
    StreamId id_;
    size_t master_fields_ = 0;
    Pos master_names_ = ds::ListPack::kNone;  // The first name; the closing 0 when there is none.
    Pos flags_pos_ = ds::ListPack::kNone;     // kNone: outside.
    Pos field_pos_ = ds::ListPack::kNone;
    Pos name_pos_ = ds::ListPack::kNone;  // In the master entry, for kSameFields.
    uint64_t flags_ = 0;
    size_t field_count_ = 0;
    size_t fields_left_ = 0;
  };

  // What to do with an entry on a walk from the front.
  enum class Verdict : uint8_t { kKeep, kDelete, kStop };
  // Asks `judge(StreamId)` about each live entry in order and deletes those that it condemns. Returns how many. O(bytes).
  template <typename Judge>
  uint64_t DeleteIf(StreamId node_id, Judge&& judge) noexcept {
    uint64_t condemned = 0;
    Cursor at(*this, node_id);
    while (at.Next()) {
      if (at.is_deleted()) continue;
      Verdict verdict = judge(at.id());
      if (verdict == Verdict::kStop) break;
      if (verdict == Verdict::kKeep) continue;
      FlagDeleted(at);
      ++condemned;
    }
    SettleCounts(condemned);
    return condemned;
  }

 private:
  friend class Cursor;
  static constexpr uint64_t kDeleted = 1, kSameFields = 2;
  // Elements before an entry's body, and before the master entry's names.
  static constexpr size_t kEntryHead = 3, kMasterHead = 3;

  explicit StreamNode(ds::ListPack pack) noexcept : pack_(std::move(pack)) {}
  uint64_t Number(ds::ListPack::Pos pos) const noexcept;
  bool HasSameNames(std::span<const std::string_view> fields) const noexcept;
  // The flag alone, which moves nothing; SettleCounts() follows.
  void FlagDeleted(const Cursor& at) noexcept;
  void SettleCounts(uint64_t newly_deleted) noexcept;
  base::Status Check(StreamId node_id) const;

  ds::ListPack pack_;
};

}  // namespace tusk::types
