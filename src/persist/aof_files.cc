#include "persist/aof_files.h"

#include <fmt/format.h>

#include <utility>

#include "io/replacement.h"

namespace tusk::persist {

using base::Status;

namespace {

Status Named(const std::string& what, const Status& status) { return status.ok() ? Status() : io::Explain(what, status); }

}  // namespace

void AofFiles::SetNames(std::string directory, std::string stem) {
  directory_ = std::move(directory);
  stem_ = std::move(stem);
}

Status AofFiles::Read() {
  manifest_ = {};
  base::Result<std::string> text = io::ReadFile(files_, ManifestPath(), kManifestBytesMax);
  if (!text && text.error().code() == base::Code::kNotFound) return {};
  if (!text) return io::Explain("Fatal error: can't open the AOF manifest file " + ManifestPath() + " for reading", text.error());
  base::Result<AofManifest> manifest = AofManifest::Parse(*text);
  if (!manifest) {
    return Status::Invalid(fmt::format("FATAL AOF MANIFEST FILE ERROR in {}: {}", ManifestPath(), manifest.error().message()));
  }
  manifest_ = *std::move(manifest);
  return {};
}

Status AofFiles::Upgrade() {
  if (!files_.Exists(stem_)) return {};
  // The last upgrade stopped before the file was moved.
  const bool interrupted = manifest_.base() && manifest_.base()->name == stem_ && manifest_.increments().empty() &&
                           !files_.Exists(PathOf(stem_));
  if (!manifest_.empty() && !interrupted) return {};
  AofManifest upgraded;
  upgraded.SetBase({stem_, 1});
  RETURN_IF_ERROR(MakeDirectory());
  RETURN_IF_ERROR(Save(std::move(upgraded)));
  RETURN_IF_ERROR(Named(fmt::format("Error trying to move the old AOF file {} into dir {}", stem_, directory_),
                              files_.Rename(stem_, PathOf(stem_))));
  RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  if (log_) {
    log_->Notice("Successfully migrated an old-style AOF configuration ({}) into the AOF directory ({}).", stem_, directory_);
  }
  return {};
}

Status AofFiles::MakeDirectory() {
  if (files_.Exists(directory_)) return {};
  RETURN_IF_ERROR(Named("Can't open or create append-only dir " + directory_, files_.MakeDirectory(directory_)));
  return files_.SyncDirectory(io::DirectoryOf(directory_));
}

Status AofFiles::Save(AofManifest manifest) {
  const std::string path = ManifestPath();
  auto write = [&]() -> Status {
    ASSIGN_OR_RETURN(io::Replacement file, io::Replacement::Create(files_, path, PathOf("temp-" + stem_ + ".manifest")));
    RETURN_IF_ERROR(file.Append(manifest.Format()));
    return file.Commit();
  };
  RETURN_IF_ERROR(Named("Error writing the AOF manifest file " + path, write()));
  manifest_ = std::move(manifest);
  return {};
}

Status AofFiles::DeleteHistory() {
  if (manifest_.history().empty()) return {};
  for (const AofFile& file : manifest_.history()) {
    if (log_) log_->Verbose("Removing the history file {} in the background", file.name);
    Status status = files_.Remove(PathOf(file.name));
    if (!status.ok() && status.code() != base::Code::kNotFound) {
      return io::Explain("Error removing the history file " + PathOf(file.name), status);
    }
  }
  AofManifest rest = manifest_;
  rest.ForgetHistory();
  return Save(std::move(rest));
}

base::Result<std::unique_ptr<io::File>> AofFiles::Create(std::string_view name) {
  const std::string path = PathOf(name);
  base::Result<std::unique_ptr<io::File>> file = files_.Create(path);
  if (!file) return base::Error(io::Explain("Can't open the append-only file " + path, file.error()));
  return file;
}

base::Result<uint64_t> AofFiles::SizeBytes() {
  uint64_t bytes = 0;
  auto add = [&](const AofFile& file) -> Status {
    base::Result<io::FileInfo> info = files_.Stat(PathOf(file.name));
    if (!info) {
      return io::Explain(fmt::format("Fatal error: can't open the append log file {} for reading", file.name), info.error());
    }
    bytes += info->size;
    return {};
  };
  if (manifest_.base()) RETURN_IF_ERROR(add(*manifest_.base()));
  for (const AofFile& file : manifest_.increments()) RETURN_IF_ERROR(add(file));
  return bytes;
}

}  // namespace tusk::persist
