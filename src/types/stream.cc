#include "types/stream.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"

namespace tusk::types {
namespace {

// What the library's trees add to each node: three pointers, colour, and the allocator's rounding.
constexpr size_t kTreeNodeOverhead = 40;

// Whether the last node can't take another `more` bytes.
bool IsFull(const StreamNode& node, size_t more, const StreamLimits& limits) noexcept {
  size_t bytes_max = limits.node_bytes_max;
  if (bytes_max == 0 || bytes_max > Stream::kEntryBytesMax) bytes_max = Stream::kEntryBytesMax;
  if (node.bytes() + more >= bytes_max) return true;
  return limits.node_entries_max != 0 && node.live() + node.deleted() >= limits.node_entries_max;
}

}  // namespace

Stream Stream::Clone() const {
  Stream copy;
  for (const auto& [id, node] : nodes_) copy.nodes_.emplace_hint(copy.nodes_.end(), id, node.Clone());
  copy.size_ = size_;
  copy.first_id_ = first_id_;
  copy.last_id_ = last_id_;
  copy.max_deleted_id_ = max_deleted_id_;
  copy.entries_added_ = entries_added_;
  for (const auto& [name, group] : groups_) copy.groups_[name].CopyFrom(group);
  if (producers_) copy.producers_ = std::make_unique<StreamProducers>(*producers_);
  return copy;
}

size_t Stream::MemoryBytes(size_t samples) const noexcept {
  size_t bytes = sizeof(*this), seen = 0, sampled = 0;
  for (const auto& [id, node] : nodes_) {
    if (samples != 0 && seen == samples) break;
    sampled += sizeof(Nodes::value_type) + kTreeNodeOverhead + node.MemoryBytes();
    ++seen;
  }
  if (seen != 0) bytes += sampled / seen * nodes_.size();
  for (const auto& [name, group] : groups_) bytes += name.capacity() + group.MemoryBytes();
  if (producers_) bytes += producers_->MemoryBytes();
  return bytes;
}

size_t Stream::FreeEffort() const noexcept {
  size_t effort = nodes_.size();
  for (const auto& [name, group] : groups_) effort += 1 + group.pending().size();
  if (producers_) ++effort;
  return std::max<size_t>(effort, 1);
}

StreamProducers& Stream::MakeProducers() {
  if (!producers_) producers_ = std::make_unique<StreamProducers>();
  return *producers_;
}

// ---- Entries ----

void Stream::Append(StreamId id, std::span<const std::string_view> fields, const StreamLimits& limits) {
  DCHECK(id > last_id_ && !fields.empty() && fields.size() % 2 == 0);
  size_t bytes = 0;
  for (std::string_view text : fields) bytes += text.size();
  DCHECK(bytes <= kEntryBytesMax);
  if (nodes_.empty() || IsFull(std::prev(nodes_.end())->second, bytes, limits)) {
    nodes_.emplace_hint(nodes_.end(), id, StreamNode(fields));
  }
  auto& [node_id, node] = *std::prev(nodes_.end());
  node.Append(node_id, id, fields);
  if (size_++ == 0) first_id_ = id;
  ++entries_added_;
  last_id_ = id;
}

bool Stream::Contains(StreamId id) const noexcept { return StreamCursor(*this, id, id).Next(); }

Stream::Deletion Stream::Delete(StreamId id, StreamReferences references) {
  auto found = nodes_.upper_bound(id);
  if (found == nodes_.begin()) return Deletion::kAbsent;
  --found;
  bool referenced = false;
  uint64_t deleted = found->second.DeleteIf(found->first, [&](StreamId entry) {
    using enum StreamNode::Verdict;
    if (entry < id) return kKeep;
    referenced = entry == id && references == StreamReferences::kAcknowledged && IsReferenced(id);
    return entry == id && !referenced ? kDelete : kStop;
  });
  if (deleted == 0) return referenced ? Deletion::kReferenced : Deletion::kAbsent;
  if (found->second.live() == 0) nodes_.erase(found);
  --size_;
  max_deleted_id_ = std::max(max_deleted_id_, id);
  if (id == first_id_) FindFirstId();
  if (references == StreamReferences::kDelete) DropReferences(id);
  return Deletion::kDeleted;
}

StreamId Stream::LastIdOf(const Nodes::value_type& node) const noexcept {
  StreamNode::Cursor at(node.second, node.first);
  bool any = at.Previous();
  DCHECK(any);
  return any ? at.id() : node.first;
}

void Stream::FindFirstId() noexcept {
  StreamCursor at(*this, {}, StreamId::Max());
  first_id_ = at.Next() ? at.id() : StreamId{};
}

// Deletes one by one, from the node's front, what the trim condemns.
uint64_t Stream::TrimInside(Nodes::iterator node, const StreamTrim& trim) {
  uint64_t may_leave = trim.by == StreamTrim::By::kLength ? size_ - trim.length : size_;
  uint64_t deleted = 0;
  node->second.DeleteIf(node->first, [&](StreamId id) {
    using enum StreamNode::Verdict;
    if (deleted == may_leave || (trim.by == StreamTrim::By::kId && id >= trim.id)) return kStop;
    if (trim.references == StreamReferences::kAcknowledged && IsReferenced(id)) return kKeep;
    if (trim.references == StreamReferences::kDelete) DropReferences(id);
    ++deleted;
    return kDelete;
  });
  size_ -= deleted;
  return deleted;
}

uint64_t Stream::Trim(const StreamTrim& trim) {
  uint64_t deleted = 0;
  for (auto node = nodes_.begin(); node != nodes_.end();) {
    if (trim.by == StreamTrim::By::kLength && size_ <= trim.length) break;
    uint64_t entries = node->second.live();
    if (trim.limit != 0 && deleted + entries > trim.limit) break;
    bool whole = trim.by == StreamTrim::By::kLength ? size_ - entries >= trim.length : LastIdOf(*node) < trim.id;
    if (!whole && trim.approximate) break;
    if (whole && trim.references == StreamReferences::kKeep) {
      size_ -= entries;
      deleted += entries;
      node = nodes_.erase(node);
      continue;
    }
    deleted += TrimInside(node, trim);
    node = node->second.live() == 0 ? nodes_.erase(node) : std::next(node);
    if (!whole) break;
  }
  if (deleted != 0) FindFirstId();
  return deleted;
}

void Stream::DropReferences(StreamId id) {
  for (auto& [name, group] : groups_) group.Acknowledge(id);
}

bool Stream::IsReferenced(StreamId id) const noexcept {
  return groups_.empty() || std::any_of(groups_.begin(), groups_.end(), [id](const Groups::value_type& group) {
    return group.second.last_id < id || group.second.pending().contains(id);
  });
}

void Stream::AppendNode(StreamId node_id, StreamNode node) {
  DCHECK(nodes_.empty() || nodes_.rbegin()->first < node_id);
  size_ += node.live();
  nodes_.emplace_hint(nodes_.end(), node_id, std::move(node));
  if (nodes_.size() == 1) FindFirstId();
}

// ---- Groups ----

StreamGroup* Stream::FindGroup(std::string_view name) noexcept {
  auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : &found->second;
}

const StreamGroup* Stream::FindGroup(std::string_view name) const noexcept {
  return const_cast<Stream*>(this)->FindGroup(name);
}

StreamGroup* Stream::AddGroup(std::string_view name, StreamId last_id, int64_t entries_read) {
  auto [place, is_new] = groups_.try_emplace(std::string(name));
  if (!is_new) return nullptr;
  place->second.last_id = last_id;
  place->second.entries_read = entries_read;
  return &place->second;
}

bool Stream::RemoveGroup(std::string_view name) {
  auto found = groups_.find(name);
  if (found == groups_.end()) return false;
  groups_.erase(found);
  return true;
}

// An entry with this id or a later one was deleted out of the entries that are there, so that counting them is no way to
// know how many there were.
bool Stream::DeletedAtOrAfter(StreamId id) const noexcept {
  if (size_ == 0 || max_deleted_id_.zero()) return false;
  if (first_id_ > max_deleted_id_) return false;
  return id <= max_deleted_id_;
}

std::optional<uint64_t> Stream::EntriesUpTo(StreamId id) const noexcept {
  if (entries_added_ == 0) return 0;
  if (size_ == 0 && id <= last_id_) return entries_added_;
  if (id == last_id_) return entries_added_;
  if (id > last_id_) return {};
  if (max_deleted_id_.zero() || max_deleted_id_ < first_id_) {
    if (id < first_id_) return entries_added_ - size_;
    if (id == first_id_) return entries_added_ - size_ + 1;
  }
  return {};
}

void Stream::Advance(StreamGroup& group, StreamId id) noexcept {
  DCHECK(id > group.last_id);
  if (group.entries_read != StreamGroup::kUnknown && !DeletedAtOrAfter(group.last_id)) {
    ++group.entries_read;
  } else if (entries_added_ != 0) {
    std::optional<uint64_t> read = EntriesUpTo(id);
    group.entries_read = read ? static_cast<int64_t>(*read) : StreamGroup::kUnknown;
  }
  group.last_id = id;
}

std::optional<uint64_t> Stream::Lag(const StreamGroup& group) const noexcept {
  if (entries_added_ == 0) return 0;
  if (group.entries_read != StreamGroup::kUnknown && !DeletedAtOrAfter(group.last_id)) {
    return entries_added_ - static_cast<uint64_t>(group.entries_read);
  }
  std::optional<uint64_t> read = EntriesUpTo(group.last_id);
  if (!read) return {};
  return entries_added_ - *read;
}

// ---- Cursor ----

StreamCursor::StreamCursor(const Stream& stream, StreamId low, StreamId high, Direction direction) noexcept
    : nodes_(stream.nodes_), low_(low), high_(high), direction_(direction) {
  if (nodes_.empty() || low > high) return;
  node_ = nodes_.upper_bound(direction == Direction::kForward ? low : high);
  if (node_ != nodes_.begin()) {
    --node_;
  } else if (direction == Direction::kBackward) {
    return;
  }
  at_.emplace(node_->second, node_->first);
}

// One entry on, over the border of nodes; false at the end.
bool StreamCursor::Step() noexcept {
  for (;;) {
    if (direction_ == Direction::kForward ? at_->Next() : at_->Previous()) return true;
    if (direction_ == Direction::kForward) {
      if (++node_ == nodes_.end()) return false;
    } else {
      if (node_ == nodes_.begin()) return false;
      --node_;
    }
    at_.emplace(node_->second, node_->first);
  }
}

bool StreamCursor::Next() noexcept {
  while (at_) {
    if (!Step()) break;
    if (direction_ == Direction::kForward ? at_->id() > high_ : at_->id() < low_) break;
    if (at_->is_deleted()) continue;
    if (direction_ == Direction::kForward ? at_->id() >= low_ : at_->id() <= high_) return true;
  }
  at_.reset();
  return false;
}

}  // namespace tusk::types
