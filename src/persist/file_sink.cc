#include "persist/file_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace tusk::persist {
namespace {

base::Status SyncDirectoryOf(const std::string& path) {
  std::string directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  base::UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return base::Status::Errno("open " + directory, errno);
  // Some file systems cannot sync a directory and say so; there is nothing to do about it.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return base::Status::Errno("fsync " + directory, errno);
  return {};
}

}  // namespace

base::Result<FileSink> FileSink::Create(std::string path) {
  std::string temporary = std::filesystem::path(path).replace_filename(fmt::format("temp-{}.rdb", ::getpid()));
  constexpr unsigned kMode = 0644;
  base::UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode));
  if (!fd.valid()) {
    std::error_code none;
    return base::Error(base::Status::Errno(
        fmt::format("Failed opening the temp RDB file {} (in server root dir {}) for saving", temporary,
                    std::filesystem::current_path(none).string()), errno));
  }
  return FileSink(std::move(path), std::move(temporary), std::move(fd));
}

FileSink::~FileSink() {
  if (fd_.valid()) ::unlink(temporary_.c_str());
}

base::Status FileSink::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::Status::Errno("Write error saving DB on disk", errno);
    bytes.remove_prefix(static_cast<size_t>(count));
    written_ += static_cast<uint64_t>(count);
  }
  if (written_ - sync_begun_ >= kSyncStepBytes) {
    ::sync_file_range(fd_.get(), static_cast<off64_t>(sync_begun_), static_cast<off64_t>(written_ - sync_begun_),
                      SYNC_FILE_RANGE_WRITE);
    sync_begun_ = written_;
  }
  return {};
}

base::Status FileSink::Commit() {
  if (::fsync(fd_.get()) != 0) return base::Status::Errno("Write error saving DB on disk(fsync)", errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return base::Status::Errno("Error moving temp DB file " + temporary_ + " on the final destination " + path_, errno);
  }
  fd_.Reset();
  return SyncDirectoryOf(path_);
}

}  // namespace tusk::persist
