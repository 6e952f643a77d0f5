// AofFiles: the directory of the append log: its manifest, and the files that the manifest names.
//
// The manifest is replaced whole or not at all, and only after what it names is there; files leave the disk only after
// the manifest has let go of them. So whatever step fails, the manifest on disk names a complete log.
// Threads: caller-synchronised. Owns: the manifest as it was last read or saved; borrows the file system.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/status.h"
#include "io/file_system.h"
#include "persist/aof_manifest.h"

namespace tusk::persist {

class AofFiles {
 public:
  explicit AofFiles(io::FileSystem& files) noexcept : files_(files) {}

  void SetLog(base::Logger* log) noexcept { log_ = log; }
  // appenddirname and appendfilename. The directory lies in the working directory, like every path here.
  void SetNames(std::string directory, std::string stem);

  io::FileSystem& files() noexcept { return files_; }
  const AofManifest& manifest() const noexcept { return manifest_; }
  const std::string& stem() const noexcept { return stem_; }
  std::string PathOf(std::string_view name) const { return directory_ + '/' + std::string(name); }

  // Reads the manifest; none is an empty one. Leaves the disk as it is.
  base::Status Read();
  // A log of one file, as Redis wrote it before 7.0, becomes the base of one with a manifest. Nothing to do is fine.
  base::Status Upgrade();
  base::Status MakeDirectory();
  // On success, `manifest` is the one that counts.
  base::Status Save(AofManifest manifest);
  // Removes the files of the history, then lets the manifest forget them.
  base::Status DeleteHistory();
  // An empty file; no manifest names it yet.
  base::Result<std::unique_ptr<io::File>> Create(std::string_view name);
  // Of all files that the manifest names but the history; a missing one is an error.
  base::Result<uint64_t> SizeBytes();

  // A manifest that is larger is none.
  static constexpr size_t kManifestBytesMax = 16 << 20;

 private:
  std::string ManifestPath() const { return PathOf(stem_ + ".manifest"); }

  io::FileSystem& files_;
  base::Logger* log_ = nullptr;
  std::string directory_ = "appendonlydir";
  std::string stem_ = "appendonly.aof";
  AofManifest manifest_;
};

}  // namespace tusk::persist
