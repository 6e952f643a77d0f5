#include "resp/mini_frame.h"

#include <cstring>

#include "base/check.h"
#include "base/numbers.h"

namespace tusk::resp {
namespace {

using base::Error;
using base::Status;

constexpr std::string_view kLineEnd = "\r\n";

MiniType TypeOf(char first) noexcept {
  switch (first) {
    case '+': return MiniType::kSimple;
    case '-': return MiniType::kError;
    case ':': return MiniType::kNumber;
    case '$': return MiniType::kBytes;
    case '^': return MiniType::kText;
    case '@': return MiniType::kJson;
    case '*': return MiniType::kArray;
    case '%': return MiniType::kDict;
    case '&': return MiniType::kSet;
    default: return MiniType::kLine;
  }
}

bool IsBulk(MiniType type) noexcept { return type == MiniType::kBytes || type == MiniType::kText || type == MiniType::kJson; }

}  // namespace

base::Result<std::optional<MiniToken>> TakeMiniToken(std::string_view& in, int64_t bulk_bytes_max) {
  if (in.empty()) return std::nullopt;
  MiniToken token{.type = TypeOf(in[0]), .text = {}, .count = 0};
  const size_t line_start = token.type == MiniType::kLine ? 0 : 1;
  const size_t newline = in.substr(0, kMiniLineBytesMax + kLineEnd.size() + 1).find('\n', line_start);
  if (newline == std::string_view::npos) {
    if (in.size() > kMiniLineBytesMax + kLineEnd.size()) return Error(Status::Invalid("too long line"));
    return std::nullopt;
  }
  std::string_view line = in.substr(line_start, newline - line_start);
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  size_t taken = newline + 1;
  token.text = line;
  if (!IsBulk(token.type) && !IsAggregate(token.type)) {
    in.remove_prefix(taken);
    return token;
  }
  const std::optional<int64_t> number = base::ParseInt64(line);
  if (!number) return Error(Status::Invalid("invalid length"));
  if (IsAggregate(token.type)) {
    if (*number > kMiniCountMax) return Error(Status::Invalid("invalid length"));
    token.text = {};
    token.count = token.type == MiniType::kDict ? *number * 2 : *number;
    in.remove_prefix(taken);
    return token;
  }
  if (*number == -1 && token.type == MiniType::kBytes) {
    in.remove_prefix(taken);
    return MiniToken{};
  }
  if (*number < 0 || *number > bulk_bytes_max) return Error(Status::Invalid("invalid length"));
  const auto length = static_cast<size_t>(*number);
  DCHECK(in.size() >= taken);
  if (in.size() - taken < length + kLineEnd.size()) return std::nullopt;
  if (in.substr(taken + length, kLineEnd.size()) != kLineEnd) return Error(Status::Invalid("no line end behind the bytes"));
  token.text = in.substr(taken, length);
  in.remove_prefix(taken + length + kLineEnd.size());
  return token;
}

}  // namespace tusk::resp
