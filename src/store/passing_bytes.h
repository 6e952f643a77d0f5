// PassingBytes: memory in use that is on its way out of the process: the stream to replicas, and the news to clients of
// keys that changed. maxmemory does not count it: evicting a key makes more of it, and that would evict the next one.
//
// Threads: thread-safe. Owns: one counter.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/memory.h"

namespace tusk::store {

class PassingBytes {
 public:
  void Add(uint64_t bytes) noexcept { bytes_.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed); }
  void Remove(uint64_t bytes) noexcept {
    [[maybe_unused]] const int64_t before = bytes_.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed);
    DCHECK(before >= static_cast<int64_t>(bytes));
  }
  uint64_t bytes() const noexcept { return static_cast<uint64_t>(bytes_.load(std::memory_order_relaxed)); }

  // A piece to be sent, shared by those to whom it goes; counted from here on until the last of them drops it. This
  // object outlives it.
  std::shared_ptr<const std::string> Piece(std::string text);

 private:
  // Relaxed: a figure, which publishes nothing.
  std::atomic<int64_t> bytes_{0};
};

inline std::shared_ptr<const std::string> PassingBytes::Piece(std::string text) {
  struct Counted {
    Counted(PassingBytes& to, std::string from) noexcept
        : account(to), text(std::move(from)), bytes(base::AllocatedSize(this) + TextBytes()) {
      account.Add(bytes);
    }
    ~Counted() {
      // In this order: whoever asks in between must not take it for data.
      std::string().swap(text);
      account.Remove(bytes);
    }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    // A short text lies inside the string.
    uint64_t TextBytes() const noexcept { return text.capacity() > std::string().capacity() ? base::AllocatedSize(text.data()) : 0; }

    PassingBytes& account;
    std::string text;
    uint64_t bytes;
  };
  // Two blocks: the allocator can tell the size of a block of its own only by where it begins.
  std::shared_ptr<Counted> counted(std::make_unique<Counted>(*this, std::move(text)));
  const std::string* shared = &counted->text;
  return {std::move(counted), shared};
}

}  // namespace tusk::store
