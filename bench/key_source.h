// Numbers of keys for a load: even, by Zipf's law, or counted up.
// Threads: caller-synchronised. Owns: its random state.
#pragma once

#include <cmath>
#include <cstdint>

namespace tusk::bench {

class KeySource {
 public:
  // `keys` is at least 1. `zipf_exponent` 0 is even; otherwise it lies above 0 and below 1, and making the source takes
  // O(keys). Sequential counts up from `first` instead.
  KeySource(uint64_t keys, double zipf_exponent, bool sequential, uint64_t first, uint64_t seed)
      : keys_(keys), exponent_(zipf_exponent), sequential_(sequential), next_(first), state_(seed * 0x9E3779B97F4A7C15 + 1) {
    if (exponent_ > 0 && !sequential_) PrepareZipf();
  }

  uint64_t Next() noexcept {
    if (sequential_) return next_++;
    return exponent_ > 0 ? Scatter(NextRank()) : Below(keys_);
  }

  uint64_t Below(uint64_t bound) noexcept { return Random() % bound; }

 private:
  uint64_t Random() noexcept {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }

  // Gray et al., "Quickly generating billion-record synthetic databases", which YCSB uses too: constant time per draw.
  void PrepareZipf() {
    for (uint64_t rank = 1; rank <= keys_; ++rank) zeta_ += 1 / std::pow(static_cast<double>(rank), exponent_);
    second_ = 1 + std::pow(0.5, exponent_);
    alpha_ = 1 / (1 - exponent_);
    eta_ = (1 - std::pow(2.0 / static_cast<double>(keys_), 1 - exponent_)) / (1 - second_ / zeta_);
  }

  uint64_t NextRank() noexcept {
    double u = static_cast<double>(Random() >> 11) * 0x1p-53;
    double uz = u * zeta_;
    if (uz < 1) return 0;
    if (uz < second_) return keys_ > 1 ? 1 : 0;
    auto rank = static_cast<uint64_t>(static_cast<double>(keys_) * std::pow(eta_ * u - eta_ + 1, alpha_));
    return rank < keys_ ? rank : keys_ - 1;
  }

  // Popular keys lie anywhere, not side by side. A prime, so that no two ranks meet (unless there are as many keys).
  uint64_t Scatter(uint64_t rank) const noexcept { return rank * 2'654'435'761 % keys_; }

  uint64_t keys_;
  double exponent_;
  bool sequential_;
  uint64_t next_;
  uint64_t state_;
  double zeta_ = 0, second_ = 0, alpha_ = 0, eta_ = 0;
};

}  // namespace tusk::bench
