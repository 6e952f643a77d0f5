#include "types/document_pack.h"


#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "types/document.h"
#include "types/utf8.h"

namespace tusk::types {
namespace {

enum Tag : uint8_t {
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
constexpr size_t kTinyTextMax = 31;
constexpr int64_t kTinyIntMax = 127;
constexpr size_t kText8Header = 2;
constexpr size_t kTextHeader = 6;
constexpr size_t kCountWidth = 5;
constexpr size_t kSizeWidth = 6;
static_assert(kPackedHeaderLarge == 1 + kSizeWidth + kCountWidth);
static_assert(kTinyTextTag + kTinyTextMax < kTinyIntTag);

uint8_t TagAt(const char* bytes) noexcept { return static_cast<uint8_t>(*bytes); }

template <typename T>
T Load(const char* bytes) noexcept {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

uint64_t LoadUnsigned(const char* bytes, size_t width) noexcept {
  uint64_t value = 0;
  std::memcpy(&value, bytes, width);
  return value;
}
static_assert(std::endian::native == std::endian::little);

DocumentKind KindOffset(DocumentKind first, uint8_t offset) noexcept {
  return static_cast<DocumentKind>(static_cast<uint8_t>(first) + offset);
}
uint8_t Offset(DocumentKind first, DocumentKind kind) noexcept {
  return static_cast<uint8_t>(kind) - static_cast<uint8_t>(first);
}

// Bytes behind the tag of a scalar of fixed size, or 0xff.
constexpr uint8_t kFixedBytes[] = {0, 0, 0, 1, 2, 4, 8, 4, 8};

size_t PackedTextSize(DocumentKind kind, size_t size) noexcept {
  if (kind == DocumentKind::kText && size <= kTinyTextMax) return 1 + size;
  return (size < 256 ? kText8Header : kTextHeader) + size;
}

size_t PackedIntegerSize(int64_t value) noexcept {
  if (value >= 0 && value <= kTinyIntMax) return 1;
  if (value == static_cast<int8_t>(value)) return 2;
  if (value == static_cast<int16_t>(value)) return 3;
  return value == static_cast<int32_t>(value) ? 5 : 9;
}

bool FitsFloat(double value) noexcept {
  return std::isnan(value) ||
         (std::abs(value) <= 3.0e38 && std::bit_cast<uint64_t>(double{static_cast<float>(value)}) == std::bit_cast<uint64_t>(value));
}

}  // namespace

size_t PackedSize(const char* bytes) noexcept {
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

bool PackedHeaderIsSmall(const char* container) noexcept { return TagAt(container) < kLargeTag; }

DocumentView DocumentView::OfPacked(const char* bytes) noexcept {
  const uint8_t tag = TagAt(bytes);
  if (tag >= kTinyIntTag) return Integer(tag - kTinyIntTag);
  if (tag >= kTinyTextTag) return Text({bytes + 1, static_cast<size_t>(tag - kTinyTextTag)});
  switch (tag) {
    case kNullTag: return {};
    case kFalseTag: return Bool(false);
    case kTrueTag: return Bool(true);
    case kInt8Tag: return Integer(Load<int8_t>(bytes + 1));
    case kInt16Tag: return Integer(Load<int16_t>(bytes + 1));
    case kInt32Tag: return Integer(Load<int32_t>(bytes + 1));
    case kInt64Tag: return Integer(Load<int64_t>(bytes + 1));
    case kFloatTag: return Double(Load<float>(bytes + 1));
    case kDoubleTag: return Double(Load<double>(bytes + 1));
    default: break;
  }
  if (tag < kSmallTag) {
    return Textual(KindOffset(DocumentKind::kText, tag - kTextTag), {bytes + kTextHeader, LoadUnsigned(bytes + 1, kCountWidth)});
  }
  if (tag >= kText8Tag) {
    return Textual(KindOffset(DocumentKind::kText, tag - kText8Tag), {bytes + kText8Header, static_cast<uint8_t>(bytes[1])});
  }
  DocumentView view;
  view.packed_ = true;
  view.value_.bytes = bytes;
  if (tag < kLargeTag) {
    view.kind_ = KindOffset(DocumentKind::kArray, tag - kSmallTag);
    view.size_ = static_cast<uint8_t>(bytes[2]);
  } else {
    view.kind_ = KindOffset(DocumentKind::kArray, tag - kLargeTag);
    view.size_ = LoadUnsigned(bytes + 1 + kSizeWidth, kCountWidth);
  }
  return view;
}

size_t PackedSizeOf(const DocumentView& value, size_t limit) noexcept {
  switch (value.kind()) {
    case DocumentKind::kNull:
    case DocumentKind::kBool: return 1;
    case DocumentKind::kInteger: return PackedIntegerSize(value.integer());
    case DocumentKind::kDouble: return FitsFloat(value.number()) ? 5 : 9;
    case DocumentKind::kText:
    case DocumentKind::kBytes:
    case DocumentKind::kError: return PackedTextSize(value.kind(), value.size());
    default: break;
  }
  if (value.is_packed_container()) return value.packed_bytes().size();
  size_t items = 0;
  for (DocumentCursor at(value); at.Next() && items <= limit;) {
    if (value.kind() == DocumentKind::kMap) items += PackedSizeOf(at.key(), limit);
    items += PackedSizeOf(at.value(), limit);
  }
  return items + (items < 256 && value.size() < 256 ? kPackedHeaderSmall : kPackedHeaderLarge);
}

void DocumentPacker::Fixed(uint64_t value, size_t width) { bytes_.append(reinterpret_cast<const char*>(&value), width); }

void DocumentPacker::Integer(int64_t value) {
  if (value >= 0 && value <= kTinyIntMax) return Byte(static_cast<uint8_t>(kTinyIntTag + value));
  const size_t width = PackedIntegerSize(value) - 1;
  Byte(width == 1 ? kInt8Tag : width == 2 ? kInt16Tag : width == 4 ? kInt32Tag : kInt64Tag);
  Fixed(static_cast<uint64_t>(value), width);
}

void DocumentPacker::Double(double value) {
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  if (FitsFloat(value)) {
    Byte(kFloatTag);
    return Fixed(std::bit_cast<uint32_t>(static_cast<float>(value)), sizeof(float));
  }
  Byte(kDoubleTag);
  Fixed(std::bit_cast<uint64_t>(value), sizeof(double));
}

void DocumentPacker::Textual(DocumentKind kind, std::string_view bytes) {
  DCHECK(IsTextual(kind));
  if (kind == DocumentKind::kText && bytes.size() <= kTinyTextMax) {
    Byte(static_cast<uint8_t>(kTinyTextTag + bytes.size()));
  } else if (bytes.size() < 256) {
    Byte(kText8Tag + Offset(DocumentKind::kText, kind));
    Byte(static_cast<uint8_t>(bytes.size()));
  } else {
    Byte(kTextTag + Offset(DocumentKind::kText, kind));
    Fixed(bytes.size(), kCountWidth);
  }
  bytes_.append(bytes);
}

void DocumentPacker::Value(const DocumentView& value) {
  switch (value.kind()) {
    case DocumentKind::kNull: return Null();
    case DocumentKind::kBool: return Bool(value.boolean());
    case DocumentKind::kInteger: return Integer(value.integer());
    case DocumentKind::kDouble: return Double(value.number());
    case DocumentKind::kText:
    case DocumentKind::kBytes:
    case DocumentKind::kError: return Textual(value.kind(), value.text());
    default: break;
  }
  if (value.is_packed_container()) {
    bytes_.append(value.packed_bytes());
    return;
  }
  Mark mark = Begin(value.kind());
  for (DocumentCursor at(value); at.Next();) {
    if (value.kind() == DocumentKind::kMap) Value(at.key());
    Value(at.value());
  }
  const size_t size = bytes_.size();
  End(mark, value.size());
  DCHECK(bytes_.size() <= size);
}

DocumentPacker::Mark DocumentPacker::Begin(DocumentKind kind) {
  DCHECK(IsContainer(kind));
  Mark mark{kind, bytes_.size()};
  bytes_.append(kPackedHeaderLarge, '\0');
  return mark;
}

void DocumentPacker::End(Mark mark, size_t count) {
  const uint8_t offset = Offset(DocumentKind::kArray, mark.kind);
  const size_t items = bytes_.size() - mark.start - kPackedHeaderLarge;
  if (items < 256 && count < 256) {
    char* header = bytes_.data() + mark.start;
    header[0] = static_cast<char>(kSmallTag + offset);
    header[1] = static_cast<char>(items);
    header[2] = static_cast<char>(count);
    std::memmove(header + kPackedHeaderSmall, header + kPackedHeaderLarge, items);
    bytes_.resize(mark.start + kPackedHeaderSmall + items);
  } else {
    char* header = bytes_.data() + mark.start;
    header[0] = static_cast<char>(kLargeTag + offset);
    std::memcpy(header + 1, &items, kSizeWidth);
    std::memcpy(header + 1 + kSizeWidth, &count, kCountWidth);
  }
  if (mark.kind != DocumentKind::kArray && count > 1) DropDoubles(mark, count);
}

// Looks for equal keys; a container that is too large to stay packed finds them when it becomes a tree.
void DocumentPacker::DropDoubles(Mark mark, size_t count) {
  if (bytes_.size() - mark.start > kPackedBytesMax) return;
  constexpr size_t kPlaces = 2048;  // More than two for each value that fits.
  static_assert(kPlaces >= 2 * kPackedBytesMax);
  uint64_t seen[kPlaces / 64] = {};
  bool suspicious = false;
  const DocumentView view = DocumentView::OfPacked(bytes_.data() + mark.start);
  for (DocumentCursor at(view); at.Next() && !suspicious;) {
    const uint64_t place = HashOfDocumentKey(mark.kind == DocumentKind::kMap ? at.key() : at.value()) % kPlaces;
    suspicious = seen[place / 64] >> (place % 64) & 1;
    seen[place / 64] |= uint64_t{1} << (place % 64);
  }
  if (!suspicious) return;
  // Two hashes fell together, by chance or because the keys are equal.
  Document tree = mark.kind == DocumentKind::kMap ? Document::Map() : Document::Set();
  for (DocumentCursor at(view); at.Next();) {
    if (mark.kind == DocumentKind::kMap) {
      tree.Put(Document::CopyOf(at.key()), Document::CopyOf(at.value()));
    } else {
      tree.Add(Document::CopyOf(at.value()));
    }
  }
  if (tree.size() == count) return;
  bytes_.resize(mark.start);
  Mark anew = Begin(mark.kind);
  for (DocumentCursor at(tree.view()); at.Next();) {
    if (mark.kind == DocumentKind::kMap) Value(at.key());
    Value(at.value());
  }
  End(anew, tree.size());
}

namespace {

using base::Status;

// Reads what nobody vouches for. Each step checks that its bytes are there before it looks at them.
class Checker {
 public:
  explicit Checker(size_t depth_max) noexcept : depth_max_(depth_max) {}

  // Moves `bytes` behind its first value.
  Status Value(std::string_view& bytes, size_t depth) {
    if (bytes.empty()) return Broken("ends early");
    const uint8_t tag = static_cast<uint8_t>(bytes[0]);
    size_t header = 1;
    if (tag >= kTagsEnd && tag < kTinyTextTag) return Broken("has an unknown tag");
    if (tag >= kTinyTextTag + kTinyTextMax + 1 && tag < kTinyIntTag) return Broken("has an unknown tag");
    if (tag >= kTextTag && tag < kSmallTag) header = kTextHeader;
    if (tag >= kSmallTag && tag < kLargeTag) header = kPackedHeaderSmall;
    if (tag >= kLargeTag && tag < kText8Tag) header = kPackedHeaderLarge;
    if (tag >= kText8Tag && tag < kTagsEnd) header = kText8Header;
    if (bytes.size() < header || bytes.size() < PackedSize(bytes.data())) return Broken("ends early");
    const std::string_view whole = bytes.substr(0, PackedSize(bytes.data()));
    bytes.remove_prefix(whole.size());
    const DocumentView view = DocumentView::OfPacked(whole.data());
    if (view.kind() == DocumentKind::kText && !IsUtf8(view.text())) {
      return Broken("has a text that is no UTF-8");
    }
    if (!view.is_packed_container()) return {};
    if (depth >= depth_max_) return Status::Exhausted("nested too deep");
    return Items(view.kind(), view.size(), whole.substr(header), depth + 1);
  }

 private:
  static Status Broken(std::string_view how) { return Status::Invalid("packed document that " + std::string(how)); }

  Status Items(DocumentKind kind, size_t count, std::string_view items, size_t depth) {
    std::vector<uint64_t> hashes;
    for (size_t i = 0; i < count; ++i) {
      if (kind != DocumentKind::kArray) {
        // The key; a set's member is one.
        if (!items.empty() && IsContainerTag(static_cast<uint8_t>(items[0]))) return Broken("has a container as key");
        const char* key = items.data();
        RETURN_IF_ERROR(Value(items, depth));
        hashes.push_back(HashOfDocumentKey(DocumentView::OfPacked(key)));
      }
      if (kind != DocumentKind::kSet) RETURN_IF_ERROR(Value(items, depth));
    }
    if (!items.empty()) return Broken("has more items than it says");
    std::sort(hashes.begin(), hashes.end());
    const bool twice = std::adjacent_find(hashes.begin(), hashes.end()) != hashes.end();
    return twice ? Broken("has a key twice") : Status();
  }
  static bool IsContainerTag(uint8_t tag) noexcept { return tag >= kSmallTag && tag < kText8Tag; }

  const size_t depth_max_;
};

}  // namespace

Status CheckPacked(std::string_view bytes, size_t depth_max) {
  RETURN_IF_ERROR(Checker(depth_max).Value(bytes, 0));
  return bytes.empty() ? Status() : Status::Invalid("packed document with bytes behind it");
}

}  // namespace tusk::types
