// What a stream remembers of its producers, so that an entry sent twice is added once: for each producer the idempotent ids
// of its latest entries, and the ids that these entries got.
//
// An idempotent id is forgotten when it is older than the stream's duration, or when its producer has sent `size_max`
// later ones. Whoever sends again is served from what is left; producers that have gone are swept a few at a time, so that
// each call costs O(log producers) amortised.
//
// Threads: stripe-guarded. Owns: everything it holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "types/stream_id.h"

namespace tusk::types {

class StreamProducers {
 public:
  static constexpr int64_t kDurationSecondsMax = 86'400;
  static constexpr int64_t kSizeMax = 10'000;

  int64_t duration_seconds() const noexcept { return duration_seconds_; }
  int64_t size_max() const noexcept { return size_max_; }
  // Forgets everything if either value is new. Both lie between 1 and their maximum.
  void Configure(int64_t duration_seconds, int64_t size_max);

  // The id of the entry that the producer sent under `idempotent_id`, as far as it is remembered at `now_ms` (Unix
  // milliseconds).
  std::optional<StreamId> Find(std::string_view producer, std::string_view idempotent_id, int64_t now_ms);
  // Find() has found nothing.
  void Record(std::string_view producer, std::string_view idempotent_id, StreamId id, int64_t now_ms);
  void CountDuplicate() noexcept { ++duplicates_; }

  struct Tracked {
    uint64_t producers = 0;
    uint64_t ids = 0;
  };
  // What is remembered at `now_ms`. O(ids).
  Tracked CountTracked(int64_t now_ms) const noexcept;
  // Since the stream was made.
  uint64_t added() const noexcept { return added_; }
  uint64_t duplicates() const noexcept { return duplicates_; }

  size_t MemoryBytes() const noexcept;

 private:
  struct Sent {
    StreamId id;
    int64_t at_ms = 0;
  };
  struct Producer {
    std::map<std::string, Sent, std::less<>> sent;
    std::deque<std::map<std::string, Sent, std::less<>>::const_iterator> order;  // Of `sent`, oldest first.

    Producer() = default;
    Producer(const Producer& other);
    Producer(Producer&&) = default;
  };
  using Producers = std::map<std::string, Producer, std::less<>>;

  // Due ids leave; at most as many stay as may.
  void Shrink(Producer& producer, int64_t now_ms, size_t keep) const noexcept;
  void SweepOne(int64_t now_ms) noexcept;

  int64_t duration_seconds_ = 100;
  int64_t size_max_ = 100;
  Producers producers_;
  std::string swept_;  // The producer that was swept last.
  uint64_t added_ = 0;
  uint64_t duplicates_ = 0;
};

}  // namespace tusk::types
