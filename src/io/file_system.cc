#include "io/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/check.h"
#include "base/unique_fd.h"

namespace tusk::io {
namespace {

using base::Result;
using base::Status;

constexpr unsigned kPermissionBits = 0777;

Status Failure(int error) {
  char buffer[128];
  const char* reason = strerror_r(error, buffer, sizeof buffer);
  return {error == ENOENT ? base::Code::kNotFound : base::Code::kIo, reason};
}

class RealFile final : public File {
 public:
  RealFile(base::UniqueFd fd, uint64_t size) noexcept : fd_(std::move(fd)), size_(size) {}

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return Failure(count < 0 ? errno : ENOSPC);
      bytes.remove_prefix(static_cast<size_t>(count));
      size_ += static_cast<uint64_t>(count);
    }
    return {};
  }

  Status Sync() override {
    while (::fdatasync(fd_.get()) != 0) {
      if (errno != EINTR) return Failure(errno);
    }
    return {};
  }

  void SyncRangeHint(uint64_t offset, uint64_t size) noexcept override {
    ::sync_file_range(fd_.get(), static_cast<off64_t>(offset), static_cast<off64_t>(size), SYNC_FILE_RANGE_WRITE);
  }

  Status Truncate(uint64_t size) override {
    DCHECK(size <= size_);
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return Failure(errno);
    size_ = size;
    return {};
  }

  Result<size_t> Read(uint64_t offset, char* out, size_t size) override {
    for (;;) {
      ssize_t count = ::pread(fd_.get(), out, size, static_cast<off_t>(offset));
      if (count >= 0) return static_cast<size_t>(count);
      if (errno != EINTR) return base::Error(Failure(errno));
    }
  }

  Status Overwrite(uint64_t offset, std::string_view bytes) override {
    DCHECK(Holds(offset + bytes.size()));
    while (!bytes.empty()) {
      iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
      ssize_t count = ::pwritev2(fd_.get(), &piece, 1, static_cast<off_t>(offset), RWF_DSYNC);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return Failure(count < 0 ? errno : ENOSPC);
      bytes.remove_prefix(static_cast<size_t>(count));
      offset += static_cast<uint64_t>(count);
    }
    return {};
  }

  Result<std::unique_ptr<File>> Reopen() override;
  // In debug builds only: whoever asks for a file's times makes Linux give the next write a new one, to the nanosecond, which the
  // disk gets with it (multigrain timestamps), a second write for each one.
  bool Holds(uint64_t size) const {
    struct stat info {};
    return ::fstat(fd_.get(), &info) == 0 && size <= static_cast<uint64_t>(info.st_size);
  }

  uint64_t size() const noexcept override { return size_; }

 private:
  const base::UniqueFd fd_;
  uint64_t size_;
};

Result<std::unique_ptr<File>> Open(const std::string& path, int flags, unsigned mode) {
  base::UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd.valid()) return base::Error(Failure(errno));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return base::Error(Failure(errno));
  if (S_ISDIR(info.st_mode)) return base::Error(Failure(EISDIR));
  return std::make_unique<RealFile>(std::move(fd), static_cast<uint64_t>(info.st_size));
}

// By its descriptor, since the name may change; without O_APPEND, under which an offset means nothing.
Result<std::unique_ptr<File>> RealFile::Reopen() { return Open(fmt::format("/proc/self/fd/{}", fd_.get()), O_RDWR, 0); }

class Real final : public FileSystem {
 public:
  // O_APPEND also here: after a Truncate() the next byte goes to the new end.
  Result<std::unique_ptr<File>> Create(const std::string& path, unsigned mode) override {
    return Open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, mode);
  }

  Result<std::unique_ptr<File>> OpenAppend(const std::string& path) override {
    return Open(path, O_RDWR | O_CREAT | O_APPEND, kFileMode);
  }

  Result<std::unique_ptr<File>> OpenRead(const std::string& path) override { return Open(path, O_RDONLY, 0); }

  Status Rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? Status() : Failure(errno);
  }

  Status Remove(const std::string& path) override { return ::unlink(path.c_str()) == 0 ? Status() : Failure(errno); }

  Status MakeDirectory(const std::string& path, unsigned mode) override {
    if (::mkdir(path.c_str(), mode) == 0) return {};
    const int error = errno;
    if (error != EEXIST) return Failure(error);
    Result<FileInfo> info = Stat(path);
    return info && info->is_directory ? Status() : Failure(ENOTDIR);
  }

  Status SyncDirectory(const std::string& path) override {
    base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) return Failure(errno);
    // Some file systems cannot sync a directory and say so; there is nothing to do about it.
    return ::fsync(fd.get()) == 0 || errno == EINVAL ? Status() : Failure(errno);
  }

  Result<std::vector<std::string>> List(const std::string& path) override {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) return base::Error(Failure(errno));
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(directory);
    if (error != 0) return base::Error(Failure(error));
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<FileInfo> Stat(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return base::Error(Failure(errno));
    return FileInfo{.size = static_cast<uint64_t>(info.st_size),
                    .mode = info.st_mode & kPermissionBits,
                    .is_directory = S_ISDIR(info.st_mode)};
  }
};

}  // namespace

FileSystem& RealFileSystem() noexcept {
  static Real real;
  return real;
}

std::string DirectoryOf(const std::string& path) {
  std::string directory = std::filesystem::path(path).parent_path();
  return directory.empty() ? "." : directory;
}

Status Explain(std::string_view context, const Status& status) {
  DCHECK(!status.ok());
  return {status.code(), std::string(context) + ": " + status.message()};
}

}  // namespace tusk::io
