// Drawing `count` different elements of a collection without putting it in order or copying it.
// Threads: any. Owns: nothing.
#pragma once

#include <cstddef>

#include "base/random.h"

namespace tusk::families {

// Decides, element by element over a walk of `size` elements, which `count` of them are picked: every subset is
// equally likely (selection sampling). O(size).
class WalkPicker {
 public:
  WalkPicker(size_t size, size_t count, base::Random& random) noexcept
      : left_(size), wanted_(count), random_(random) {}
  // Called once per element.
  bool PickThis() noexcept {
    bool pick = random_.Below(left_) < wanted_;
    --left_;
    wanted_ -= pick;
    return pick;
  }

 private:
  size_t left_;
  size_t wanted_;
  base::Random& random_;
};

// Whether drawing at random until `count` different ones were seen costs less than walking over all.
inline bool DrawingIsCheaper(size_t size, size_t count) noexcept { return count < size / 8; }

}  // namespace tusk::families
