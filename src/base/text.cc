#include "base/text.h"

#include <cstdint>
#include <limits>

#include "base/numbers.h"

namespace tusk::base {
namespace {

constexpr int kGlobNestingMax = 1000;

char Lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char Upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

struct Glob {
  bool ignore_case;
  bool stop = false;  // A star that reached the end of the text without a match: no outer star can do better.

  char Fold(char c) const noexcept { return ignore_case ? Lower(c) : c; }

  // Matches one text byte against the class at p ("[...]"), leaving p on its last byte.
  bool MatchClass(std::string_view pattern, size_t& p, char c) const noexcept {
    ++p;
    bool negate = p < pattern.size() && pattern[p] == '^';
    if (negate) ++p;
    bool match = false;
    for (;; ++p) {
      if (p >= pattern.size()) {
        --p;
        break;
      }
      if (pattern[p] == '\\' && p + 1 < pattern.size()) {
        ++p;
        if (pattern[p] == c) match = true;
      } else if (pattern[p] == ']') {
        break;
      } else if (p + 2 < pattern.size() && pattern[p + 1] == '-') {
        unsigned char low = static_cast<unsigned char>(Fold(pattern[p]));
        unsigned char high = static_cast<unsigned char>(Fold(pattern[p + 2]));
        if (low > high) std::swap(low, high);
        unsigned char byte = static_cast<unsigned char>(Fold(c));
        if (byte >= low && byte <= high) match = true;
        p += 2;
      } else if (Fold(pattern[p]) == Fold(c)) {
        match = true;
      }
    }
    return match != negate;
  }

  bool Match(std::string_view pattern, std::string_view text, int depth) noexcept {
    if (depth > kGlobNestingMax) return false;
    size_t p = 0;
    size_t t = 0;
    while (p < pattern.size() && t < text.size()) {
      switch (pattern[p]) {
        case '*': {
          while (p + 1 < pattern.size() && pattern[p + 1] == '*') ++p;
          if (p + 1 == pattern.size()) return true;
          for (; t < text.size(); ++t) {
            if (Match(pattern.substr(p + 1), text.substr(t), depth + 1)) return true;
            if (stop) return false;
          }
          stop = true;
          return false;
        }
        case '?':
          break;
        case '[':
          if (!MatchClass(pattern, p, text[t])) return false;
          break;
        case '\\':
          if (p + 1 < pattern.size()) ++p;
          [[fallthrough]];
        default:
          if (Fold(pattern[p]) != Fold(text[t])) return false;
      }
      ++t;
      ++p;
      if (t == text.size()) {
        while (p < pattern.size() && pattern[p] == '*') ++p;
        break;
      }
    }
    if (text.empty()) {
      while (p < pattern.size() && pattern[p] == '*') ++p;
    }
    return p == pattern.size() && t == text.size();
  }
};

int HexDigit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  c = Lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool IsBlank(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\v' || c == '\f' || c == '\0'; }

char Unescape(char c) noexcept {
  switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'a': return '\a';
    default: return c;
  }
}

// Reads one quoted piece that starts behind the opening quote; false when it does not close properly.
bool ReadQuoted(std::string_view line, size_t& i, char quote, std::string& word) {
  for (; i < line.size(); ++i) {
    char c = line[i];
    if (quote == '"' && c == '\\' && i + 3 < line.size() && line[i + 1] == 'x' && HexDigit(line[i + 2]) >= 0 &&
        HexDigit(line[i + 3]) >= 0) {
      word.push_back(static_cast<char>(HexDigit(line[i + 2]) * 16 + HexDigit(line[i + 3])));
      i += 3;
    } else if (quote == '"' && c == '\\' && i + 1 < line.size()) {
      word.push_back(Unescape(line[++i]));
    } else if (quote == '\'' && c == '\\' && i + 1 < line.size() && line[i + 1] == '\'') {
      word.push_back('\'');
      ++i;
    } else if (c == quote) {
      ++i;
      return i >= line.size() || IsBlank(line[i]);
    } else {
      word.push_back(c);
    }
  }
  return false;
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

std::string ToLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = Lower(c);
  return out;
}

std::string ToUpper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = Upper(c);
  return out;
}

bool GlobMatch(std::string_view pattern, std::string_view text, bool ignore_case) noexcept {
  if (text.empty()) return pattern.empty();
  return Glob{ignore_case}.Match(pattern, text, 0);
}

std::string QuoteText(std::string_view bytes) {
  std::string out = "\"";
  for (char c : bytes) {
    switch (c) {
      case '\\': out += "\\\\"; break;
      case '"': out += "\\\""; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\a': out += "\\a"; break;
      case '\b': out += "\\b"; break;
      default:
        if (c >= 32 && c < 127) {
          out.push_back(c);
        } else {
          auto byte = static_cast<unsigned char>(c);
          out += {'\\', 'x', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
        }
    }
  }
  out.push_back('"');
  return out;
}

std::optional<std::vector<std::string>> SplitQuotedLine(std::string_view line) {
  std::vector<std::string> words;
  size_t i = 0;
  for (;;) {
    while (i < line.size() && IsBlank(line[i])) ++i;
    if (i >= line.size()) return words;
    std::string word;
    while (i < line.size() && !IsBlank(line[i])) {
      char c = line[i];
      if (c == '"' || c == '\'') {
        ++i;
        if (!ReadQuoted(line, i, c, word)) return {};
      } else {
        word.push_back(c);
        ++i;
      }
    }
    words.push_back(std::move(word));
  }
}

std::string OneLine(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return out;
}

std::optional<uint64_t> ParseMemorySize(std::string_view text) noexcept {
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  uint64_t unit = 1;
  std::string_view suffix = text.substr(digits);
  struct Unit {
    std::string_view name;
    uint64_t bytes;
  };
  static constexpr Unit kUnits[] = {{"", 1},          {"b", 1},           {"k", 1000},
                                    {"kb", 1 << 10},  {"m", 1000'000},    {"mb", 1 << 20},
                                    {"g", 1000'000'000}, {"gb", 1 << 30}};
  bool known = false;
  for (const Unit& u : kUnits) {
    if (EqualsIgnoreCase(suffix, u.name)) {
      unit = u.bytes;
      known = true;
    }
  }
  if (!known || digits == 0) return {};
  uint64_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    uint64_t digit = static_cast<uint64_t>(text[i] - '0');
    if (value > (std::numeric_limits<uint64_t>::max() - digit) / 10) return {};
    value = value * 10 + digit;
  }
  if (unit != 0 && value > std::numeric_limits<uint64_t>::max() / unit) return {};
  return value * unit;
}

}  // namespace tusk::base
