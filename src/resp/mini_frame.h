// Values as the mini-Redis port spells them: read token by token.
//
//   +text   -error   :number (a float has a '.')   $n bytes ($-1: null)   ^n text   @n JSON
//   *n array of n values   %n dict of n pairs   &n set of n members   any other line: a text, or an inline request
//
// Lines end with CR LF; a bare LF is taken, too. Behind the bytes of $, ^ and @ stands CR LF.
// Threads: any. Owns: nothing; texts are views into the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"

namespace tusk::resp {

// Reply::protocol() of a session on that port: like RESP2 where a reply is no value of a key.
inline constexpr int kMiniProtocol = 1;

inline constexpr size_t kMiniLineBytesMax = 64 * 1024;  // A line without its end.
inline constexpr int64_t kMiniCountMax = 0x7fffffff;    // Values of an array or set, pairs of a dict.

enum class MiniType : uint8_t { kLine, kSimple, kError, kNumber, kNull, kBytes, kText, kJson, kArray, kDict, kSet };

inline constexpr bool IsAggregate(MiniType type) noexcept { return type >= MiniType::kArray; }

struct MiniToken {
  MiniType type = MiniType::kNull;
  std::string_view text;  // Of a line, error, number or bulk; not checked for what it says.
  int64_t count = 0;      // Of an aggregate the values that follow, of a dict two per pair. A top-level array's may be negative.
};

// Takes one token off the front of `in`; nullopt, and nothing taken, when it is not complete. A bulk of more than
// `bulk_bytes_max` is refused before it has arrived. The error says what is wrong, as "invalid length".
base::Result<std::optional<MiniToken>> TakeMiniToken(std::string_view& in, int64_t bulk_bytes_max);

}  // namespace tusk::resp
