// Keyspace events: which classes there are and who is told. Declared here, below commands, because expiry and eviction
// raise them too; implemented by pub/sub.
// Threads: EventSink is thread-safe. Owns: nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "store/key.h"

namespace tusk::store {

// The letters of notify-keyspace-events.
enum EventClass : uint32_t {
  kEventKeyspace = 1u << 0,   // K
  kEventKeyevent = 1u << 1,   // E
  kEventGeneric = 1u << 2,    // g
  kEventString = 1u << 3,     // $
  kEventList = 1u << 4,       // l
  kEventSet = 1u << 5,        // s
  kEventHash = 1u << 6,       // h
  kEventZSet = 1u << 7,       // z
  kEventExpired = 1u << 8,    // x
  kEventEvicted = 1u << 9,    // e
  kEventStream = 1u << 10,    // t
  kEventKeyMiss = 1u << 11,   // m, not part of A
  kEventModule = 1u << 12,    // d
  kEventNew = 1u << 13,       // n, not part of A
  kEventAll = kEventGeneric | kEventString | kEventList | kEventSet | kEventHash | kEventZSet | kEventExpired |
              kEventEvicted | kEventStream | kEventModule,  // A
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  // Called with the key's stripe locked; must not touch stripes nor block. Filters by the setting itself.
  virtual void OnKeyEvent(EventClass event_class, std::string_view event, std::string_view key, DbIndex db) = 0;
};

}  // namespace tusk::store
