#include "codec/crc64.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace tusk::codec {
namespace {

static_assert(std::endian::native == std::endian::little, "eight bytes are folded in as one little-endian word");

constexpr uint64_t kPolynomialReflected = 0x95ac9329ac4bc9b5;
constexpr size_t kSlices = 8;
using Tables = std::array<std::array<uint64_t, 256>, kSlices>;

// tables[k][b]: what byte b does to the checksum when k zero bytes follow it. So eight bytes need eight look-ups that do
// not wait for each other.
constexpr Tables MakeTables() {
  Tables tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ kPolynomialReflected : crc >> 1;
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      uint64_t before = tables[slice - 1][byte];
      tables[slice][byte] = tables[0][before & 255] ^ before >> 8;
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint64_t Crc64(uint64_t crc, std::string_view bytes) noexcept {
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= kSlices; at += kSlices, left -= kSlices) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    word ^= crc;
    crc = 0;
    for (size_t i = 0; i < kSlices; ++i) crc ^= kTables[kSlices - 1 - i][word >> (8 * i) & 255];
  }
  for (; left > 0; ++at, --left) crc = kTables[0][(crc ^ static_cast<uint8_t>(*at)) & 255] ^ crc >> 8;
  return crc;
}

}  // namespace tusk::codec
