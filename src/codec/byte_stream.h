// Where bytes come from and go to, so that one codec serves files, sockets and memory.
// Threads: caller-synchronised. Owns: see implementations.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace tusk::codec {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills up to `size` bytes at `out` and returns how many; 0 only at the end. May block.
  virtual base::Result<size_t> Read(char* out, size_t size) = 0;
};

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // All of it or an error. May block.
  virtual base::Status Write(std::string_view bytes) = 0;
};

class StringSink final : public ByteSink {
 public:
  base::Status Write(std::string_view bytes) override {
    text_.append(bytes);
    return {};
  }
  const std::string& text() const noexcept { return text_; }
  std::string Take() noexcept { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace tusk::codec
