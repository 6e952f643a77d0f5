// The numbers of the RDB format, and which of them we write.
//
//   file    = "REDIS" 4 digits of version | aux ... | functions ... | databases ... | kEof | CRC-64 LE (version 5 on)
//   entry   = [expiry] [idle or freq] type, key text, value
//   DUMP    = type, value, version u16 LE, CRC-64 LE
//   length  = 00xxxxxx | 01xxxxxx +1 | 0x80 +4 BE | 0x81 +8 BE | 11xxxxxx: an encoded text (kText...)
//
// Version 10 is what Redis 7.0 writes; it is what we write, too, so that files and payloads go to any Redis from 7.0 on. A
// value that 7.0 cannot hold (a hash with fields that expire) is written in the form of the first release that can, and a
// DUMP of it says that release's version; in a file it is a type at which older releases stop.
// Threads: immutable. Owns: nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tusk::codec {

inline constexpr int kRdbVersionWritten = 10;
inline constexpr int kRdbVersionOfFieldExpiry = 12;
// Redis 7.4 and 8. What a version added is told by its types and opcodes, all of which are known by name here.
inline constexpr int kRdbVersionMax = 12;
// From this version on a file ends with a checksum.
inline constexpr int kRdbVersionWithChecksum = 5;

enum class RdbType : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kZSetText = 3,  // Scores as text.
  kHash = 4,
  kZSet = 5,  // Scores as binary doubles.
  kModulePreGa = 6,
  kModule = 7,
  kHashZipMap = 9,
  kListZipList = 10,
  kSetIntSet = 11,
  kZSetZipList = 12,
  kHashZipList = 13,
  kListQuickList = 14,
  kStream1 = 15,
  kHashListPack = 16,
  kZSetListPack = 17,
  kListQuickList2 = 18,
  kStream2 = 19,
  kSetListPack = 20,  // Version 11.
  kStream3 = 21,
  kHashFieldExpiryPreGa = 22,
  kHashFieldExpiryPackPreGa = 23,
  kHashFieldExpiry = 24,  // Version 12.
  kHashFieldExpiryPack = 25,
};

enum RdbOpcode : uint8_t {
  kOpSlotInfo = 244,
  kOpFunction = 245,
  kOpFunctionPreGa = 246,
  kOpModuleAux = 247,
  kOpIdle = 248,
  kOpFreq = 249,
  kOpAux = 250,
  kOpResizeDb = 251,
  kOpExpireMillis = 252,
  kOpExpireSeconds = 253,
  kOpSelectDb = 254,
  kOpEof = 255,
};

// The six low bits after 11.
enum RdbText : uint8_t { kTextInt8 = 0, kTextInt16 = 1, kTextInt32 = 2, kTextLzf = 3 };

// A quicklist node's container.
enum RdbNode : uint8_t { kNodePlain = 1, kNodePacked = 2 };

// Bounds of what is read.
inline constexpr uint64_t kTextBytesMax = uint64_t{4} << 30;
inline constexpr uint64_t kAuxBytesMax = 1 << 20;
// LZF's longest match says 264 bytes in three.
inline constexpr uint64_t kLzfRatioMax = 88;

inline constexpr size_t kPayloadFooterBytes = 10;

}  // namespace tusk::codec
