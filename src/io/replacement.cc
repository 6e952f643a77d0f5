#include "io/replacement.h"

#include <unistd.h>

#include "base/check.h"

namespace tusk::io {

using base::Result;
using base::Status;

Result<Replacement> Replacement::Create(FileSystem& files, std::string path, std::string temporary, unsigned mode) {
  DCHECK(DirectoryOf(path) == DirectoryOf(temporary));  // A rename is atomic within a file system only.
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, files.Create(temporary, mode));
  return Replacement(files, std::move(path), std::move(temporary), std::move(file));
}

Replacement::~Replacement() {
  if (!file_ || step_ > Step::kRename) return;
  // A leftover that cannot be removed harms nobody: the next one of this process takes its name.
  [[maybe_unused]] Status removed = files_->Remove(temporary_);
}

Status Replacement::Append(std::string_view bytes) {
  DCHECK(step_ == Step::kSync);
  RETURN_IF_ERROR(file_->Append(bytes));
  if (in_steps_ && file_->size() - sync_begun_ >= kSyncStepBytes) {
    file_->SyncRangeHint(sync_begun_, file_->size() - sync_begun_);
    sync_begun_ = file_->size();
  }
  return {};
}

Status Replacement::Commit() {
  DCHECK(step_ == Step::kSync);
  RETURN_IF_ERROR(file_->Sync());
  step_ = Step::kRename;
  RETURN_IF_ERROR(files_->Rename(temporary_, path_));
  step_ = Step::kSyncDirectory;
  RETURN_IF_ERROR(files_->SyncDirectory(DirectoryOf(path_)));
  step_ = Step::kDone;
  return {};
}

Status ReplaceFile(FileSystem& files, const std::string& path, std::string_view text) {
  Result<FileInfo> old = files.Stat(path);
  ASSIGN_OR_RETURN(Replacement file, Replacement::Create(files, path, path + ".new-" + std::to_string(::getpid()),
                                                         old ? old->mode : FileSystem::kFileMode));
  RETURN_IF_ERROR(file.Append(text));
  return file.Commit();
}

Result<std::string> ReadFile(FileSystem& files, const std::string& path, size_t bytes_max) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, files.OpenRead(path));
  std::string text;
  char piece[16 * 1024];
  for (;;) {
    ASSIGN_OR_RETURN(size_t count, file->Read(text.size(), piece, sizeof piece));
    if (count == 0) return text;
    text.append(piece, count);
    if (text.size() > bytes_max) return base::Error(Status::Exhausted("File too large"));
  }
}

}  // namespace tusk::io
