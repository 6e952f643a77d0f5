#include "types/json_writer.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/numbers.h"
#include "types/byte_sink.h"
#include "types/utf8.h"

namespace tusk::types {
namespace {

class JsonWriter {
 public:
  JsonWriter(const JsonLayout& layout, ByteSink& out) noexcept
      : layout_(layout), is_dense_(layout.indent.empty() && layout.newline.empty() && layout.space.empty()), out_(out) {}

  void Value(const DocumentView& value, size_t level) {
    switch (value.kind()) {
      case DocumentKind::kNull: return out_.Append("null");
      case DocumentKind::kBool: return out_.Append(value.boolean() ? "true" : "false");
      case DocumentKind::kInteger: return out_.Commit(base::FormatInt64(value.integer(), out_.Room(base::kInt64TextMax)));
      case DocumentKind::kDouble: return Double(value.number());
      case DocumentKind::kText:
      case DocumentKind::kError: return Text(value.text());
      case DocumentKind::kBytes: return Bytes(value.text());
      case DocumentKind::kArray:
      case DocumentKind::kSet: return Items(value, '[', ']', level);
      case DocumentKind::kMap: return Items(value, '{', '}', level);
    }
  }

  // Plain bytes are copied by words until something needs an escape. The last word overlaps the one before it.
  void Text(std::string_view text) {
    char* out = out_.Room(text.size() + 2);
    *out++ = '"';
    const char* at = text.data();
    const char* const end = at + text.size();
    while (end - at > 8 && CopyPlain<uint64_t>(at, out)) at += 8, out += 8;
    const auto left = static_cast<size_t>(end - at);
    bool plain = left <= 8;
    if (left == 8) {
      plain = CopyPlain<uint64_t>(at, out);
    } else if (plain && text.size() >= 8) {
      plain = CopyPlain<uint64_t>(end - 8, out + left - 8);
    } else if (plain && left >= 4) {
      plain = CopyPlain<uint32_t>(at, out) && CopyPlain<uint32_t>(end - 4, out + left - 4);
    } else if (plain) {
      for (size_t i = 0; i < left && plain; ++i) plain = !NeedsEscape(out[i] = at[i]);
    }
    if (!plain) {
      out_.CommitTo(out);
      return Escaped({at, end});
    }
    out += left;
    *out++ = '"';
    out_.CommitTo(out);
  }

 private:
  static bool NeedsEscape(char byte) noexcept {
    return static_cast<unsigned char>(byte) < 0x20 || byte == '"' || byte == '\\';
  }
  // False: one of the bytes needs an escape.
  template <typename Word>
  static bool CopyPlain(const char* from, char* to) noexcept {
    Word word;
    std::memcpy(&word, from, sizeof(word));
    std::memcpy(to, &word, sizeof(word));
    // The bytes that a narrower word lacks are made blanks.
    return !HasEscape(sizeof(word) == 8 ? word : word | uint64_t{0x2020202020202020} << 32);
  }
  // Whether one of eight bytes is below a blank, a quote or a backslash. A byte with its high bit set counts as none of these.
  static bool HasEscape(uint64_t word) noexcept {
    constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
    const uint64_t quote = word ^ kOnes * '"', backslash = word ^ kOnes * '\\';
    const uint64_t below = word - kOnes * 0x20, no_quote = quote - kOnes, no_backslash = backslash - kOnes;
    return (((below & ~word) | (no_quote & ~quote) | (no_backslash & ~backslash)) & kHighs) != 0;
  }

  // The rest of a text, from something that needs an escape on, and its closing quote.
  void Escaped(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    for (const char byte : text) {
      if (!NeedsEscape(byte)) {
        out_.Byte(byte);
        continue;
      }
      switch (byte) {
        case '"': out_.Append("\\\""); break;
        case '\\': out_.Append("\\\\"); break;
        case '\b': out_.Append("\\b"); break;
        case '\f': out_.Append("\\f"); break;
        case '\n': out_.Append("\\n"); break;
        case '\r': out_.Append("\\r"); break;
        case '\t': out_.Append("\\t"); break;
        default:
          out_.Append("\\u00");
          out_.Byte(kHex[byte >> 4]);
          out_.Byte(kHex[byte & 15]);
      }
    }
    out_.Byte('"');
  }

  void Double(double value) {
    if (!std::isfinite(value)) return out_.Append("null");
    out_.Commit(FormatJsonDouble(value, out_.Room(kJsonDoubleMax)));
  }

  void Bytes(std::string_view bytes) {
    if (IsUtf8(bytes)) return Text(bytes);
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out_.Append("\"data:;base64,");
    for (size_t i = 0; i < bytes.size(); i += 3) {
      uint32_t group = 0;
      for (size_t j = 0; j < 3; ++j) {
        group = group << 8 | (i + j < bytes.size() ? static_cast<uint8_t>(bytes[i + j]) : 0);
      }
      for (size_t j = 0; j < 4; ++j) out_.Byte(i + j > bytes.size() ? '=' : kDigits[group >> (18 - 6 * j) & 63]);
    }
    out_.Byte('"');
  }

  void Key(const DocumentView& key) {
    if (key.kind() == DocumentKind::kBytes) return Bytes(key.text());
    if (IsTextual(key.kind())) return Text(key.text());
    out_.Byte('"');
    Value(key, 0);
    out_.Byte('"');
  }

  void Break(size_t level) {
    if (is_dense_) return;
    out_.Append(layout_.newline);
    if (layout_.indent.empty()) return;
    for (size_t i = 0; i < level; ++i) out_.Append(layout_.indent);
  }

  void Items(const DocumentView& container, char open, char close, size_t level) {
    out_.Byte(open);
    bool first = true;
    for (DocumentCursor at(container); at.Next(); first = false) {
      if (!first) out_.Byte(',');
      Break(level + 1);
      if (container.kind() == DocumentKind::kMap) {
        Key(at.key());
        out_.Byte(':');
        if (!is_dense_) out_.Append(layout_.space);
      }
      Value(at.value(), level + 1);
    }
    if (!first) Break(level);
    out_.Byte(close);
  }

  const JsonLayout& layout_;
  const bool is_dense_;
  ByteSink& out_;
};

// Most numbers in documents are short decimals, and finding the shortest form of any double takes long. A double below 10^7 that
// equals n / 10^8 has n's digits as its form: with at most 15 of them no other decimal as short is the same double, and the division
// of two exact doubles is rounded correctly. 0: try otherwise.
size_t FormatShortDecimal(double value, char* out) noexcept {
  constexpr double kScale = 1e8, kLimit = 1e7, kSmallest = 1e-4;
  constexpr size_t kPlaces = 8;
  const double magnitude = std::abs(value);
  if (!(magnitude < kLimit && magnitude >= kSmallest)) return 0;
  const auto scaled = static_cast<uint64_t>(magnitude * kScale + 0.5);
  if (static_cast<double>(scaled) / kScale != magnitude) return 0;
  char* at = out;
  if (value < 0) *at++ = '-';
  at += base::FormatUint64(scaled / static_cast<uint64_t>(kScale), at);
  *at++ = '.';
  auto fraction = static_cast<uint32_t>(scaled % static_cast<uint64_t>(kScale));
  char digits[kPlaces];
  for (size_t i = kPlaces; i > 0; --i, fraction /= 10) digits[i - 1] = static_cast<char>('0' + fraction % 10);
  size_t count = kPlaces;
  while (count > 1 && digits[count - 1] == '0') --count;
  std::memcpy(at, digits, count);
  return static_cast<size_t>(at + count - out);
}

}  // namespace

void WriteJsonText(std::string_view text, std::string& out) {
  ByteSink sink(std::move(out));
  JsonWriter({}, sink).Text(text);
  out = std::move(sink).Take();
}

// The digits and the exponent come from to_chars, which finds the fewest; how they are laid out is what RedisJSON's
// users see: plain up to sixteen digits before the point, and down to five zeros behind it.
size_t FormatJsonDouble(double value, char* out) noexcept {
  if (const size_t length = FormatShortDecimal(value, out)) return length;
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
  ByteSink sink(std::move(out));
  JsonWriter(layout, sink).Value(value, 0);
  out = std::move(sink).Take();
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
