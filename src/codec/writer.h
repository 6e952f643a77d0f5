// Writer: the primitives of RDB over a sink: lengths, texts, numbers, and the checksum of all of it.
//
// Bytes are collected and handed on in pieces; the first error of the sink sticks, later writes do nothing, so that only
// Flush() need be asked.
// Threads: caller-synchronised. Owns: its buffer; the sink is borrowed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/byte_stream.h"

namespace tusk::codec {

class Writer {
 public:
  struct Options {
    bool compress = true;  // LZF for texts of more than kCompressBytesMin bytes.
    bool checksum = true;
  };
  Writer(ByteSink& sink, const Options& options) : sink_(sink), options_(options) {}
  explicit Writer(ByteSink& sink) : Writer(sink, Options{}) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void Byte(uint8_t byte) {
    buffer_.push_back(static_cast<char>(byte));
    FlushIfFull();
  }
  void Raw(std::string_view bytes);
  void Length(uint64_t length);
  // As an integer when it spells a small one, compressed when that pays.
  void Text(std::string_view text);
  void Integer(int64_t value);
  void Double(double value);
  // Little-endian, fixed width.
  void Fixed32(uint32_t value);
  void Fixed64(uint64_t value);

  // Hands all on. The first error that the sink had, if any.
  base::Status Flush();
  bool failed() const noexcept { return !status_.ok(); }
  // Of all bytes so far; 0 without Options::checksum.
  uint64_t Checksum();
  uint64_t bytes_written() const noexcept { return handed_on_ + buffer_.size(); }

  static constexpr size_t kBufferBytes = 64 << 10;
  static constexpr size_t kCompressBytesMin = 20;

 private:
  void FlushIfFull() {
    if (buffer_.size() >= kBufferBytes) HandOn();
  }
  void HandOn();
  bool SmallInteger(int64_t value);

  ByteSink& sink_;
  Options options_;
  std::string buffer_;
  size_t summed_ = 0;  // Bytes of buffer_ that the checksum has seen.
  uint64_t checksum_ = 0;
  uint64_t handed_on_ = 0;
  std::string scratch_;
  base::Status status_;
};

}  // namespace tusk::codec
