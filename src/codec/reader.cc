#include "codec/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/check.h"
#include "base/numbers.h"
#include "codec/crc64.h"
#include "codec/lzf.h"
#include "codec/rdb_format.h"

namespace tusk::codec {
namespace {

// A large text grows by no more than this before its next bytes have come.
constexpr size_t kGrowthBytes = 4 << 20;
constexpr std::string_view kShort = "unexpected end";

template <typename T>
T Load(const char* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

Reader::Reader(ByteSource& source, uint64_t total_bytes) : total_(total_bytes), source_(&source), buffer_(kBufferBytes) {
  at_ = end_ = window_ = buffer_.data();
}

void Reader::Fail(std::string_view what) {
  if (status_.ok()) status_ = base::Status::Invalid(fmt::format("{} at byte {}", what, offset()));
}

void Reader::Sum() {
  if (!sums_) return;
  if (!summed_) summed_ = window_;
  checksum_ = Crc64(checksum_, {summed_, static_cast<size_t>(at_ - summed_)});
  summed_ = at_;
}

uint64_t Reader::Checksum() {
  Sum();
  return checksum_;
}

bool Reader::Need(size_t size) {
  if (static_cast<size_t>(end_ - at_) >= size && status_.ok()) return true;
  return Refill(size);
}

bool Reader::Refill(size_t size) {
  if (!status_.ok()) return false;
  DCHECK(size <= kBufferBytes);
  if (!source_) return Fail(kShort), false;
  Sum();
  before_window_ = offset();
  auto have = static_cast<size_t>(end_ - at_);
  std::memmove(buffer_.data(), at_, have);
  at_ = window_ = buffer_.data();
  end_ = at_ + have;
  if (sums_) summed_ = at_;
  while (have < size) {
    // What follows the bytes that were promised is somebody else's: a master sends its stream right behind its copy.
    size_t room = kBufferBytes - have;
    if (total_ != kSizeUnknown) room = static_cast<size_t>(std::min<uint64_t>(room, total_ - before_window_ - have));
    if (room == 0) return Fail(kShort), false;
    base::Result<size_t> got = source_->Read(buffer_.data() + have, room);
    if (!got) {
      status_ = got.error();
      return false;
    }
    if (*got == 0) return Fail(kShort), false;
    have += *got;
    end_ = buffer_.data() + have;
  }
  return true;
}

uint8_t Reader::Byte() {
  if (!Need(1)) return 0;
  return static_cast<uint8_t>(*at_++);
}

uint32_t Reader::Fixed32() {
  if (!Need(4)) return 0;
  at_ += 4;
  return Load<uint32_t>(at_ - 4);
}

uint64_t Reader::Fixed64() {
  if (!Need(8)) return 0;
  at_ += 8;
  return Load<uint64_t>(at_ - 8);
}

double Reader::Double() {
  if (!Need(8)) return 0;
  at_ += 8;
  return Load<double>(at_ - 8);
}

double Reader::TextDouble() {
  constexpr uint8_t kNan = 253, kInfinity = 254, kMinusInfinity = 255;
  uint8_t size = Byte();
  if (size == kNan) return std::numeric_limits<double>::quiet_NaN();
  if (size == kInfinity) return std::numeric_limits<double>::infinity();
  if (size == kMinusInfinity) return -std::numeric_limits<double>::infinity();
  std::optional<double> value = base::ParseDouble(Bytes(size));
  if (!value) Fail("score that is no number");
  return value.value_or(0);
}

uint64_t Reader::BigEndian(size_t bytes) {
  if (!Need(bytes)) return 0;
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<uint8_t>(at_[i]);
  at_ += bytes;
  return value;
}

uint64_t Reader::LengthOrSpecial(bool& special) {
  uint8_t head = Byte();
  special = false;
  switch (head >> 6) {
    case 0: return head & 0x3F;
    case 1: return uint64_t{head & 0x3Fu} << 8 | Byte();
    case 3: special = true; return head & 0x3F;
    default: break;
  }
  if (head == 0x80) return BigEndian(4);
  if (head == 0x81) return BigEndian(8);
  Fail("unknown length encoding");
  return 0;
}

uint64_t Reader::Length() {
  bool special;
  uint64_t length = LengthOrSpecial(special);
  if (special) Fail("length expected");
  return ok() ? length : 0;
}

uint64_t Reader::Count(size_t item_bytes) {
  uint64_t count = Length();
  if (count > left() / item_bytes) Fail("more items than there are bytes");
  return ok() ? count : 0;
}

std::string_view Reader::Large(uint64_t size, std::string& out) {
  out.clear();
  while (out.size() < size) {
    if (!Need(1)) return {};
    size_t piece = std::min<uint64_t>(size - out.size(), static_cast<uint64_t>(end_ - at_));
    // Doubling is left to the string; the first request is not the stated size but what a bound allows.
    if (out.capacity() < out.size() + piece) out.reserve(std::min<uint64_t>(size, out.size() * 2 + kGrowthBytes));
    out.append(at_, piece);
    at_ += piece;
  }
  return out;
}

std::string_view Reader::Bytes(uint64_t size) {
  if (size > left()) Fail(kShort);
  if (!ok()) return {};
  if (!source_ || size <= kBufferBytes) {
    if (!Need(static_cast<size_t>(size))) return {};
    at_ += size;
    return {at_ - size, static_cast<size_t>(size)};
  }
  return Large(size, large_);
}

std::string_view Reader::Compressed(uint64_t bytes_max) {
  uint64_t packed = Length();
  uint64_t size = Length();
  if (size > bytes_max || size > packed * kLzfRatioMax + kLzfRatioMax) Fail("compressed text of impossible size");
  std::string_view bytes = Bytes(packed);
  if (!ok()) return {};
  text_.resize(size);
  if (!LzfDecompress(bytes, size, text_.data())) Fail("damaged compressed text");
  return ok() ? std::string_view(text_) : std::string_view();
}

std::string_view Reader::Text() { return Text(kTextBytesMax); }

std::string_view Reader::Text(uint64_t bytes_max) {
  bool special;
  uint64_t length = LengthOrSpecial(special);
  if (!special) {
    if (length > bytes_max) Fail("text too long");
    return Bytes(length);
  }
  if (length == kTextLzf) return Compressed(bytes_max);
  if (length > kTextLzf) return Fail("unknown text encoding"), std::string_view();
  size_t bytes = size_t{1} << length;
  if (!Need(bytes)) return {};
  int64_t value = bytes == 1   ? int64_t{Load<int8_t>(at_)}
                  : bytes == 2 ? int64_t{Load<int16_t>(at_)}
                               : int64_t{Load<int32_t>(at_)};
  at_ += bytes;
  return {number_, base::FormatInt64(value, number_)};
}

}  // namespace tusk::codec
