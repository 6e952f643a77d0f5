// What SET, DELEX and DIGEST share: a string's digest, and conditions on what a key holds.
// Threads: handlers' rules. Owns: nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "command/context.h"

namespace tusk::families {

// The sixteen hexadecimal digits that stand for a string's bytes (XXH3, 64 bits), as Redis 8.4 spells them.
std::string DigestText(std::string_view bytes);

// IFEQ, IFNE, IFDEQ or IFDNE with its operand.
struct ValueCondition {
  enum class Kind : uint8_t { kNone, kEqual, kUnequal, kDigestEqual, kDigestUnequal };
  Kind kind = Kind::kNone;
  size_t operand = 0;  // Argument.
  explicit operator bool() const noexcept { return kind != Kind::kNone; }
};

// The condition whose word is argument i; kNone when that is another word or the operand is missing.
ValueCondition ParseValueCondition(command::Context& context, size_t i);

// Does the condition hold for `entry` (null: no key, which is unequal to everything)? Replies the error for a key that
// is no string or a digest that is none.
std::optional<bool> Holds(command::Context& context, const ValueCondition& condition, const store::Entry* entry);

}  // namespace tusk::families
