#include "store/parking_lot.h"

namespace tusk::store {

bool ParkingLot::Park(size_t slot, StripeLock& lock, WakeTarget& target, uint64_t session_id) {
  Lot& lot = lots_[slot % kLots];
  base::MutexLock hold(lot.mutex);
  // Under the lot's mutex: an unlocker that sees the mark waits in WakeAll() until the item is in the list.
  if (!lock.MarkContended()) return false;
  lot.parked.push_back({slot, &target, session_id});
  return true;
}

void ParkingLot::WakeAll(size_t slot) noexcept {
  Lot& lot = lots_[slot % kLots];
  base::MutexLock hold(lot.mutex);
  size_t kept = 0;
  for (Parked& parked : lot.parked) {
    if (parked.slot == slot) {
      parked.target->WakeParked(parked.session_id);
    } else {
      lot.parked[kept++] = parked;
    }
  }
  lot.parked.resize(kept);
}

void ParkingLot::MarkSlow(size_t slot, bool is_function) noexcept {
  slow_is_function_.store(is_function, std::memory_order_relaxed);
  if (slow_[slot].exchange(true, std::memory_order_relaxed)) return;
  slow_count_.fetch_add(1, std::memory_order_relaxed);
  WakeAll(slot);
}

void ParkingLot::ClearSlow(size_t slot) noexcept {
  if (slow_[slot].exchange(false, std::memory_order_relaxed)) slow_count_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace tusk::store
