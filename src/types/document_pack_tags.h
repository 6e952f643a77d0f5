// How a packed value is taken apart (document_pack.h draws the form), for the files that do so for every value.
// Threads: any. Owns: nothing.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "types/document_pack.h"

namespace tusk::types {

enum PackedTag : uint8_t {
  kNullTag = 0,
  kFalseTag = 1,
  kTrueTag = 2,
  kInt8Tag = 3,
  kInt16Tag = 4,
  kInt32Tag = 5,
  kInt64Tag = 6,
  kFloatTag = 7,
  kDoubleTag = 8,
  kTextTag = 9,  // And bytes, and error.
  kSmallTag = 12,  // Array, map, set.
  kLargeTag = 15,
  kText8Tag = 18,
  kTagsEnd = 21,
  kTinyTextTag = 32,
  kTinyIntTag = 128,
};
inline constexpr size_t kTinyTextMax = 31;
inline constexpr int64_t kTinyIntMax = 127;
inline constexpr size_t kText8Header = 2;
inline constexpr size_t kTextHeader = 6;
inline constexpr size_t kCountWidth = 5;
inline constexpr size_t kSizeWidth = 6;
static_assert(kPackedHeaderLarge == 1 + kSizeWidth + kCountWidth);
static_assert(kTinyTextTag + kTinyTextMax < kTinyIntTag);
static_assert(std::endian::native == std::endian::little);

inline uint8_t TagAt(const char* bytes) noexcept { return static_cast<uint8_t>(*bytes); }

inline uint64_t LoadUnsigned(const char* bytes, size_t width) noexcept {
  uint64_t value = 0;
  std::memcpy(&value, bytes, width);
  return value;
}

// Bytes behind the tag of a scalar of fixed size.
inline constexpr uint8_t kFixedBytes[] = {0, 0, 0, 1, 2, 4, 8, 4, 8};

inline size_t PackedSizeAt(const char* bytes) noexcept {
  const uint8_t tag = TagAt(bytes);
  if (tag >= kTinyIntTag) return 1;
  if (tag >= kTinyTextTag) return 1 + (tag - kTinyTextTag);
  if (tag < std::size(kFixedBytes)) return 1 + kFixedBytes[tag];
  if (tag < kSmallTag) return kTextHeader + LoadUnsigned(bytes + 1, kCountWidth);
  if (tag < kLargeTag) return kPackedHeaderSmall + static_cast<uint8_t>(bytes[1]);
  if (tag < kText8Tag) return kPackedHeaderLarge + LoadUnsigned(bytes + 1, kSizeWidth);
  DCHECK(tag < kTagsEnd);
  return kText8Header + static_cast<uint8_t>(bytes[1]);
}

}  // namespace tusk::types
