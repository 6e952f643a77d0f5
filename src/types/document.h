// Document: a nested value: null, bool, integer, double, text, bytes, error, array, map, set. What JSON.*, typed RESP and the
// mini-Redis port work on.
//
//   word (8 bytes)   a double as it is; in the space of NaNs, by the top 16 bits:
//     special        null, false, true        integer      48 bits
//     short text, short bytes                 bytes 0-4 the text, byte 5 its length
//     packed         -> one block in the packed form (document_pack.h): long texts, large integers, small containers
//     array          -> ArrayBlock            map          -> MapBlock (sets, too)
//                    (integers alone lie there without words, until one is changed in its place)
//
// So a small document is one block, a large one a tree whose leaves are packed. A change unpacks the containers on its way;
// Settle() packs again what is small.
//
// Cost: scalars O(1); Append, Prepend, Pop O(1) amortised; Insert, Remove O(elements behind, or before); maps O(1) expected. On
// a packed container each is O(kPackedBytesMax).
// Threads: stripe-guarded. Owns: everything it holds. Views are invalidated by any change, and by moving.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "types/document_view.h"

namespace tusk::types {

class Document {
 public:
  Document() noexcept = default;  // Null.
  static Document Bool(bool value) noexcept { return Document(kTagSpecial << 48 | (value ? kTrue : kFalse)); }
  static Document Integer(int64_t value) noexcept;
  static Document Double(double value) noexcept;
  static Document Textual(DocumentKind kind, std::string_view bytes) noexcept;
  static Document Text(std::string_view bytes) noexcept { return Textual(DocumentKind::kText, bytes); }
  static Document Array() noexcept;
  static Document Map() noexcept;
  static Document Set() noexcept;
  // A deep copy, settled.
  static Document CopyOf(const DocumentView& view) noexcept;

  ~Document() { Destroy(); }
  Document(Document&& other) noexcept : word_(std::exchange(other.word_, kNullWord)) {}
  Document& operator=(Document&& other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  Document Clone() const noexcept { return CopyOf(view()); }

  DocumentView view() const noexcept;
  DocumentKind kind() const noexcept { return view().kind(); }
  // Elements of a container, bytes of a text. An empty container is a value, so keys do not go with it.
  size_t size() const noexcept { return view().size(); }
  // As OBJECT ENCODING says it: "packed" or "tree".
  std::string_view EncodingName() const noexcept;
  // Bytes behind the word, allocator slack included. `samples` elements of each large container are looked at; 0: all.
  size_t MemoryBytes(size_t samples = 0) const noexcept;
  // Blocks to free, as far as it matters whether they are few or many. O(1).
  size_t FreeEffort() const noexcept;

  // ---- Changes. The kind must fit; indices are in range. Containers that are packed are unpacked. ----
  Document& At(size_t i) noexcept;                       // kArray; one of integers alone gets words, once, O(elements).
  void Append(Document element) noexcept;                // kArray.
  void Insert(size_t i, Document element) noexcept;      // kArray; i <= size().
  void Remove(size_t i, size_t count) noexcept;          // kArray.
  Document TakeAt(size_t i) noexcept;                    // kArray.
  Document* Find(const DocumentView& key) noexcept;      // kMap; null: no such key.
  Document* FindName(std::string_view name) noexcept;    // kMap.
  bool Put(Document key, Document value) noexcept;       // kMap; true: the key is new. The key is a scalar.
  bool Add(Document member) noexcept;                    // kSet; true: it is new. A scalar.
  bool Erase(const DocumentView& key) noexcept;          // kMap, kSet.
  Document TakeLast() noexcept;                          // kSet; what came last. O(1) amortised.
  // Empties a container.
  void Clear() noexcept;
  // Packs a container that has become small. Those within it are settled already.
  void Settle() noexcept;
  bool is_tree() const noexcept { return tag() >= kTagArray; }

 private:
  friend struct MapBlock;
  friend class DocumentCursor;
  static constexpr uint64_t kTagSpecial = 0xfff9, kTagInteger = 0xfffa, kTagShortText = 0xfffb, kTagShortBytes = 0xfffc,
                            kTagPacked = 0xfffd, kTagArray = 0xfffe, kTagMap = 0xffff;
  static constexpr uint64_t kNull = 0, kFalse = 1, kTrue = 2, kVacant = 3;
  static constexpr uint64_t kNullWord = kTagSpecial << 48 | kNull;
  static constexpr uint64_t kVacantWord = kTagSpecial << 48 | kVacant;
  static constexpr uint64_t kPayloadMask = (uint64_t{1} << 48) - 1;
  static constexpr size_t kShortMax = 5;
  static constexpr size_t kShortSizeByte = 5;

  explicit Document(uint64_t word) noexcept : word_(word) {}
  static Document OfBlock(uint64_t tag, const void* block) noexcept {
    DCHECK((reinterpret_cast<uint64_t>(block) & ~kPayloadMask) == 0);
    return Document(tag << 48 | reinterpret_cast<uint64_t>(block));
  }
  static uint64_t OfBlockWord(uint64_t tag, const void* block) noexcept { return tag << 48 | reinterpret_cast<uint64_t>(block); }
  static Document OfPackedBytes(std::string_view bytes) noexcept;

  uint64_t tag() const noexcept { return word_ >> 48; }
  bool is_vacant() const noexcept { return word_ == kVacantWord; }
  template <typename T>
  T* block() const noexcept {
    return reinterpret_cast<T*>(word_ & kPayloadMask);
  }
  // A tree of an array's elements; `width` is that of the block.
  static Document ArrayOf(const DocumentView& from, uint32_t capacity, uint32_t width) noexcept;
  ArrayBlock& UnpackArray() noexcept;
  // Of a tree's array of integers, to more bytes for each or, 0, to Documents.
  void SetArrayWidth(uint32_t width) noexcept;
  MapBlock& map() noexcept;  // Unpacks.
  void UnpackMap() noexcept;
  void Destroy() noexcept {
    if (tag() >= kTagPacked) DestroyBlock();
  }
  void DestroyBlock() noexcept;
  void MakeArrayRoom(size_t at) noexcept;
  // Gives the map a block for `capacity` places without the vacant ones, and an index if they are many.
  void RebuildMap(size_t capacity) noexcept;
  bool InsertPair(Document key, Document value) noexcept;

  uint64_t word_ = kNullWord;
};
static_assert(sizeof(Document) == 8);

inline bool operator==(const Document& a, const Document& b) noexcept { return a.view() == b.view(); }

}  // namespace tusk::types
