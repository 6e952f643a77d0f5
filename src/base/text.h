// Small text helpers of the protocol: case-blind comparison, glob patterns, quoting.
// Threads: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tusk::base {

bool EqualsIgnoreCase(std::string_view a, std::string_view b) noexcept;
std::string ToLower(std::string_view text);
std::string ToUpper(std::string_view text);

// Redis' glob: '*', '?', '[a-z]', '[^x]', backslash escapes; whole text. As in Redis, nothing but the empty pattern matches
// the empty text, not even '*'. Bounded: kGlobNestingMax stars deep, then no match. Linear in practice, since a failed
// suffix search ends the outer ones.
bool GlobMatch(std::string_view pattern, std::string_view text, bool ignore_case = false) noexcept;

// Bytes as a double-quoted text with \n \r \t \a \b \" \\ and \xHH, as MONITOR, SLOWLOG and redis.conf spell them.
std::string QuoteText(std::string_view bytes);

// Splits a line as redis.conf and inline requests do: blanks separate, "..." with escapes, '...' raw with \'.
// nullopt when quotes are unbalanced or a closing quote is not followed by a blank.
std::optional<std::vector<std::string>> SplitQuotedLine(std::string_view line);

// "ERR ..." texts reach clients as one line: CR and LF become blanks.
std::string OneLine(std::string_view text);

// 1k, 1kb, 5GB, 100: bytes; nullopt for anything else or overflow.
std::optional<uint64_t> ParseMemorySize(std::string_view text) noexcept;

}  // namespace tusk::base
