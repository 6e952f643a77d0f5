#include "types/stream_group.h"

#include <algorithm>
#include <utility>

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
    StreamPending& copy = pending.released() ? Release(id) : Assign(id, *FindConsumer(pending.owner()));
    Deliver(copy, pending.delivered_ms);
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
  const size_t count = pending_.size();
  StreamPending& pending = pending_.try_emplace(pending_.end(), id)->second;
  if (pending.consumer == &consumer) return pending;
  if (pending.consumer) {
    pending.consumer->pending_.erase(id);
  } else if (pending_.size() == count) {
    DCHECK(released_ > 0);
    --released_;
  }
  pending.consumer = &consumer;
  consumer.pending_.insert(consumer.pending_.end(), id);
  return pending;
}

StreamPending& StreamGroup::Release(StreamId id) {
  auto [found, is_new] = pending_.try_emplace(id);
  StreamPending& pending = found->second;
  released_ += is_new || pending.consumer != nullptr;
  if (pending.consumer) pending.consumer->pending_.erase(id);
  pending.consumer = nullptr;
  Deliver(pending, 0);
  DCHECK(released_ <= pending_.size());
  return pending;
}

void StreamGroup::Deliver(StreamPending& pending, int64_t at_ms) noexcept {
  pending.delivered_ms = at_ms;
  oldest_ms_ = std::min(oldest_ms_, at_ms);
}

std::vector<StreamId> StreamGroup::DeliveredUntil(int64_t latest_ms) {
  if (pending_.empty()) oldest_ms_ = INT64_MAX;
  if (oldest_ms_ > latest_ms) return {};
  std::vector<std::pair<int64_t, StreamId>> found;
  oldest_ms_ = INT64_MAX;
  for (const auto& [id, pending] : pending_) {
    oldest_ms_ = std::min(oldest_ms_, pending.delivered_ms);
    if (pending.delivered_ms <= latest_ms) found.emplace_back(pending.delivered_ms, id);
  }
  std::ranges::sort(found);
  std::vector<StreamId> ids;
  ids.reserve(found.size());
  for (const auto& [at_ms, id] : found) ids.push_back(id);
  return ids;
}

bool StreamGroup::Acknowledge(StreamId id) {
  auto found = pending_.find(id);
  if (found == pending_.end()) return false;
  if (StreamConsumer* owner = found->second.consumer) {
    size_t erased = owner->pending_.erase(id);
    DCHECK(erased == 1);
    static_cast<void>(erased);
  } else {
    DCHECK(released_ > 0);
    --released_;
  }
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
