// StripeLock: the lock of one stripe. One atomic operation each way when nobody else wants it.
//
// Ordinary commands only ever TryLock(): who finds the stripe busy spins briefly and then parks the whole command, so
// that no worker sleeps on a stripe. The lane's holder and detached commands may sleep in LockBlocking(). Whoever
// waits, in either way, leaves kContended in the word, and the unlocker then looks for sleepers and parked commands.
//
// Threads: thread-safe. Owns: the lock word.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/annotations.h"

namespace tusk::store {

class CAPABILITY("stripe") StripeLock {
 public:
  // Spins kSpins times at most. Acquire pairs with the release in Unlock().
  bool TryLock() noexcept TRY_ACQUIRE(true) {
    for (int i = 0;; ++i) {
      uint32_t expected = kFree;
      if (word_.compare_exchange_weak(expected, kHeld, std::memory_order_acquire, std::memory_order_relaxed)) return true;
      if (expected == kContended || i == kSpins) return false;
      Pause();
    }
  }

  // Blocks: only for the holder of the lane, and for detached commands that hold nothing.
  void LockBlocking() noexcept ACQUIRE() {
    for (int i = 0; i < kSpins; ++i) {
      uint32_t expected = kFree;
      if (word_.compare_exchange_weak(expected, kHeld, std::memory_order_acquire, std::memory_order_relaxed)) return;
      Pause();
    }
    // Takes the lock as contended, since other sleepers may remain: the unlock then wakes them once too often at most.
    while (word_.exchange(kContended, std::memory_order_acquire) != kFree) word_.wait(kContended, std::memory_order_relaxed);
  }

  // True when somebody waits: the caller must then wake the parked commands of this stripe (ParkingLot::WakeAll).
  [[nodiscard]] bool Unlock() noexcept RELEASE() {
    bool contended = word_.exchange(kFree, std::memory_order_release) == kContended;
    if (__builtin_expect(contended, 0)) word_.notify_all();
    return contended;
  }

  // Announces that a command is parked, if the lock is still held; false when it is free and may be tried again.
  bool MarkContended() noexcept {
    uint32_t expected = kHeld;
    if (word_.compare_exchange_strong(expected, kContended, std::memory_order_relaxed)) return true;
    return expected == kContended;
  }

  bool held() const noexcept { return word_.load(std::memory_order_relaxed) != kFree; }

  // Between two looks of who spins.
  static void Pause() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kHeld = 1;
  static constexpr uint32_t kContended = 2;
  // A short command holds a stripe for a few hundred nanoseconds; about four times that is worth waiting for.
  static constexpr int kSpins = 60;

  // Publishes everything that the stripe guards, from Unlock() (release) to TryLock()/LockBlocking() (acquire).
  std::atomic<uint32_t> word_{kFree};
};

}  // namespace tusk::store
