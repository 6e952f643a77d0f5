// The encoding limits of each value type as the settings have them now, in the form that the types take them.
// Threads: any: settings are atomics, the limits are values. Owns: nothing.
#pragma once

#include <algorithm>
#include <climits>

#include "store/settings.h"
#include "types/hash.h"
#include "types/list.h"
#include "types/set.h"
#include "types/stream.h"
#include "types/zset.h"

namespace tusk::store {

inline types::ListLimits ListLimitsOf(const Settings& settings) noexcept {
  // Outside int the setting means "no limit" or is below every class, which the nearest int says as well.
  int64_t size = std::clamp<int64_t>(settings.list_max_listpack_size, INT_MIN, INT_MAX);
  return {.max_listpack_size = static_cast<int>(size), .packed_threshold = settings.quicklist_packed_threshold};
}

inline types::SetLimits SetLimitsOf(const Settings& settings) noexcept {
  return {.intset_entries_max = settings.set_max_intset_entries,
          .listpack_entries_max = settings.set_max_listpack_entries,
          .listpack_value_max = settings.set_max_listpack_value};
}

inline types::HashLimits HashLimitsOf(const Settings& settings) noexcept {
  return {.listpack_entries_max = settings.hash_max_listpack_entries,
          .listpack_value_max = settings.hash_max_listpack_value};
}

inline types::ZSetLimits ZSetLimitsOf(const Settings& settings) noexcept {
  return {.max_listpack_entries = settings.zset_max_listpack_entries,
          .max_listpack_value = settings.zset_max_listpack_value};
}

inline types::StreamLimits StreamLimitsOf(const store::Settings& settings) noexcept {
  return {.node_bytes_max = settings.stream_node_max_bytes, .node_entries_max = settings.stream_node_max_entries};
}

}  // namespace tusk::store
