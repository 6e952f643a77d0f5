#include "codec/zip_list.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include "base/numbers.h"

namespace tusk::codec {
namespace {

using ds::ListPack;

constexpr size_t kZipListHeaderBytes = 10;
constexpr size_t kCountUnknown = 65535;
constexpr uint8_t kEnd = 0xFF, kWide = 254;

base::Status Damaged(std::string_view what) { return base::Status::Invalid(what); }

uint64_t Little(const uint8_t* at, size_t bytes) noexcept {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= uint64_t{at[i]} << (8 * i);
  return value;
}

int64_t SignedLittle(const uint8_t* at, size_t bytes) noexcept {
  unsigned unused = static_cast<unsigned>(64 - 8 * bytes);
  return static_cast<int64_t>(Little(at, bytes) << unused) >> unused;
}

// Elements on their way into a pack, in batches: one by one, each would grow the block.
class PackBuilder {
 public:
  void Add(std::string_view text) {
    batch_.push_back(text);
    if (batch_.size() == kBatch) Flush();
  }
  void Add(int64_t value) {
    Flush();
    pack_.PushBackInt(value);
  }
  ListPack Take() {
    Flush();
    return std::move(pack_);
  }

 private:
  static constexpr size_t kBatch = 256;
  void Flush() {
    if (!batch_.empty()) pack_.PushBackAll(batch_);
    batch_.clear();
  }
  std::vector<std::string_view> batch_;
  ListPack pack_;
};

// Walks over bytes that are checked as they are read.
class Walk {
 public:
  explicit Walk(std::string_view bytes) noexcept
      : begin_(reinterpret_cast<const uint8_t*>(bytes.data())), at_(begin_), end_(begin_ + bytes.size()) {}
  size_t offset() const noexcept { return static_cast<size_t>(at_ - begin_); }
  size_t left() const noexcept { return static_cast<size_t>(end_ - at_); }
  bool failed() const noexcept { return failed_; }
  const uint8_t* Take(size_t bytes) noexcept {
    if (failed_ || left() < bytes) {
      failed_ = true;
      return nullptr;
    }
    at_ += bytes;
    return at_ - bytes;
  }
  uint8_t Byte() noexcept {
    const uint8_t* at = Take(1);
    return at ? *at : 0;
  }
  uint64_t Number(size_t bytes) noexcept {
    const uint8_t* at = Take(bytes);
    return at ? Little(at, bytes) : 0;
  }
  std::string_view Text(size_t bytes) noexcept {
    const uint8_t* at = Take(bytes);
    return at ? std::string_view(reinterpret_cast<const char*>(at), bytes) : std::string_view();
  }
  void Fail() noexcept { failed_ = true; }

 private:
  const uint8_t* begin_;
  const uint8_t* at_;
  const uint8_t* end_;
  bool failed_ = false;
};

void ReadText(Walk& walk, uint8_t head, PackBuilder& out) {
  size_t size = 0;
  if (head >> 6 == 0) {
    size = head & 0x3F;
  } else if (head >> 6 == 1) {
    size = size_t{head & 0x3Fu} << 8 | walk.Byte();
  } else {
    for (int i = 0; i < 4; ++i) size = size << 8 | walk.Byte();
  }
  std::string_view text = walk.Text(size);
  if (!walk.failed()) out.Add(text);
}

void ReadInteger(Walk& walk, uint8_t head, PackBuilder& out) {
  size_t bytes = 0;
  switch (head) {
    case 0xC0: bytes = 2; break;
    case 0xD0: bytes = 4; break;
    case 0xE0: bytes = 8; break;
    case 0xF0: bytes = 3; break;
    case 0xFE: bytes = 1; break;
    default:
      if (head < 0xF1 || head > 0xFD) return walk.Fail();
      return out.Add(int64_t{head} - 0xF1);
  }
  const uint8_t* at = walk.Take(bytes);
  if (at) out.Add(SignedLittle(at, bytes));
}

// One element; its size in bytes must be what the next one says about it.
void ReadElement(Walk& walk, size_t size_before, PackBuilder& out) {
  uint64_t stated = walk.Byte();
  if (stated == kWide) stated = walk.Number(4);
  if (stated != size_before) return walk.Fail();
  uint8_t head = walk.Byte();
  head < 0xC0 ? ReadText(walk, head, out) : ReadInteger(walk, head, out);
}

uint64_t ZipMapSize(Walk& walk) noexcept {
  uint8_t head = walk.Byte();
  if (head == kEnd) walk.Fail();
  return head == kWide ? walk.Number(4) : head;
}

}  // namespace

base::Result<ListPack> PackFromZipList(std::string_view bytes) {
  auto bad = [] { return base::Error(Damaged("ziplist integrity check failed")); };
  Walk walk(bytes);
  uint64_t total = walk.Number(4), last = walk.Number(4), stated = walk.Number(2);
  if (walk.failed() || total != bytes.size() || bytes.size() < kZipListHeaderBytes + 1) return bad();
  if (static_cast<uint8_t>(bytes.back()) != kEnd) return bad();
  PackBuilder out;
  size_t count = 0, size_before = 0, last_at = kZipListHeaderBytes;
  for (; walk.left() > 1; ++count) {
    last_at = walk.offset();
    ReadElement(walk, size_before, out);
    // The end mark belongs to nobody.
    if (walk.failed() || walk.left() == 0) return bad();
    size_before = walk.offset() - last_at;
  }
  if (last != last_at || (stated != kCountUnknown && stated != count)) return bad();
  return out.Take();
}

base::Result<ListPack> PackFromZipMap(std::string_view bytes) {
  auto bad = [] { return base::Error(Damaged("Zipmap integrity check failed")); };
  Walk walk(bytes);
  uint8_t stated = walk.Byte();
  PackBuilder out;
  size_t pairs = 0;
  for (; walk.left() > 1; ++pairs) {
    std::string_view field = walk.Text(ZipMapSize(walk));
    uint64_t size = ZipMapSize(walk);
    uint8_t unused = walk.Byte();
    std::string_view value = walk.Text(size);
    walk.Take(unused);
    if (walk.failed() || walk.left() == 0) return bad();
    out.Add(field);
    out.Add(value);
  }
  if (walk.Byte() != kEnd || walk.failed() || (stated < kWide && stated != pairs)) return bad();
  return out.Take();
}

}  // namespace tusk::codec
