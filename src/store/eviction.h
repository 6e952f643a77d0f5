// Eviction: which key goes when memory is short. The policies are pure functions of a key's access clock; MakeRoom()
// applies them to sampled keys, one stripe at a time.
//
// The 24-bit access clock holds seconds (LRU), or minutes in the high 16 bits and a logarithmic counter in the low 8
// (LFU), after Redis: the counter grows with probability 1/((counter - 5) * factor + 1) and decays with idle minutes.
// Threads: pure functions any; MakeRoom() by a thread that holds no stripe. Owns: nothing.
#pragma once

#include <cstdint>
#include <functional>

#include "store/settings.h"

namespace tusk::store {

class Transaction;

inline constexpr uint32_t kAccessMax = 0xffffff;
inline constexpr uint8_t kLfuInitial = 5;

inline bool IsLfu(EvictionPolicy policy) noexcept {
  return policy == EvictionPolicy::kAllKeysLfu || policy == EvictionPolicy::kVolatileLfu;
}
inline bool IsVolatile(EvictionPolicy policy) noexcept { return policy >= EvictionPolicy::kVolatileLru; }

inline uint32_t LruClock(int64_t now_ms) noexcept { return static_cast<uint32_t>(now_ms / 1000) & kAccessMax; }
// Seconds since the access, wrap-around included.
uint64_t LruIdleSeconds(uint32_t access, int64_t now_ms) noexcept;

// The access clock after one more access now.
uint32_t LfuTouched(uint32_t access, int64_t now_ms, const Settings& settings) noexcept;
// The counter as it stands now, decay included: OBJECT FREQ.
uint8_t LfuCounter(uint32_t access, int64_t now_ms, const Settings& settings) noexcept;
// The access clock of a new key under the current policy.
uint32_t FreshAccess(int64_t now_ms, const Settings& settings) noexcept;

// The access clock of a key that comes from a file or payload with its idle time in seconds or its frequency (-1: not
// said). Under a policy that goes by the other one it is that of a new key.
uint32_t RestoredAccess(int64_t idle_seconds, int frequency, int64_t now_ms, const Settings& settings) noexcept;

// True when memory in use is within maxmemory, if need be after evicting keys. False: over the limit and nothing left
// that the policy allows to go. Begins and ends units of its own on `transaction`, which must hold nothing. `serve` is
// called while the stripe of an evicted key is held that somebody waits for (readers of a stream's group hear that it is gone).
bool MakeRoom(Transaction& transaction, const std::function<void()>& serve = {});

}  // namespace tusk::store
