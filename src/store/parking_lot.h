// ParkingLot: commands that found a stripe (or the lane) busy rest here until its holder lets go.
//
// A parked command holds nothing and has done nothing; waking it means telling its worker to try again.
// Threads: thread-safe. Owns: the lists of parked commands, not the targets.
#pragma once

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
};

}  // namespace tusk::store
