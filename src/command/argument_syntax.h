// Argument syntax: the one line in a command's row that says which arguments it takes. COMMAND DOCS shows it
// as a tree, HELP and the documentation page as a line for people.
//
//   name            a string argument            x...      one or more of x
//   name:type       integer, double, pattern,    [x]       x may be left out
//                   unix-time, key, string       [T x]...  may come several times, token T each time
//   name@0          a key, found by key spec 0   (a | b)   one of
//   TOKEN           a word that stands as it is  (a b)     a block
//   TOKEN x         x after the word             label=x   names what would be called after its parts
//   x^6.2.0         exists since                 name"ip:port"  shown to people as
//   x!6.2.0         deprecated since             '*'       a token that is no upper-case word
//
// Threads: any. Owns: nothing; a parsed tree owns its text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace tusk::command {

enum class ArgumentType : uint8_t {
  kString,
  kInteger,
  kDouble,
  kKey,
  kPattern,
  kUnixTime,
  kPureToken,
  kOneOf,
  kBlock,
};

struct Argument {
  std::string name;
  std::string
      display;  // Empty: the name. Always empty for kOneOf and kBlock, which have no text of their own.
  std::string token;
  std::string since;
  std::string deprecated_since;
  std::vector<Argument> children;  // Of kOneOf and kBlock.
  ArgumentType type = ArgumentType::kString;
  int16_t key_spec = -1;
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;

  std::string_view display_text() const noexcept { return display.empty() ? name : display; }
};

// Groups that nest deeper than this are refused, so that the recursion is bounded.
inline constexpr int kArgumentNestingMax = 8;

base::Result<std::vector<Argument>> ParseArguments(std::string_view syntax);

// "key value [NX | XX] [GET]": without the command's name.
std::string RenderArguments(const std::vector<Argument>& arguments);

// "integer", "pure-token", ... as COMMAND DOCS spells them.
std::string_view ArgumentTypeName(ArgumentType type) noexcept;

}  // namespace tusk::command
