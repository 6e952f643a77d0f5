#include "persist/aof_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/numbers.h"
#include "persist/log_room.h"

namespace tusk::persist {

AofReader::Item AofReader::Next() {
  if (item_ != Item::kCommand && item_ != Item::kAnnotation) return item_;
  item_ = ReadItem();
  if (file_ != nullptr) item_ = Judge(item_);
  const bool is_room = item_ == Item::kAnnotation && begin_ >= batch_end_ && begin_ < room_end_;
  if (item_ == Item::kCommand || (item_ == Item::kAnnotation && !is_room)) content_end_ = end();
  return item_;
}

AofReader::Item AofReader::ReadItem() {
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

// ---- Batches in room made ahead ----

AofReader::Item AofReader::Judge(Item item) {
  if (item == Item::kUnread || begin_ < batch_end_) return item;
  if (item == Item::kAnnotation) {
    const std::optional<BatchMark> mark = BatchMark::Parse(annotation_);
    if (mark && mark->at == begin_) return OnMark(*mark);
  }
  if (begin_ >= room_end_ || item == Item::kEnd) return item;
  if (item == Item::kAnnotation && BatchMark::IsRoom(annotation_)) return item;
  return Torn();
}

AofReader::Item AofReader::OnMark(const BatchMark& mark) {
  const bool inside = begin_ < room_end_;
  if (inside && begin_ != batch_end_) return Torn();
  std::string commands;
  const bool right = mark.size <= LogRoom::kBatchBytesMax && ReadAt(end(), commands, mark.size) && mark.SumOf(commands) == mark.sum;
  if (!problem_.empty()) return Item::kUnread;
  if (!right) {
    if (!inside) {
      batch_end_ = begin_;
      room_end_ = mark.room;
    }
    return Torn();
  }
  DCHECK(mark.room >= end());
  batch_end_ = end() + mark.size;
  room_end_ = mark.room;
  return Item::kAnnotation;
}

AofReader::Item AofReader::Torn() {
  DCHECK(batch_end_ <= begin_);
  std::string parse_problem = std::exchange(problem_, {});
  const bool is_there = RoomIsThere();
  if (!problem_.empty()) return Item::kUnread;
  if (!is_there) {
    // Another program has cut the file, and gone on behind the cut.
    room_end_ = 0;
    problem_ = std::move(parse_problem);
    return item_;
  }
  begin_ = content_end_ = batch_end_;
  const bool was_synced = WasSynced(batch_end_);
  if (was_synced) problem_ = "a batch that was on the disk is not as it was written";
  return was_synced ? Item::kDamaged : problem_.empty() ? Item::kTruncated : Item::kUnread;
}

bool AofReader::RoomIsThere() {
  constexpr size_t kLine = BatchMark::kLineBytes;
  std::string line;
  if (room_end_ < kLine || !ReadAt(room_end_ - kLine, line, kLine) || line.back() != '\n') return false;
  line.pop_back();
  return BatchMark::IsRoom(line);
}

bool AofReader::WasSynced(uint64_t place) {
  constexpr std::string_view kBegin = "#BATCH at=";
  std::string window;
  for (uint64_t from = place; from < file_->size(); from += kReadBytes) {
    // So that a mark which begins in the window is whole.
    ReadAt(from, window, kReadBytes + BatchMark::kBytesMax);
    for (size_t at = window.find(kBegin); at < kReadBytes; at = window.find(kBegin, at + 1)) {
      const std::optional<BatchMark> mark = BatchMark::Parse(std::string_view(window).substr(at, window.find('\n', at) - at));
      if (mark && mark->at == from + at && mark->synced > place) return true;
    }
  }
  return false;
}

// True: all of it; less is there for the caller to use, and an error is in problem_.
bool AofReader::ReadAt(uint64_t offset, std::string& out, size_t size) {
  out.resize(size);
  size_t filled = 0;
  while (filled < size) {
    base::Result<size_t> count = file_->Read(offset + filled, out.data() + filled, size - filled);
    if (!count) problem_ = count.error().message();
    if (count.value_or(0) == 0) break;
    filled += *count;
  }
  out.resize(filled);
  return filled == size;
}

std::string AofReader::ClosingMark() const {
  if (content_end_ != batch_end_ || content_end_ >= room_end_) return {};
  BatchMark mark{.at = content_end_, .size = 0, .synced = content_end_};
  mark.room = mark.end();
  return mark.Spell({});
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
