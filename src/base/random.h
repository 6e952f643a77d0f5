// A small fast generator for choices that need no secrecy: sampling, back-off, SPOP. Not for keys or tokens.
// Source: xoshiro256** by Blackman and Vigna (public domain algorithm), seeded by SplitMix64.
// Threads: caller-synchronised; ThreadRandom() is one per thread. Owns: its state.
#pragma once

#include <cstdint>
#include <string>

namespace tusk::base {

class Random {
 public:
  explicit Random(uint64_t seed) noexcept;
  uint64_t Next() noexcept;
  // Uniform in [0, bound); bound > 0.
  uint64_t Below(uint64_t bound) noexcept { return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * bound) >> 64); }
  // Uniform in [0, 1).
  double Unit() noexcept { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  uint64_t state_[4];
};

// The calling thread's own generator, seeded from the kernel.
Random& ThreadRandom() noexcept;

// Bytes from the kernel's generator, for hash keys and identifiers.
uint64_t SecureRandom64() noexcept;
std::string SecureRandomHex(size_t digits);

}  // namespace tusk::base
