#include "types/document_pack.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "types/document.h"
#include "types/document_pack_tags.h"
#include "types/utf8.h"

namespace tusk::types {
namespace {

uint8_t Offset(DocumentKind first, DocumentKind kind) noexcept {
  return static_cast<uint8_t>(kind) - static_cast<uint8_t>(first);
}

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

size_t PackedSize(const char* bytes) noexcept { return PackedSizeAt(bytes); }

bool PackedHeaderIsSmall(const char* container) noexcept { return TagAt(container) < kLargeTag; }

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

void DocumentPacker::Tagged(uint8_t tag, uint64_t value, size_t width) {
  char* at = bytes_.Room(1 + sizeof(value));
  at[0] = static_cast<char>(tag);
  std::memcpy(at + 1, &value, sizeof(value));
  bytes_.Commit(1 + width);
}

void DocumentPacker::Integer(int64_t value) {
  if (value >= 0 && value <= kTinyIntMax) return Byte(static_cast<uint8_t>(kTinyIntTag + value));
  const size_t width = PackedIntegerSize(value) - 1;
  Tagged(width == 1 ? kInt8Tag : width == 2 ? kInt16Tag : width == 4 ? kInt32Tag : kInt64Tag, static_cast<uint64_t>(value), width);
}

void DocumentPacker::Double(double value) {
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  if (FitsFloat(value)) return Tagged(kFloatTag, std::bit_cast<uint32_t>(static_cast<float>(value)), sizeof(float));
  Tagged(kDoubleTag, std::bit_cast<uint64_t>(value), sizeof(double));
}

void DocumentPacker::Textual(DocumentKind kind, std::string_view bytes) {
  DCHECK(IsTextual(kind));
  char* at = bytes_.Room(kTextHeader + sizeof(uint64_t) + bytes.size());
  const uint8_t offset = Offset(DocumentKind::kText, kind);
  if (kind == DocumentKind::kText && bytes.size() <= kTinyTextMax) {
    *at++ = static_cast<char>(kTinyTextTag + bytes.size());
  } else if (bytes.size() < 256) {
    *at++ = static_cast<char>(kText8Tag + offset);
    *at++ = static_cast<char>(bytes.size());
  } else {
    *at++ = static_cast<char>(kTextTag + offset);
    const uint64_t size = bytes.size();
    std::memcpy(at, &size, kCountWidth);
    at += kCountWidth;
  }
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  bytes_.CommitTo(at + bytes.size());
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
    bytes_.Append(value.packed_bytes());
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
  bytes_.Room(kPackedHeaderLarge);  // Filled by End.
  bytes_.Commit(kPackedHeaderLarge);
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
    bytes_.Truncate(mark.start + kPackedHeaderSmall + items);
  } else {
    char* header = bytes_.data() + mark.start;
    header[0] = static_cast<char>(kLargeTag + offset);
    std::memcpy(header + 1, &items, kSizeWidth);
    std::memcpy(header + 1 + kSizeWidth, &count, kCountWidth);
  }
  if (mark.kind != DocumentKind::kArray && count > 1) DropDoubles(mark, count);
}

namespace {

// Equal keys have equal marks. Short texts, which nearly all keys are, have a hash without a seed: who makes two of them agree gets the slower
// comparison.
uint64_t MarkOfKey(const char* key) noexcept {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15u;
  const uint8_t tag = TagAt(key);
  if (tag < kTinyTextTag || tag >= kTinyIntTag) return HashOfDocumentKey(DocumentView::OfPacked(key));
  const size_t size = tag - kTinyTextTag;
  const char* bytes = key + 1;
  uint64_t mark = size * kOdd;
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) mark = std::rotl((mark ^ LoadUnsigned(bytes + at, sizeof(uint64_t))) * kOdd, 29);
  if (at + sizeof(uint32_t) <= size) {
    mark = std::rotl((mark ^ LoadUnsigned(bytes + at, sizeof(uint32_t))) * kOdd, 29);
    at += sizeof(uint32_t);
  }
  for (; at < size; ++at) mark = std::rotl((mark ^ static_cast<uint8_t>(bytes[at])) * kOdd, 29);
  return (mark ^ mark >> 32) * kOdd;
}

// Among the keys of a packed map or the members of a packed set, which is kPackedBytesMax long at most.
bool HasEqualHashes(DocumentKind kind, const char* container, size_t count) noexcept {
  constexpr size_t kPlacesMax = 2 * kPackedBytesMax;
  DCHECK(count <= kPackedBytesMax && std::has_single_bit(kPlacesMax));
  uint32_t seen[kPlacesMax];  // By hash, whose lowest bit is set: 0 is free.
  const size_t mask = std::bit_ceil(2 * count) - 1;
  std::memset(seen, 0, (mask + 1) * sizeof(seen[0]));
  const char* at = container + (PackedHeaderIsSmall(container) ? kPackedHeaderSmall : kPackedHeaderLarge);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t hash = MarkOfKey(at);
    const uint32_t mark = static_cast<uint32_t>(hash >> 32) | 1;
    size_t place = hash & mask;
    while (seen[place] != 0) {
      if (seen[place] == mark) return true;
      place = (place + 1) & mask;
    }
    seen[place] = mark;
    at += PackedSize(at);
    if (kind == DocumentKind::kMap) at += PackedSize(at);
  }
  return false;
}

}  // namespace

// Looks for equal keys; a container that is too large to stay packed finds them when it becomes a tree.
void DocumentPacker::DropDoubles(Mark mark, size_t count) {
  if (bytes_.size() - mark.start > kPackedBytesMax) return;
  if (!HasEqualHashes(mark.kind, bytes_.data() + mark.start, count)) return;
  const DocumentView view = DocumentView::OfPacked(bytes_.data() + mark.start);
  // Two hashes are equal, by chance or because the keys are.
  Document tree = mark.kind == DocumentKind::kMap ? Document::Map() : Document::Set();
  for (DocumentCursor at(view); at.Next();) {
    if (mark.kind == DocumentKind::kMap) {
      tree.Put(Document::CopyOf(at.key()), Document::CopyOf(at.value()));
    } else {
      tree.Add(Document::CopyOf(at.value()));
    }
  }
  if (tree.size() == count) return;
  bytes_.Truncate(mark.start);
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
