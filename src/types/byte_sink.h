// ByteSink: a text that grows by many small pieces. Who appends asks for room once per piece, not once per byte.
//
// Cost: amortised O(bytes). Threads: caller-synchronised. Owns: its bytes; Room() invalidates what pointed to them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace tusk::types {

class ByteSink {
 public:
  ByteSink() = default;
  // Goes on behind `begun`.
  explicit ByteSink(std::string begun) noexcept : text_(std::move(begun)), size_(text_.size()) {}

  size_t size() const noexcept { return size_; }
  std::string_view view() const noexcept { return {text_.data(), size_}; }
  char* data() noexcept { return text_.data(); }
  const char* data() const noexcept { return text_.data(); }

  // At least `bytes` bytes to write at; then Commit how many were written.
  char* Room(size_t bytes) {
    if (text_.size() - size_ < bytes) [[unlikely]] Grow(bytes);
    return text_.data() + size_;
  }
  void Commit(size_t bytes) noexcept {
    DCHECK(bytes <= text_.size() - size_);
    size_ += bytes;
  }
  void CommitTo(const char* end) noexcept { Commit(static_cast<size_t>(end - (text_.data() + size_))); }

  void Byte(char byte) {
    *Room(1) = byte;
    ++size_;
  }
  void Append(std::string_view bytes) {
    char* at = Room(bytes.size());
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void Reserve(size_t bytes) { Room(bytes); }
  void Truncate(size_t size) noexcept {
    DCHECK(size <= size_);
    size_ = size;
  }
  std::string Take() && {
    text_.resize(size_);
    return std::move(text_);
  }

 private:
  static constexpr size_t kBytesMin = 64;

  [[gnu::noinline]] void Grow(size_t bytes) {
    // What the text has room for already costs nothing, also when it was begun elsewhere. What lies behind size_ needs no zeros.
    const bool fits = text_.capacity() - size_ >= bytes;
    const size_t wanted = fits ? text_.capacity() : std::max({size_ + bytes, 2 * size_, kBytesMin});
    text_.resize_and_overwrite(wanted, [](char*, size_t size) { return size; });
  }

  std::string text_;  // size_ bytes of it are filled.
  size_t size_ = 0;
};

}  // namespace tusk::types
