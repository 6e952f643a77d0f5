// ParkingLot: commands that found a stripe (or the lane) busy rest here until its holder lets go.
//
// A parked command holds nothing and has done nothing; waking it means telling its worker to try again.
// Threads: thread-safe. Owns: the lists of parked commands, not the targets.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/mutex.h"
#include "store/key.h"
#include "store/stripe_lock.h"

namespace tusk::store {

// Somebody who can be told to retry. Outlives the keyspace's use.
class WakeTarget {
 public:
  virtual ~WakeTarget() = default;
  // Any thread; must not block nor touch stripes.
  virtual void WakeParked(uint64_t session_id) noexcept = 0;
};

class ParkingLot {
 public:
  // Parks unless the lock turned free meanwhile (then false: try again at once). `slot` names the lock: a stripe's
  // index, or kLaneSlot.
  bool Park(size_t slot, StripeLock& lock, WakeTarget& target, uint64_t session_id);
  // Called by the unlocker when Unlock() said that somebody waits.
  void WakeAll(size_t slot) noexcept;

  static constexpr size_t kLaneSlot = kStripeCount;

  // The lock's holder announces that it will take long: commands that rest on it are woken, and those that come may
  // look before they park. The holder takes the mark back before it unlocks.
  void MarkSlow(size_t slot, bool is_function) noexcept;
  void ClearSlow(size_t slot) noexcept;
  bool HeldBySlow(size_t slot) const noexcept { return slow_[slot].load(std::memory_order_relaxed); }
  // What the newest of them is: which KILL would end it.
  bool SlowIsFunction() const noexcept { return slow_is_function_.load(std::memory_order_relaxed); }
  bool AnySlow() const noexcept { return slow_count_.load(std::memory_order_relaxed) != 0; }

 private:
  struct Parked {
    size_t slot;
    WakeTarget* target;
    uint64_t session_id;
  };
  // Few lots suffice: parking is rare, and a lot is held only to move list items.
  static constexpr size_t kLots = 16;
  struct Lot {
    base::Mutex mutex;
    std::vector<Parked> parked GUARDED_BY(mutex);
  };
  Lot lots_[kLots];
  // Relaxed: a hint; partner of each holder's MarkSlow() are the commands that fail to get its locks.
  std::atomic<bool> slow_[kStripeCount + 1] = {};
  std::atomic<bool> slow_is_function_{false};
  std::atomic<uint32_t> slow_count_{0};  // Of the marks above.
};

}  // namespace tusk::store
