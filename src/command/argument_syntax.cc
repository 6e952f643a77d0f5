#include "command/argument_syntax.h"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

namespace tusk::command {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr std::array<std::string_view, 9> kTypeNames = {
    "string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block"};

bool IsLower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool IsWordChar(char c) noexcept {
  return IsLower(c) || IsUpper(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string LowerCase(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (IsUpper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// Recursive descent over the syntax in the header.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Argument>> ParseAll() {
    ASSIGN_OR_RETURN(auto alternatives, ParseAlternatives('\0'));
    if (alternatives.size() > 1) return Fail("'|' outside a group");
    return std::move(alternatives.front());
  }

 private:
  using Sequence = std::vector<Argument>;

  std::unexpected<Status> Fail(std::string_view what) const {
    return Error(Status::Invalid(std::string(what) + " at " + std::to_string(position_) + " of '" +
                                 std::string(text_) + "'"));
  }

  char Peek() const noexcept { return position_ < text_.size() ? text_[position_] : '\0'; }
  void SkipBlanks() noexcept {
    while (Peek() == ' ') ++position_;
  }
  bool Consume(std::string_view expected) noexcept {
    if (!text_.substr(position_).starts_with(expected)) return false;
    position_ += expected.size();
    return true;
  }
  std::string_view Word() noexcept {
    size_t start = position_;
    while (position_ < text_.size() && IsWordChar(text_[position_])) ++position_;
    return text_.substr(start, position_ - start);
  }
  std::string_view Version() noexcept {
    size_t start = position_;
    // A version's last dot can't be mistaken for the first one of "...", because a digit follows it.
    while (position_ < text_.size() && ((text_[position_] >= '0' && text_[position_] <= '9') ||
                                        (text_[position_] == '.' && position_ + 1 < text_.size() &&
                                         text_[position_ + 1] >= '0' && text_[position_ + 1] <= '9'))) {
      ++position_;
    }
    return text_.substr(start, position_ - start);
  }

  // Everything up to `end`, split at '|'.
  Result<std::vector<Sequence>> ParseAlternatives(char end) {
    std::vector<Sequence> alternatives(1);
    for (;;) {
      SkipBlanks();
      if (position_ == text_.size() || Peek() == ')' || Peek() == ']') break;
      if (Consume("|")) {
        alternatives.emplace_back();
        continue;
      }
      ASSIGN_OR_RETURN(Argument element, ParseElement());
      alternatives.back().push_back(std::move(element));
    }
    if (end == '\0' ? position_ != text_.size() : !Consume(std::string_view(&end, 1))) {
      return Fail("unbalanced bracket");
    }
    for (const Sequence& alternative : alternatives) {
      if (alternative.empty() && (end != '\0' || alternatives.size() > 1)) return Fail("empty group");
    }
    return alternatives;
  }

  static Argument Join(ArgumentType type, Sequence parts) {
    Argument group;
    group.type = type;
    for (const Argument& part : parts) {
      if (!group.name.empty()) group.name += '-';
      group.name += part.name;
    }
    group.children = std::move(parts);
    return group;
  }

  // After the opening bracket. A group of one element is that element.
  Result<Argument> ParseGroup(char end) {
    if (++depth_ > kArgumentNestingMax) return Fail("groups nest too deeply");
    ASSIGN_OR_RETURN(auto alternatives, ParseAlternatives(end));
    --depth_;
    Sequence parts;
    for (Sequence& alternative : alternatives) {
      parts.push_back(alternative.size() == 1 ? std::move(alternative.front())
                                              : Join(ArgumentType::kBlock, std::move(alternative)));
    }
    if (parts.size() == 1) return std::move(parts.front());
    return Join(ArgumentType::kOneOf, std::move(parts));
  }

  Result<Argument> ParseElement() {
    std::optional<std::string> label = ParseLabel();
    Argument argument;
    if (Peek() == '[' || Peek() == '(') {
      bool optional = Peek() == '[';
      ++position_;
      ASSIGN_OR_RETURN(argument, ParseGroup(optional ? ']' : ')'));
      argument.optional |= optional;
      RETURN_IF_ERROR(ParseSuffixes(argument, true));
    } else if (IsUpper(Peek()) || Peek() == '\'') {
      ASSIGN_OR_RETURN(argument, ParseToken());
    } else if (IsLower(Peek())) {
      argument.name = Word();
      RETURN_IF_ERROR(ParseSuffixes(argument, false));
    } else {
      return Fail("unexpected character");
    }
    if (label) argument.name = std::move(*label);
    return argument;
  }

  std::optional<std::string> ParseLabel() {
    if (!IsLower(Peek())) return std::nullopt;
    size_t start = position_;
    std::string_view word = Word();
    if (Consume("=")) return std::string(word);
    position_ = start;
    return std::nullopt;
  }

  // A word that stands as it is, and the argument that follows it, if one does.
  Result<Argument> ParseToken() {
    std::string token;
    if (Consume("'")) {
      size_t close = text_.find('\'', position_);
      if (close == std::string_view::npos) return Fail("unbalanced quote");
      token = text_.substr(position_, close - position_);
      position_ = close + 1;
    } else {
      token = Word();
    }
    Argument argument;
    size_t after_token = position_;
    SkipBlanks();
    if (position_ > after_token && (IsLower(Peek()) || Peek() == '(')) {
      ASSIGN_OR_RETURN(argument, ParseElement());
      argument.token = std::move(token);
      return argument;
    }
    position_ = after_token;
    argument.type = ArgumentType::kPureToken;
    argument.name = LowerCase(token);
    argument.token = std::move(token);
    RETURN_IF_ERROR(ParseSuffixes(argument, false));
    return argument;
  }

  Status ParseSuffixes(Argument& argument, bool after_group) {
    for (;;) {
      if (Consume("...")) {
        argument.multiple = true;
        if (after_group && !argument.token.empty()) argument.multiple_token = true;
      } else if (Consume("^")) {
        argument.since = Version();
      } else if (Consume("!")) {
        argument.deprecated_since = Version();
      } else if (!after_group && Consume(":")) {
        RETURN_IF_ERROR(SetType(argument, Word()));
      } else if (!after_group && Consume("@")) {
        if (argument.type == ArgumentType::kString) argument.type = ArgumentType::kKey;
        if (Peek() < '0' || Peek() > '9') return Fail("a key spec's number is missing").error();
        argument.key_spec = static_cast<int16_t>(Peek() - '0');
        ++position_;
      } else if (!after_group && Consume("\"")) {
        size_t close = text_.find('"', position_);
        if (close == std::string_view::npos) return Fail("unbalanced quote").error();
        argument.display = text_.substr(position_, close - position_);
        position_ = close + 1;
      } else {
        return Status::Ok();
      }
    }
  }

  Status SetType(Argument& argument, std::string_view name) const {
    for (size_t i = 0; i < static_cast<size_t>(ArgumentType::kPureToken); ++i) {
      if (kTypeNames[i] == name) {
        argument.type = static_cast<ArgumentType>(i);
        return Status::Ok();
      }
    }
    return Fail("unknown type").error();
  }

  std::string_view text_;
  size_t position_ = 0;
  int depth_ = 0;
};

std::string RenderSequence(const std::vector<Argument>& arguments, std::string_view separator);

// The argument without its token, brackets and repetition.
std::string RenderCore(const Argument& argument) {
  switch (argument.type) {
    case ArgumentType::kPureToken:
      return argument.token;
    case ArgumentType::kOneOf: {
      std::string choices = RenderSequence(argument.children, " | ");
      bool bracketed_already = argument.optional && argument.token.empty() && !argument.multiple;
      return bracketed_already ? choices : '<' + choices + '>';
    }
    case ArgumentType::kBlock:
      return RenderSequence(argument.children, " ");
    default:
      return std::string(argument.display_text());
  }
}

std::string RenderArgument(const Argument& argument) {
  std::string core = RenderCore(argument);
  std::string prefix = argument.token.empty() || argument.type == ArgumentType::kPureToken
                           ? std::string()
                           : argument.token + ' ';
  std::string text = prefix + core;
  if (argument.multiple) text += " [" + (argument.multiple_token ? prefix : std::string()) + core + " ...]";
  return argument.optional ? '[' + text + ']' : text;
}

std::string RenderSequence(const std::vector<Argument>& arguments, std::string_view separator) {
  std::string text;
  for (const Argument& argument : arguments) {
    if (!text.empty()) text += separator;
    text += RenderArgument(argument);
  }
  return text;
}

}  // namespace

Result<std::vector<Argument>> ParseArguments(std::string_view syntax) { return Parser(syntax).ParseAll(); }

std::string RenderArguments(const std::vector<Argument>& arguments) { return RenderSequence(arguments, " "); }

std::string_view ArgumentTypeName(ArgumentType type) noexcept {
  return kTypeNames[static_cast<size_t>(type)];
}

}  // namespace tusk::command
