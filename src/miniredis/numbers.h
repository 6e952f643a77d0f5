// Arithmetic of INCRBY and HINCRBY. Threads: any. Owns: nothing.
#pragma once

#include <optional>

#include "types/document.h"

namespace tusk::miniredis {

// The sum: of integers an integer, else a double. Nothing where one is no number, or integers go beyond 64 bits.
std::optional<types::Document> Sum(const types::DocumentView& a, const types::DocumentView& b) noexcept;

}  // namespace tusk::miniredis
