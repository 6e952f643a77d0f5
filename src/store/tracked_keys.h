// TrackedKeys: which sessions have read which keys of one stripe and want to hear when those change (CLIENT TRACKING), and
// the interface by which they hear of it.
//
// Keys are known by name alone, whatever the database, as Redis has it: a reader may be told once too often, never too
// seldom. Sessions are known by id, and nothing is searched when one of them leaves: ids that nobody answers to go when
// their key changes, or when the whole table becomes larger than tracking-table-max-keys.
// Threads: TrackedKeys is stripe-guarded; InvalidationSink is thread-safe. Owns: the names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"

namespace tusk::store {

using ReaderList = std::vector<uint64_t>;

// What a unit made invalid. An empty list of readers concerns only those who follow a prefix.
struct InvalidatedKey {
  std::string key;
  ReaderList readers;
  uint64_t source = 0;  // The session that changed it; 0: nobody in particular (expiry, eviction, a full table).
  bool broadcast = true;  // It changed, so that those who follow a prefix hear of it, too.
};

// Messages for this session go here instead of to its host: they are to come before the reply that is being written.
struct DirectDelivery {
  uint64_t session_id = 0;
  std::string bytes;
};

class InvalidationSink {
 public:
  virtual ~InvalidationSink() = default;
  // One unit's invalid keys, before its stripes are unlocked. Must not touch stripes nor block.
  virtual void OnInvalidated(std::span<const InvalidatedKey> keys, DirectDelivery* direct) = 0;
  // All keys are gone.
  virtual void OnFlushed(DirectDelivery* direct) = 0;
};

class TrackedKeys {
 public:
  // True: the session was not yet among the key's readers. `first`: nor was anybody else. Amortised O(readers).
  bool Add(std::string_view key, uint64_t session_id, bool& first);
  // The key's readers, who are forgotten; empty when there are none.
  ReaderList Take(std::string_view key);
  // Some key and its readers, which are forgotten. There must be one.
  InvalidatedKey TakeAny();
  void Clear() noexcept { keys_.clear(); }

  size_t size() const noexcept { return keys_.size(); }
  size_t reader_count() const noexcept;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const noexcept { return base::KeyHash(key); }
  };
  std::unordered_map<std::string, ReaderList, Hash, std::equal_to<>> keys_;
};

}  // namespace tusk::store
