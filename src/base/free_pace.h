// FreePace: for a thread that frees millions of blocks which others allocated. mimalloc hands such a block back to the thread that
// allocated it; that one takes them in when it next needs a page: all that have come meanwhile, with a cache miss for each.
// Freed at full speed, five million keys held up the workers for 600 ms; so the thread frees in steps and rests between them.
//
// Threads: each object is its thread's. Owns: nothing.
#pragma once

#include <chrono>
#include <cstdint>

namespace tusk::base {

// While it lives, the thread that made it frees in steps. One at a time per thread.
class FreePace {
 public:
  FreePace() noexcept;
  ~FreePace();
  FreePace(const FreePace&) = delete;
  FreePace& operator=(const FreePace&) = delete;

  // For Free(). May block for a rest.
  void NoteFree() noexcept;
  // From now on, for so long, nobody rests: the memory is missed. Any thread, O(1).
  static void HurryFor(std::chrono::milliseconds time) noexcept;
  // How often it rested.
  uint64_t rests() const noexcept { return rests_; }

  static constexpr uint32_t kFreesPerStep = 500;

 private:
  uint32_t left_ = kFreesPerStep;
  uint64_t rests_ = 0;
};

// While one lives, in any thread, nobody rests: somebody waits for what is being freed.
class FreeHurry {
 public:
  FreeHurry() noexcept;
  ~FreeHurry();
  FreeHurry(const FreeHurry&) = delete;
  FreeHurry& operator=(const FreeHurry&) = delete;
};

}  // namespace tusk::base
