// A file's bytes from a place on, as a source for the readers.
// Threads: caller-synchronised. Owns: its place; the file is borrowed.
#pragma once

#include <cstdint>

#include "codec/byte_stream.h"
#include "io/file_system.h"

namespace tusk::persist {

class FileSource final : public codec::ByteSource {
 public:
  explicit FileSource(io::File& file, uint64_t offset = 0) noexcept : file_(file), offset_(offset) {}
  base::Result<size_t> Read(char* out, size_t size) override {
    base::Result<size_t> count = file_.Read(offset_, out, size);
    if (count) offset_ += *count;
    return count;
  }

 private:
  io::File& file_;
  uint64_t offset_;
};

}  // namespace tusk::persist
