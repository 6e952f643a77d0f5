// Counts durations in buckets whose width grows with the value, so that a percentile is within 1.6 % of the truth from
// nanoseconds to minutes in a fixed 32 KiB.
// Threads: caller-synchronised. Owns: its counters.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tusk::bench {

class Histogram {
 public:
  void Add(uint64_t value, uint64_t times = 1) noexcept {
    counts_[IndexOf(value)] += times;
    total_ += times;
    if (value > max_) max_ = value;
  }

  // The smallest value that at least `share` (0 to 1) of all counts do not exceed, rounded down to its bucket; 0 when empty.
  uint64_t Percentile(double share) const noexcept {
    uint64_t seen = 0;
    for (size_t index = 0; index < counts_.size(); ++index) {
      seen += counts_[index];
      if (seen > 0 && static_cast<double>(seen) >= share * static_cast<double>(total_)) return FloorOf(index);
    }
    return max_;
  }

  uint64_t max() const noexcept { return max_; }
  uint64_t total() const noexcept { return total_; }

 private:
  // A value's highest bit picks the group, the next kBits bits the bucket in it. Values below 2^kBits have their own bucket.
  static constexpr int kBits = 6;
  static constexpr uint64_t kPerGroup = uint64_t{1} << kBits;

  static size_t IndexOf(uint64_t value) noexcept {
    if (value < kPerGroup) return static_cast<size_t>(value);
    int shift = std::bit_width(value) - 1 - kBits;
    return static_cast<size_t>((static_cast<uint64_t>(shift) + 1) * kPerGroup + ((value >> shift) - kPerGroup));
  }

  static uint64_t FloorOf(size_t index) noexcept {
    if (index < kPerGroup) return index;
    return (index % kPerGroup + kPerGroup) << (index / kPerGroup - 1);
  }

  std::array<uint64_t, (64 - kBits + 1) * kPerGroup> counts_{};
  uint64_t total_ = 0;
  uint64_t max_ = 0;
};

}  // namespace tusk::bench
