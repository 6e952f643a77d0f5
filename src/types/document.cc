#include "types/document.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "base/memory.h"
#include "types/document_blocks.h"
#include "types/document_pack.h"

namespace tusk::types {
namespace {

constexpr int64_t kInlineIntegerMax = (int64_t{1} << 47) - 1;
constexpr uint32_t kMapCapacityMin = 4;
// Elements move by their words: a Document does not know where it lies.
void MoveWords(Document* to, const Document* from, size_t count) noexcept {
  std::memmove(static_cast<void*>(to), static_cast<const void*>(from), count * sizeof(Document));
}

MapBlock* NewMapBlock(uint32_t capacity, bool has_values) noexcept {
  const size_t slots = size_t{capacity} * (1 + has_values);
  auto* block = static_cast<MapBlock*>(base::Allocate(sizeof(MapBlock) + slots * sizeof(Document)));
  *block = {.capacity = capacity, .used = 0, .live = 0, .index_mask = 0, .index = nullptr, .has_values = has_values};
  return block;
}

void IndexPlace(MapBlock& map, uint32_t place) noexcept {
  uint64_t at = HashOfDocumentKey(map.key(place).view()) & map.index_mask;
  while (map.index[at] != 0 && map.index[at] != MapBlock::kErased) at = (at + 1) & map.index_mask;
  map.index[at] = place + 1;
}

void MakeIndex(MapBlock& map) noexcept {
  DCHECK(map.used == map.live);
  const size_t places = std::bit_ceil(size_t{map.capacity} + map.capacity / 4);
  map.index = static_cast<uint32_t*>(base::Allocate(places * sizeof(uint32_t)));
  std::memset(map.index, 0, places * sizeof(uint32_t));
  map.index_mask = static_cast<uint32_t>(places - 1);
  for (uint32_t place = 0; place < map.used; ++place) IndexPlace(map, place);
}

}  // namespace

size_t MapBlock::PlaceOf(const DocumentView& wanted) const noexcept {
  if (index_mask == 0) {
    for (size_t place = 0; place < used; ++place) {
      if (!key(place).is_vacant() && key(place).view() == wanted) return place;
    }
    return kNowhere;
  }
  for (uint64_t at = HashOfDocumentKey(wanted) & index_mask; index[at] != 0; at = (at + 1) & index_mask) {
    if (index[at] == kErased) continue;
    const size_t place = index[at] - 1;
    DCHECK(place < used && !key(place).is_vacant());
    if (key(place).view() == wanted) return place;
  }
  return kNowhere;
}

// ---- Scalars ----

Document Document::OfPackedBytes(std::string_view bytes) noexcept {
  void* block = base::Allocate(bytes.size());
  std::memcpy(block, bytes.data(), bytes.size());
  return OfBlock(kTagPacked, block);
}

Document Document::Integer(int64_t value) noexcept {
  if (value <= kInlineIntegerMax && value >= -kInlineIntegerMax) {
    return Document(kTagInteger << 48 | (static_cast<uint64_t>(value) & kPayloadMask));
  }
  DocumentPacker packer;
  packer.Integer(value);
  return OfPackedBytes(packer.bytes());
}

Document Document::Double(double value) noexcept {
  // All NaNs are one, outside the space of the tags.
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  DCHECK(std::bit_cast<uint64_t>(value) >> 48 < kTagSpecial);
  return Document(std::bit_cast<uint64_t>(value));
}

Document Document::Textual(DocumentKind kind, std::string_view bytes) noexcept {
  if (bytes.size() <= kShortMax && kind != DocumentKind::kError) {
    uint64_t word = (kind == DocumentKind::kText ? kTagShortText : kTagShortBytes) << 48 | uint64_t{bytes.size()} << (8 * kShortSizeByte);
    std::memcpy(&word, bytes.data(), bytes.size());
    return Document(word);
  }
  DocumentPacker packer;
  packer.Textual(kind, bytes);
  return OfPackedBytes(packer.bytes());
}

DocumentView Document::view() const noexcept {
  DCHECK(!is_vacant());
  switch (tag()) {
    case kTagSpecial: {
      const uint64_t special = word_ & kPayloadMask;
      return special == kNull ? DocumentView() : DocumentView::Bool(special == kTrue);
    }
    case kTagInteger: return DocumentView::Integer(static_cast<int64_t>(word_ << 16) >> 16);
    case kTagShortText:
    case kTagShortBytes: {
      const char* bytes = reinterpret_cast<const char*>(&word_);
      const auto size = static_cast<size_t>(bytes[kShortSizeByte]);
      return DocumentView::Textual(tag() == kTagShortText ? DocumentKind::kText : DocumentKind::kBytes, {bytes, size});
    }
    case kTagPacked: return DocumentView::OfPacked(block<const char>());
    case kTagArray: return DocumentView::OfArray(*block<ArrayBlock>());
    case kTagMap: return DocumentView::OfMap(*block<MapBlock>());
    default: return DocumentView::Double(std::bit_cast<double>(word_));
  }
}

// ---- Life ----

Document Document::Array() noexcept { return CopyOf(DocumentView::OfPacked("\x0c\x00\x00")); }
Document Document::Map() noexcept { return CopyOf(DocumentView::OfPacked("\x0d\x00\x00")); }
Document Document::Set() noexcept { return CopyOf(DocumentView::OfPacked("\x0e\x00\x00")); }

Document Document::CopyOf(const DocumentView& view) noexcept {
  switch (view.kind()) {
    case DocumentKind::kNull: return {};
    case DocumentKind::kBool: return Bool(view.boolean());
    case DocumentKind::kInteger: return Integer(view.integer());
    case DocumentKind::kDouble: return Double(view.number());
    case DocumentKind::kText:
    case DocumentKind::kBytes:
    case DocumentKind::kError: return Textual(view.kind(), view.text());
    default: break;
  }
  if (view.is_packed_container()) {
    std::string_view bytes = view.packed_bytes();
    if (bytes.size() <= kPackedBytesMax) return OfPackedBytes(bytes);
  }
  CHECK(view.size() < kBlockElementsMax);
  const auto count = static_cast<uint32_t>(view.size());
  if (view.kind() == DocumentKind::kArray) {
    Document copy = ArrayOf(view, count, ArrayBlock::WidthOf(view));
    copy.Settle();
    return copy;
  }
  const bool is_map = view.kind() == DocumentKind::kMap;
  Document copy = OfBlock(kTagMap, NewMapBlock(count, is_map));
  if (count > MapBlock::kUnindexedMax) MakeIndex(*copy.block<MapBlock>());
  for (DocumentCursor at(view); at.Next();) {
    copy.InsertPair(CopyOf(is_map ? at.key() : at.value()), is_map ? CopyOf(at.value()) : Document());
  }
  copy.Settle();
  return copy;
}

void Document::DestroyBlock() noexcept {
  if (tag() == kTagArray) {
    ArrayBlock& array = *block<ArrayBlock>();
    if (array.width == 0) std::destroy_n(array.elements(), array.size);
  } else if (tag() == kTagMap) {
    MapBlock& map = *block<MapBlock>();
    std::destroy_n(map.slots(), map.used * map.stride());
    base::Free(map.index);
  }
  base::Free(block<void>());
}

void Document::Settle() noexcept {
  if (!is_tree()) return;
  // What is large enough by its number of elements alone need not be measured.
  if (size() > kPackedBytesMax || PackedSizeOf(view(), kPackedBytesMax) > kPackedBytesMax) return;
  DocumentPacker packer;
  packer.Value(view());
  *this = OfPackedBytes(packer.bytes());
}

void Document::UnpackMap() noexcept {
  if (is_tree()) return;
  const DocumentView from = view();
  const auto count = static_cast<uint32_t>(from.size());
  MapBlock* map = NewMapBlock(std::max(count + 1, kMapCapacityMin), from.kind() == DocumentKind::kMap);
  Document tree = OfBlock(kTagMap, map);
  // Keys differ already, so nothing is looked up.
  for (DocumentCursor at(from); at.Next(); ++map->used, ++map->live) {
    if (map->has_values) std::construct_at(&map->key(map->used), CopyOf(at.key()));
    std::construct_at(&map->value(map->used), CopyOf(at.value()));
  }
  if (map->capacity > MapBlock::kUnindexedMax) MakeIndex(*map);
  *this = std::move(tree);
}

MapBlock& Document::map() noexcept {
  DCHECK(kind() == DocumentKind::kMap || kind() == DocumentKind::kSet);
  UnpackMap();
  return *block<MapBlock>();
}

// ---- Maps and sets ----

void Document::RebuildMap(size_t capacity) noexcept {
  MapBlock* old = block<MapBlock>();
  MapBlock* fresh = NewMapBlock(static_cast<uint32_t>(std::max<size_t>(capacity, kMapCapacityMin)), old->has_values);
  for (size_t place = 0; place < old->used; ++place) {
    if (old->key(place).is_vacant()) continue;
    MoveWords(&fresh->key(fresh->used), &old->key(place), old->stride());
    ++fresh->used;
  }
  fresh->live = old->live;
  DCHECK(fresh->used == fresh->live);
  base::Free(old->index);
  base::Free(old);
  if (fresh->capacity > MapBlock::kUnindexedMax) MakeIndex(*fresh);
  word_ = OfBlockWord(kTagMap, fresh);
}

bool Document::InsertPair(Document key, Document value) noexcept {
  DCHECK(!IsContainer(key.kind()));
  MapBlock* map = block<MapBlock>();
  const size_t found = map->PlaceOf(key.view());
  if (found != MapBlock::kNowhere) {
    if (map->has_values) map->value(found) = std::move(value);
    return false;
  }
  if (map->used == map->capacity) {
    RebuildMap(GrownBlock(size_t{map->live} + 1, kMapCapacityMin));
    map = block<MapBlock>();
  }
  const uint32_t place = map->used++;
  ++map->live;
  std::construct_at(&map->key(place), std::move(key));
  if (map->has_values) std::construct_at(&map->value(place), std::move(value));
  if (map->index_mask != 0) IndexPlace(*map, place);
  return true;
}

Document* Document::Find(const DocumentView& key) noexcept {
  DCHECK(kind() == DocumentKind::kMap);
  MapBlock& block = map();
  const size_t place = block.PlaceOf(key);
  return place == MapBlock::kNowhere ? nullptr : &block.value(place);
}

Document* Document::FindName(std::string_view name) noexcept {
  if (Document* found = Find(DocumentView::Text(name))) return found;
  return Find(DocumentView::Textual(DocumentKind::kBytes, name));
}

bool Document::Put(Document key, Document value) noexcept {
  DCHECK(kind() == DocumentKind::kMap);
  map();
  return InsertPair(std::move(key), std::move(value));
}

bool Document::Add(Document member) noexcept {
  DCHECK(kind() == DocumentKind::kSet);
  map();
  return InsertPair(std::move(member), {});
}

bool Document::Erase(const DocumentView& key) noexcept {
  MapBlock& block = map();
  const size_t place = block.PlaceOf(key);
  if (place == MapBlock::kNowhere) return false;
  if (block.index_mask != 0) {
    uint64_t at = HashOfDocumentKey(key) & block.index_mask;
    while (block.index[at] != place + 1) at = (at + 1) & block.index_mask;
    block.index[at] = MapBlock::kErased;
  }
  // `key` may lie in what goes now.
  if (block.has_values) block.value(place) = Document();
  block.key(place) = Document(kVacantWord);
  --block.live;
  const uint32_t vacant = block.used - block.live;
  if (vacant > block.live + kMapCapacityMin) RebuildMap(GrownBlock(block.live, kMapCapacityMin));
  return true;
}

Document Document::TakeLast() noexcept {
  DCHECK(kind() == DocumentKind::kSet);
  MapBlock& block = map();
  DCHECK(block.live > 0);
  // Vacant places at the end are given up, lest they be walked again each time.
  while (block.key(block.used - 1).is_vacant()) --block.used;
  Document taken = block.key(block.used - 1).Clone();
  const bool erased = Erase(taken.view());
  DCHECK(erased);
  return taken;
}

void Document::Clear() noexcept {
  switch (kind()) {
    case DocumentKind::kArray: *this = Array(); break;
    case DocumentKind::kMap: *this = Map(); break;
    case DocumentKind::kSet: *this = Set(); break;
    default: DCHECK(false);
  }
}

// ---- Figures ----

std::string_view Document::EncodingName() const noexcept { return is_tree() ? "tree" : "packed"; }

size_t Document::FreeEffort() const noexcept {
  constexpr size_t kEnough = 256;
  const bool is_array = tag() == kTagArray;
  if (!is_tree() || (is_array && block<ArrayBlock>()->width != 0)) return 1;
  if (size() >= kEnough) return 1 + size();
  const Document* slots = is_array ? block<ArrayBlock>()->elements() : block<MapBlock>()->slots();
  const size_t count = is_array ? size() : block<MapBlock>()->used * block<MapBlock>()->stride();
  size_t effort = 1;
  for (size_t i = 0; i < count && effort < kEnough; ++i) effort += slots[i].FreeEffort();
  return effort;
}

size_t Document::MemoryBytes(size_t samples) const noexcept {
  if (tag() < kTagPacked) return 0;
  size_t bytes = base::AllocatedSize(block<void>());
  if (tag() == kTagPacked) return bytes;
  const Document* slots;
  size_t count;
  if (tag() == kTagArray) {
    const ArrayBlock& array = *block<ArrayBlock>();
    if (array.width != 0) return bytes;
    slots = array.elements();
    count = array.size;
  } else {
    const MapBlock& map = *block<MapBlock>();
    if (map.index) bytes += base::AllocatedSize(map.index);
    slots = map.slots();
    count = map.used * map.stride();
  }
  const size_t looked_at = samples == 0 ? count : std::min(count, samples * 2);
  size_t behind = 0;
  for (size_t i = 0; i < looked_at; ++i) behind += slots[i].MemoryBytes(samples);
  return looked_at == 0 ? bytes : bytes + behind * count / looked_at;
}

}  // namespace tusk::types
