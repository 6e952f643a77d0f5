#include "types/document_view.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/hash.h"
#include "types/document_blocks.h"
#include "types/document_pack_tags.h"

namespace tusk::types {
namespace {

// Of a number that is one, whichever its kind: doubles have more of them than they can tell apart, so comparing as doubles
// would make different integers equal to the same double.
std::optional<int64_t> IntegerOf(const DocumentView& number) noexcept {
  if (number.kind() == DocumentKind::kInteger) return number.integer();
  const double value = number.number();
  constexpr double kLimit = 9223372036854775808.0;
  if (!(value >= -kLimit && value < kLimit) || std::trunc(value) != value) return {};
  return static_cast<int64_t>(value);
}

template <typename T>
T Load(const char* bytes) noexcept {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

DocumentKind KindOffset(DocumentKind first, uint8_t offset) noexcept {
  return static_cast<DocumentKind>(static_cast<uint8_t>(first) + offset);
}

}  // namespace

// Every walk over a packed container comes here for each value.
inline const char* DocumentView::Decode(const char* bytes, DocumentView& out) noexcept {
  const uint8_t tag = TagAt(bytes);
  out.packed_ = false;
  out.size_ = 0;
  if (tag >= kTinyIntTag) {
    out.kind_ = DocumentKind::kInteger;
    out.value_.integer = tag - kTinyIntTag;
    return bytes + 1;
  }
  auto text = [&](DocumentKind kind, size_t header, size_t size) {
    out.kind_ = kind;
    out.size_ = size;
    out.value_.bytes = bytes + header;
    return bytes + header + size;
  };
  if (tag >= kTinyTextTag) return text(DocumentKind::kText, 1, tag - kTinyTextTag);
  auto integer = [&](int64_t value, size_t width) {
    out.kind_ = DocumentKind::kInteger;
    out.value_.integer = value;
    return bytes + 1 + width;
  };
  auto number = [&](double value, size_t width) {
    out.kind_ = DocumentKind::kDouble;
    out.value_.number = value;
    return bytes + 1 + width;
  };
  switch (tag) {
    case kNullTag: return out.kind_ = DocumentKind::kNull, bytes + 1;
    case kFalseTag:
    case kTrueTag:
      out.kind_ = DocumentKind::kBool;
      out.value_.integer = tag == kTrueTag;
      return bytes + 1;
    case kInt8Tag: return integer(Load<int8_t>(bytes + 1), sizeof(int8_t));
    case kInt16Tag: return integer(Load<int16_t>(bytes + 1), sizeof(int16_t));
    case kInt32Tag: return integer(Load<int32_t>(bytes + 1), sizeof(int32_t));
    case kInt64Tag: return integer(Load<int64_t>(bytes + 1), sizeof(int64_t));
    case kFloatTag: return number(Load<float>(bytes + 1), sizeof(float));
    case kDoubleTag: return number(Load<double>(bytes + 1), sizeof(double));
    default: break;
  }
  if (tag < kSmallTag) return text(KindOffset(DocumentKind::kText, tag - kTextTag), kTextHeader, LoadUnsigned(bytes + 1, kCountWidth));
  if (tag >= kText8Tag) return text(KindOffset(DocumentKind::kText, tag - kText8Tag), kText8Header, static_cast<uint8_t>(bytes[1]));
  out.packed_ = true;
  out.value_.bytes = bytes;
  if (tag < kLargeTag) {
    out.kind_ = KindOffset(DocumentKind::kArray, tag - kSmallTag);
    out.size_ = static_cast<uint8_t>(bytes[2]);
    return bytes + kPackedHeaderSmall + static_cast<uint8_t>(bytes[1]);
  }
  out.kind_ = KindOffset(DocumentKind::kArray, tag - kLargeTag);
  out.size_ = LoadUnsigned(bytes + 1 + kSizeWidth, kCountWidth);
  return bytes + kPackedHeaderLarge + LoadUnsigned(bytes + 1, kSizeWidth);
}

DocumentView DocumentView::OfPacked(const char* bytes) noexcept {
  DocumentView view;
  Decode(bytes, view);
  return view;
}

DocumentView DocumentView::Bool(bool value) noexcept {
  DocumentView view;
  view.kind_ = DocumentKind::kBool;
  view.value_.integer = value;
  return view;
}

DocumentView DocumentView::Integer(int64_t value) noexcept {
  DocumentView view;
  view.kind_ = DocumentKind::kInteger;
  view.value_.integer = value;
  return view;
}

DocumentView DocumentView::Double(double value) noexcept {
  DocumentView view;
  view.kind_ = DocumentKind::kDouble;
  view.value_.number = value;
  return view;
}

DocumentView DocumentView::Textual(DocumentKind kind, std::string_view bytes) noexcept {
  DCHECK(IsTextual(kind));
  DocumentView view;
  view.kind_ = kind;
  view.size_ = bytes.size();
  view.value_.bytes = bytes.data();
  return view;
}

DocumentView DocumentView::OfArray(const ArrayBlock& block) noexcept {
  DocumentView view;
  view.kind_ = DocumentKind::kArray;
  view.size_ = block.size;
  view.value_.array = &block;
  return view;
}

DocumentView DocumentView::OfMap(const MapBlock& block) noexcept {
  DocumentView view;
  view.kind_ = block.has_values ? DocumentKind::kMap : DocumentKind::kSet;
  view.size_ = block.live;
  view.value_.map = &block;
  return view;
}

std::string_view DocumentView::packed_bytes() const noexcept {
  DCHECK(packed_);
  return {value_.bytes, PackedSize(value_.bytes)};
}

DocumentView DocumentView::At(size_t i) const noexcept {
  DCHECK(IsContainer(kind_) && i < size_);
  if (!packed_ && kind_ == DocumentKind::kArray) {
    return value_.array->width != 0 ? Integer(value_.array->integer(i)) : value_.array->elements()[i].view();
  }
  DocumentCursor at(*this);
  for (size_t skipped = 0; skipped <= i; ++skipped) at.Next();
  return at.value();
}

std::optional<DocumentView> DocumentView::Find(const DocumentView& key) const noexcept {
  DCHECK(kind_ == DocumentKind::kMap || kind_ == DocumentKind::kSet);
  if (!packed_) {
    const size_t place = value_.map->PlaceOf(key);
    if (place == MapBlock::kNowhere) return {};
    return value_.map->value(place).view();
  }
  const bool is_map = kind_ == DocumentKind::kMap;
  for (DocumentCursor at(*this); at.Next();) {
    if ((is_map ? at.key() : at.value()) == key) return at.value();
  }
  return {};
}

std::optional<DocumentView> DocumentView::FindName(std::string_view name) const noexcept {
  if (std::optional<DocumentView> found = Find(Text(name))) return found;
  return Find(Textual(DocumentKind::kBytes, name));
}

size_t DocumentView::Depth(size_t limit) const noexcept {
  if (!IsContainer(kind_)) return 0;
  if (limit <= 1) return 1;
  size_t deepest = 0;
  for (DocumentCursor at(*this); at.Next() && deepest < limit - 1;) deepest = std::max(deepest, at.value().Depth(limit - 1));
  return deepest + 1;
}

bool operator==(const DocumentView& a, const DocumentView& b) noexcept {
  if (IsNumber(a.kind_) && IsNumber(b.kind_)) {
    const std::optional<int64_t> left = IntegerOf(a), right = IntegerOf(b);
    if (left || right) return left == right;
    // A NaN is equal to itself, so that it can be a key.
    return a.number() == b.number() || (std::isnan(a.number()) && std::isnan(b.number()));
  }
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case DocumentKind::kNull: return true;
    case DocumentKind::kBool: return a.boolean() == b.boolean();
    case DocumentKind::kText:
    case DocumentKind::kBytes:
    case DocumentKind::kError: return a.text() == b.text();
    case DocumentKind::kArray: {
      if (a.size() != b.size()) return false;
      DocumentCursor left(a), right(b);
      while (left.Next() && right.Next()) {
        if (!(left.value() == right.value())) return false;
      }
      return true;
    }
    case DocumentKind::kMap:
    case DocumentKind::kSet: {
      if (a.size() != b.size()) return false;
      const bool is_map = a.kind_ == DocumentKind::kMap;
      for (DocumentCursor at(a); at.Next();) {
        std::optional<DocumentView> other = b.Find(is_map ? at.key() : at.value());
        if (!other || !(*other == at.value())) return false;
      }
      return true;
    }
    case DocumentKind::kInteger:
    case DocumentKind::kDouble: break;  // Above.
  }
  return false;
}

DocumentCursor::DocumentCursor(const DocumentView& container) noexcept
    : container_(container), left_(IsContainer(container.kind()) ? container.size() : 0) {
  if (!container.packed_) return;
  const bool is_small = PackedHeaderIsSmall(container.value_.bytes);
  packed_at_ = container.value_.bytes + (is_small ? kPackedHeaderSmall : kPackedHeaderLarge);
}

bool DocumentCursor::Next() noexcept {
  if (left_ == 0) return false;
  --left_;
  if (container_.packed_) {
    if (container_.kind_ == DocumentKind::kMap) packed_at_ = DocumentView::Decode(packed_at_, key_);
    packed_at_ = DocumentView::Decode(packed_at_, value_);
    return true;
  }
  if (container_.kind_ == DocumentKind::kArray) {
    const ArrayBlock& array = *container_.value_.array;
    value_ = array.width != 0 ? DocumentView::Integer(array.integer(slot_)) : array.elements()[slot_].view();
    ++slot_;
    return true;
  }
  const MapBlock& map = *container_.value_.map;
  while (map.key(slot_).is_vacant()) ++slot_;
  DCHECK(slot_ < map.used);
  if (map.has_values) key_ = map.key(slot_).view();
  value_ = map.value(slot_++).view();
  return true;
}

uint64_t HashOfDocumentKey(const DocumentView& key) noexcept {
  const auto kind = static_cast<uint64_t>(key.kind());
  if (IsTextual(key.kind())) return base::KeyHash(key.text()) ^ kind * 0x9e3779b97f4a7c15u;
  uint64_t bits = key.size();
  if (key.kind() == DocumentKind::kBool) bits = key.boolean();
  // By value, so that the two kinds agree.
  uint64_t of_kind = kind;
  if (IsNumber(key.kind())) {
    const std::optional<int64_t> integer = IntegerOf(key);
    of_kind = integer ? 0x100 : 0x101;
    bits = integer ? static_cast<uint64_t>(*integer) : std::bit_cast<uint64_t>(key.number());
  }
  const uint64_t words[2] = {of_kind, bits};
  return base::KeyHash({reinterpret_cast<const char*>(words), sizeof(words)});
}

}  // namespace tusk::types
