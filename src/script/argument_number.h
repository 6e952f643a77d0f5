// How a Lua number becomes a command's argument: integers in full, everything else in the shortest digits that read
// back as the same number.
// Threads: any. Owns: nothing.
#pragma once

#include <cstddef>

namespace tusk::script {

inline constexpr size_t kArgumentNumberBytesMax = 40;

// Writes at `out` (kArgumentNumberBytesMax bytes) and returns the length.
size_t FormatArgumentNumber(double number, char* out) noexcept;

}  // namespace tusk::script
