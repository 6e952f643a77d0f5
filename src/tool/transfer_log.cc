// Append logs as sources.
#include <fmt/format.h>

#include <filesystem>

#include "tool/check.h"
#include "tool/check_aof.h"
#include "tool/check_rdb.h"
#include "tool/log_files.h"
#include "tool/mover.h"
#include "tool/transfer.h"

namespace tusk::tool {
namespace {

using base::Result;
using base::Status;
using State = AofFindings::State;

class LogTransfer {
 public:
  LogTransfer(io::FileSystem& files, Target& target, Summary& summary, std::string& note) noexcept
      : files_(files), target_(target), summary_(summary), note_(note) {}

  Status Run(const LogFiles& log) {
    for (size_t i = 0; i < log.paths.size(); ++i) RETURN_IF_ERROR(Part(log.paths[i], RestIsEmpty(log, i + 1)));
    return {};
  }

 private:
  bool RestIsEmpty(const LogFiles& log, size_t from) {
    for (size_t i = from; i < log.paths.size(); ++i) {
      Result<io::FileInfo> info = files_.Stat(log.paths[i]);
      if (!info || info->size != 0) return false;
    }
    return true;
  }

  Status Part(const std::string& path, bool is_last) {
    Result<std::unique_ptr<io::File>> file = files_.OpenRead(path);
    if (!file) return io::Explain("Can't open " + path, file.error());
    Progress progress("reading " + path, (*file)->size());
    uint64_t begin = 0;
    if (BeginsLikeRdb(**file)) {
      persist::FileSource source(**file);
      codec::Reader reader(source, (*file)->size());
      Status status = MoveStream(reader, {}, target_, summary_, progress);
      if (!status.ok()) return io::Explain(path, status);
      begin = reader.offset();
    }
    if (begin == (*file)->size()) return {};
    // Each file begins in database 0, whatever came before.
    constexpr std::string_view kSelect[] = {"SELECT", "0"};
    RETURN_IF_ERROR(target_.Command(kSelect));
    const AofFindings found = ReadCommands(**file, begin, [&](std::span<const std::string_view> argv, uint64_t end) {
      progress.Show(end, summary_.keys());
      ++summary_.commands;
      return target_.Command(argv);
    });
    return Judge(path, found, is_last, (*file)->size());
  }

  Status Judge(const std::string& path, const AofFindings& found, bool is_last, uint64_t size) {
    if (found.state == State::kWhole) return {};
    if (found.state == State::kUnread) return Status::Invalid(fmt::format("{}: {}", path, found.problem));
    if (found.state == State::kDamaged || !is_last) {
      return Status::Invalid(fmt::format("{} is damaged: {}, at byte {}. `tusk check` says more", path, found.problem, found.problem_at));
    }
    note_ = fmt::format("{}: {}; its last {} bytes, from byte {} on, are left out", path, found.problem, size - found.good_end,
                        found.good_end);
    return {};
  }

  io::FileSystem& files_;
  Target& target_;
  Summary& summary_;
  std::string& note_;
};

}  // namespace

bool IsLog(io::FileSystem& files, const std::string& path) {
  Result<io::FileInfo> info = files.Stat(path);
  if (!info) return false;
  if (info->is_directory) return HoldsManifest(files, path);
  return !path.ends_with(".rdb") && (path.ends_with(".manifest") || path.ends_with(".aof"));
}

Status TransferLog(io::FileSystem& files, const std::string& path, Target& target, Summary& summary, std::string& note) {
  RETURN_IF_ERROR(target.ExpectLog());
  ASSIGN_OR_RETURN(LogFiles log, LogFiles::Find(files, path));
  return LogTransfer(files, target, summary, note).Run(log);
}

Status CopyLog(io::FileSystem& files, const std::string& path, const std::string& directory) {
  constexpr std::string_view kLogDirectory = "appendonlydir";
  Checker checker(files, {});
  if (!checker.Check(path)) return Status::Invalid(checker.report() + "A damaged log is not copied; `tusk check --fix` may repair it.");
  ASSIGN_OR_RETURN(LogFiles log, LogFiles::Find(files, path));
  std::string into = directory;
  if (!log.manifest.empty()) into += fmt::format("/{}", kLogDirectory);
  if (!log.manifest.empty() && files.Exists(into)) return Status::Invalid(into + " is there already");
  if (!log.manifest.empty()) RETURN_IF_ERROR(files.MakeDirectory(into));
  // The manifest last: until it is there, there is no log.
  if (!log.manifest.empty()) log.paths.push_back(log.manifest);
  for (const std::string& file : log.paths) {
    const std::string name = std::filesystem::path(file).filename();
    if (files.Exists(into + '/' + name)) return Status::Invalid(into + '/' + name + " is there already");
    Status status = CopyFile(files, file, into + '/' + name);
    if (!status.ok()) return io::Explain("Copying " + file, status);
    RETURN_IF_ERROR(files.SyncDirectory(into));
  }
  return files.SyncDirectory(directory);
}

}  // namespace tusk::tool
