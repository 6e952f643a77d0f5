// The names under which flags, categories and key flags stand in replies.
// Threads: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tusk::command {

struct BitName {
  uint32_t bit;
  std::string_view name;
};

// In the order in which COMMAND INFO lists them; flags of our own and those that Redis keeps to itself are
// missing.
std::span<const BitName> FlagNames() noexcept;
// Without '@', in the order in which ACL CAT lists them.
std::span<const BitName> CategoryNames() noexcept;
std::span<const BitName> KeyFlagNames() noexcept;

// The bit of a category's name in any case, or 0.
uint32_t CategoryByName(std::string_view name) noexcept;

}  // namespace tusk::command
