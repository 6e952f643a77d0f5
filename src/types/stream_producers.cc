#include "types/stream_producers.h"

#include <algorithm>

#include "base/check.h"

namespace tusk::types {
namespace {

// What the library's trees add to each node: three pointers, colour, and the allocator's rounding.
constexpr size_t kTreeNodeOverhead = 40;
constexpr int64_t kMillisPerSecond = 1000;

}  // namespace

StreamProducers::Producer::Producer(const Producer& other) : sent(other.sent) {
  for (const auto& at : other.order) order.push_back(sent.find(at->first));
}

void StreamProducers::Configure(int64_t duration_seconds, int64_t size_max) {
  DCHECK(duration_seconds >= 1 && duration_seconds <= kDurationSecondsMax);
  DCHECK(size_max >= 1 && size_max <= kSizeMax);
  if (duration_seconds == duration_seconds_ && size_max == size_max_) return;
  duration_seconds_ = duration_seconds;
  size_max_ = size_max;
  producers_.clear();
}

void StreamProducers::Shrink(Producer& producer, int64_t now_ms, size_t keep) const noexcept {
  DCHECK(producer.order.size() == producer.sent.size());
  const int64_t oldest_ms = now_ms - duration_seconds_ * kMillisPerSecond;
  while (!producer.order.empty() && (producer.order.size() > keep || producer.order.front()->second.at_ms <= oldest_ms)) {
    producer.sent.erase(producer.order.front());
    producer.order.pop_front();
  }
}

std::optional<StreamId> StreamProducers::Find(std::string_view producer, std::string_view idempotent_id, int64_t now_ms) {
  auto found = producers_.find(producer);
  if (found == producers_.end()) return {};
  Shrink(found->second, now_ms, static_cast<size_t>(size_max_));
  auto sent = found->second.sent.find(idempotent_id);
  if (sent == found->second.sent.end()) return {};
  return sent->second.id;
}

void StreamProducers::Record(std::string_view producer, std::string_view idempotent_id, StreamId id, int64_t now_ms) {
  SweepOne(now_ms);
  auto found = producers_.find(producer);
  if (found == producers_.end()) found = producers_.emplace(std::string(producer), Producer()).first;
  Producer& by = found->second;
  Shrink(by, now_ms, static_cast<size_t>(size_max_) - 1);
  auto [at, is_new] = by.sent.try_emplace(std::string(idempotent_id), Sent{id, now_ms});
  DCHECK(is_new);
  by.order.push_back(at);
  DCHECK(by.order.size() <= static_cast<size_t>(size_max_));
  ++added_;
}

// One producer for each that sends: those that have gone leave at the pace at which others come.
void StreamProducers::SweepOne(int64_t now_ms) noexcept {
  auto at = producers_.upper_bound(swept_);
  if (at == producers_.end()) at = producers_.begin();
  if (at == producers_.end()) return;
  swept_ = at->first;
  Shrink(at->second, now_ms, static_cast<size_t>(size_max_));
  if (at->second.sent.empty()) producers_.erase(at);
}

StreamProducers::Tracked StreamProducers::CountTracked(int64_t now_ms) const noexcept {
  Tracked tracked;
  const int64_t oldest_ms = now_ms - duration_seconds_ * kMillisPerSecond;
  for (const auto& [name, producer] : producers_) {
    const auto live = std::ranges::count_if(producer.order, [&](const auto& at) { return at->second.at_ms > oldest_ms; });
    tracked.ids += static_cast<uint64_t>(live);
    tracked.producers += live != 0;
  }
  return tracked;
}

size_t StreamProducers::MemoryBytes() const noexcept {
  size_t bytes = sizeof(*this);
  for (const auto& [name, producer] : producers_) {
    bytes += sizeof(Producers::value_type) + kTreeNodeOverhead + name.capacity();
    for (const auto& [id, sent] : producer.sent) bytes += sizeof(sent) + sizeof(id) + id.capacity() + kTreeNodeOverhead + sizeof(void*);
  }
  return bytes;
}

}  // namespace tusk::types
