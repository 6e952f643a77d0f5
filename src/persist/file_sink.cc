#include "persist/file_sink.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace tusk::persist {

base::Result<FileSink> FileSink::Create(io::FileSystem& files, std::string path) {
  const std::string temporary = std::filesystem::path(path).replace_filename(fmt::format("temp-{}.rdb", ::getpid()));
  base::Result<io::Replacement> file = io::Replacement::Create(files, path, temporary);
  if (!file) {
    std::error_code none;
    return base::Error(io::Explain(fmt::format("Failed opening the temp RDB file {} (in server root dir {}) for saving",
                                               temporary, std::filesystem::current_path(none).string()),
                                   file.error()));
  }
  return FileSink(std::move(path), *std::move(file));
}

base::Status FileSink::Write(std::string_view bytes) {
  base::Status status = file_.Append(bytes);
  return status.ok() ? status : io::Explain("Write error saving DB on disk", status);
}

base::Status FileSink::Commit() {
  base::Status status = file_.Commit();
  switch (file_.step()) {
    case io::Replacement::Step::kDone:
      return status;
    case io::Replacement::Step::kSync:
      return io::Explain("Write error saving DB on disk(fsync)", status);
    case io::Replacement::Step::kRename:
      return io::Explain(fmt::format("Error moving temp DB file {} on the final destination {}", file_.temporary(), path_),
                         status);
    case io::Replacement::Step::kSyncDirectory:
      return io::Explain("Error syncing the directory of the DB file " + path_, status);
  }
  return status;
}

}  // namespace tusk::persist
