// Key: a key's bytes with its hash, computed once when the request is parsed, and the stripe that the hash picks.
// Threads: a value. Owns: nothing; the bytes live for the call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/hash.h"

namespace tusk::store {

using DbIndex = uint16_t;

// The top bits of the hash pick the stripe; the table of the stripe uses the bits below.
inline constexpr unsigned kStripeBits = 11;
inline constexpr size_t kStripeCount = size_t{1} << kStripeBits;

struct Key {
  std::string_view text;
  uint64_t hash = 0;

  static Key Of(std::string_view text) noexcept { return {text, base::KeyHash(text)}; }
  size_t stripe() const noexcept { return hash >> (64 - kStripeBits); }
};

}  // namespace tusk::store
