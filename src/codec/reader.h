// Reader: the primitives of RDB over memory or a source, for bytes that nobody vouches for.
//
// The first error sticks: from then on every method returns zeros and reads nothing, so a caller asks ok() before it acts
// on what it read and at the head of its loops. Lengths are checked against what is left, where that is known, and
// against named bounds; where it is not known, memory grows with the bytes that really come.
// Threads: caller-synchronised. Owns: its buffer; source or bytes are borrowed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "codec/byte_stream.h"

namespace tusk::codec {

class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), window_(at_), total_(bytes.size()) {}
  static constexpr uint64_t kSizeUnknown = UINT64_MAX;
  // Takes no more than `total_bytes` from the source, but as much of them as its buffer holds.
  explicit Reader(ByteSource& source, uint64_t total_bytes = kSizeUnknown);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool ok() const noexcept { return status_.ok(); }
  // What went wrong, and at which byte.
  const base::Status& status() const noexcept { return status_; }
  void Fail(std::string_view what);
  // Bytes read so far, and still to come (kSizeUnknown if nobody knows).
  uint64_t offset() const noexcept { return before_window_ + static_cast<uint64_t>(at_ - window_); }
  uint64_t left() const noexcept { return total_ == kSizeUnknown ? total_ : total_ - offset(); }
  // Only for memory: what is left is empty.
  bool at_end() const noexcept { return at_ == end_; }

  uint8_t Byte();
  uint32_t Fixed32();
  uint64_t Fixed64();
  double Double();
  // Version 1's doubles: a length byte (253 nan, 254 inf, 255 -inf), then text.
  double TextDouble();
  uint64_t Length();
  // How many items follow, each of at least `item_bytes` bytes.
  uint64_t Count(size_t item_bytes = 1);
  // Raw bytes. The view is valid until the next call; so is Text()'s.
  std::string_view Bytes(uint64_t size);
  std::string_view Text(uint64_t bytes_max);
  std::string_view Text();

  // Of all bytes read so far.
  void EnableChecksum() noexcept { sums_ = true; }
  uint64_t Checksum();

  static constexpr size_t kBufferBytes = 256 << 10;

 private:
  // Makes `size` (at most kBufferBytes) bytes contiguous at at_. False: failed.
  bool Need(size_t size);
  bool Refill(size_t size);
  void Sum();
  uint64_t BigEndian(size_t bytes);
  // A length, or with `special` set one of RdbText.
  uint64_t LengthOrSpecial(bool& special);
  std::string_view Compressed(uint64_t bytes_max);
  std::string_view Large(uint64_t size, std::string& out);

  const char* at_;
  const char* end_;
  const char* window_;  // at_ when the window was filled.
  uint64_t total_;
  uint64_t before_window_ = 0;
  ByteSource* source_ = nullptr;
  std::vector<char> buffer_;
  bool sums_ = false;
  const char* summed_ = nullptr;
  uint64_t checksum_ = 0;
  std::string large_;
  std::string text_;
  char number_[24];
  base::Status status_;
};

}  // namespace tusk::codec
