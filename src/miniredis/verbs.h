// Verbs: the commands of the mini-Redis port, one row each, from which the rows of the command table (MINI LPUSH ...) and the
// reader's translation of requests derive.
//
// Threads: immutable. Owns: nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "command/spec.h"

namespace tusk::miniredis {

// How the arguments behind the name are laid out for the command table.
enum class Shape : uint8_t {
  kNone,      // Values only.
  kKey,       // A key, then values.
  kKeys,      // Keys only.
  kDict,      // A dict, or keys and values in turns: key value ...
  kDictThen,  // A dict and a value: value key value ...
  kSchedule,  // The key of the schedule, which clients do not send, then values.
};

// Arguments of MINI before those of the verb: MINI, its name, how keys came.
inline constexpr size_t kKindArg = 2;
inline constexpr size_t kFirstArg = 3;
inline constexpr uint8_t kAnyCount = 255;
// Where the schedule is kept: a key as others are, so that it is saved and replicated as they are.
inline constexpr std::string_view kScheduleKey = "miniredis:schedule";

struct Verb {
  std::string_view name;  // Upper case.
  command::Handler handler;
  Shape shape;
  uint8_t args_min;  // What the client sends behind the name.
  uint8_t args_max;
  uint32_t flags;
  uint32_t categories;
  std::string_view arguments;  // As in CommandSpec.
  std::string_view summary;
  command::Locks locks = command::Locks::kKeys;
};

// By its name in upper case; null when there is none. O(log verbs).
const Verb* FindVerb(std::string_view name) noexcept;

// The row of MINI with its subcommands.
std::span<const command::CommandSpec> MiniRows() noexcept;

}  // namespace tusk::miniredis
