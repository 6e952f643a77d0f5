#include "script/argument_number.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/numbers.h"

namespace tusk::script {
namespace {

// Beyond this, integers of a double's precision are no longer meant as such.
constexpr double kIntegerMax = 4611686018427387903.0;

// A decimal number as digits * 10^exponent, `digits` without leading or trailing zeros.
struct Decimal {
  char digits[20];
  int count = 0;
  int exponent = 0;
};

Decimal ShortestDecimal(double magnitude) noexcept {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), magnitude, std::chars_format::scientific).ptr;
  Decimal decimal;
  const char* at = text;
  for (; at != end && *at != 'e'; ++at) {
    if (*at != '.') decimal.digits[decimal.count++] = *at;
  }
  int exponent = 0;
  if (at != end) {
    ++at;
    if (at != end && *at == '+') ++at;  // from_chars takes no plus sign.
    std::from_chars(at, end, exponent);
  }
  decimal.exponent = exponent - (decimal.count - 1);
  return decimal;
}

size_t Put(char* out, const char* text, size_t size) noexcept {
  std::memcpy(out, text, size);
  return size;
}

// 0.001 and 12.5 are spelled out while that is short, as clients expect of Redis; otherwise 1.25e-7.
size_t Spell(const Decimal& decimal, char* out) noexcept {
  const int point = decimal.count + decimal.exponent;  // Digits before the decimal point.
  const int magnitude = std::abs(point - 1);
  size_t size = 0;
  if (decimal.exponent >= 0 && magnitude < decimal.count + 7) {
    size += Put(out, decimal.digits, static_cast<size_t>(decimal.count));
    for (int i = 0; i < decimal.exponent; ++i) out[size++] = '0';
    return size;
  }
  if (decimal.exponent < 0 && (decimal.exponent > -7 || magnitude < 4)) {
    if (point <= 0) {
      size += Put(out, "0.", 2);
      for (int i = point; i < 0; ++i) out[size++] = '0';
      return size + Put(out + size, decimal.digits, static_cast<size_t>(decimal.count));
    }
    size += Put(out, decimal.digits, static_cast<size_t>(point));
    out[size++] = '.';
    return size + Put(out + size, decimal.digits + point, static_cast<size_t>(decimal.count - point));
  }
  out[size++] = decimal.digits[0];
  if (decimal.count > 1) {
    out[size++] = '.';
    size += Put(out + size, decimal.digits + 1, static_cast<size_t>(decimal.count - 1));
  }
  out[size++] = 'e';
  out[size++] = point - 1 < 0 ? '-' : '+';
  return size + base::FormatInt64(magnitude, out + size);
}

}  // namespace

size_t FormatArgumentNumber(double number, char* out) noexcept {
  if (std::isnan(number)) return Put(out, "nan", 3);
  if (std::abs(number) <= kIntegerMax && std::trunc(number) == number) {
    return base::FormatInt64(static_cast<int64_t>(number), out);
  }
  size_t size = 0;
  if (number < 0) out[size++] = '-';
  if (std::isinf(number)) return size + Put(out + size, "inf", 3);
  return size + Spell(ShortestDecimal(std::abs(number)), out + size);
}

}  // namespace tusk::script
