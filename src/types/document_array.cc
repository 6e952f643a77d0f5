// Arrays of documents: words with room at both ends, or integers alone, as narrow as the widest of them.
#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/memory.h"
#include "types/document.h"
#include "types/document_blocks.h"

namespace tusk::types {
namespace {

constexpr uint32_t kArrayCapacityMin = 4;

// Elements move as bytes, of whichever kind: a Document does not know where it lies. Both blocks have the same stride.
void MoveElements(ArrayBlock& to, size_t to_at, const ArrayBlock& from, size_t from_at, size_t count) noexcept {
  DCHECK(to.width == from.width);
  std::memmove(to.bytes(to_at), from.bytes(from_at), count * to.stride());
}

}  // namespace

ArrayBlock* ArrayBlock::New(uint32_t capacity, uint32_t width) noexcept {
  DCHECK(width == 0 || (std::has_single_bit(width) && width <= sizeof(int64_t)));
  const size_t stride = width == 0 ? sizeof(Document) : width;
  auto* block = static_cast<ArrayBlock*>(base::Allocate(sizeof(ArrayBlock) + capacity * stride));
  *block = {.capacity = capacity, .head = 0, .size = 0, .width = width};
  return block;
}

uint32_t ArrayBlock::WidthOf(int64_t value) noexcept {
  if (value == static_cast<int8_t>(value)) return sizeof(int8_t);
  if (value == static_cast<int16_t>(value)) return sizeof(int16_t);
  return value == static_cast<int32_t>(value) ? sizeof(int32_t) : sizeof(int64_t);
}

uint32_t ArrayBlock::WidthOf(const DocumentView& array) noexcept {
  DCHECK(array.kind() == DocumentKind::kArray);
  uint32_t width = 0;
  for (DocumentCursor at(array); at.Next();) {
    if (at.value().kind() != DocumentKind::kInteger) return 0;
    width = std::max(width, WidthOf(at.value().integer()));
  }
  return width;
}

Document Document::ArrayOf(const DocumentView& from, uint32_t capacity, uint32_t width) noexcept {
  DCHECK(from.kind() == DocumentKind::kArray && capacity >= from.size());
  ArrayBlock* array = ArrayBlock::New(capacity, width);
  Document tree = OfBlock(kTagArray, array);
  for (DocumentCursor at(from); at.Next();) {
    const size_t i = array->size;
    if (width == 0) std::construct_at(&array->elements()[i], CopyOf(at.value()));
    ++array->size;
    if (width != 0) array->set_integer(i, at.value().integer());
  }
  return tree;
}

ArrayBlock& Document::UnpackArray() noexcept {
  DCHECK(kind() == DocumentKind::kArray);
  if (!is_tree()) {
    const DocumentView from = view();
    *this = ArrayOf(from, std::max(static_cast<uint32_t>(from.size()) + 1, kArrayCapacityMin), ArrayBlock::WidthOf(from));
  }
  return *block<ArrayBlock>();
}

void Document::SetArrayWidth(uint32_t width) noexcept {
  const ArrayBlock& old = *block<ArrayBlock>();
  DCHECK(old.width != width && (width == 0 || width > old.width));
  *this = ArrayOf(DocumentView::OfArray(old), std::max(GrownBlock(old.size, kArrayCapacityMin), old.size + 1), width);
}

Document& Document::At(size_t i) noexcept {
  if (!is_tree()) {
    // Whoever wants an element to change wants words.
    const DocumentView from = view();
    *this = ArrayOf(from, std::max(static_cast<uint32_t>(from.size()), kArrayCapacityMin), 0);
  } else if (block<ArrayBlock>()->width != 0) {
    SetArrayWidth(0);
  }
  DCHECK(i < size());
  return block<ArrayBlock>()->elements()[i];
}

// Opens a free slot at element `at`, by moving whichever side is shorter and has room.
void Document::MakeArrayRoom(size_t at) noexcept {
  ArrayBlock& old = *block<ArrayBlock>();
  const size_t behind = old.size - at;
  const size_t tail_room = old.capacity - old.head - old.size;
  const bool at_front = at < behind;
  if (at_front && old.head > 0) {
    --old.head;
    return MoveElements(old, 0, old, 1, at);
  }
  if (!at_front && tail_room > 0) return MoveElements(old, at + 1, old, at, behind);
  // No room on that side: a block of the size that this many elements deserve, its room where it is wanted. Half of it is
  // free then, or as much as there was, so that this happens once in many insertions.
  ArrayBlock* fresh = ArrayBlock::New(GrownBlock(size_t{old.size} + 1, kArrayCapacityMin), old.width);
  const uint32_t room = fresh->capacity - old.size - 1;
  fresh->head = at_front ? room - room / 4 : room / 4;
  if (!at_front && old.head == 0) fresh->head = 0;  // A stack so far: all room at the end it grows at.
  if (at_front && tail_room == 0) fresh->head = room;
  fresh->size = old.size;
  MoveElements(*fresh, 0, old, 0, at);
  MoveElements(*fresh, at + 1, old, at, behind);
  base::Free(&old);
  word_ = OfBlockWord(kTagArray, fresh);
}

void Document::Append(Document element) noexcept {
  const size_t end = size();
  Insert(end, std::move(element));
}

void Document::Insert(size_t i, Document element) noexcept {
  const uint32_t width = UnpackArray().width;
  DCHECK(i <= size());
  if (width != 0) {
    const bool is_integer = element.kind() == DocumentKind::kInteger;
    const uint32_t wanted = is_integer ? std::max(width, ArrayBlock::WidthOf(element.view().integer())) : 0;
    if (wanted != width) SetArrayWidth(wanted);
  }
  MakeArrayRoom(i);
  ArrayBlock& array = *block<ArrayBlock>();
  ++array.size;
  DCHECK(array.head + array.size <= array.capacity);
  if (array.width != 0) return array.set_integer(i, element.view().integer());
  std::construct_at(&array.elements()[i], std::move(element));
}

void Document::Remove(size_t i, size_t count) noexcept {
  ArrayBlock& array = UnpackArray();
  DCHECK(i + count <= array.size);
  if (array.width == 0) std::destroy_n(array.elements() + i, count);
  const size_t behind = array.size - i - count;
  if (i < behind) {
    MoveElements(array, count, array, 0, i);
    array.head += static_cast<uint32_t>(count);
  } else {
    MoveElements(array, i, array, i + count, behind);
  }
  array.size -= static_cast<uint32_t>(count);
  // Gives memory back when little of it is used.
  if (array.capacity > 4 * (array.size + kArrayCapacityMin)) {
    ArrayBlock* small = ArrayBlock::New(GrownBlock(array.size, kArrayCapacityMin), array.width);
    small->size = array.size;
    MoveElements(*small, 0, array, 0, array.size);
    base::Free(&array);
    word_ = OfBlockWord(kTagArray, small);
  }
}

Document Document::TakeAt(size_t i) noexcept {
  ArrayBlock& array = UnpackArray();
  DCHECK(i < array.size);
  Document taken = array.width != 0 ? Integer(array.integer(i)) : std::move(array.elements()[i]);
  Remove(i, 1);
  return taken;
}

}  // namespace tusk::types
