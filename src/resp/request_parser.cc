#include "resp/request_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/memory.h"
#include "base/numbers.h"
#include "base/text.h"
#include "resp/mini_frame.h"
#include "resp/reply_parser.h"

namespace tusk::resp {
namespace {

constexpr size_t kArgsKeptMax = 1024;

// First bytes of the RESP3 values that an argument may be.
bool MayBeTyped(char type) noexcept { return std::string_view(":+=(,#_*%~-!").find(type) != std::string_view::npos; }

// Digits that can't overflow; a longer number takes the slow path.
constexpr int kFastDigitsMax = 9;

// Reads "<digits>\r\n" at `at` and returns what is behind it, or null if it is anything else or not complete.
inline const char* ReadPlainLength(const char* at, const char* end, int64_t& value) noexcept {
  const char* first = at;
  int64_t number = 0;
  while (at < end && static_cast<unsigned char>(*at - '0') <= 9 && at - first < kFastDigitsMax) {
    number = number * 10 + (*at++ - '0');
  }
  if (at == first || end - at < 2 || *at != '\r') return nullptr;
  if (*first == '0' && at - first > 1) return nullptr;
  value = number;
  return at + 2;
}

// A length's line and its bulk's end: the shortest thing that ParsePlain() looks at, and as far as TakePlainNumber() reads.
constexpr ptrdiff_t kPlainBytesMin = 6;
constexpr uint32_t kPlainCountMax = 99;

// Reads the number of up to four digits behind the type byte at `at` and moves `at` behind its line.
inline bool TakePlainNumber(const char*& at, uint32_t& number) noexcept {
  uint32_t value = static_cast<unsigned char>(at[1] - '0');
  if (value > 9) return false;
  const char* line_end = at + 2;
  for (; *line_end != '\r'; ++line_end) {
    const uint32_t digit = static_cast<unsigned char>(*line_end - '0');
    // A leading zero is none of ours.
    if (digit > 9 || value == 0 || line_end == at + kPlainBytesMin - 1) return false;
    value = value * 10 + digit;
  }
  number = value;
  at = line_end + 2;
  return true;
}

}  // namespace

RequestParser::~RequestParser() { base::Free(base_); }

RequestParser::Step RequestParser::Fail(std::string_view text) {
  // With requests before it the broken one is looked at again when they are taken.
  if (requests_.empty()) error_ = fmt::format("Protocol error: {}", text);
  return Step::kFailed;
}

void RequestParser::RestartRequest() noexcept {
  parsed_ = request_start_;
  args_.resize(request_first_arg_);
  args_left_ = 0;
  bulk_length_ = -1;
  wanted_bytes_ = 0;
  frame_bytes_ = 0;
  frame_open_.clear();
  typed_.clear();
}

void RequestParser::ForgetTaken() noexcept {
  DCHECK(request_count() == 0);
  if (requests_.empty()) return;
  requests_.clear();
  next_ = 0;
  inline_args_.clear();
  args_.erase(args_.begin(), args_.begin() + static_cast<ptrdiff_t>(request_first_arg_));
  request_first_arg_ = 0;
  if (args_.empty() && args_.capacity() > kArgsKeptMax) args_.shrink_to_fit();
}

std::span<char> RequestParser::PrepareRead() {
  if (request_count() > 0) {
    request_start_ = begin_;
    request_first_arg_ = requests_[next_].first_arg;
    requests_.resize(next_);
    RestartRequest();
  }
  ForgetTaken();
  if (begin_ == end_ && parsed_ == begin_) {
    begin_ = parsed_ = end_ = request_start_ = 0;
    if (capacity_ > kInputBytesKeptMax) {
      base::Free(std::exchange(base_, nullptr));
      capacity_ = 0;
    }
  }
  // A large bulk has its room already: what it lacks comes in there, and the buffer does not grow for its last bytes.
  MakeRoom(wanted_bytes_ != 0 ? wanted_bytes_ : read_bytes_);
  return {base_ + end_, capacity_ - end_};
}

// Makes `bytes` of room behind the data, by moving the data to the front or to a larger block.
void RequestParser::MakeRoom(size_t bytes) {
  if (capacity_ - end_ >= bytes) return;
  const char* old_data = base_ + begin_;
  size_t data_bytes = end_ - begin_;
  if (begin_ > 0 && data_bytes > 0) std::memmove(base_, base_ + begin_, data_bytes);
  size_t needed = data_bytes + bytes;
  if (capacity_ < needed) {
    // Exactly as much for a large bulk, since nothing need follow it; else with slack, so that growth is linear.
    capacity_ = wanted_bytes_ >= kBulkReservedBytesMin ? needed : std::max(needed, data_bytes * 2);
    base_ = static_cast<char*>(base::Reallocate(base_, capacity_));
  }
  const uintptr_t from = reinterpret_cast<uintptr_t>(old_data);
  for (size_t i = request_first_arg_; i < args_.size(); ++i) {
    // The views of the incomplete request move with the bytes.
    size_t offset = reinterpret_cast<uintptr_t>(args_[i].data()) - from;
    args_[i] = {base_ + offset, args_[i].size()};
  }
  parsed_ -= begin_;
  request_start_ -= begin_;
  end_ = data_bytes;
  begin_ = 0;
}

void RequestParser::CommitRead(size_t bytes) noexcept {
  DCHECK(bytes <= capacity_ - end_);
  if (bytes == capacity_ - end_) read_bytes_ = std::min(read_bytes_ * 2, kReadBytesMax);
  end_ += bytes;
  peak_bytes_ = std::max(peak_bytes_, end_);
  wanted_bytes_ -= std::min(wanted_bytes_, bytes);
}

void RequestParser::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    std::span<char> room = PrepareRead();
    size_t count = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), count);
    CommitRead(count);
    bytes.remove_prefix(count);
  }
}

// What nearly every request is: a count of up to two digits, lengths of up to four, complete. Anything else, and anything
// wrong, is left to the careful functions, which start at the same place.
bool RequestParser::ParsePlain() {
  const char* at = base_ + parsed_;
  const char* const end = base_ + end_;
  if (args_left_ != 0 || !authenticated_ || end - at < kPlainBytesMin || *at != '*') return false;
  uint32_t count = 0;
  if (!TakePlainNumber(at, count) || count == 0 || count > kPlainCountMax) return false;
  const size_t first = args_.size();
  while (count-- > 0) {
    uint32_t length = 0;
    if (end - at < kPlainBytesMin || *at != '$' || !TakePlainNumber(at, length) || length > bulk_bytes_max_ ||
        end - at < static_cast<ptrdiff_t>(length) + 2) {
      args_.resize(first);
      return false;
    }
    args_.emplace_back(at, length);
    at += length + 2;
  }
  parsed_ = static_cast<size_t>(at - base_);
  requests_.push_back({static_cast<uint32_t>(first), static_cast<uint32_t>(args_.size() - first), parsed_});
  request_start_ = parsed_;
  request_first_arg_ = args_.size();
  return true;
}

size_t RequestParser::ParseBatch(size_t requests_max) {
  if (request_count() > 0) return request_count();
  ForgetTaken();
  while (requests_.size() < requests_max && parsed_ < end_ && !failed()) {
    if (!mini_ && ParsePlain()) continue;
    Step step = mini_ ? ParseMini() : ParseOne();
    if (step == Step::kRequest) {
      requests_.push_back({static_cast<uint32_t>(request_first_arg_),
                           static_cast<uint32_t>(args_.size() - request_first_arg_), parsed_});
    } else if (step == Step::kFailed) {
      RestartRequest();
      break;
    } else if (step == Step::kIncomplete) {
      break;
    }
    request_start_ = parsed_;
    request_first_arg_ = args_.size();
    if (requests_.empty()) begin_ = parsed_;
  }
  return requests_.size();
}

Argv RequestParser::Take() noexcept {
  DCHECK(request_count() > 0);
  const Request& request = requests_[next_++];
  begin_ = request.end;
  // What is skipped behind the last request (blank lines) is taken with it.
  if (request_count() == 0) begin_ = request_start_;
  return ArgvOf(request);
}

void RequestParser::Trim() noexcept {
  if (buffered_bytes() > 0 || request_count() > 0 || parsed_ != begin_) return;
  ForgetTaken();
  base::Free(std::exchange(base_, nullptr));
  capacity_ = begin_ = parsed_ = end_ = request_start_ = 0;
  read_bytes_ = kReadBytesMin;
  args_.shrink_to_fit();
  requests_.shrink_to_fit();
}

bool RequestParser::Fit() noexcept {
  const size_t peak = std::exchange(peak_bytes_, end_ - begin_);
  if (capacity_ <= kInputBytesFitMin || peak >= capacity_ / 2) return false;
  if (buffered_bytes() > 0 || request_count() > 0 || parsed_ != begin_) return false;
  Trim();
  // Not to nothing: who has just sent something will send more.
  MakeRoom(std::max(peak, kReadBytesMin));
  DCHECK(capacity_ >= kReadBytesMin);
  return true;
}

RequestParser::Step RequestParser::ParseOne() {
  if (args_left_ > 0) return ParseArguments();
  if (base_[parsed_] != '*') return ParseInline();
  int64_t count = 0;
  bool valid = false;
  Step step = ReadLength("too big mbulk count string", count, valid);
  if (step != Step::kRequest) return step;
  if (!valid || count > kMultibulkCountMax) return Fail("invalid multibulk length");
  if (!authenticated_ && count > kUnauthenticatedCountMax) return Fail("unauthenticated multibulk length");
  if (count <= 0) return Step::kSkipped;
  args_left_ = count;
  bulk_length_ = -1;
  return ParseArguments();
}

RequestParser::Step RequestParser::ReadLength(const char* too_long, int64_t& value, bool& valid) {
  const char* at = base_ + parsed_ + 1;
  const char* end = base_ + end_;
  if (const char* behind = ReadPlainLength(at, end, value)) [[likely]] {
    parsed_ = static_cast<size_t>(behind - base_);
    valid = true;
    return Step::kRequest;
  }
  const char* stop = static_cast<const char*>(std::memchr(at, '\r', static_cast<size_t>(end - at)));
  if (stop == nullptr) return static_cast<size_t>(end - at) >= kInlineBytesMax ? Fail(too_long) : Step::kIncomplete;
  if (end - stop < 2) return Step::kIncomplete;
  auto number = base::ParseInt64({at, static_cast<size_t>(stop - at)});
  valid = number.has_value();
  value = number.value_or(0);
  parsed_ = static_cast<size_t>(stop + 2 - base_);
  return Step::kRequest;
}

RequestParser::Step RequestParser::ParseArguments() {
  while (args_left_ > 0) {
    if (bulk_length_ < 0) {
      if (parsed_ == end_) return Step::kIncomplete;
      char type = base_[parsed_];
      if (type != '$' && MayBeTyped(type) && authenticated_ && args_.size() > request_first_arg_) [[unlikely]] {
        Step step = ParseFrame();
        if (step != Step::kRequest) return step;
        --args_left_;
        continue;
      }
      int64_t length = 0;
      bool valid = false;
      Step step = ReadLength("too big bulk count string", length, valid);
      if (step != Step::kRequest) return step;
      if (type != '$') return Fail(fmt::format("expected '$', got '{}'", type));
      if (!valid || length < 0 || length > bulk_bytes_max_) return Fail("invalid bulk length");
      if (!authenticated_ && length > kUnauthenticatedBulkBytesMax) return Fail("unauthenticated bulk length");
      bulk_length_ = length;
    }
    size_t needed = static_cast<size_t>(bulk_length_) + 2;
    size_t there = end_ - parsed_;
    if (there < needed) {
      wanted_bytes_ = needed - there;
      return Step::kIncomplete;
    }
    // As in Redis, the two bytes behind a bulk are skipped unread.
    args_.emplace_back(base_ + parsed_, static_cast<size_t>(bulk_length_));
    parsed_ += needed;
    bulk_length_ = -1;
    --args_left_;
  }
  if (!typed_.empty()) [[unlikely]] WrapTyped();
  return Step::kRequest;
}

RequestParser::Step RequestParser::ParseFrame() {
  ReplyToken token;
  do {
    const size_t there = end_ - parsed_ - frame_bytes_;
    std::string_view rest(base_ + parsed_ + frame_bytes_, there);
    base::Result<std::optional<ReplyToken>> next = ReadReplyToken(rest);
    if (!next) return Fail("invalid typed value");
    // Judged by what the frame has, not by what has arrived behind it, so that pieces of any size come to the same.
    const size_t token_bytes = *next ? there - rest.size() : there;
    if (static_cast<int64_t>(frame_bytes_ + token_bytes) > bulk_bytes_max_) return Fail("typed value too large");
    const bool is_line = there > 0 && std::string_view("$=!").find(base_[parsed_ + frame_bytes_]) == std::string_view::npos;
    if (is_line && token_bytes > kInlineBytesMax) return Fail("too big line in a typed value");
    if (!*next) return Step::kIncomplete;
    token = **next;
    if (token.type == ReplyType::kPush || token.type == ReplyType::kAttribute) return Fail("push or attribute in a request");
    frame_bytes_ += token_bytes;
    if (!frame_open_.empty()) --frame_open_.back();
    if (token.is_aggregate()) {
      if (frame_open_.size() == kFrameNestingMax) return Fail("typed value nested too deep");
      frame_open_.push_back(token.integer);
    }
    while (!frame_open_.empty() && frame_open_.back() == 0) frame_open_.pop_back();
  } while (!frame_open_.empty());
  const std::string_view frame(base_ + parsed_, frame_bytes_);
  switch (frame[0]) {
    case ':': args_.push_back(frame.substr(1, frame.size() - 3)); break;
    case '+':
    case '=':
    case '(': args_.push_back(token.text); break;
    default:
      typed_.push_back(args_.size() - request_first_arg_);
      args_.push_back(frame);
  }
  parsed_ += std::exchange(frame_bytes_, 0);
  return Step::kRequest;
}

void RequestParser::WrapTyped() {
  std::string positions;
  for (size_t position : typed_) positions += (positions.empty() ? "" : ",") + std::to_string(position);
  typed_.clear();
  inline_args_.push_back({std::move(positions)});
  const auto first = args_.begin() + static_cast<std::ptrdiff_t>(request_first_arg_);
  args_.insert(first, {std::string_view("TYPED"), *first, std::string_view(inline_args_.back()[0])});
  args_.erase(args_.begin() + static_cast<std::ptrdiff_t>(request_first_arg_) + 3);
}

RequestParser::Step RequestParser::ParseMini() {
  do {
    const size_t there = end_ - parsed_ - frame_bytes_;
    std::string_view rest(base_ + parsed_ + frame_bytes_, there);
    const int64_t length_max = authenticated_ ? bulk_bytes_max_ : std::min(bulk_bytes_max_, kUnauthenticatedBulkBytesMax);
    base::Result<std::optional<MiniToken>> next = TakeMiniToken(rest, length_max);
    if (!next) return Fail(next.error().message());
    if (!*next) return Step::kIncomplete;
    const MiniToken& token = **next;
    if (!authenticated_ && token.count > kUnauthenticatedCountMax) return Fail("unauthenticated array length");
    frame_bytes_ += there - rest.size();
    // So it takes at most twice of that, the last bulk included.
    if (static_cast<int64_t>(frame_bytes_) > bulk_bytes_max_ + static_cast<int64_t>(kInlineBytesMax)) return Fail("too large request");
    if (!frame_open_.empty()) --frame_open_.back();
    if (IsAggregate(token.type) && token.count > 0) {
      if (frame_open_.size() == kFrameNestingMax) return Fail("too deep nesting");
      frame_open_.push_back(token.count);
    }
    while (!frame_open_.empty() && frame_open_.back() == 0) frame_open_.pop_back();
  } while (!frame_open_.empty());
  args_.emplace_back(base_ + parsed_, frame_bytes_);
  parsed_ += std::exchange(frame_bytes_, 0);
  return Step::kRequest;
}

RequestParser::Step RequestParser::ParseInline() {
  const char* at = base_ + parsed_;
  size_t there = end_ - parsed_;
  const char* newline = static_cast<const char*>(std::memchr(at, '\n', there));
  if (newline == nullptr) return there > kInlineBytesMax ? Fail("too big inline request") : Step::kIncomplete;
  size_t length = static_cast<size_t>(newline - at);
  if (length > kInlineBytesMax) return Fail("too big inline request");
  std::string_view line(at, length > 0 && at[length - 1] == '\r' ? length - 1 : length);
  auto words = base::SplitQuotedLine(line);
  if (!words) return Fail("unbalanced quotes in request");
  parsed_ += length + 1;
  if (words->empty()) return Step::kSkipped;
  // A vector keeps its strings in place when the outer vector grows, so the views stay good.
  inline_args_.push_back(*std::move(words));
  for (const std::string& word : inline_args_.back()) args_.emplace_back(word);
  return Step::kRequest;
}

}  // namespace tusk::resp
