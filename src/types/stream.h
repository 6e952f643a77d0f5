// The stream value: entries in packed nodes, in order of their ids, and the consumer groups that read them.
//
//   nodes_   node id -> StreamNode, node id -> StreamNode, ...     an entry lies in the last node whose id is not above its own
//   groups_  name -> StreamGroup                                    see stream_group.h
//
// Nodes hold about a hundred entries, so their index is a plain ordered map: a radix tree would save a few bytes per node
// and nothing else (docs/decisions/0019).
//
// A stream may be empty: it keeps its last id and its groups, and its key stays.
//
// Threads: stripe-guarded. Owns: everything it holds. Any change to entries invalidates cursors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "types/stream_group.h"
#include "types/stream_id.h"
#include "types/stream_node.h"
#include "types/stream_producers.h"

namespace tusk::types {

struct StreamLimits {
  uint64_t node_bytes_max = 4096;   // 0: as large as a node may ever be.
  uint64_t node_entries_max = 100;  // 0: no limit. Deleted entries count while they take place.
};

// What happens to pending entries of groups when the stream's entry is deleted.
enum class StreamReferences : uint8_t {
  kKeep,          // They stay, and dangle.
  kDelete,        // They leave with it.
  kAcknowledged,  // Only an entry that all groups, and there are some, have read and acknowledged is deleted.
};

struct StreamTrim {
  enum class By : uint8_t { kLength, kId };
  By by = By::kLength;
  uint64_t length = 0;       // Entries that may stay.
  StreamId id = {};          // The smallest that may stay.
  bool approximate = false;  // Whole nodes only.
  uint64_t limit = 0;        // At most this many leave; 0: no limit.
  StreamReferences references = StreamReferences::kKeep;
};

class Stream {
 public:
  using Nodes = std::map<StreamId, StreamNode>;
  using Groups = std::map<std::string, StreamGroup, std::less<>>;

  // Names and values of one entry together.
  static constexpr size_t kEntryBytesMax = size_t{1} << 30;

  Stream() = default;
  Stream(Stream&&) = default;
  Stream& operator=(Stream&&) = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  Stream Clone() const;

  std::string_view EncodingName() const noexcept { return "stream"; }
  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  // Bytes, `samples` nodes looked at and extrapolated from; 0: all.
  size_t MemoryBytes(size_t samples = 0) const noexcept;
  // Allocations, roughly: what freeing it costs.
  size_t FreeEffort() const noexcept;

  // ---- Entries ----
  // The smallest id there is; 0-0 when empty.
  StreamId first_id() const noexcept { return first_id_; }
  // The greatest id there ever was.
  StreamId last_id() const noexcept { return last_id_; }
  StreamId max_deleted_id() const noexcept { return max_deleted_id_; }
  // Entries that were ever added.
  uint64_t entries_added() const noexcept { return entries_added_; }
  void set_last_id(StreamId id) noexcept { last_id_ = id; }
  void set_max_deleted_id(StreamId id) noexcept { max_deleted_id_ = id; }
  void set_entries_added(uint64_t count) noexcept { entries_added_ = count; }

  // `id` is above last_id(); `fields` alternates names and values and is not empty. O(log nodes + bytes of the entry).
  void Append(StreamId id, std::span<const std::string_view> fields, const StreamLimits& limits);
  bool Contains(StreamId id) const noexcept;
  enum class Deletion : uint8_t { kAbsent, kDeleted, kReferenced };
  // O(log nodes + bytes of a node), and O(groups) unless references are kept.
  Deletion Delete(StreamId id, StreamReferences references = StreamReferences::kKeep);
  // How many entries left.
  uint64_t Trim(const StreamTrim& trim);
  // Takes the entry off every group's pending list.
  void DropReferences(StreamId id);
  // Some group has not read it yet, or has it pending; or there is no group at all, so that nobody can have read it.
  bool IsReferenced(StreamId id) const noexcept;

  // ---- Groups ----
  const Groups& groups() const noexcept { return groups_; }
  StreamGroup* FindGroup(std::string_view name) noexcept;
  const StreamGroup* FindGroup(std::string_view name) const noexcept;
  // Null when there is one of that name.
  StreamGroup* AddGroup(std::string_view name, StreamId last_id, int64_t entries_read);
  bool RemoveGroup(std::string_view name);
  // The group delivers the entry `id`, which is above its last id: moves that on and counts, as far as deletions let it.
  void Advance(StreamGroup& group, StreamId id) noexcept;
  // Entries that the group has yet to read; nothing when deletions made that unknowable.
  std::optional<uint64_t> Lag(const StreamGroup& group) const noexcept;

  // How many entries were ever added up to `id`, where the counters tell.
  std::optional<uint64_t> EntriesUpTo(StreamId id) const noexcept;

  // ---- Producers ----
  // Null while nobody has used them.
  StreamProducers* producers() const noexcept { return producers_.get(); }
  StreamProducers& MakeProducers();

  // ---- For codecs ----
  const Nodes& nodes() const noexcept { return nodes_; }
  // The node's ids are above all there are. Sizes and first_id() follow; last_id() and the counters are the caller's to set.
  void AppendNode(StreamId node_id, StreamNode node);

 private:
  friend class StreamCursor;

  StreamId LastIdOf(const Nodes::value_type& node) const noexcept;
  void FindFirstId() noexcept;
  uint64_t TrimInside(Nodes::iterator node, const StreamTrim& trim);
  bool DeletedAtOrAfter(StreamId id) const noexcept;

  Nodes nodes_;
  uint64_t size_ = 0;
  StreamId first_id_;
  StreamId last_id_;
  StreamId max_deleted_id_;
  uint64_t entries_added_ = 0;
  Groups groups_;
  std::unique_ptr<StreamProducers> producers_;
};

// Walks the live entries from `low` to `high`, both included.
class StreamCursor {
 public:
  enum class Direction : uint8_t { kForward, kBackward };
  using Element = StreamNode::Element;

  StreamCursor(const Stream& stream, StreamId low, StreamId high, Direction direction = Direction::kForward) noexcept;

  // To the next entry, the first one at first; false at the end.
  bool Next() noexcept;
  // The entry that Next() found.
  StreamId id() const noexcept { return at_->id(); }
  size_t field_count() const noexcept { return at_->field_count(); }
  // Each field once, in order; false when all were read.
  bool NextField(Element& name, Element& value) noexcept { return at_->NextField(name, value); }

 private:
  bool Step() noexcept;

  const Stream::Nodes& nodes_;
  StreamId low_, high_;
  Direction direction_;
  Stream::Nodes::const_iterator node_;
  std::optional<StreamNode::Cursor> at_;  // Nothing at the end.
};

}  // namespace tusk::types
