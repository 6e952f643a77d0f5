// FileSource: a file's bytes from an offset on, for the readers of codec and persist.
// Threads: caller-synchronised. Owns: nothing; the file is borrowed.
#pragma once

#include "codec/byte_stream.h"
#include "io/file_system.h"

namespace tusk::tool {

class FileSource final : public codec::ByteSource {
 public:
  explicit FileSource(io::File& file, uint64_t offset = 0) noexcept : file_(file), offset_(offset) {}
  base::Result<size_t> Read(char* out, size_t size) override {
    base::Result<size_t> count = file_.Read(offset_, out, size);
    offset_ += count.value_or(0);
    return count;
  }

 private:
  io::File& file_;
  uint64_t offset_;
};

}  // namespace tusk::tool
