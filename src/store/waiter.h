// Waiter: one blocked client, queued at every key it waits for; and WatchState: one client's WATCH.
//
// A waiter is queued in several stripes, so who serves it must first win it: Claim() by compare-and-swap, then either
// Finish() (served, timed out, gone: it never runs again) or Release() (the key was not what it needs: it waits on).
// The loser of a claim drops its reference; dead ones are swept from the queues by whoever comes across them.
//
// Threads: states are atomic; the rest of a waiter belongs to whoever holds the claim. Owns: see the fields.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "store/key.h"

namespace tusk::store {

class Waiter {
 public:
  virtual ~Waiter() = default;

  // Acquire/release: the claim publishes the waiter's fields from the previous holder to the next.
  bool Claim() noexcept {
    uint8_t expected = kWaiting;
    return state_.compare_exchange_strong(expected, kClaimed, std::memory_order_acq_rel, std::memory_order_acquire);
  }
  // Holder only. False when somebody asked for cancellation meanwhile: the holder must then Finish() it as cancelled.
  [[nodiscard]] bool Release() noexcept {
    uint8_t expected = kClaimed;
    return state_.compare_exchange_strong(expected, kWaiting, std::memory_order_acq_rel, std::memory_order_acquire);
  }
  void Finish() noexcept { state_.store(kFinished, std::memory_order_release); }
  // Wants the waiter ended. True: the caller now holds the claim. False: somebody else holds it and will either finish
  // it or notice the wish on Release().
  bool Cancel() noexcept {
    for (;;) {
      uint8_t expected = kWaiting;
      if (state_.compare_exchange_strong(expected, kClaimed, std::memory_order_acq_rel, std::memory_order_acquire)) return true;
      if (expected != kClaimed) return false;
      if (state_.compare_exchange_strong(expected, kCancelWanted, std::memory_order_acq_rel, std::memory_order_acquire)) return false;
    }
  }
  bool finished() const noexcept { return state_.load(std::memory_order_acquire) == kFinished; }

 private:
  enum State : uint8_t { kWaiting, kClaimed, kCancelWanted, kFinished };
  std::atomic<uint8_t> state_{kWaiting};
};

// Shared by the session that watches and the stripes of the watched keys.
struct WatchState {
  // Set (release) under the stripe's lock by a write; read by the session with the watched stripes locked, or as a hint.
  std::atomic<bool> dirty{false};
  // Cleared by the session on UNWATCH, EXEC, close; stripes sweep out states that are not alive. Relaxed: only a hint.
  std::atomic<bool> alive{true};
};

}  // namespace tusk::store
