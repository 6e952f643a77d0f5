// Turn: by which a thread that runs a slow command and the watchdog agree on who goes on with the loop.
//
// Begin() opens a turn with a ticket that never comes again; End() closes it. The watchdog, having seen the same ticket
// for long enough, takes it: then End() fails, and the thread must leave the loop and all that is in it alone.
//
//        Begin             Steal                 Handed
//   0 ---------> ticket -----------> kStealing ---------> 0 (another thread drives the loop)
//   ^------------ End -------------'   (End waits here, a few instructions, so that it never outruns the hand-over)
//
// Threads: Begin and End the loop's thread; Current, Steal and Handed the watchdog. Owns: nothing.
#pragma once

#include <atomic>
#include <cstdint>

namespace tusk::server {

class Turn {
 public:
  uint64_t Begin() noexcept {
    uint64_t ticket = ++last_ticket_;
    // Publishes to whoever takes the turn what the loop did before it. Sequentially consistent together with Current(),
    // so that a watchdog which is about to rest sees this turn, or this turn sees that it rests (Crew::NoteTurn).
    state_.store(ticket, std::memory_order_seq_cst);
    return ticket;
  }
  // False: the loop is somebody else's.
  bool End(uint64_t ticket) noexcept {
    uint64_t expected = ticket;
    if (state_.compare_exchange_strong(expected, kNone, std::memory_order_acq_rel, std::memory_order_acquire)) return true;
    while (state_.load(std::memory_order_acquire) == kStealing) {
    }
    return false;
  }

  uint64_t Current() const noexcept { return state_.load(std::memory_order_seq_cst); }
  bool Steal(uint64_t ticket) noexcept {
    return ticket != kNone && ticket != kStealing &&
           state_.compare_exchange_strong(ticket, kStealing, std::memory_order_acq_rel, std::memory_order_acquire);
  }
  void Handed() noexcept { state_.store(kNone, std::memory_order_release); }

  static constexpr uint64_t kNone = 0;

 private:
  static constexpr uint64_t kStealing = UINT64_MAX;
  std::atomic<uint64_t> state_{kNone};
  uint64_t last_ticket_ = 0;  // The loop's owner only.
};

}  // namespace tusk::server
