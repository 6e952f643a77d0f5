#include "persist/aof_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/numbers.h"

namespace tusk::persist {

AofReader::Item AofReader::Next() {
  if (item_ != Item::kCommand && item_ != Item::kAnnotation) return item_;
  begin_ = window_ + at_;
  lines_ += item_lines_;
  item_lines_ = 0;
  for (;;) {
    switch (ParseItem()) {
      case Step::kDone: return item_;
      case Step::kDamaged: return item_ = OnlyZerosLeft() ? Item::kTruncated : Item::kDamaged;
      case Step::kMore: break;
    }
    if (Refill()) continue;
    if (!problem_.empty()) return item_ = Item::kUnread;
    return item_ = at_ == buffer_.size() ? Item::kEnd : Item::kTruncated;
  }
}

bool AofReader::Refill() {
  if (ended_) return false;
  buffer_.erase(0, at_);
  window_ += at_;
  at_ = 0;
  // A long item doubles the buffer, so that looking for its end again and again stays linear.
  const size_t old_size = buffer_.size();
  const size_t room = std::max(kReadBytes, old_size);
  buffer_.resize(old_size + room);
  base::Result<size_t> count = source_.Read(buffer_.data() + old_size, room);
  buffer_.resize(old_size + count.value_or(0));
  if (!count) problem_ = count.error().message();
  ended_ = !count || *count == 0;
  return !ended_;
}

// Where power failed, a file may have got its length and not its bytes.
bool AofReader::OnlyZerosLeft() {
  if (buffer_[at_] != '\0') return false;
  do {
    if (std::ranges::any_of(buffer_.begin() + static_cast<ptrdiff_t>(at_), buffer_.end(), [](char c) { return c != '\0'; })) return false;
    window_ += buffer_.size() - at_;
    buffer_.resize(at_);
  } while (Refill());
  return true;
}

AofReader::Step AofReader::Damaged(std::string_view what) {
  problem_ = what;
  return Step::kDamaged;
}

AofReader::Step AofReader::ReadLine(size_t& at, std::string_view& line) {
  const std::string_view rest = std::string_view(buffer_).substr(at, kLineBytesMax);
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) return rest.size() < kLineBytesMax ? Step::kMore : Damaged("a line without an end");
  line = rest.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  at += end + 1;
  return Step::kDone;
}

AofReader::Step AofReader::ReadNumber(size_t& at, char letter, int64_t max, int64_t& number) {
  if (at == buffer_.size()) return Step::kMore;
  if (buffer_[at] != letter) {
    return Damaged(fmt::format("expected prefix '{}', got: '{}'", letter, buffer_[at] >= ' ' ? buffer_[at] : '?'));
  }
  size_t next = at + 1;
  std::string_view line;
  if (Step step = ReadLine(next, line); step != Step::kDone) return step;
  const std::optional<int64_t> value = base::ParseInt64(line);
  if (!value || *value < (letter == '*' ? 1 : 0) || *value > max) return Damaged(fmt::format("'{}{}' is no count", letter, line));
  number = *value;
  at = next;
  return Step::kDone;
}

AofReader::Step AofReader::ParseItem() {
  if (at_ == buffer_.size()) return Step::kMore;
  if (buffer_[at_] != '#') return ParseCommand();
  std::string_view line;
  size_t at = at_;
  if (Step step = ReadLine(at, line); step != Step::kDone) return step;
  annotation_ = line;
  at_ = at;
  item_lines_ = 1;
  item_ = Item::kAnnotation;
  return Step::kDone;
}

AofReader::Step AofReader::ParseCommand() {
  size_t at = at_;
  int64_t count = 0;
  if (Step step = ReadNumber(at, '*', kWordsMax, count); step != Step::kDone) return step;
  words_.clear();
  for (int64_t i = 0; i < count; ++i) {
    int64_t size = 0;
    if (Step step = ReadNumber(at, '$', kWordBytesMax, size); step != Step::kDone) return step;
    constexpr size_t kLineEnd = 2;
    const auto bytes = static_cast<size_t>(size);
    if (buffer_.size() - at < bytes + kLineEnd) return Step::kMore;
    if (buffer_.compare(at + bytes, kLineEnd, "\r\n") != 0) return Damaged("a value is not followed by a line end");
    words_.push_back({at, bytes});
    at += bytes + kLineEnd;
  }
  argv_.clear();
  for (const Word& word : words_) argv_.emplace_back(buffer_.data() + word.offset, word.size);
  DCHECK(!argv_.empty());
  at_ = at;
  item_lines_ = 1 + 2 * static_cast<uint64_t>(count);
  item_ = Item::kCommand;
  return Step::kDone;
}

}  // namespace tusk::persist
