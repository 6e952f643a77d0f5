#include "codec/writer.h"

#include <bit>
#include <cstring>

#include "base/numbers.h"
#include "codec/crc64.h"
#include "codec/lzf.h"
#include "codec/rdb_format.h"

namespace tusk::codec {
namespace {

// Longer texts are no integer of 32 bits.
constexpr size_t kSmallIntegerTextMax = 11;
constexpr size_t kCompressGainMin = 4;

template <typename T>
std::string_view BytesOf(const T& value) noexcept {
  static_assert(std::endian::native == std::endian::little);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

uint64_t Writer::Checksum() {
  if (!options_.checksum) return 0;
  checksum_ = Crc64(checksum_, std::string_view(buffer_).substr(summed_));
  summed_ = buffer_.size();
  return checksum_;
}

void Writer::HandOn() {
  Checksum();
  if (status_.ok()) status_ = sink_.Write(buffer_);
  handed_on_ += buffer_.size();
  buffer_.clear();
  summed_ = 0;
}

base::Status Writer::Flush() {
  if (!buffer_.empty()) HandOn();
  return status_;
}

void Writer::Raw(std::string_view bytes) {
  if (bytes.size() < kBufferBytes) {
    buffer_.append(bytes);
    return FlushIfFull();
  }
  HandOn();
  if (options_.checksum) checksum_ = Crc64(checksum_, bytes);
  if (status_.ok()) status_ = sink_.Write(bytes);
  handed_on_ += bytes.size();
}

void Writer::Length(uint64_t length) {
  char out[9];
  if (length < 1u << 6) {
    return Byte(static_cast<uint8_t>(length));
  }
  if (length < 1u << 14) {
    out[0] = static_cast<char>(0x40 | length >> 8);
    out[1] = static_cast<char>(length);
    return Raw({out, 2});
  }
  const bool wide = length > UINT32_MAX;
  size_t bytes = wide ? 8 : 4;
  out[0] = static_cast<char>(wide ? 0x81 : 0x80);
  for (size_t i = 0; i < bytes; ++i) out[1 + i] = static_cast<char>(length >> (8 * (bytes - 1 - i)));
  Raw({out, 1 + bytes});
}

bool Writer::SmallInteger(int64_t value) {
  char out[5];
  size_t bytes;
  if (value >= INT8_MIN && value <= INT8_MAX) {
    out[0] = static_cast<char>(0xC0 | kTextInt8);
    bytes = 1;
  } else if (value >= INT16_MIN && value <= INT16_MAX) {
    out[0] = static_cast<char>(0xC0 | kTextInt16);
    bytes = 2;
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    out[0] = static_cast<char>(0xC0 | kTextInt32);
    bytes = 4;
  } else {
    return false;
  }
  std::memcpy(out + 1, &value, bytes);
  Raw({out, 1 + bytes});
  return true;
}

void Writer::Integer(int64_t value) {
  if (SmallInteger(value)) return;
  char text[base::kInt64TextMax];
  size_t size = base::FormatInt64(value, text);
  Length(size);
  Raw({text, size});
}

void Writer::Text(std::string_view text) {
  if (text.size() <= kSmallIntegerTextMax) {
    if (std::optional<int64_t> value = base::ParseInt64(text); value && SmallInteger(*value)) return;
  } else if (options_.compress && text.size() > kCompressBytesMin && LzfCompress(text, kCompressGainMin, scratch_)) {
    Byte(0xC0 | kTextLzf);
    Length(scratch_.size());
    Length(text.size());
    return Raw(scratch_);
  }
  Length(text.size());
  Raw(text);
}

void Writer::Double(double value) { Raw(BytesOf(value)); }
void Writer::Fixed32(uint32_t value) { Raw(BytesOf(value)); }
void Writer::Fixed64(uint64_t value) { Raw(BytesOf(value)); }

}  // namespace tusk::codec
