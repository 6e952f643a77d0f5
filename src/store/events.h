// Keyspace events: which classes there are and who is told. Declared here, below commands, because expiry and eviction
// raise them too; implemented by pub/sub.
// Threads: EventSink is thread-safe. Owns: nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// Who is to repeat a change.
enum ChangeTargets : uint8_t {
  kToNobody = 0,
  kToAppendFile = 1u << 0,
  kToReplicas = 1u << 1,
  kToAll = kToAppendFile | kToReplicas,
};

// One write's effect as deterministic commands, in the order in which they are to be repeated.
struct ChangeCommand {
  DbIndex db;
  uint8_t targets = kToAll;  // ChangeTargets bits, at least one.
  std::vector<std::string> argv;
};

class ChangeObserver {
 public:
  virtual ~ChangeObserver() = default;
  // One unit (a command, a transaction, a script), called once its effects are complete and before its stripes are
  // unlocked: units that touch a common stripe arrive in the order in which they happened, with ascending numbers.
  // Must not touch stripes nor block.
  virtual void OnCommit(uint64_t commit_number, std::span<const ChangeCommand> unit) = 0;
};

}  // namespace tusk::store
