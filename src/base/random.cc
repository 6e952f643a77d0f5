#include "base/random.h"

#include <sys/random.h>

#include "base/check.h"

namespace tusk::base {
namespace {

uint64_t RotateLeft(uint64_t x, int k) noexcept { return (x << k) | (x >> (64 - k)); }

}  // namespace

Random::Random(uint64_t seed) noexcept {
  for (uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15ULL;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    word = z ^ (z >> 31);
  }
}

uint64_t Random::Next() noexcept {
  uint64_t result = RotateLeft(state_[1] * 5, 7) * 9;
  uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = RotateLeft(state_[3], 45);
  return result;
}

Random& ThreadRandom() noexcept {
  thread_local Random random(SecureRandom64());
  return random;
}

uint64_t SecureRandom64() noexcept {
  uint64_t value = 0;
  CHECK(getrandom(&value, sizeof value, 0) == sizeof value);
  return value;
}

std::string SecureRandomHex(size_t digits) {
  std::string text;
  while (text.size() < digits) {
    uint64_t bits = SecureRandom64();
    for (int i = 0; i < 16 && text.size() < digits; ++i, bits >>= 4) text.push_back("0123456789abcdef"[bits & 15]);
  }
  return text;
}

}  // namespace tusk::base
