#include "base/hash.h"

// The only place that compiles xxHash: inlined here, it needs no library.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/random.h"

namespace tusk::base {
namespace {

// Early among static initialisers, so that a table filled by another one already hashes under the final seed.
struct Seed {
  const uint64_t value = SecureRandom64();
};
[[gnu::init_priority(200)]] const Seed process_seed;

}  // namespace

uint64_t KeyHash(std::string_view bytes) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), process_seed.value);
}

uint64_t SeededHash(std::string_view bytes, uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace tusk::base
