// A list of small texts and integers in one block of memory, byte for byte Redis' listpack, so that RDB files
// and replicas take it by copy.
//
//   | total bytes u32 LE | elements u16 LE (65535: count by walking) | element ... | 0xFF |
//   element: | encoding and payload | back length: size of the former, 7 bits a byte, readable from the right
//   |
//
//   0xxxxxxx                      unsigned 7-bit integer      11110001 +2   16-bit integer, LE
//   10xxxxxx +n                   text of up to 63 bytes      11110010 +3   24-bit
//   110xxxxx xxxxxxxx             signed 13-bit integer       11110011 +4   32-bit
//   1110xxxx xxxxxxxx +n          text of up to 4095 bytes    11110100 +8   64-bit
//   11110000 +4 (LE) +n           longer text
//
// A text that is a canonical int64 is stored as that integer. Seeking and finding are O(n); at both ends and
// at a known position everything is O(bytes behind it). Any change invalidates positions, elements and raw(),
// except for the position that the changing call returns. A text that is passed in must not lie in the pack
// itself. Threads: caller-synchronised. Owns: its block, which is all the class holds (one pointer).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/numbers.h"
#include "base/status.h"

namespace tusk::ds {

// The owner converts to another encoding, or refuses, before a pack outgrows this.
inline constexpr size_t kListPackBytesMax = size_t{1} << 30;

// What is at a position: a view into the pack, or an integer.
class ListPackElement {
 public:
  explicit ListPackElement(std::string_view text) noexcept
      : data_(text.data()), value_(static_cast<int64_t>(text.size())) {}
  explicit ListPackElement(int64_t value) noexcept : data_(nullptr), value_(value) {}

  bool is_int() const noexcept { return data_ == nullptr; }
  int64_t int_value() const noexcept { return value_; }
  std::string_view text() const noexcept { return {data_, static_cast<size_t>(value_)}; }

  // The element as text, written to `buffer` (base::kInt64TextMax bytes) when it is an integer.
  std::string_view ToText(char* buffer) const noexcept {
    return is_int() ? std::string_view(buffer, base::FormatInt64(value_, buffer)) : text();
  }
  std::string ToString() const {
    char buffer[base::kInt64TextMax];
    return std::string(ToText(buffer));
  }
  size_t TextSize() const noexcept {
    char buffer[base::kInt64TextMax];
    return ToText(buffer).size();
  }
  bool Equals(std::string_view other) const noexcept {
    char buffer[base::kInt64TextMax];
    return ToText(buffer) == other;
  }

 private:
  const char* data_;
  int64_t value_;
};

class ListPack {
 public:
  // A byte offset; kNone is "no such element".
  using Pos = size_t;
  static constexpr Pos kNone = 0;

  ListPack() noexcept;
  ~ListPack() noexcept;
  ListPack(ListPack&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
  ListPack& operator=(ListPack&& other) noexcept;
  ListPack(const ListPack&) = delete;
  ListPack& operator=(const ListPack&) = delete;

  ListPack Clone() const noexcept;
  // Checks every byte, so that nothing that a file or peer sends can make the pack read outside itself.
  static base::Result<ListPack> FromBytes(std::string_view bytes);

  size_t size() const noexcept;  // O(1), O(n) from 65535 elements on.
  bool empty() const noexcept;
  size_t bytes() const noexcept;
  std::string_view raw() const noexcept { return {reinterpret_cast<const char*>(block_), bytes()}; }
  size_t MemoryBytes() const noexcept;
  // Out of memory that is to be emptied (base::WantsMove). Returns how many blocks moved: 0 or 1.
  size_t MoveBlock() noexcept;
  // Whether `more` further bytes of payload keep the pack within kListPackBytesMax.
  bool SafeToAdd(size_t more) const noexcept { return bytes() + more <= kListPackBytesMax; }

  Pos First() const noexcept;
  Pos Last() const noexcept;
  Pos Next(Pos pos) const noexcept;
  Pos Prev(Pos pos) const noexcept;
  // Negative counts from the end: -1 is the last.
  Pos Seek(int64_t index) const noexcept;
  ListPackElement Get(Pos pos) const noexcept;
  // The first element from `from` on (kNone: nowhere) that reads as `text`, looking at one and leaving out
  // the next `skip`, and so on.
  Pos Find(std::string_view text, Pos from, size_t skip = 0) const noexcept;

  void PushBack(std::string_view text) noexcept;
  void PushBackInt(int64_t value) noexcept;
  void PushFront(std::string_view text) noexcept;
  void PushBackAll(std::span<const std::string_view> texts) noexcept;
  // Return the position of the new element.
  Pos InsertBefore(Pos pos, std::string_view text) noexcept;
  Pos InsertAfter(Pos pos, std::string_view text) noexcept;
  Pos Replace(Pos pos, std::string_view text) noexcept;
  Pos ReplaceInt(Pos pos, int64_t value) noexcept;
  // Erase returns what follows the erased: kNone at the end.
  Pos Erase(Pos pos) noexcept { return EraseFrom(pos, 1); }
  Pos EraseFrom(Pos pos, size_t count) noexcept;
  // `index` may be negative; returns how many were erased.
  size_t EraseRange(int64_t index, size_t count) noexcept;
  // All elements of `other`, by copy of its bytes.
  void Append(const ListPack& other) noexcept;

  // Bytes that `text` takes as an element, for limits that must be checked beforehand.
  static size_t EncodedSize(std::string_view text) noexcept;

 private:
  struct Encoded;

  explicit ListPack(uint8_t* block) noexcept : block_(block) {}
  uint8_t* MakeRoom(size_t offset, size_t erase, size_t insert) noexcept;
  Pos Put(Pos offset, size_t erase, const Encoded& element) noexcept;
  size_t Skip(Pos pos) const noexcept;
  size_t end() const noexcept { return bytes() - 1; }
  Pos OrNone(size_t offset) const noexcept { return offset == end() ? kNone : offset; }
  void AddToCount(int64_t delta) noexcept;
  void SetCount(size_t count) noexcept;

  uint8_t* block_;  // Null after being moved from only.
};

}  // namespace tusk::ds
