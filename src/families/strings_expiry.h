// EX, PX, EXAT and PXAT as SET and its relatives take them.
// Threads: handlers' rules. Owns: nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "command/context.h"

namespace tusk::families {

struct ExpiryArg {
  size_t at = 0;  // Argument of the number; 0: none given.
  bool in_seconds = false;
  bool is_absolute = false;
};

// Is argument i one of the words, with a number after it? A word may be repeated, the last number counts, but different
// ones exclude each other.
bool TakeExpiryArg(command::Context& context, size_t i, ExpiryArg* expiry);

// The deadline in Unix milliseconds; replies the error.
std::optional<int64_t> DeadlineOf(command::Context& context, const ExpiryArg& expiry);

}  // namespace tusk::families
