#include "types/stream_group.h"

#include "base/check.h"

namespace tusk::types {
namespace {

// What the library's trees add to each node: three pointers, colour, and the allocator's rounding.
constexpr size_t kTreeNodeOverhead = 40;

}  // namespace

void StreamGroup::CopyFrom(const StreamGroup& other) {
  DCHECK(consumers_.empty() && pending_.empty());
  last_id = other.last_id;
  entries_read = other.entries_read;
  for (const auto& [name, consumer] : other.consumers_) {
    StreamConsumer& copy = ConsumerOf(name, consumer.seen_ms);
    copy.active_ms = consumer.active_ms;
  }
  for (const auto& [id, pending] : other.pending_) {
    StreamPending& copy = Assign(id, *FindConsumer(pending.consumer->name()));
    copy.delivered_ms = pending.delivered_ms;
    copy.deliveries = pending.deliveries;
  }
}

StreamConsumer* StreamGroup::FindConsumer(std::string_view name) noexcept {
  auto found = consumers_.find(name);
  return found == consumers_.end() ? nullptr : &found->second;
}

StreamConsumer& StreamGroup::ConsumerOf(std::string_view name, int64_t now_ms, bool* created) {
  if (created) *created = false;
  if (StreamConsumer* consumer = FindConsumer(name)) return *consumer;
  auto place = consumers_.try_emplace(std::string(name)).first;
  place->second.name_ = place->first;
  place->second.seen_ms = now_ms;
  if (created) *created = true;
  return place->second;
}

size_t StreamGroup::RemoveConsumer(std::string_view name) {
  auto found = consumers_.find(name);
  CHECK(found != consumers_.end());
  size_t count = found->second.pending_.size();
  for (const StreamId& id : found->second.pending_) pending_.erase(id);
  consumers_.erase(found);
  return count;
}

StreamPending* StreamGroup::FindPending(StreamId id) noexcept {
  auto found = pending_.find(id);
  return found == pending_.end() ? nullptr : &found->second;
}

StreamPending& StreamGroup::Assign(StreamId id, StreamConsumer& consumer) {
  // New ones are the greatest as a rule.
  StreamPending& pending = pending_.try_emplace(pending_.end(), id)->second;
  if (pending.consumer == &consumer) return pending;
  if (pending.consumer) pending.consumer->pending_.erase(id);
  pending.consumer = &consumer;
  consumer.pending_.insert(consumer.pending_.end(), id);
  return pending;
}

bool StreamGroup::Acknowledge(StreamId id) {
  auto found = pending_.find(id);
  if (found == pending_.end()) return false;
  size_t erased = found->second.consumer->pending_.erase(id);
  DCHECK(erased == 1);
  static_cast<void>(erased);
  pending_.erase(found);
  return true;
}

size_t StreamGroup::MemoryBytes() const noexcept {
  size_t bytes = sizeof(*this) + kTreeNodeOverhead;
  bytes += pending_.size() * (sizeof(Pending::value_type) + sizeof(StreamId) + 2 * kTreeNodeOverhead);
  for (const auto& [name, consumer] : consumers_) {
    bytes += sizeof(Consumers::value_type) + kTreeNodeOverhead + name.capacity();
  }
  return bytes;
}

}  // namespace tusk::types
