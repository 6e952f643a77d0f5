// A stream's consumer group: how far it has been served, its consumers, and what is pending: delivered to one of them and
// not acknowledged yet.
//
// Pending entries are kept once, in the group's map in order of their ids; each consumer has the set of its own ids. They
// agree at all times, which is why both change through the group alone. An entry that a consumer gave back (XNACK) is
// pending without one: released.
//
// Threads: stripe-guarded. Owns: its consumers and pending entries. References to either are valid until that one is removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "types/stream_id.h"

namespace tusk::types {

class StreamConsumer {
 public:
  static constexpr int64_t kNever = -1;

  int64_t seen_ms = 0;           // Unix milliseconds of the last attempt to read or claim.
  int64_t active_ms = kNever;    // The same of the last one that got something.

  std::string_view name() const noexcept { return name_; }
  const std::set<StreamId>& pending() const noexcept { return pending_; }

 private:
  friend class StreamGroup;
  std::string_view name_;  // Owner: the key in the group's map.
  std::set<StreamId> pending_;
};

struct StreamPending {
  int64_t delivered_ms = 0;  // Unix milliseconds; 0 when released. Set by StreamGroup::Deliver().
  uint64_t deliveries = 1;
  StreamConsumer* consumer = nullptr;  // Null: released.

  bool released() const noexcept { return consumer == nullptr; }
  // The owner's name; empty when released.
  std::string_view owner() const noexcept { return consumer ? consumer->name() : std::string_view(); }
};

class StreamGroup {
 public:
  using Consumers = std::map<std::string, StreamConsumer, std::less<>>;
  using Pending = std::map<StreamId, StreamPending>;
  // entries_read when nobody can tell.
  static constexpr int64_t kUnknown = -1;

  StreamGroup() = default;
  StreamGroup(StreamGroup&&) = delete;  // Pending entries point at consumers: groups stay in their map's nodes.
  // A deep copy of `other` into this empty group.
  void CopyFrom(const StreamGroup& other);

  StreamId last_id;               // Entries up to here were delivered.
  int64_t entries_read = kUnknown;  // How many entries of the stream were delivered, deleted ones included.

  const Consumers& consumers() const noexcept { return consumers_; }
  const Pending& pending() const noexcept { return pending_; }
  // Null when there is none. O(log n), as everything below unless it says otherwise.
  StreamConsumer* FindConsumer(std::string_view name) noexcept;
  // The one that is there, or a new one that was seen at `now_ms`.
  StreamConsumer& ConsumerOf(std::string_view name, int64_t now_ms, bool* created = nullptr);
  // What was pending for it leaves with it. O(n of its entries). Returns how many; the consumer exists.
  size_t RemoveConsumer(std::string_view name);

  StreamPending* FindPending(StreamId id) noexcept;
  // Makes the entry pending for the consumer, whoever had it; its delivery time and count are the caller's to set.
  StreamPending& Assign(StreamId id, StreamConsumer& consumer);
  // Makes the entry pending for nobody, whether it was pending or not, ready to be claimed by all; its count is the
  // caller's to set.
  StreamPending& Release(StreamId id);
  // When the entry of this group counts as delivered.
  void Deliver(StreamPending& pending, int64_t at_ms) noexcept;
  // Pending entries that count as delivered at `latest_ms` or before, in the order of delivery. O(1) when surely none is,
  // O(n log n) otherwise: no index by time is kept, which every delivery would have to pay for.
  std::vector<StreamId> DeliveredUntil(int64_t latest_ms);
  // No pending entry was delivered before. INT64_MAX: none is pending.
  int64_t oldest_delivery_ms() const noexcept { return pending_.empty() ? INT64_MAX : oldest_ms_; }
  size_t released_count() const noexcept { return released_; }
  // False when it was not pending.
  bool Acknowledge(StreamId id);

  // Bytes, estimated from the number of entries and consumers.
  size_t MemoryBytes() const noexcept;

 private:
  Consumers consumers_;
  Pending pending_;
  size_t released_ = 0;  // Of pending_.
  int64_t oldest_ms_ = INT64_MAX;
};

}  // namespace tusk::types
