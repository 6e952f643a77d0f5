// A string value too large to live in its entry: one counted block, so that a reply can hold the bytes while they are
// sent, and the key may be overwritten meanwhile. Whoever wants to change a block that is shared gets a copy first.
//
//   | refs u32 | - | size u64 | capacity u64 | bytes ... |
//
// Threads: one RawString is caller-synchronised (its stripe's lock); the block behind several is immutable, and its
// count is atomic, since the last holder may be a connection of another worker. Owns: one reference.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace tusk::types {

class RawString {
 public:
  RawString() noexcept = default;
  explicit RawString(std::string_view bytes) noexcept;
  ~RawString() { Drop(); }
  RawString(RawString&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  RawString& operator=(RawString&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  RawString(const RawString&) = delete;
  RawString& operator=(const RawString&) = delete;

  std::string_view view() const noexcept;
  size_t size() const noexcept;
  bool empty() const noexcept { return size() == 0; }
  size_t MemoryBytes() const noexcept;

  // Another holder of the same bytes.
  RawString Share() const noexcept;
  bool is_shared() const noexcept;
  // The block as a shared pointer, for resp::Reply::BulkShared. Sharers: this value and the replies that send it.
  std::shared_ptr<const void> Owner() const;

  // These make the block this value's own first. Growth doubles up to kDoublingMax, then adds that much, so that a
  // series of appends costs O(1) each.
  char* Mutable() noexcept;
  void Append(std::string_view bytes) noexcept;
  // New bytes are zero.
  void Resize(size_t size) noexcept;
  void Overwrite(size_t offset, std::string_view bytes) noexcept;
  // Gives unused capacity back.
  void Shrink() noexcept;

  // Out of memory that is to be emptied (base::WantsMove), unless it is shared. Returns how many blocks moved: 0 or 1.
  size_t MoveBlock() noexcept;

  // For a holder that keeps the bare pointer, as entries do.
  void* Release() noexcept { return std::exchange(block_, nullptr); }
  static RawString Adopt(void* block) noexcept {
    RawString string;
    string.block_ = static_cast<Block*>(block);
    return string;
  }
  // The bytes behind a released pointer, without taking the reference over.
  static std::string_view ViewOf(const void* block) noexcept;

  static constexpr size_t kDoublingMax = size_t{1} << 20;

 private:
  struct Block {
    // Drop() publishes the holder's reads to whoever frees or, finding itself alone, changes the block.
    std::atomic<uint32_t> refs;
    uint64_t size;
    uint64_t capacity;
    char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
    const char* bytes() const noexcept { return reinterpret_cast<const char*>(this + 1); }
  };
  static_assert(sizeof(Block) == 24);

  static Block* NewBlock(size_t capacity) noexcept;
  void Drop() noexcept;
  // An unshared block of at least `capacity` bytes with the present content.
  void MakeOwn(size_t capacity) noexcept;
  static size_t GrownCapacity(size_t size) noexcept;

  Block* block_ = nullptr;  // Null: empty.
};

}  // namespace tusk::types
