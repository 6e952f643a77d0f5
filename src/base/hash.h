// The hash of keys, fields and members: XXH3 with a seed drawn once per process, so that nobody outside can aim keys at
// one bucket. Its bits are spent from both ends: the top ones pick stripe and table segment, the low eight are the
// table's fingerprint.
// Threads: any. Owns: the seed, constant after the process' static initialisation.
#pragma once

#include <cstdint>
#include <string_view>

namespace tusk::base {

uint64_t KeyHash(std::string_view bytes) noexcept;

// The same function under a seed of the caller's choice, for tests that must repeat and for hashes that must agree
// between processes.
uint64_t SeededHash(std::string_view bytes, uint64_t seed) noexcept;

}  // namespace tusk::base
