// CRC-64 as RDB files and DUMP payloads end with it: Jones' polynomial ad93d23594c935a9, reflected, starting from 0.
// Threads: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace tusk::codec {

// `crc` is the checksum of what came before, 0 at the start. About a byte per half nanosecond.
uint64_t Crc64(uint64_t crc, std::string_view bytes) noexcept;

}  // namespace tusk::codec
