// AofReader: the commands of an append file, one by one, with their places, for loading and checking.
//
//   *3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n       a command
//   #TS:1700000000\r\n                           an annotation
//
// With the file itself at hand it also looks after batches in room made ahead (batch_mark.h): commands there count only in a
// batch that is as it was written, each right behind the one before. What is not ends the file, as a torn tail does, unless
// a later mark says that it had been on the disk.
// The bytes are nobody's promise: what is not of this form is an error with its place, and whether the file merely ends
// too early (a crash while it was written) is told apart from damage.
// Threads: caller-synchronised. Owns: its buffer; the source or file is borrowed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/byte_stream.h"
#include "io/file_system.h"
#include "persist/batch_mark.h"
#include "persist/file_source.h"

namespace tusk::persist {

class AofReader {
 public:
  // `offset`: of the source's first byte in the file, for what comes before it (an RDB preamble).
  explicit AofReader(codec::ByteSource& source, uint64_t offset = 0)
      : source_(source), begin_(offset), window_(offset), content_end_(offset) {}
  // From `offset` on.
  explicit AofReader(io::File& file, uint64_t offset = 0)
      : file_(&file), of_file_(std::in_place, file, offset), source_(*of_file_), begin_(offset), window_(offset), content_end_(offset) {}

  enum class Item : uint8_t {
    kCommand,
    kAnnotation,
    kEnd,        // Of the file, behind a complete item.
    kTruncated,  // The file ends within an item, which begins at begin(), or in zeros: a write that a crash cut off.
    kDamaged,    // No item begins at begin(); problem() says what is wrong.
    kUnread,     // The source failed; problem() says why.
  };
  // The next item; amortised O(its bytes). After anything but kCommand and kAnnotation the reader stays where it is.
  Item Next();

  // Of kCommand: valid until Next().
  std::span<const std::string_view> argv() const noexcept { return argv_; }
  // Of kAnnotation: the line, '#' included.
  std::string_view annotation() const noexcept { return annotation_; }
  const std::string& problem() const noexcept { return problem_; }
  // Where the item begins, and where the next one does.
  uint64_t begin() const noexcept { return begin_; }
  uint64_t end() const noexcept { return window_ + at_; }
  // Behind the last item that was no room.
  uint64_t content_end() const noexcept { return content_end_; }
  // What belongs at content_end() when the file is cut there to be written on: a mark that closes the room, where there is one.
  std::string ClosingMark() const;
  // Lines of the file before begin(), as an editor counts them in a file without binary values.
  uint64_t lines() const noexcept { return lines_; }

  static constexpr size_t kReadBytes = 256 << 10;
  // Of a command's words, and of a line that holds a number or an annotation.
  static constexpr int64_t kWordsMax = 1 << 20;
  static constexpr int64_t kWordBytesMax = int64_t{4} << 30;
  static constexpr size_t kLineBytesMax = 1024;

 private:
  // How parsing at at_ went; kMore: the buffer ends too early.
  enum class Step : uint8_t { kDone, kMore, kDamaged };
  Item ReadItem();
  // What the item is in view of the rooms.
  Item Judge(Item item);
  Item OnMark(const BatchMark& mark);
  // What follows batch_end_ is not what was written there.
  Item Torn();
  bool RoomIsThere();
  // Was what lies at `place` on the disk when a later mark was written?
  bool WasSynced(uint64_t place);
  bool ReadAt(uint64_t offset, std::string& out, size_t size);
  Step ParseItem();
  Step ParseCommand();
  Step ReadLine(size_t& at, std::string_view& line);
  Step ReadNumber(size_t& at, char letter, int64_t max, int64_t& number);
  Step Damaged(std::string_view what);
  bool OnlyZerosLeft();
  // False: no more, or a failure (problem_ is set).
  bool Refill();

  io::File* const file_ = nullptr;  // To look ahead in; optional.
  std::optional<FileSource> of_file_;
  codec::ByteSource& source_;
  std::string buffer_;
  size_t at_ = 0;         // In buffer_: behind the last item.
  uint64_t begin_;        // In the file.
  uint64_t window_;       // The place of buffer_[0] in the file.
  uint64_t content_end_;
  uint64_t batch_end_ = 0;  // Of the last batch whose mark was right.
  uint64_t room_end_ = 0;   // Of the room that it lies in.
  uint64_t lines_ = 0;
  uint64_t item_lines_ = 0;
  bool ended_ = false;
  Item item_ = Item::kAnnotation;  // Of the last Next().
  struct Word {
    size_t offset;  // In buffer_, which moves.
    size_t size;
  };
  std::vector<Word> words_;
  std::vector<std::string_view> argv_;
  std::string_view annotation_;
  std::string problem_;
};

}  // namespace tusk::persist
