#include "resp/reply_parser.h"

#include <fmt/format.h>

#include <cstring>
#include <limits>
#include <utility>

#include "base/numbers.h"
#include "base/text.h"

namespace tusk::resp {
namespace {

using base::Status;
using TokenResult = base::Result<std::optional<ReplyToken>>;

base::Status BadReply(std::string_view what) {
  return Status::Invalid(fmt::format("ERR Protocol error: {}", what));
}

std::optional<double> ParseReplyDouble(std::string_view text) {
  if (text == "nan" || text == "-nan") return std::numeric_limits<double>::quiet_NaN();
  return base::ParseDouble(text);
}

// The token of a one-line type; `line` is without type byte and line end.
TokenResult LineToken(char type, std::string_view line) {
  ReplyToken token;
  token.text = line;
  switch (type) {
    case '+': token.type = ReplyType::kSimple; return token;
    case '-': token.type = ReplyType::kError; return token;
    case '(': token.type = ReplyType::kBigNumber; return token;
    case '_': token.type = ReplyType::kNull; return token;
    case ':': {
      auto value = base::ParseInt64(line);
      if (!value) return base::Error(BadReply("bad integer"));
      token.type = ReplyType::kInteger;
      token.integer = *value;
      return token;
    }
    case ',': {
      auto value = ParseReplyDouble(line);
      if (!value) return base::Error(BadReply("bad double"));
      token.type = ReplyType::kDouble;
      token.number = *value;
      return token;
    }
    case '#':
      if (line != "t" && line != "f") return base::Error(BadReply("bad boolean"));
      token.type = ReplyType::kBool;
      token.integer = line == "t";
      return token;
    default: return base::Error(BadReply(fmt::format("unknown reply type {}", base::QuoteText({&type, 1}))));
  }
}

TokenResult AggregateToken(char type, int64_t count) {
  ReplyToken token;
  switch (type) {
    case '*': token.type = ReplyType::kArray; break;
    case '%': token.type = ReplyType::kMap; break;
    case '~': token.type = ReplyType::kSet; break;
    case '>': token.type = ReplyType::kPush; break;
    default: token.type = ReplyType::kAttribute;
  }
  bool pairs = type == '%' || type == '|';
  token.integer = pairs ? count * 2 : count;
  return token;
}

// A bulk, a verbatim or an error in a bulk's form; `input` is behind the length line.
TokenResult BulkToken(char type, int64_t length, std::string_view& input) {
  size_t bytes = static_cast<size_t>(length);
  if (input.size() < bytes + 2) return std::nullopt;
  if (input[bytes] != '\r' || input[bytes + 1] != '\n') return base::Error(BadReply("bulk without line end"));
  ReplyToken token;
  token.text = input.substr(0, bytes);
  token.type = type == '$' ? ReplyType::kBulk : type == '!' ? ReplyType::kError : ReplyType::kVerbatim;
  if (token.type == ReplyType::kVerbatim) {
    if (bytes < 4 || token.text[3] != ':') return base::Error(BadReply("bad verbatim text"));
    token.format = token.text.substr(0, 3);
    token.text.remove_prefix(4);
  }
  input.remove_prefix(bytes + 2);
  return token;
}

}  // namespace

TokenResult ReadReplyToken(std::string_view& input) {
  if (input.empty()) return std::nullopt;
  size_t stop = input.find('\r');
  if (stop == std::string_view::npos || stop + 1 >= input.size()) return std::nullopt;
  if (input[stop + 1] != '\n') return base::Error(BadReply("line without end"));
  char type = input[0];
  std::string_view line = input.substr(1, stop - 1);
  std::string_view behind = input.substr(stop + 2);
  if (std::strchr("$=!*%~>|", type) == nullptr || type == '\0') {
    TokenResult token = LineToken(type, line);
    if (token) input = behind;
    return token;
  }
  auto count = base::ParseInt64(line);
  if (!count || *count < -1 || *count > kReplyCountMax) return base::Error(BadReply("bad length"));
  if (*count < 0) {
    if (type != '$' && type != '*') return base::Error(BadReply("bad length"));
    ReplyToken token;
    token.format = type == '*' ? "*" : "";
    input = behind;
    return token;
  }
  TokenResult token = type == '$' || type == '=' || type == '!' ? BulkToken(type, *count, behind)
                                                               : AggregateToken(type, *count);
  if (token && token->has_value()) input = behind;
  return token;
}

void ReplyParser::Feed(std::string_view bytes) {
  if (position_ > 0 && position_ * 2 >= buffer_.size()) {
    buffer_.erase(0, position_);
    position_ = 0;
  }
  buffer_.append(bytes);
}

bool ReplyParser::Finish(ReplyValue& value) {
  while (true) {
    if (value.type == ReplyType::kAttribute) {
      attributes_ = std::move(value.items);
      return false;
    }
    if (open_.empty()) return true;
    Open& parent = open_.back();
    parent.value.items.push_back(std::move(value));
    if (--parent.left > 0) return false;
    value = std::move(parent.value);
    open_.pop_back();
  }
}

base::Result<std::optional<ReplyValue>> ReplyParser::Next() {
  if (!error_.ok()) return base::Error(error_);
  while (true) {
    std::string_view input = std::string_view(buffer_).substr(position_);
    size_t before = input.size();
    TokenResult token = ReadReplyToken(input);
    if (!token) {
      error_ = token.error();
      return base::Error(error_);
    }
    if (!token->has_value()) return std::nullopt;
    position_ += before - input.size();
    const ReplyToken& read = **token;
    ReplyValue value;
    value.type = read.type;
    value.text = read.text;
    value.number = read.number;
    value.integer = read.is_aggregate() ? 0 : read.integer;
    value.attributes = std::exchange(attributes_, {});
    if (read.is_aggregate() && read.integer > 0) {
      if (open_.size() >= kReplyNestingMax) {
        error_ = BadReply("reply nested too deep");
        return base::Error(error_);
      }
      open_.push_back({std::move(value), read.integer});
      continue;
    }
    if (Finish(value)) return value;
  }
}

base::Result<ReplyValue> ParseReply(std::string_view bytes) {
  ReplyParser parser;
  parser.Feed(bytes);
  ASSIGN_OR_RETURN(std::optional<ReplyValue> value, parser.Next());
  if (!value || parser.buffered_bytes() > 0) return base::Error(BadReply("not exactly one reply"));
  return *std::move(value);
}

std::string ReplyValue::ToString() const {
  auto join = [&](const char* open, const char* close, bool pairs) {
    std::string text = open;
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) text += pairs && i % 2 == 1 ? ": " : ", ";
      text += items[i].ToString();
    }
    return text + close;
  };
  switch (type) {
    case ReplyType::kSimple: return text;
    case ReplyType::kError: return "(error) " + text;
    case ReplyType::kInteger: return std::to_string(integer);
    case ReplyType::kNull: return "(nil)";
    case ReplyType::kBool: return integer != 0 ? "true" : "false";
    case ReplyType::kArray: return join("[", "]", false);
    case ReplyType::kSet: return join("~[", "]", false);
    case ReplyType::kPush: return join(">[", "]", false);
    case ReplyType::kMap:
    case ReplyType::kAttribute: return join("{", "}", true);
    case ReplyType::kBulk:
    case ReplyType::kVerbatim: return base::QuoteText(text);
    case ReplyType::kDouble:
    case ReplyType::kBigNumber: return text;
  }
  return {};
}

}  // namespace tusk::resp
