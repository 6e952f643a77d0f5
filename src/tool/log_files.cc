#include "tool/log_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "io/replacement.h"
#include "persist/aof_manifest.h"

namespace tusk::tool {
namespace {

using base::Result;
using base::Status;

constexpr std::string_view kManifestEnd = ".manifest";
constexpr size_t kManifestBytesMax = 16 << 20;

// The newest by name, should there be several.
std::string ManifestIn(io::FileSystem& files, const std::string& directory) {
  Result<std::vector<std::string>> names = files.List(directory);
  if (!names) return {};
  auto found = std::find_if(names->rbegin(), names->rend(), [](const std::string& name) { return name.ends_with(kManifestEnd); });
  return found == names->rend() ? std::string() : directory + '/' + *found;
}

}  // namespace

bool HoldsManifest(io::FileSystem& files, const std::string& directory) { return !ManifestIn(files, directory).empty(); }

Result<LogFiles> LogFiles::Find(io::FileSystem& files, const std::string& path) {
  Result<io::FileInfo> info = files.Stat(path);
  if (!info) return base::Error(io::Explain(path, info.error()));
  LogFiles log;
  log.manifest = info->is_directory ? ManifestIn(files, path) : path.ends_with(kManifestEnd) ? path : std::string();
  if (log.manifest.empty()) {
    if (info->is_directory) return base::Error(Status::NotFound(path + ": there is no manifest of an append log"));
    log.paths = {path};
    return log;
  }
  const std::string directory = io::DirectoryOf(log.manifest);
  Result<std::string> text = io::ReadFile(files, log.manifest, kManifestBytesMax);
  if (!text) return base::Error(io::Explain(log.manifest, text.error()));
  Result<persist::AofManifest> manifest = persist::AofManifest::Parse(*text);
  if (!manifest) return base::Error(io::Explain(log.manifest, manifest.error()));
  std::set<std::string> known = {std::filesystem::path(log.manifest).filename()};
  for (const persist::AofFile& file : manifest->history()) known.insert(file.name);
  auto add = [&](const persist::AofFile& file) {
    known.insert(file.name);
    log.paths.push_back(directory + '/' + file.name);
  };
  if (manifest->base()) add(*manifest->base());
  for (const persist::AofFile& file : manifest->increments()) add(file);
  ASSIGN_OR_RETURN(std::vector<std::string> names, files.List(directory));
  for (std::string& name : names) {
    if (!known.contains(name)) log.strangers.push_back(std::move(name));
  }
  return log;
}

Status CopyFile(io::FileSystem& files, const std::string& from, const std::string& to) {
  constexpr size_t kPieceBytes = 1 << 20;
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> source, files.OpenRead(from));
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> copy, files.Create(to));
  std::string piece(kPieceBytes, '\0');
  for (uint64_t at = 0;;) {
    ASSIGN_OR_RETURN(size_t count, source->Read(at, piece.data(), piece.size()));
    if (count == 0) return copy->Sync();
    RETURN_IF_ERROR(copy->Append({piece.data(), count}));
    at += count;
  }
}

}  // namespace tusk::tool
