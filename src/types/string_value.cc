#include "types/string_value.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"
#include "base/memory.h"

namespace tusk::types {

RawString::Block* RawString::NewBlock(size_t capacity) noexcept {
  void* memory = base::Allocate(sizeof(Block) + capacity);
  auto* block = static_cast<Block*>(memory);
  ::new (&block->refs) std::atomic<uint32_t>(1);
  block->size = 0;
  block->capacity = base::AllocatedSize(memory) - sizeof(Block);
  return block;
}

RawString::RawString(std::string_view bytes) noexcept {
  if (bytes.empty()) return;
  block_ = NewBlock(bytes.size());
  block_->size = bytes.size();
  std::memcpy(block_->bytes(), bytes.data(), bytes.size());
}

void RawString::Drop() noexcept {
  if (!block_) return;
  if (block_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) base::Free(block_);
  block_ = nullptr;
}

std::string_view RawString::view() const noexcept { return ViewOf(block_); }

std::string_view RawString::ViewOf(const void* block) noexcept {
  if (!block) return {};
  const auto* typed = static_cast<const Block*>(block);
  return {typed->bytes(), typed->size};
}

size_t RawString::size() const noexcept { return block_ ? block_->size : 0; }

size_t RawString::MemoryBytes() const noexcept { return base::AllocatedSize(block_); }

RawString RawString::Share() const noexcept {
  if (block_) block_->refs.fetch_add(1, std::memory_order_relaxed);  // The caller's own reference keeps it alive.
  return Adopt(block_);
}

bool RawString::is_shared() const noexcept {
  // Acquire, partner of Drop(): once alone, the holder may write where the others have read. Nobody can become a
  // sharer meanwhile, since sharing takes a reference to share from, and that one is the caller's.
  return block_ && block_->refs.load(std::memory_order_acquire) != 1;
}

std::shared_ptr<const void> RawString::Owner() const {
  return {Share().Release(), [](const void* block) { Adopt(const_cast<void*>(block)).Drop(); }};
}

void RawString::MakeOwn(size_t capacity) noexcept {
  if (block_ && !is_shared()) {
    if (block_->capacity >= capacity) return;
    block_ = static_cast<Block*>(base::Reallocate(block_, sizeof(Block) + capacity));
    block_->capacity = base::AllocatedSize(block_) - sizeof(Block);
    return;
  }
  std::string_view old = view();
  Block* own = NewBlock(std::max(capacity, old.size()));
  own->size = old.size();
  if (!old.empty()) std::memcpy(own->bytes(), old.data(), old.size());
  Drop();
  block_ = own;
}

size_t RawString::GrownCapacity(size_t size) noexcept { return size + std::min(size, kDoublingMax); }

char* RawString::Mutable() noexcept {
  MakeOwn(size());
  return block_->bytes();
}

void RawString::Append(std::string_view bytes) noexcept {
  size_t old_size = size();
  size_t new_size = old_size + bytes.size();
  bool fits = block_ && block_->capacity >= new_size;
  MakeOwn(fits ? new_size : GrownCapacity(new_size));
  if (!bytes.empty()) std::memcpy(block_->bytes() + old_size, bytes.data(), bytes.size());
  block_->size = new_size;
}

void RawString::Resize(size_t new_size) noexcept {
  size_t old_size = size();
  // The first size is taken as it is: most strings that are made by SETRANGE or SETBIT stay as large.
  bool fits = !block_ || block_->capacity >= new_size;
  MakeOwn(fits ? new_size : GrownCapacity(new_size));
  if (new_size > old_size) std::memset(block_->bytes() + old_size, 0, new_size - old_size);
  block_->size = new_size;
}

void RawString::Overwrite(size_t offset, std::string_view bytes) noexcept {
  if (offset + bytes.size() > size()) Resize(offset + bytes.size());
  MakeOwn(size());
  if (!bytes.empty()) std::memcpy(block_->bytes() + offset, bytes.data(), bytes.size());
}

size_t RawString::MoveBlock() noexcept {
  if (!block_ || !base::WantsMove(block_) || is_shared()) return 0;
  Block* moved = NewBlock(block_->capacity);
  moved->size = block_->size;
  std::memcpy(moved->bytes(), block_->bytes(), block_->size);
  Drop();
  block_ = moved;
  return 1;
}

void RawString::Shrink() noexcept {
  if (!block_ || is_shared() || block_->capacity - block_->size < block_->size / 8) return;
  block_ = static_cast<Block*>(base::Reallocate(block_, sizeof(Block) + block_->size));
  block_->capacity = base::AllocatedSize(block_) - sizeof(Block);
}

}  // namespace tusk::types
