// A file that replaces another one whole or not at all: written beside it, synced, renamed over it, and the directory
// synced, so that after a crash either the old or the new one is there.
// Threads: caller-synchronised. Owns: until Commit(), the temporary file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "io/file_system.h"

namespace tusk::io {

class Replacement {
 public:
  // `temporary` lies in the directory of `path`. `files` outlives this.
  static base::Result<Replacement> Create(FileSystem& files, std::string path, std::string temporary,
                                          unsigned mode = FileSystem::kFileMode);
  // Removes the temporary file unless it was committed.
  ~Replacement();
  Replacement(Replacement&& other) noexcept = default;
  Replacement& operator=(Replacement&&) = delete;

  base::Status Append(std::string_view bytes);
  // False: the kernel begins writing when it likes, and Commit() waits for what is left.
  void set_in_steps(bool in_steps) noexcept { in_steps_ = in_steps; }

  // How far it came, for the words of the caller.
  enum class Step : unsigned char { kSync, kRename, kSyncDirectory, kDone };
  // After a failure of the last step the new file is in place, and only a crash may still bring the old one back.
  base::Status Commit();
  Step step() const noexcept { return step_; }

  uint64_t size() const noexcept { return file_->size(); }
  const std::string& temporary() const noexcept { return temporary_; }

  // The kernel is asked to begin writing each time so much has come, lest the last sync wait for all of it.
  static constexpr uint64_t kSyncStepBytes = 4 << 20;

 private:
  Replacement(FileSystem& files, std::string path, std::string temporary, std::unique_ptr<File> file) noexcept
      : files_(&files), path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

  FileSystem* files_;
  std::string path_;
  std::string temporary_;
  std::unique_ptr<File> file_;  // Null: moved from.
  uint64_t sync_begun_ = 0;
  bool in_steps_ = true;
  Step step_ = Step::kSync;
};

// The whole of a small file, through a Replacement named `path` + ".new-" + the process' id. A new file is readable by
// all, an old one's permissions stay.
base::Status ReplaceFile(FileSystem& files, const std::string& path, std::string_view text);
// kExhausted: longer than `bytes_max`.
base::Result<std::string> ReadFile(FileSystem& files, const std::string& path, size_t bytes_max);

}  // namespace tusk::io
