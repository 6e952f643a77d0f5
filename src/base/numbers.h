// Numbers to text and back, with exactly the strictness and the spelling that Redis' protocol has.
// Threads: any. Owns: nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tusk::base {

inline constexpr size_t kInt64TextMax = 20;   // "-9223372036854775808"
inline constexpr size_t kDoubleTextMax = 40;  // shortest round-trip, exponent included

// A canonical decimal integer: no blanks, no '+', no leading zeros, no "-0". This is the test that decides whether a
// string value may be kept as an integer, because text and number then map one to one.
std::optional<int64_t> ParseInt64(std::string_view text) noexcept;
std::optional<uint64_t> ParseUint64(std::string_view text) noexcept;

// A floating point number as Redis reads scores and increments: strtod's grammar incl. "inf", "+inf", "-inf",
// "infinity", hex floats; no leading or trailing blanks, not empty, not NaN; overflow to infinity of a finite text
// and underflow to zero are refused.
std::optional<double> ParseDouble(std::string_view text) noexcept;
std::optional<long double> ParseLongDouble(std::string_view text) noexcept;

// Writes decimal text at `out` (kInt64TextMax bytes) and returns its length.
size_t FormatInt64(int64_t value, char* out) noexcept;
size_t FormatUint64(uint64_t value, char* out) noexcept;

// The spelling of scores, into kDoubleTextMax bytes: "inf", "-inf", "nan", integers below 2^62 without exponent, otherwise the
// shortest decimal that reads back as the same number, laid out as Redis 7.2 does ("0.1", "1e+22", "1.5e-7"). Length.
size_t FormatDouble(double value, char* out) noexcept;
// The same as Redis 7.0 spelled it, with 17 digits: "0.10000000000000001".
size_t FormatDoubleClassic(double value, char* out) noexcept;
std::string DoubleToString(double value);

// INCRBYFLOAT's and HINCRBYFLOAT's spelling: %.17Lf with trailing zeros cut.
std::string LongDoubleToHumanString(long double value);

std::string Int64ToString(int64_t value);

}  // namespace tusk::base
