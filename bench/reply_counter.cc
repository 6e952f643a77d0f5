#include "reply_counter.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tusk::bench {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

int64_t LengthOf(std::string_view line) {
  int64_t length = 0;
  std::from_chars(line.data() + 1, line.data() + line.size(), length);
  return length;
}

}  // namespace

uint64_t ReplyCounter::Feed(std::string_view bytes) {
  uint64_t replies = 0;
  while (!bytes.empty()) {
    if (body_left_ > 0) {
      uint64_t taken = std::min<uint64_t>(body_left_, bytes.size());
      bytes.remove_prefix(taken);
      body_left_ -= taken;
      if (body_left_ == 0) replies += EndValue();
      continue;
    }
    size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    if (!line_.empty()) line_.pop_back();
    replies += EndLine();
    line_.clear();
  }
  return replies;
}

bool ReplyCounter::EndLine() { return protocol_ == Protocol::kResp ? EndRespLine() : EndMemcachedLine(); }

bool ReplyCounter::EndMemcachedLine() {
  if (line_.starts_with("VALUE ")) {
    int64_t length = LengthOf(std::string_view(line_).substr(line_.rfind(' ')));
    body_left_ = static_cast<uint64_t>(length) + kLineEnd.size();
    values_left_ = 2;  // The value's bytes, then the line END.
    after_value_ = true;
    return false;
  }
  if (line_ == "END" && !after_value_) ++nulls_;
  if (line_ != "END" && line_ != "STORED") CountError("-" + line_);
  after_value_ = false;
  return EndValue();
}

bool ReplyCounter::EndRespLine() {
  char type = line_.empty() ? '\0' : line_[0];
  switch (type) {
    case '-':
      CountError(line_);
      return EndValue();
    case '$':
    case '=':
    case '!': {
      int64_t length = LengthOf(line_);
      if (type == '!') CountError(line_);
      if (length < 0) {
        ++nulls_;
        return EndValue();
      }
      body_left_ = static_cast<uint64_t>(length) + kLineEnd.size();
      return false;
    }
    case '*':
    case '~':
    case '>':
    case '%': {
      int64_t length = LengthOf(line_);
      if (length < 0) ++nulls_;
      if (length > 0) values_left_ += static_cast<uint64_t>(length) * (type == '%' ? 2 : 1);
      return EndValue();
    }
    case '_':
      ++nulls_;
      return EndValue();
    default:
      return EndValue();
  }
}

bool ReplyCounter::EndValue() noexcept {
  if (--values_left_ > 0) return false;
  values_left_ = 1;
  return true;
}

void ReplyCounter::CountError(std::string_view line) {
  if (errors_++ == 0) first_error_ = line.substr(1, 100);
}

}  // namespace tusk::bench
