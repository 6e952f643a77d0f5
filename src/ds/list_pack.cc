#include "ds/list_pack.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/memory.h"

namespace tusk::ds {
namespace {

constexpr size_t kHeaderBytes = 6;
constexpr size_t kCountUnknown = 65535;
constexpr uint8_t kEnd = 0xFF;
constexpr uint8_t kText32 = 0xF0, kInt16 = 0xF1, kInt24 = 0xF2, kInt32 = 0xF3, kInt64 = 0xF4;
constexpr size_t kBackLengthBytesMax = 5;
// Below this much slack a block keeps its size when elements leave.
constexpr size_t kShrinkSlackMin = 64;

uint64_t LoadLittle(const uint8_t* p, size_t bytes) noexcept {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= uint64_t{p[i]} << (8 * i);
  return value;
}

void StoreLittle(uint8_t* p, uint64_t value, size_t bytes) noexcept {
  for (size_t i = 0; i < bytes; ++i) p[i] = static_cast<uint8_t>(value >> (8 * i));
}

int64_t SignExtend(uint64_t value, size_t bits) noexcept {
  return static_cast<int64_t>(value << (64 - bits)) >> (64 - bits);
}

// The thresholds are those of the format, one short of what 14, 21 and 28 bits could hold.
size_t BackLengthBytes(size_t length) noexcept {
  if (length <= 127) return 1;
  if (length < 16383) return 2;
  if (length < 2097151) return 3;
  if (length < 268435455) return 4;
  return kBackLengthBytesMax;
}

// Most significant group first; all but the first carry the "more to the left" bit.
void StoreBackLength(uint8_t* p, size_t length) noexcept {
  size_t bytes = BackLengthBytes(length);
  for (size_t i = bytes; i-- > 0; length >>= 7)
    p[i] = static_cast<uint8_t>((length & 127) | (i > 0 ? 128 : 0));
}

// `last` is the rightmost byte.
size_t LoadBackLength(const uint8_t* last) noexcept {
  size_t length = 0;
  for (size_t i = 0; i < kBackLengthBytesMax; ++i, --last) {
    length |= static_cast<size_t>(*last & 127) << (7 * i);
    if (!(*last & 128)) break;
  }
  return length;
}

// Bytes of encoding and payload that start at `p`, back length apart; 0 for an encoding that does not exist.
// Reads at most 5 bytes, those that the first byte asks for; `available` bounds them.
size_t PayloadBytes(const uint8_t* p, size_t available) noexcept {
  uint8_t head = *p;
  if (head < 0x80) return 1;
  if (head < 0xC0) return 1 + (head & 0x3F);
  if (head < 0xE0) return 2;
  if (head < 0xF0) return available < 2 ? 0 : 2 + (size_t{head & 0x0Fu} << 8 | p[1]);
  switch (head) {
    case kText32:
      return available < 5 ? 0 : 5 + LoadLittle(p + 1, 4);
    case kInt16:
      return 3;
    case kInt24:
      return 4;
    case kInt32:
      return 5;
    case kInt64:
      return 9;
    default:
      return 0;
  }
}

}  // namespace

// An element ready to be written: head, then the tail for texts, then the back length.
struct ListPack::Encoded {
  uint8_t head[9];
  size_t head_bytes;
  std::string_view tail;

  explicit Encoded(int64_t value) noexcept { EncodeInt(value); }
  explicit Encoded(std::string_view text) noexcept {
    if (std::optional<int64_t> value = base::ParseInt64(text)) {
      EncodeInt(*value);
      return;
    }
    tail = text;
    size_t size = text.size();
    if (size < 64) {
      head[0] = static_cast<uint8_t>(0x80 | size);
      head_bytes = 1;
    } else if (size < 4096) {
      head[0] = static_cast<uint8_t>(0xE0 | size >> 8);
      head[1] = static_cast<uint8_t>(size);
      head_bytes = 2;
    } else {
      head[0] = kText32;
      StoreLittle(head + 1, size, 4);
      head_bytes = 5;
    }
  }

  size_t payload() const noexcept { return head_bytes + tail.size(); }
  size_t total() const noexcept { return payload() + BackLengthBytes(payload()); }

  void Write(uint8_t* out) const noexcept {
    std::memcpy(out, head, head_bytes);
    if (!tail.empty()) std::memcpy(out + head_bytes, tail.data(), tail.size());
    StoreBackLength(out + payload(), payload());
  }

 private:
  void EncodeInt(int64_t value) noexcept {
    auto with_head = [&](uint8_t first, size_t bytes) {
      head[0] = first;
      StoreLittle(head + 1, static_cast<uint64_t>(value), bytes);
      head_bytes = 1 + bytes;
    };
    if (value >= 0 && value <= 127) return with_head(static_cast<uint8_t>(value), 0);
    if (value >= -4096 && value <= 4095) {
      head[0] = static_cast<uint8_t>(0xC0 | (value >> 8 & 0x1F));
      head[1] = static_cast<uint8_t>(value);
      head_bytes = 2;
      return;
    }
    if (value >= INT16_MIN && value <= INT16_MAX) return with_head(kInt16, 2);
    if (value >= -(1 << 23) && value < 1 << 23) return with_head(kInt24, 3);
    if (value >= INT32_MIN && value <= INT32_MAX) return with_head(kInt32, 4);
    with_head(kInt64, 8);
  }
};

ListPack::ListPack() noexcept : block_(static_cast<uint8_t*>(base::Allocate(kHeaderBytes + 1))) {
  StoreLittle(block_, kHeaderBytes + 1, 4);
  StoreLittle(block_ + 4, 0, 2);
  block_[kHeaderBytes] = kEnd;
}

ListPack::~ListPack() noexcept { base::Free(block_); }

ListPack& ListPack::operator=(ListPack&& other) noexcept {
  if (this != &other) {
    base::Free(block_);
    block_ = std::exchange(other.block_, nullptr);
  }
  return *this;
}

ListPack ListPack::Clone() const noexcept {
  auto* copy = static_cast<uint8_t*>(base::Allocate(bytes()));
  std::memcpy(copy, block_, bytes());
  return ListPack(copy);
}

base::Result<ListPack> ListPack::FromBytes(std::string_view bytes) {
  auto bad = [] { return base::Error(base::Status::Invalid("listpack integrity check failed")); };
  const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t total = bytes.size();
  if (total < kHeaderBytes + 1 || total > UINT32_MAX || LoadLittle(p, 4) != total || p[total - 1] != kEnd)
    return bad();
  size_t end = total - 1, count = 0, offset = kHeaderBytes;
  for (; offset < end; ++count) {
    size_t payload = PayloadBytes(p + offset, end - offset);
    if (payload == 0 || payload > end - offset) return bad();
    size_t back = BackLengthBytes(payload);
    if (back > end - offset - payload) return bad();
    uint8_t expected[kBackLengthBytesMax];
    StoreBackLength(expected, payload);
    if (std::memcmp(expected, p + offset + payload, back) != 0) return bad();
    offset += payload + back;
  }
  size_t stated = LoadLittle(p + 4, 2);
  if (stated != kCountUnknown && stated != count) return bad();
  auto* copy = static_cast<uint8_t*>(base::Allocate(total));
  std::memcpy(copy, p, total);
  return ListPack(copy);
}

size_t ListPack::size() const noexcept {
  size_t count = LoadLittle(block_ + 4, 2);
  if (count != kCountUnknown) return count;
  count = 0;
  for (size_t offset = kHeaderBytes; offset != end(); offset = Skip(offset)) ++count;
  return count;
}

bool ListPack::empty() const noexcept { return bytes() == kHeaderBytes + 1; }
size_t ListPack::bytes() const noexcept { return LoadLittle(block_, 4); }
size_t ListPack::MemoryBytes() const noexcept { return base::AllocatedSize(block_); }

size_t ListPack::MoveBlock() noexcept {
  size_t moves = 0;
  block_ = base::MovedIfWanted(block_, bytes(), moves);
  return moves;
}

// The offset behind the element at `pos`.
size_t ListPack::Skip(Pos pos) const noexcept {
  DCHECK(pos >= kHeaderBytes && pos < end());
  size_t payload = PayloadBytes(block_ + pos, kBackLengthBytesMax);
  DCHECK(payload > 0);
  return pos + payload + BackLengthBytes(payload);
}

ListPack::Pos ListPack::First() const noexcept { return OrNone(kHeaderBytes); }
ListPack::Pos ListPack::Last() const noexcept { return Prev(end()); }
ListPack::Pos ListPack::Next(Pos pos) const noexcept { return OrNone(Skip(pos)); }

ListPack::Pos ListPack::Prev(Pos pos) const noexcept {
  if (pos == kHeaderBytes) return kNone;
  size_t payload = LoadBackLength(block_ + pos - 1);
  return pos - BackLengthBytes(payload) - payload;
}

ListPack::Pos ListPack::Seek(int64_t index) const noexcept {
  size_t count = LoadLittle(block_ + 4, 2);
  if (count != kCountUnknown) {
    auto length = static_cast<int64_t>(count);
    if (index < 0) index += length;
    if (index < 0 || index >= length) return kNone;
    if (index > length / 2) index -= length;  // Nearer from the end.
  }
  Pos pos = index < 0 ? Last() : First();
  if (index < 0) {
    for (; pos && ++index < 0;) pos = Prev(pos);
  } else {
    for (; pos && index-- > 0;) pos = Next(pos);
  }
  return pos;
}

ListPackElement ListPack::Get(Pos pos) const noexcept {
  DCHECK(pos >= kHeaderBytes && pos < end());
  const uint8_t* p = block_ + pos;
  auto text = [](const uint8_t* data, size_t size) {
    return ListPackElement(std::string_view(reinterpret_cast<const char*>(data), size));
  };
  uint8_t head = *p;
  if (head < 0x80) return ListPackElement(int64_t{head});
  if (head < 0xC0) return text(p + 1, head & 0x3F);
  if (head < 0xE0) return ListPackElement(SignExtend(uint64_t{head & 0x1Fu} << 8 | p[1], 13));
  if (head < 0xF0) return text(p + 2, size_t{head & 0x0Fu} << 8 | p[1]);
  switch (head) {
    case kText32:
      return text(p + 5, LoadLittle(p + 1, 4));
    case kInt16:
      return ListPackElement(SignExtend(LoadLittle(p + 1, 2), 16));
    case kInt24:
      return ListPackElement(SignExtend(LoadLittle(p + 1, 3), 24));
    case kInt32:
      return ListPackElement(SignExtend(LoadLittle(p + 1, 4), 32));
    default:
      return ListPackElement(static_cast<int64_t>(LoadLittle(p + 1, 8)));
  }
}

ListPack::Pos ListPack::Find(std::string_view text, Pos from, size_t skip) const noexcept {
  // A text that is no integer can only equal a text of its size, without formatting anything. Texts from
  // files may be integers that another writer left as text, hence the second comparison.
  std::optional<int64_t> value = base::ParseInt64(text);
  size_t to_skip = 0;
  for (Pos pos = from; pos; pos = Next(pos)) {
    if (to_skip > 0) {
      --to_skip;
      continue;
    }
    ListPackElement element = Get(pos);
    if (element.is_int() ? value && *value == element.int_value() : element.text() == text) return pos;
    to_skip = skip;
  }
  return kNone;
}

// Replaces `erase` bytes at `offset` by room for `insert` and returns its start.
uint8_t* ListPack::MakeRoom(size_t offset, size_t erase, size_t insert) noexcept {
  size_t before = bytes(), after = before - erase + insert;
  CHECK(after <= UINT32_MAX);
  if (after > before && after > base::AllocatedSize(block_)) {
    block_ = static_cast<uint8_t*>(base::Reallocate(block_, after));
  }
  std::memmove(block_ + offset + insert, block_ + offset + erase, before - offset - erase);
  if (after < before) {
    size_t held = base::AllocatedSize(block_);
    if (held > 2 * after && held - after > kShrinkSlackMin) {
      block_ = static_cast<uint8_t*>(base::Reallocate(block_, after));
    }
  }
  StoreLittle(block_, after, 4);
  return block_ + offset;
}

ListPack::Pos ListPack::Put(Pos offset, size_t erase, const Encoded& element) noexcept {
  element.Write(MakeRoom(offset, erase, element.total()));
  if (erase == 0) AddToCount(1);
  return offset;
}

void ListPack::SetCount(size_t count) noexcept { StoreLittle(block_ + 4, std::min(count, kCountUnknown), 2); }

void ListPack::AddToCount(int64_t delta) noexcept {
  size_t count = LoadLittle(block_ + 4, 2);
  if (count == kCountUnknown) {
    // Known again once enough elements have left. The bytes bound the walk: it happens for small packs only.
    if (delta < 0 && bytes() < 4 * kCountUnknown) SetCount(size());
    return;
  }
  SetCount(static_cast<size_t>(static_cast<int64_t>(count) + delta));
}

void ListPack::PushBack(std::string_view text) noexcept { Put(end(), 0, Encoded(text)); }
void ListPack::PushBackInt(int64_t value) noexcept { Put(end(), 0, Encoded(value)); }
void ListPack::PushFront(std::string_view text) noexcept { Put(kHeaderBytes, 0, Encoded(text)); }

void ListPack::PushBackAll(std::span<const std::string_view> texts) noexcept {
  size_t more = 0;
  for (std::string_view text : texts) more += EncodedSize(text);
  uint8_t* out = MakeRoom(end(), 0, more);
  for (std::string_view text : texts) {
    Encoded element(text);
    element.Write(out);
    out += element.total();
  }
  AddToCount(static_cast<int64_t>(texts.size()));
}

ListPack::Pos ListPack::InsertBefore(Pos pos, std::string_view text) noexcept {
  return Put(pos, 0, Encoded(text));
}
ListPack::Pos ListPack::InsertAfter(Pos pos, std::string_view text) noexcept {
  return Put(Skip(pos), 0, Encoded(text));
}
ListPack::Pos ListPack::Replace(Pos pos, std::string_view text) noexcept {
  return Put(pos, Skip(pos) - pos, Encoded(text));
}
ListPack::Pos ListPack::ReplaceInt(Pos pos, int64_t value) noexcept {
  return Put(pos, Skip(pos) - pos, Encoded(value));
}

ListPack::Pos ListPack::EraseFrom(Pos pos, size_t count) noexcept {
  size_t stop = pos, erased = 0;
  for (; erased < count && stop != end(); ++erased) stop = Skip(stop);
  if (erased == 0) return OrNone(pos);
  MakeRoom(pos, stop - pos, 0);
  AddToCount(-static_cast<int64_t>(erased));
  return OrNone(pos);
}

size_t ListPack::EraseRange(int64_t index, size_t count) noexcept {
  Pos pos = Seek(index);
  if (!pos || count == 0) return 0;
  size_t before = size();
  EraseFrom(pos, count);
  return before - size();
}

void ListPack::Append(const ListPack& other) noexcept {
  size_t count = size() + other.size(), more = other.bytes() - kHeaderBytes - 1;
  std::memcpy(MakeRoom(end(), 0, more), other.block_ + kHeaderBytes, more);
  SetCount(count);
}

size_t ListPack::EncodedSize(std::string_view text) noexcept { return Encoded(text).total(); }

}  // namespace tusk::ds
