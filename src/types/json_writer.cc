#include "types/json_writer.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "base/numbers.h"
#include "types/utf8.h"

namespace tusk::types {
namespace {

class JsonWriter {
 public:
  JsonWriter(const JsonLayout& layout, std::string& out) noexcept : layout_(layout), out_(out) {}

  void Value(const DocumentView& value, size_t level) {
    switch (value.kind()) {
      case DocumentKind::kNull: out_ += "null"; return;
      case DocumentKind::kBool: out_ += value.boolean() ? "true" : "false"; return;
      case DocumentKind::kInteger: {
        char buffer[base::kInt64TextMax];
        out_.append(buffer, base::FormatInt64(value.integer(), buffer));
        return;
      }
      case DocumentKind::kDouble: return Double(value.number());
      case DocumentKind::kText:
      case DocumentKind::kError: return Text(value.text());
      case DocumentKind::kBytes: return Bytes(value.text());
      case DocumentKind::kArray:
      case DocumentKind::kSet: return Items(value, '[', ']', level);
      case DocumentKind::kMap: return Items(value, '{', '}', level);
    }
  }

  void Text(std::string_view text) { WriteJsonText(text, out_); }

 private:
  void Double(double value) {
    if (!std::isfinite(value)) {
      out_ += "null";
      return;
    }
    char buffer[kJsonDoubleMax];
    out_.append(buffer, FormatJsonDouble(value, buffer));
  }

  void Bytes(std::string_view bytes) {
    if (IsUtf8(bytes)) return Text(bytes);
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out_ += "\"data:;base64,";
    for (size_t i = 0; i < bytes.size(); i += 3) {
      uint32_t group = 0;
      for (size_t j = 0; j < 3; ++j) {
        group = group << 8 | (i + j < bytes.size() ? static_cast<uint8_t>(bytes[i + j]) : 0);
      }
      for (size_t j = 0; j < 4; ++j) out_ += i + j > bytes.size() ? '=' : kDigits[group >> (18 - 6 * j) & 63];
    }
    out_ += '"';
  }

  void Key(const DocumentView& key) {
    if (key.kind() == DocumentKind::kBytes) return Bytes(key.text());
    if (IsTextual(key.kind())) return Text(key.text());
    out_ += '"';
    Value(key, 0);
    out_ += '"';
  }

  void Break(size_t level) {
    out_ += layout_.newline;
    if (!layout_.indent.empty()) {
      for (size_t i = 0; i < level; ++i) out_ += layout_.indent;
    }
  }

  void Items(const DocumentView& container, char open, char close, size_t level) {
    out_ += open;
    bool first = true;
    for (DocumentCursor at(container); at.Next(); first = false) {
      if (!first) out_ += ',';
      Break(level + 1);
      if (container.kind() == DocumentKind::kMap) {
        Key(at.key());
        out_ += ':';
        out_ += layout_.space;
      }
      Value(at.value(), level + 1);
    }
    if (!first) Break(level);
    out_ += close;
  }

  const JsonLayout& layout_;
  std::string& out_;
};

}  // namespace

void WriteJsonText(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') [[likely]] continue;
    out.append(text.substr(plain, i - plain));
    plain = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text.substr(plain));
  out += '"';
}

// The digits and the exponent come from to_chars, which finds the fewest; how they are laid out is what RedisJSON's
// users see: plain up to sixteen digits before the point, and down to five zeros behind it.
size_t FormatJsonDouble(double value, char* out) noexcept {
  constexpr int kPlainDigitsMax = 16;
  constexpr int kZerosMax = 5;
  char scientific[kJsonDoubleMax];
  char* end = std::to_chars(scientific, scientific + sizeof(scientific), value, std::chars_format::scientific).ptr;
  char* at = out;
  const char* from = scientific;
  if (*from == '-') *at++ = *from++;
  char digits[20];
  int count = 0;
  for (; from < end && *from != 'e'; ++from) {
    if (*from != '.') digits[count++] = *from;
  }
  int exponent = 0;
  ++from;
  const bool negative = *from == '-';
  std::from_chars(from + 1, end, exponent);
  const int point = (negative ? -exponent : exponent) + 1;  // Digits before the decimal point.
  auto put = [&at, &digits](int first, int last) {
    for (int i = first; i < last; ++i) *at++ = digits[i];
  };
  if (point > 0 && point <= kPlainDigitsMax) {
    put(0, std::min(count, point));
    for (int i = count; i < point; ++i) *at++ = '0';
    *at++ = '.';
    put(std::min(count, point), count);
    if (count <= point) *at++ = '0';
  } else if (point <= 0 && point > -kZerosMax) {
    *at++ = '0';
    *at++ = '.';
    for (int i = point; i < 0; ++i) *at++ = '0';
    put(0, count);
  } else {
    put(0, 1);
    if (count > 1) *at++ = '.';
    put(1, count);
    *at++ = 'e';
    at += base::FormatInt64(point - 1, at);
  }
  return static_cast<size_t>(at - out);
}

void WriteJson(const DocumentView& value, const JsonLayout& layout, std::string& out) {
  JsonWriter(layout, out).Value(value, 0);
}

std::string JsonOf(const DocumentView& value) {
  std::string out;
  WriteJson(value, {}, out);
  return out;
}

bool IsExactInJson(const DocumentView& value) noexcept {
  switch (value.kind()) {
    case DocumentKind::kBytes:
    case DocumentKind::kError:
    case DocumentKind::kSet: return false;
    case DocumentKind::kDouble: return std::isfinite(value.number());
    default: break;
  }
  for (DocumentCursor at(value); at.Next();) {
    if (value.kind() == DocumentKind::kMap && at.key().kind() != DocumentKind::kText) return false;
    if (!IsExactInJson(at.value())) return false;
  }
  return true;
}

}  // namespace tusk::types
