#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>

#include "types/json_path_syntax.h"
#include "types/utf8.h"

namespace tusk::types {
namespace {

using Expression = PathExpression;

// The integers that JSON's readers agree on.
constexpr int64_t kIndexMax = (int64_t{1} << 53) - 1;

bool IsDigit(char c) noexcept { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool IsNamePart(char c) noexcept { return IsNameStart(c) || IsDigit(c) || c == '-'; }

// Reads by recursion, whose depth kNestingMax bounds. After the first error nothing matters but that there was one.
class Parser {
 public:
  explicit Parser(std::string_view text) noexcept : text_(text) {}

  bool Whole(std::vector<PathSegment>& segments) {
    if (!Take('$')) return Fail("path does not begin with '$'");
    if (!Segments(segments)) return false;
    return at_ == text_.size() || Fail("unexpected character");
  }
  std::string Error() const { return fmt::format("{} at position {}", what_, at_ + 1); }

 private:
  // ---- Characters ----
  char Peek(size_t ahead = 0) const noexcept { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool AtEnd() const noexcept { return at_ >= text_.size(); }
  bool Take(char c) noexcept {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool Take(std::string_view word) noexcept {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void Blanks() noexcept {
    while (!AtEnd() && (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' || Peek() == '\r')) ++at_;
  }
  bool Fail(std::string_view what) {
    if (what_.empty()) what_ = what;
    return false;
  }

  // ---- Segments ----
  bool Segments(std::vector<PathSegment>& segments) {
    for (;;) {
      const size_t before = at_;
      Blanks();
      if (Peek() != '.' && Peek() != '[') {
        at_ = before;  // Blanks at the end of a query belong to what follows; at the end of the path they are wrong.
        return true;
      }
      PathSegment segment;
      if (!Segment(segment)) return false;
      segments.push_back(std::move(segment));
    }
  }

  bool Segment(PathSegment& segment) {
    if (Peek() == '[') return Bracketed(segment);
    ++at_;
    segment.descends = Take('.');
    if (Peek() == '[') return Bracketed(segment);
    PathSelector selector;
    if (Take('*')) {
      selector.kind = PathSelector::Kind::kWildcard;
    } else if (!AtEnd() && IsNameStart(Peek())) {
      const size_t start = at_;
      while (!AtEnd() && IsNamePart(Peek())) ++at_;
      selector.kind = PathSelector::Kind::kName;
      selector.name = text_.substr(start, at_ - start);
    } else {
      return Fail("expected a name, '*' or '['");
    }
    segment.selectors.push_back(std::move(selector));
    return true;
  }

  bool Bracketed(PathSegment& segment) {
    Take('[');
    do {
      Blanks();
      PathSelector selector;
      if (!Selector(selector)) return false;
      segment.selectors.push_back(std::move(selector));
      Blanks();
    } while (Take(','));
    return Take(']') || Fail("expected ',' or ']'");
  }

  bool Selector(PathSelector& selector) {
    using Kind = PathSelector::Kind;
    if (Take('*')) {
      selector.kind = Kind::kWildcard;
      return true;
    }
    if (Peek() == '\'' || Peek() == '"') {
      selector.kind = Kind::kName;
      return Quoted(selector.name);
    }
    if (Take('?')) {
      selector.kind = Kind::kFilter;
      Blanks();
      Expression filter{};
      if (!Or(filter)) return false;
      selector.filter = std::make_shared<const Expression>(std::move(filter));
      return true;
    }
    return IndexOrSlice(selector);
  }

  bool IndexOrSlice(PathSelector& selector) {
    std::optional<int64_t> first;
    if (Peek() != ':') {
      first = Index();
      if (!first) return Fail("expected a selector");
    }
    const size_t before = at_;
    Blanks();
    if (!Take(':')) {
      at_ = before;
      selector.kind = PathSelector::Kind::kIndex;
      selector.index = *first;
      return true;
    }
    selector.kind = PathSelector::Kind::kSlice;
    selector.from = first;
    Blanks();
    if (IsDigit(Peek()) || Peek() == '-') {
      selector.to = Index();
      if (!selector.to) return Fail("expected an integer");
      Blanks();
    }
    if (!Take(':')) return true;
    Blanks();
    if (IsDigit(Peek()) || Peek() == '-') {
      std::optional<int64_t> step = Index();
      if (!step) return Fail("expected an integer");
      selector.step = *step;
    }
    return true;
  }

  // No leading zeros, no "-0", within kIndexMax.
  std::optional<int64_t> Index() {
    const size_t start = at_;
    Take('-');
    const size_t digits = at_;
    while (IsDigit(Peek())) ++at_;
    if (at_ == digits || (Peek(0) != '\0' && IsNameStart(Peek()))) return {};
    if (text_[digits] == '0' && (at_ - digits > 1 || digits > start)) return {};
    int64_t value = 0;
    auto [end, code] = std::from_chars(text_.data() + start, text_.data() + at_, value);
    if (code != std::errc() || value > kIndexMax || value < -kIndexMax) return {};
    return value;
  }

  // ---- Texts ----
  bool Quoted(std::string& out) {
    const char quote = text_[at_++];
    while (!AtEnd()) {
      const char c = text_[at_++];
      if (c == quote) return true;
      if (static_cast<unsigned char>(c) < 0x20) return Fail("control character in a text");
      if (c != '\\') {
        out += c;
        continue;
      }
      if (!Escape(quote, out)) return Fail("invalid escape");
    }
    return Fail("text without end");
  }

  bool Escape(char quote, std::string& out) {
    const char c = Peek();
    ++at_;
    switch (c) {
      case 'b': out += '\b'; return true;
      case 'f': out += '\f'; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case '/':
      case '\\': out += c; return true;
      case 'u': return UnicodeEscape(out);
      default: break;
    }
    if (c != quote) return false;
    out += c;
    return true;
  }

  std::optional<uint32_t> FourHexDigits() {
    uint32_t value = 0;
    if (text_.size() - std::min(at_, text_.size()) < 4) return {};
    auto [end, code] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, value, 16);
    if (code != std::errc() || end != text_.data() + at_ + 4) return {};
    at_ += 4;
    return value;
  }

  bool UnicodeEscape(std::string& out) {
    std::optional<uint32_t> code = FourHexDigits();
    if (!code || (*code >= 0xdc00 && *code < 0xe000)) return false;
    if (*code >= 0xd800 && *code < 0xdc00) {
      if (!Take("\\u")) return false;
      std::optional<uint32_t> low = FourHexDigits();
      if (!low || *low < 0xdc00 || *low >= 0xe000) return false;
      code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
    }
    AppendUtf8(*code, out);
    return true;
  }

  static void AppendUtf8(uint32_t code, std::string& out) {
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xc0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 63));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xe0 | code >> 12);
      out += static_cast<char>(0x80 | (code >> 6 & 63));
      out += static_cast<char>(0x80 | (code & 63));
    } else {
      out += static_cast<char>(0xf0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 63));
      out += static_cast<char>(0x80 | (code >> 6 & 63));
      out += static_cast<char>(0x80 | (code & 63));
    }
  }

  // ---- Filters ----
  // Whether it may stand where a truth is wanted.
  static bool IsLogical(const Expression& e) noexcept {
    if (e.kind == Expression::Kind::kFunction) {
      return e.function == Expression::Function::kMatch || e.function == Expression::Function::kSearch;
    }
    return e.kind != Expression::Kind::kLiteral;
  }
  // Whether it may stand where a value is wanted.
  static bool IsValue(const Expression& e) noexcept {
    switch (e.kind) {
      case Expression::Kind::kLiteral: return true;
      case Expression::Kind::kQuery: return IsSingular(e.query);
      case Expression::Kind::kFunction:
        return e.function != Expression::Function::kMatch && e.function != Expression::Function::kSearch;
      default: return false;
    }
  }

  bool Or(Expression& out) { return Chain(out, Expression::Kind::kOr, "||", &Parser::And); }
  bool And(Expression& out) { return Chain(out, Expression::Kind::kAnd, "&&", &Parser::Basic); }

  bool Chain(Expression& out, Expression::Kind kind, std::string_view sign, bool (Parser::*part)(Expression&)) {
    if (!(this->*part)(out)) return false;
    for (;;) {
      const size_t before = at_;
      Blanks();
      if (!Take(sign)) {
        at_ = before;
        return true;
      }
      Blanks();
      Expression right{};
      if (!(this->*part)(right)) return false;
      if (out.kind != kind) {
        Expression chain{.kind = kind};
        chain.parts.push_back(std::move(out));
        out = std::move(chain);
      }
      out.parts.push_back(std::move(right));
    }
  }

  bool Basic(Expression& out) {
    if (++nesting_ > JsonPath::kNestingMax) return Fail("nested too deep");
    const bool parsed = BasicWithin(out);
    --nesting_;
    return parsed;
  }

  bool BasicWithin(Expression& out) {
    if (Take('!')) {
      Blanks();
      Expression operand{};
      if (Peek() == '(') {
        if (!Parentheses(operand)) return false;
      } else {
        if (!Operand(operand)) return false;
        if (!IsLogical(operand)) return Fail("expected a query or a logical function behind '!'");
      }
      out = Expression{.kind = Expression::Kind::kNot};
      out.parts.push_back(std::move(operand));
      return true;
    }
    if (Peek() == '(') return Parentheses(out);
    if (!Operand(out)) return false;
    const size_t before = at_;
    Blanks();
    std::optional<Expression::Comparison> comparison = Comparison();
    if (!comparison) {
      at_ = before;
      return IsLogical(out) || Fail("a value is no condition");
    }
    Blanks();
    Expression right{};
    if (!Operand(right)) return false;
    if (!IsValue(out) || !IsValue(right)) return Fail("what is compared must be a single value");
    return Compare(out, *comparison, std::move(right));
  }

  bool Compare(Expression& left, Expression::Comparison comparison, Expression right) {
    Expression compare{.kind = Expression::Kind::kCompare, .comparison = comparison};
    if (comparison == Expression::Comparison::kMatches && right.kind == Expression::Kind::kLiteral) {
      if (!IsTextual(right.literal.kind())) return Fail("a pattern is a text");
      compare.pattern = CompilePathPattern(right.literal.view().text(), false);
    }
    compare.parts.push_back(std::move(left));
    compare.parts.push_back(std::move(right));
    left = std::move(compare);
    return true;
  }

  bool Parentheses(Expression& out) {
    Take('(');
    Blanks();
    if (!Or(out)) return false;
    Blanks();
    return Take(')') || Fail("expected ')'");
  }

  std::optional<Expression::Comparison> Comparison() {
    using enum Expression::Comparison;
    if (Take("==")) return kEqual;
    if (Take("!=")) return kNotEqual;
    if (Take("<=")) return kLessOrEqual;
    if (Take(">=")) return kGreaterOrEqual;
    if (Take("=~")) return kMatches;
    if (Take('<')) return kLess;
    if (Take('>')) return kGreater;
    return {};
  }

  bool Operand(Expression& out) {
    const char c = Peek();
    if (c == '@' || c == '$') {
      ++at_;
      out = Expression{.kind = Expression::Kind::kQuery};
      out.from_root = c == '$';
      return Segments(out.query);
    }
    if (c == '\'' || c == '"') {
      std::string text;
      if (!Quoted(text)) return false;
      return Literal(Document::Text(text), out);
    }
    if (c == '-' || IsDigit(c)) return Number(out);
    if (c >= 'a' && c <= 'z') return Word(out);
    return Fail("expected a query, a literal or a function");
  }

  static bool Literal(Document value, Expression& out) {
    out = Expression{.kind = Expression::Kind::kLiteral};
    out.literal = std::move(value);
    return true;
  }

  // JSON's grammar of numbers, "-0" included.
  bool Number(Expression& out) {
    const size_t start = at_;
    Take('-');
    const size_t digits = at_;
    while (IsDigit(Peek())) ++at_;
    if (at_ == digits || (text_[digits] == '0' && at_ - digits > 1)) return Fail("invalid number");
    bool is_integer = true;
    if (Peek() == '.') {
      const size_t fraction = ++at_;
      while (IsDigit(Peek())) ++at_;
      if (at_ == fraction) return Fail("invalid number");
      is_integer = false;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      const size_t exponent = at_;
      while (IsDigit(Peek())) ++at_;
      if (at_ == exponent) return Fail("invalid number");
      is_integer = false;
    }
    const char* first = text_.data() + start;
    const char* last = text_.data() + at_;
    int64_t integer = 0;
    if (is_integer && std::from_chars(first, last, integer).ec == std::errc()) return Literal(Document::Integer(integer), out);
    double value = 0;
    if (std::from_chars(first, last, value).ec != std::errc()) return Fail("number out of range");
    return Literal(Document::Double(value), out);
  }

  bool Word(Expression& out) {
    const size_t start = at_;
    while ((Peek() >= 'a' && Peek() <= 'z') || IsDigit(Peek()) || Peek() == '_') ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    if (Peek() == '(') return Call(word, out);
    if (word == "true" || word == "false") return Literal(Document::Bool(word == "true"), out);
    if (word == "null") return Literal({}, out);
    return Fail("unknown word");
  }

  bool Call(std::string_view name, Expression& out) {
    using enum Expression::Function;
    struct Known {
      std::string_view name;
      Expression::Function function;
      size_t parameters;
      bool takes_nodes;
    };
    static constexpr Known kFunctions[] = {
        {"length", kLength, 1, false}, {"count", kCount, 1, true}, {"match", kMatch, 2, false}, {"search", kSearch, 2, false}, {"value", kValue, 1, true}};
    const Known* known = nullptr;
    for (const Known& candidate : kFunctions) {
      if (candidate.name == name) known = &candidate;
    }
    if (!known) return Fail("unknown function");
    if (++nesting_ > JsonPath::kNestingMax) return Fail("nested too deep");
    Expression call{.kind = Expression::Kind::kFunction};
    call.function = known->function;
    Take('(');
    Blanks();
    while (Peek() != ')') {
      Expression argument{};
      if (!Operand(argument)) return false;
      const bool fits = known->takes_nodes ? argument.kind == Expression::Kind::kQuery : IsValue(argument);
      if (!fits) return Fail("argument of the wrong type");
      call.parts.push_back(std::move(argument));
      Blanks();
      if (!Take(',')) break;
      Blanks();
      if (Peek() == ')') return Fail("expected an argument");
    }
    if (!Take(')')) return Fail("expected ',' or ')'");
    if (call.parts.size() != known->parameters) return Fail("wrong number of arguments");
    if ((call.function == kMatch || call.function == kSearch) && call.parts[1].kind == Expression::Kind::kLiteral &&
        IsTextual(call.parts[1].literal.kind())) {
      call.pattern = CompilePathPattern(call.parts[1].literal.view().text(), call.function == kMatch);
    }
    --nesting_;
    out = std::move(call);
    return true;
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t nesting_ = 0;
  std::string what_;
};

}  // namespace

base::Result<std::vector<PathSegment>> ParsePathSegments(std::string_view text) {
  if (text.size() > JsonPath::kBytesMax) return base::Error(base::Status::Exhausted("path too long"));
  if (!IsUtf8(text)) return base::Error(base::Status::Invalid("path is not UTF-8"));
  Parser parser(text);
  std::vector<PathSegment> segments;
  if (!parser.Whole(segments)) return base::Error(base::Status::Invalid(parser.Error()));
  return segments;
}

bool IsSingular(const std::vector<PathSegment>& segments) noexcept {
  for (const PathSegment& segment : segments) {
    if (segment.descends || segment.selectors.size() != 1) return false;
    const PathSelector::Kind kind = segment.selectors[0].kind;
    if (kind != PathSelector::Kind::kName && kind != PathSelector::Kind::kIndex) return false;
  }
  return true;
}

// I-Regexp is a part of RE2's syntax but for two points: '.' stands for anything but CR and LF, and '^' and '$' stand for
// themselves... which XSD has, and RFC 9485 leaves out; they stay anchors, as users expect.
std::shared_ptr<const re2::RE2> CompilePathPattern(std::string_view pattern, bool whole) {
  std::string translated;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      translated += c;
      translated += pattern[++i];
      continue;
    }
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    if (c == '.' && !in_class) {
      translated += "[^\\r\\n]";
    } else {
      translated += c;
    }
  }
  if (whole) translated = "\\A(?:" + translated + ")\\z";
  constexpr int64_t kMemoryMax = 1 << 20;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemoryMax);
  auto compiled = std::make_shared<const re2::RE2>(translated, options);
  return compiled->ok() ? compiled : nullptr;
}

}  // namespace tusk::types
