// DocumentView: one value of a document as readers see it, whichever way it lies in memory: a scalar, a container in its
// packed form (document_pack.h), or a container as a tree of blocks (document_blocks.h).
//
// Cost: everything O(1), except that At() and Find() walk a packed container (at most kPackedBytesMax bytes in a document).
// Threads: as the document that is viewed. Owns: nothing; valid until the document changes or moves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/check.h"

namespace tusk::types {

struct ArrayBlock;
struct MapBlock;

enum class DocumentKind : uint8_t { kNull, kBool, kInteger, kDouble, kText, kBytes, kError, kArray, kMap, kSet };

inline constexpr bool IsContainer(DocumentKind kind) noexcept { return kind >= DocumentKind::kArray; }
inline constexpr bool IsNumber(DocumentKind kind) noexcept {
  return kind == DocumentKind::kInteger || kind == DocumentKind::kDouble;
}
inline constexpr bool IsTextual(DocumentKind kind) noexcept {
  return kind == DocumentKind::kText || kind == DocumentKind::kBytes || kind == DocumentKind::kError;
}

class DocumentView {
 public:
  DocumentView() noexcept = default;  // Null.
  static DocumentView Bool(bool value) noexcept;
  static DocumentView Integer(int64_t value) noexcept;
  static DocumentView Double(double value) noexcept;
  // `kind` is kText, kBytes or kError.
  static DocumentView Textual(DocumentKind kind, std::string_view bytes) noexcept;
  static DocumentView Text(std::string_view bytes) noexcept { return Textual(DocumentKind::kText, bytes); }
  // The value that begins at `bytes`, which are well formed.
  static DocumentView OfPacked(const char* bytes) noexcept;
  static DocumentView OfArray(const ArrayBlock& block) noexcept;
  static DocumentView OfMap(const MapBlock& block) noexcept;

  DocumentKind kind() const noexcept { return kind_; }
  bool is_null() const noexcept { return kind_ == DocumentKind::kNull; }
  bool boolean() const noexcept {
    DCHECK(kind_ == DocumentKind::kBool);
    return value_.integer != 0;
  }
  int64_t integer() const noexcept {
    DCHECK(kind_ == DocumentKind::kInteger);
    return value_.integer;
  }
  // Of either kind of number.
  double number() const noexcept {
    DCHECK(IsNumber(kind_));
    return kind_ == DocumentKind::kInteger ? static_cast<double>(value_.integer) : value_.number;
  }
  std::string_view text() const noexcept {
    DCHECK(IsTextual(kind_));
    return {value_.bytes, size_};
  }
  // Elements, pairs or members of a container, bytes of a text; 0 for others.
  size_t size() const noexcept { return size_; }

  // Containers only. The i-th element (of a map: value); i < size().
  DocumentView At(size_t i) const noexcept;
  // The value at a map's key; a set's member.
  std::optional<DocumentView> Find(const DocumentView& key) const noexcept;
  // The value at the text `name`, else at the bytes `name`.
  std::optional<DocumentView> FindName(std::string_view name) const noexcept;

  bool is_packed_container() const noexcept { return packed_; }
  // The whole value in packed form, header included.
  std::string_view packed_bytes() const noexcept;
  // Levels of containers: 0 for a scalar, 1 for []. Stops counting at `limit`. O(values).
  size_t Depth(size_t limit = SIZE_MAX) const noexcept;

  // Numbers are equal by value, maps and sets whatever their order, texts and bytes never to each other.
  friend bool operator==(const DocumentView& a, const DocumentView& b) noexcept;

 private:
  friend class DocumentCursor;
  union Value {
    int64_t integer = 0;
    double number;
    const char* bytes;  // Text; or the packed container's first byte.
    const ArrayBlock* array;
    const MapBlock* map;
  };

  // The packed value at `bytes`; returns what follows it.
  static const char* Decode(const char* bytes, DocumentView& out) noexcept;

  DocumentKind kind_ = DocumentKind::kNull;
  bool packed_ = false;
  size_t size_ = 0;
  Value value_;
};

// Walks a container in its order:
//   for (DocumentCursor at(map); at.Next();) Use(at.key(), at.value());
class DocumentCursor {
 public:
  // Of a scalar there is nothing to walk.
  explicit DocumentCursor(const DocumentView& container) noexcept;
  bool Next() noexcept;
  // Maps only.
  const DocumentView& key() const noexcept { return key_; }
  // Element, map's value, set's member.
  const DocumentView& value() const noexcept { return value_; }

 private:
  DocumentView container_;
  const char* packed_at_ = nullptr;
  size_t slot_ = 0;
  size_t left_ = 0;
  DocumentView key_;
  DocumentView value_;
};

// Equal keys have equal hashes: 1 and 1.0 are one key, a text and equal bytes are two. `key` is a scalar; of a container
// only its kind and size count.
uint64_t HashOfDocumentKey(const DocumentView& key) noexcept;

}  // namespace tusk::types
