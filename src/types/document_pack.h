// The packed form of a document: one run of bytes without pointers. In memory it is what small containers and long texts
// are kept as; in files it stands for documents that JSON cannot express.
//
//   0 null | 1 false | 2 true
//   3 int8 | 4 int16 | 5 int32 | 6 int64 | 7 float, exact | 8 double          each followed by its bytes, little-endian
//   9 text | 10 bytes | 11 error                                              u40 length, bytes
//   12 array | 13 map | 14 set          u8 bytes of the items, u8 count, items (a map's: key, value, key, value, ...)
//   15 array | 16 map | 17 set          u48 bytes of the items, u40 count, items
//   18 text | 19 bytes | 20 error                                             u8 length, bytes
//   32 .. 63                            a text of 0 .. 31 bytes
//   128 .. 255                          the integers 0 .. 127
//
// Texts are valid UTF-8; keys of maps and members of sets are scalars and differ from each other.
// Threads: caller-synchronised. Owns: the packer its bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "types/byte_sink.h"
#include "types/document_view.h"

namespace tusk::types {

// A container of a document is packed while its form is no longer than this, header included: what a change inside has
// to copy at most, and what a look-up has to walk.
inline constexpr size_t kPackedBytesMax = 1024;
inline constexpr size_t kPackedHeaderSmall = 3;
inline constexpr size_t kPackedHeaderLarge = 12;
inline constexpr size_t kPackedScalarBytesMax = 9;  // Of a number.

// The whole value's bytes that begins at `bytes`, which are well formed. O(1).
size_t PackedSize(const char* bytes) noexcept;
bool PackedHeaderIsSmall(const char* container) noexcept;
// What the value would take, or something above `limit` as soon as that is certain.
size_t PackedSizeOf(const DocumentView& value, size_t limit) noexcept;

class DocumentPacker {
 public:
  void Null() { Byte(0); }
  void Bool(bool value) { Byte(value ? 2 : 1); }
  void Integer(int64_t value);
  void Double(double value);
  void Textual(DocumentKind kind, std::string_view bytes);
  void Text(std::string_view bytes) { Textual(DocumentKind::kText, bytes); }
  // Any value, containers whole. O(bytes).
  void Value(const DocumentView& value);

  // A container: Begin, its items, End with how many (pairs, for a map). A map in which a key came twice keeps the last value
  // under it, at the place of the first; a set keeps one of equal members.
  struct Mark {
    DocumentKind kind;
    size_t start;
  };
  Mark Begin(DocumentKind kind);
  void End(Mark mark, size_t count);

  std::string_view bytes() const noexcept { return bytes_.view(); }
  DocumentView view() const noexcept { return DocumentView::OfPacked(bytes_.data()); }
  void Clear() noexcept { bytes_.Truncate(0); }
  void Truncate(size_t size) noexcept { bytes_.Truncate(size); }
  // What is to come will take about so much.
  void Reserve(size_t bytes) { bytes_.Reserve(bytes); }

 private:
  void Byte(uint8_t byte) { bytes_.Byte(static_cast<char>(byte)); }
  // The tag and the lowest `width` bytes of the value.
  void Tagged(uint8_t tag, uint64_t value, size_t width);
  void DropDoubles(Mark mark, size_t count);

  ByteSink bytes_;
};

// Bytes of a file or peer: exactly one well-formed value, at most `depth_max` levels deep.
base::Status CheckPacked(std::string_view bytes, size_t depth_max);

}  // namespace tusk::types
