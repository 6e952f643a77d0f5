#include "ds/int_set.h"

#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/memory.h"

namespace tusk::ds {
namespace {

static_assert(std::endian::native == std::endian::little, "integers are read and written in place");

constexpr size_t kHeaderBytes = 8;
constexpr size_t kCountMax = std::numeric_limits<uint32_t>::max();

uint32_t LoadU32(const uint8_t* at) noexcept {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

uint32_t WidthFor(int64_t value) noexcept {
  if (value != static_cast<int32_t>(value)) return 8;
  return value == static_cast<int16_t>(value) ? 2 : 4;
}

template <typename T>
int64_t Load(const uint8_t* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

int64_t LoadWide(const uint8_t* integers, uint32_t width, size_t index) noexcept {
  const uint8_t* at = integers + index * width;
  return width == 2 ? Load<int16_t>(at) : width == 4 ? Load<int32_t>(at) : Load<int64_t>(at);
}

}  // namespace

IntSet::IntSet() noexcept : block_(static_cast<uint8_t*>(base::Allocate(kHeaderBytes))) { SetHeader(2, 0); }

IntSet::~IntSet() noexcept { base::Free(block_); }

IntSet& IntSet::operator=(IntSet&& other) noexcept {
  std::swap(block_, other.block_);
  return *this;
}

IntSet IntSet::Clone() const noexcept {
  std::string_view bytes = raw();
  auto* block = static_cast<uint8_t*>(base::Allocate(bytes.size()));
  std::memcpy(block, bytes.data(), bytes.size());
  return IntSet(block);
}

base::Result<IntSet> IntSet::FromBytes(std::string_view bytes) {
  auto damaged = [](std::string_view why) { return base::Error(base::Status::Invalid(why)); };
  if (bytes.size() < kHeaderBytes) return damaged("integer set: shorter than its header");
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  uint32_t width = LoadU32(data);
  uint64_t count = LoadU32(data + 4);
  if (width != 2 && width != 4 && width != 8) return damaged("integer set: unknown width");
  if (bytes.size() != kHeaderBytes + count * width) return damaged("integer set: length does not match its count");
  for (size_t i = 1; i < count; ++i) {
    if (LoadWide(data + kHeaderBytes, width, i - 1) >= LoadWide(data + kHeaderBytes, width, i)) {
      return damaged("integer set: not in ascending order");
    }
  }
  auto* block = static_cast<uint8_t*>(base::Allocate(bytes.size()));
  std::memcpy(block, data, bytes.size());
  return IntSet(block);
}

size_t IntSet::MoveBlock() noexcept {
  size_t moves = 0;
  block_ = base::MovedIfWanted(block_, raw().size(), moves);
  return moves;
}

uint32_t IntSet::width() const noexcept { return LoadU32(block_); }

size_t IntSet::size() const noexcept { return LoadU32(block_ + 4); }

void IntSet::SetHeader(uint32_t width, uint32_t count) noexcept {
  std::memcpy(block_, &width, sizeof width);
  std::memcpy(block_ + 4, &count, sizeof count);
}

int64_t IntSet::At(size_t index) const noexcept {
  DCHECK(index < size());
  return LoadWide(block_ + kHeaderBytes, width(), index);
}

void IntSet::SetAt(size_t index, int64_t value) noexcept {
  uint32_t bytes = width();
  std::memcpy(block_ + kHeaderBytes + index * bytes, &value, bytes);  // Little endian: the low bytes come first.
}

size_t IntSet::LowerBound(int64_t value) const noexcept {
  const uint8_t* integers = block_ + kHeaderBytes;
  uint32_t bytes = width();
  size_t low = 0;
  size_t high = size();
  // Ascending insertion is common: one look at the end saves the search.
  if (high > 0 && LoadWide(integers, bytes, high - 1) < value) return high;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (LoadWide(integers, bytes, middle) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

bool IntSet::Contains(int64_t value) const noexcept {
  if (WidthFor(value) > width()) return false;
  size_t index = LowerBound(value);
  return index < size() && At(index) == value;
}

void IntSet::Widen(uint32_t new_width) noexcept {
  uint32_t old_width = width();
  size_t count = size();
  block_ = static_cast<uint8_t*>(base::Reallocate(block_, kHeaderBytes + count * new_width));
  SetHeader(new_width, static_cast<uint32_t>(count));
  // From the end, since integers only move towards it.
  for (size_t i = count; i-- > 0;) SetAt(i, LoadWide(block_ + kHeaderBytes, old_width, i));
}

bool IntSet::Add(int64_t value) noexcept {
  if (WidthFor(value) > width()) Widen(WidthFor(value));
  size_t count = size();
  size_t index = LowerBound(value);
  if (index < count && At(index) == value) return false;
  CHECK(count < kCountMax);
  uint32_t bytes = width();
  block_ = static_cast<uint8_t*>(base::Reallocate(block_, kHeaderBytes + (count + 1) * bytes));
  uint8_t* at = block_ + kHeaderBytes + index * bytes;
  std::memmove(at + bytes, at, (count - index) * bytes);
  SetHeader(bytes, static_cast<uint32_t>(count + 1));
  SetAt(index, value);
  return true;
}

bool IntSet::Remove(int64_t value) noexcept {
  if (WidthFor(value) > width()) return false;
  size_t count = size();
  size_t index = LowerBound(value);
  if (index == count || At(index) != value) return false;
  uint32_t bytes = width();
  uint8_t* at = block_ + kHeaderBytes + index * bytes;
  std::memmove(at, at + bytes, (count - index - 1) * bytes);
  SetHeader(bytes, static_cast<uint32_t>(count - 1));
  block_ = static_cast<uint8_t*>(base::Reallocate(block_, kHeaderBytes + (count - 1) * bytes));
  return true;
}

std::string_view IntSet::raw() const noexcept {
  return {reinterpret_cast<const char*>(block_), kHeaderBytes + size() * width()};
}

size_t IntSet::MemoryBytes() const noexcept { return base::AllocatedSize(block_); }

}  // namespace tusk::ds
