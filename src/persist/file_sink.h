// A dataset's file that replaces another one whole or not at all (io::Replacement), with the words of Redis' log.
// Threads: caller-synchronised. Owns: the descriptor and, until Commit(), the temporary file.
#pragma once

#include <cstdint>
#include <string>

#include "codec/byte_stream.h"
#include "io/replacement.h"

namespace tusk::persist {

class FileSink final : public codec::ByteSink {
 public:
  static base::Result<FileSink> Create(io::FileSystem& files, std::string path);

  base::Status Write(std::string_view bytes) override;
  base::Status Commit();
  // As Replacement's.
  void set_in_steps(bool in_steps) noexcept { file_.set_in_steps(in_steps); }
  uint64_t bytes_written() const noexcept { return file_.size(); }

 private:
  FileSink(std::string path, io::Replacement file) noexcept : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  io::Replacement file_;
};

}  // namespace tusk::persist
