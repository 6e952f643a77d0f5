// Entry: one key with its value, in one allocation.
//
//   0        4         8          24 (or 8)
//   +--------+---------+----------+-------------+-----+-------------------------+
//   | meta   | lengths | deadline | long length | key | embedded value, or word |
//   +--------+---------+----------+-------------+-----+-------------------------+
//                      `- 16 bytes, only when the key has a deadline -'
//
// meta:    24 bits access clock (eviction), 4 bits type, 3 bits representation, 1 bit the snapshot's mark.
// lengths: 1 bit "has a deadline", 23 bits of the key's length, 8 of the embedded value's. A key too long for 23 bits has
//          them all set and its length in 8 bytes before it.
// word:    8 bytes at any address: the integer, or the pointer to the value's object.
//
// Threads: stripe-guarded. Owns: the value. Entries are created, replaced and destroyed by Shard only, because the
// table and the deadline index point at them.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "base/numbers.h"
#include "types/string_value.h"

namespace tusk::types {
class List;
class Set;
class ZSet;
class Hash;
class Stream;
class Document;
}  // namespace tusk::types

namespace tusk::store {

enum class Type : uint8_t { kString, kList, kSet, kZSet, kHash, kStream, kDocument };

// "string", "list", "set", "zset", "hash", "stream", and "ReJSON-RL", by which clients know a document: TYPE's names.
std::string_view TypeName(Type type) noexcept;

enum class Rep : uint8_t {
  kInteger,      // word is the integer.
  kEmbedded,     // The bytes follow the key.
  kEmbeddedRaw,  // The same, but written in place before, so that OBJECT ENCODING says "raw" as Redis would.
  kRaw,          // word is a types::RawString's block.
  kObject,       // word is a types::List*, Set*, ZSet*, Hash*, Stream* or Document*.
};

// Longer strings get a buffer of their own. Redis embeds up to 44 bytes and calls the rest raw; the name that clients
// see follows that limit, the layout follows this one.
inline constexpr size_t kEmbeddedMax = 192;  // An entry's lengths have 8 bits for it.
inline constexpr size_t kEmbstrNameMax = 44;
inline constexpr size_t kKeyLengthMax = 512u << 20;

template <typename T>
struct TypeOf;
template <>
struct TypeOf<types::List> { static constexpr Type kValue = Type::kList; };
template <>
struct TypeOf<types::Set> { static constexpr Type kValue = Type::kSet; };
template <>
struct TypeOf<types::ZSet> { static constexpr Type kValue = Type::kZSet; };
template <>
struct TypeOf<types::Hash> { static constexpr Type kValue = Type::kHash; };
template <>
struct TypeOf<types::Stream> { static constexpr Type kValue = Type::kStream; };
template <>
struct TypeOf<types::Document> { static constexpr Type kValue = Type::kDocument; };

class Entry {
 public:
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  Type type() const noexcept { return static_cast<Type>((meta_ >> 24) & 15); }
  Rep rep() const noexcept { return static_cast<Rep>((meta_ >> 28) & 7); }
  std::string_view key() const noexcept { return {KeyBytes(), key_length()}; }
  size_t key_length() const noexcept {
    const uint32_t length = lengths_ >> kKeyLengthShift & kKeyLengthLong;
    return length != kKeyLengthLong ? length : LongLength();
  }

  bool has_deadline() const noexcept { return lengths_ & kDeadlineBit; }
  // Unix milliseconds; kNoDeadline without one.
  int64_t deadline_ms() const noexcept { return has_deadline() ? deadline_block()->deadline_ms : kNoDeadline; }
  bool ExpiredAt(int64_t now_ms) const noexcept { return has_deadline() && deadline_block()->deadline_ms <= now_ms; }
  static constexpr int64_t kNoDeadline = -1;
  // It has a deadline, or is of the type whose fields may have some.
  bool MayExpire() const noexcept { return has_deadline() || type() == Type::kHash; }

  // Access clock: seconds for LRU, or minutes and counter for LFU (store/eviction.h). 24 bits.
  uint32_t access() const noexcept { return meta_ & 0xffffff; }
  void set_access(uint32_t value) noexcept { meta_ = (meta_ & 0xff000000u) | (value & 0xffffff); }

  // See store/snapshot_hook.h.
  bool snapshot_mark() const noexcept { return meta_ & kMarkBit; }
  void set_snapshot_mark(bool mark) noexcept { meta_ = (meta_ & ~kMarkBit) | (mark ? kMarkBit : 0); }

  // Strings. The view is valid until the key is next written; an integer is spelled into `buffer`.
  bool is_integer() const noexcept { return rep() == Rep::kInteger; }
  int64_t integer() const noexcept { return static_cast<int64_t>(word()); }
  struct TextBuffer { char bytes[base::kInt64TextMax]; };
  std::string_view text(TextBuffer& buffer) const noexcept;
  size_t text_size() const noexcept;
  // For kRaw only: a share of the bytes, which stay as they are while it lives, so that a reply need not copy them.
  std::shared_ptr<const void> SharedRaw() const;

  // Objects. The type must be right.
  template <typename T>
  T& object() const noexcept {
    DCHECK(type() == TypeOf<T>::kValue);
    return *reinterpret_cast<T*>(word());
  }

  // OBJECT ENCODING's name.
  std::string_view EncodingName() const noexcept;
  // The same in the words of Redis 7.0, which had no packed lists and sets.
  std::string_view ClassicEncodingName() const noexcept;
  // Elements of a collection, bytes of a string.
  size_t ElementCount() const noexcept;
  // Entry and value, allocator slack included; collections are sampled like Redis' MEMORY USAGE.
  size_t MemoryBytes(size_t samples) const noexcept;

 private:
  friend class Shard;
  friend class ExpiryIndex;
  Entry() = default;

  struct DeadlineBlock {  // Right behind the entry, which is aligned to 8 bytes.
    int64_t deadline_ms;
    uint32_t heap_position;
    uint32_t unused;
  };
  static constexpr uint32_t kDeadlineBit = 1u << 31;
  static constexpr uint32_t kKeyLengthShift = 8;
  static constexpr uint32_t kKeyLengthLong = (1u << 23) - 1;  // The length is elsewhere; see the layout.
  static constexpr uint32_t kEmbeddedLengthMask = 255;
  static constexpr uint32_t kMarkBit = 1u << 31;
  static constexpr size_t kWordBytes = sizeof(uint64_t);
  static_assert(kEmbeddedMax <= kEmbeddedLengthMask);

  const DeadlineBlock* deadline_block() const noexcept { return reinterpret_cast<const DeadlineBlock*>(this + 1); }
  DeadlineBlock* deadline_block() noexcept { return reinterpret_cast<DeadlineBlock*>(this + 1); }
  bool is_long() const noexcept { return (lengths_ >> kKeyLengthShift & kKeyLengthLong) == kKeyLengthLong; }
  size_t LongLength() const noexcept {
    uint64_t length;
    std::memcpy(&length, KeyBytes() - sizeof(length), sizeof(length));
    return length;
  }
  const char* KeyBytes() const noexcept {
    return reinterpret_cast<const char*>(this + 1) + (has_deadline() ? sizeof(DeadlineBlock) : 0) +
           (is_long() ? sizeof(uint64_t) : 0);
  }
  char* KeyBytes() noexcept { return const_cast<char*>(static_cast<const Entry*>(this)->KeyBytes()); }
  // What follows the key: the value itself or the word.
  char* Payload() noexcept { return KeyBytes() + key_length(); }
  const char* Payload() const noexcept { return KeyBytes() + key_length(); }
  bool is_embedded() const noexcept { return rep() == Rep::kEmbedded || rep() == Rep::kEmbeddedRaw; }
  size_t embedded_length() const noexcept { return lengths_ & kEmbeddedLengthMask; }
  size_t payload_bytes() const noexcept { return is_embedded() ? embedded_length() : kWordBytes; }
  uint64_t word() const noexcept {
    uint64_t word;
    std::memcpy(&word, Payload(), kWordBytes);
    return word;
  }
  void set_word(uint64_t word) noexcept { std::memcpy(Payload(), &word, kWordBytes); }
  void set_embedded_length(size_t length) noexcept {
    DCHECK(length <= kEmbeddedMax);
    lengths_ = (lengths_ & ~kEmbeddedLengthMask) | static_cast<uint32_t>(length);
  }
  void set_type_and_rep(Type type, Rep rep) noexcept {
    meta_ = (meta_ & (0xffffff | kMarkBit)) | static_cast<uint32_t>(type) << 24 | static_cast<uint32_t>(rep) << 28;
  }

  uint32_t meta_;
  uint32_t lengths_;
};
static_assert(sizeof(Entry) == 8);

inline std::string_view Entry::text(TextBuffer& buffer) const noexcept {
  switch (rep()) {
    case Rep::kInteger: return {buffer.bytes, base::FormatInt64(integer(), buffer.bytes)};
    case Rep::kRaw: return types::RawString::ViewOf(reinterpret_cast<const void*>(word()));
    default: return {Payload(), embedded_length()};
  }
}

}  // namespace tusk::store
