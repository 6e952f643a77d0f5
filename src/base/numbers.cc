#include "base/numbers.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace tusk::base {
namespace {

// strtod and strtold need a terminated text; longer ones can't be a number that Redis accepts either.
constexpr size_t kNumberTextMax = 5 * 1024;
constexpr size_t kNumberStackText = 128;

template <typename T, typename Convert>
std::optional<T> ParseFloating(std::string_view text, Convert convert) noexcept {
  if (text.empty() || text.size() > kNumberTextMax || std::isspace(static_cast<unsigned char>(text[0]))) return {};
  if (text.find('\0') != std::string_view::npos) return {};
  char small[kNumberStackText + 1];
  std::string large;
  char* begin = small;
  if (text.size() > kNumberStackText) {
    large.assign(text);
    begin = large.data();
  } else {
    std::memcpy(small, text.data(), text.size());
    small[text.size()] = '\0';
  }
  errno = 0;
  char* end = nullptr;
  T value = convert(begin, &end);
  if (end != begin + text.size() || std::isnan(value)) return {};
  bool overflow = errno == ERANGE && (std::isinf(value) || value == 0);
  if (overflow) return {};
  return value;
}

}  // namespace

std::optional<uint64_t> ParseUint64(std::string_view text) noexcept {
  if (text.empty() || text.size() > kInt64TextMax) return {};
  if (text[0] == '0') return text.size() == 1 ? std::optional<uint64_t>(0) : std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    unsigned digit = static_cast<unsigned char>(c) - '0';
    if (digit > 9) return {};
    if (value > std::numeric_limits<uint64_t>::max() / 10) return {};
    value *= 10;
    if (value > std::numeric_limits<uint64_t>::max() - digit) return {};
    value += digit;
  }
  return value;
}

std::optional<int64_t> ParseInt64(std::string_view text) noexcept {
  if (text.empty() || text.size() > kInt64TextMax) return {};
  bool negative = text[0] == '-';
  if (negative) {
    text.remove_prefix(1);
    if (text.empty() || text[0] == '0') return {};
  }
  std::optional<uint64_t> magnitude = ParseUint64(text);
  if (!magnitude) return {};
  constexpr uint64_t kMaxMagnitude = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (*magnitude > kMaxMagnitude + (negative ? 1 : 0)) return {};
  return static_cast<int64_t>(negative ? 0 - *magnitude : *magnitude);
}

std::optional<double> ParseDouble(std::string_view text) noexcept { return ParseFloating<double>(text, std::strtod); }

std::optional<long double> ParseLongDouble(std::string_view text) noexcept {
  return ParseFloating<long double>(text, std::strtold);
}

size_t FormatInt64(int64_t value, char* out) noexcept {
  return static_cast<size_t>(std::to_chars(out, out + kInt64TextMax, value).ptr - out);
}

size_t FormatUint64(uint64_t value, char* out) noexcept {
  return static_cast<size_t>(std::to_chars(out, out + kInt64TextMax, value).ptr - out);
}

namespace {

// What has one spelling everywhere: no number, zeros, and integers up to `integer_max`. 0: none of these.
size_t FormatPlain(double value, double integer_max, char* out) noexcept {
  if (std::isnan(value)) return std::memcpy(out, "nan", 3), 3;
  if (std::isinf(value)) {
    if (value > 0) return std::memcpy(out, "inf", 3), 3;
    return std::memcpy(out, "-inf", 4), 4;
  }
  if (value == 0) {
    if (std::signbit(value)) return std::memcpy(out, "-0", 2), 2;
    return out[0] = '0', 1;
  }
  if (value > -integer_max && value < integer_max) {
    auto integer = static_cast<int64_t>(value);
    if (static_cast<double>(integer) == value) return FormatInt64(integer, out);
  }
  return 0;
}

// The significant digits of a finite number other than zero: value = 0.d1d2d3... * 10^point.
struct Decimal {
  char digits[kDoubleTextMax];
  int count = 0;
  int point = 0;
};

Decimal ShortestDecimal(double magnitude) noexcept {
  char text[kDoubleTextMax];
  char* end = std::to_chars(text, text + sizeof text, magnitude, std::chars_format::scientific).ptr;
  Decimal decimal;
  char* at = text;
  for (; *at != 'e'; ++at) {
    if (*at != '.') decimal.digits[decimal.count++] = *at;
  }
  at += at[1] == '+' ? 2 : 1;
  std::from_chars(at, end, decimal.point);
  ++decimal.point;
  return decimal;
}

}  // namespace

size_t FormatDouble(double value, char* out) noexcept {
  constexpr double kIntegerMax = 4611686018427387904;  // 2^62, as in Redis 7.2: above, zeros may follow the digits.
  if (size_t plain = FormatPlain(value, kIntegerMax, out)) return plain;
  char* at = out;
  if (value < 0) *at++ = '-';
  const Decimal decimal = ShortestDecimal(std::fabs(value));
  const int zeros = decimal.point - decimal.count;  // Behind the digits; negative: so many digits are behind the point.
  const int exponent = decimal.point - 1;
  auto append = [&at](const char* digits, int count) { at = std::copy_n(digits, count, at); };
  if (zeros >= 0 && std::abs(exponent) < decimal.count + 7) {
    append(decimal.digits, decimal.count);
    at = std::fill_n(at, zeros, '0');
  } else if (zeros < 0 && (zeros > -7 || std::abs(exponent) < 4)) {
    if (decimal.point <= 0) {
      append("0.", 2);
      at = std::fill_n(at, -decimal.point, '0');
      append(decimal.digits, decimal.count);
    } else {
      append(decimal.digits, decimal.point);
      *at++ = '.';
      append(decimal.digits + decimal.point, -zeros);
    }
  } else {
    *at++ = decimal.digits[0];
    if (decimal.count > 1) *at++ = '.';
    append(decimal.digits + 1, decimal.count - 1);
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    at += FormatInt64(std::abs(exponent), at);
  }
  return static_cast<size_t>(at - out);
}

size_t FormatDoubleClassic(double value, char* out) noexcept {
  constexpr double kIntegerMax = 4503599627370496;  // 2^52
  if (size_t plain = FormatPlain(value, kIntegerMax, out)) return plain;
  return static_cast<size_t>(std::snprintf(out, kDoubleTextMax, "%.17g", value));
}

std::string DoubleToString(double value) {
  char buffer[kDoubleTextMax];
  return {buffer, FormatDouble(value, buffer)};
}

std::string LongDoubleToHumanString(long double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[5 * 1024];
  int length = std::snprintf(buffer, sizeof buffer, "%.17Lf", value);
  std::string text(buffer, static_cast<size_t>(length));
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  if (text == "-0") text = "0";
  return text;
}

std::string Int64ToString(int64_t value) {
  char buffer[kInt64TextMax];
  return {buffer, FormatInt64(value, buffer)};
}

}  // namespace tusk::base
