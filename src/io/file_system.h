// The files of the server, as an interface: everything that must survive a crash goes through it, so that tests can put
// a disk under it that fails, fills up or forgets (io/faulty_file_system.h).
//
// Failures carry the code kIo, or kNotFound where there is no such file, and as message the reason alone ("No space left
// on device"): the caller knows what the file is to its user and says so (Explain).
// Threads: a FileSystem is thread-safe. A File is caller-synchronised, with one exception: Sync() may run in one thread
// while another one appends. Owns: a File owns its descriptor; the names belong to the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace tusk::io {

// Every call may block for as long as the disk likes.
class File {
 public:
  virtual ~File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // All of `bytes` at the end. After a failure a beginning of them may be there; size() says how much, and Truncate()
  // takes it back.
  virtual base::Status Append(std::string_view bytes) = 0;
  // What had been appended when the call began is on the disk when it returns (fdatasync). After a failure nobody knows
  // what is: the kernel drops the pages it could not write, and a second call that works proves nothing about them.
  virtual base::Status Sync() = 0;
  // Asks the kernel to begin writing that range, lest the next Sync() wait for all of it. Promises nothing.
  virtual void SyncRangeHint(uint64_t offset, uint64_t size) noexcept = 0;
  // `size` is at most size().
  virtual base::Status Truncate(uint64_t size) = 0;
  // Up to `size` bytes from `offset` on; 0 only at the end.
  virtual base::Result<size_t> Read(uint64_t offset, char* out, size_t size) = 0;
  // `bytes` at `offset`, on the disk when it returns; they lie within what the file holds already. Where that space had
  // been written and synced before, no metadata change, and calls over several handles run beside one another. After a
  // failure any part of the bytes may be there.
  virtual base::Status Overwrite(uint64_t offset, std::string_view bytes) = 0;
  // Another handle, for Overwrite() and Sync() alone. It hears of failures for itself: of two threads that wait for the disk
  // over one handle the kernel tells only one.
  virtual base::Result<std::unique_ptr<File>> Reopen() = 0;
  // As this File has made it; what others do to the same file is not seen.
  virtual uint64_t size() const noexcept = 0;

 protected:
  File() = default;
};

struct FileInfo {
  uint64_t size = 0;
  unsigned mode = 0;  // The permission bits.
  bool is_directory = false;
};

class FileSystem {
 public:
  static constexpr unsigned kFileMode = 0644;
  static constexpr unsigned kDirectoryMode = 0755;

  virtual ~FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  // Empty and writable, whatever was there. The name is on the disk after SyncDirectory(), like that of every other
  // change of names below.
  virtual base::Result<std::unique_ptr<File>> Create(const std::string& path, unsigned mode = kFileMode) = 0;
  // To append to what is there; a missing file is created.
  virtual base::Result<std::unique_ptr<File>> OpenAppend(const std::string& path) = 0;
  virtual base::Result<std::unique_ptr<File>> OpenRead(const std::string& path) = 0;
  // Atomic; replaces `to`.
  virtual base::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual base::Status Remove(const std::string& path) = 0;
  virtual base::Status MakeDirectory(const std::string& path, unsigned mode = kDirectoryMode) = 0;  // Fine if it is there.
  // What was created, renamed and removed in that directory stays so.
  virtual base::Status SyncDirectory(const std::string& path) = 0;
  // The names in a directory, sorted, without "." and "..".
  virtual base::Result<std::vector<std::string>> List(const std::string& path) = 0;
  virtual base::Result<FileInfo> Stat(const std::string& path) = 0;

  bool Exists(const std::string& path) { return Stat(path).has_value(); }

 protected:
  FileSystem() = default;
};

// The operating system's. It has no state.
FileSystem& RealFileSystem() noexcept;

// The directory that holds `path`; "." for a bare name.
std::string DirectoryOf(const std::string& path);
// "context: reason", with the same code.
base::Status Explain(std::string_view context, const base::Status& status);

}  // namespace tusk::io
