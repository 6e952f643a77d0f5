// A file that replaces another one whole or not at all: written beside it, synced, renamed over it, and the directory
// synced, so that after a crash either the old or the new one is there.
// Threads: caller-synchronised. Owns: the descriptor and, until Commit(), the temporary file.
#pragma once

#include <cstdint>
#include <string>

#include "base/unique_fd.h"
#include "codec/byte_stream.h"

namespace tusk::persist {

class FileSink final : public codec::ByteSink {
 public:
  static base::Result<FileSink> Create(std::string path);
  // Removes the temporary file unless it was committed.
  ~FileSink() override;
  FileSink(FileSink&& other) noexcept = default;
  FileSink& operator=(FileSink&&) = delete;

  base::Status Write(std::string_view bytes) override;
  base::Status Commit();
  uint64_t bytes_written() const noexcept { return written_; }

  // The kernel is asked to begin writing each time so much has come, lest the last sync wait for all of it.
  static constexpr uint64_t kSyncStepBytes = 4 << 20;

 private:
  FileSink(std::string path, std::string temporary, base::UniqueFd fd) noexcept
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(std::move(fd)) {}

  std::string path_;
  std::string temporary_;
  base::UniqueFd fd_;  // Not valid: moved from, or committed.
  uint64_t written_ = 0;
  uint64_t sync_begun_ = 0;
};

}  // namespace tusk::persist
