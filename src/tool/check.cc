#include "tool/check.h"

#include <fmt/format.h>

#include "base/text.h"
#include "tool/check_aof.h"
#include "tool/check_rdb.h"
#include "tool/log_files.h"

namespace tusk::tool {

void Checker::Say(const std::string& path, std::string_view text) { report_ += fmt::format("{}: {}\n", path, text); }

bool Checker::Check(const std::string& path) {
  base::Result<io::FileInfo> info = files_.Stat(path);
  if (!info) return Say(path, "can't be read: " + info.error().message()), false;
  return info->is_directory ? CheckDirectory(path) : CheckFile(path);
}

bool Checker::CheckDirectory(const std::string& path) {
  if (HoldsManifest(files_, path)) return CheckLog(path);
  base::Result<std::vector<std::string>> names = files_.List(path);
  if (!names) return Say(path, "can't be read: " + names.error().message()), false;
  bool whole = true;
  bool found = false;
  for (const std::string& name : *names) {
    const std::string inner = path + '/' + name;
    const bool is_log = HoldsManifest(files_, inner);
    if (!is_log && !name.ends_with(".rdb") && !name.ends_with(".aof")) continue;
    // What a save leaves behind that was killed; the next one of that process replaces it, and nobody reads it.
    if (name.starts_with("temp-")) {
      Say(inner, "note: a file of a save that was cut off; it can be deleted");
      continue;
    }
    found = true;
    whole = (is_log ? CheckLog(inner) : CheckFile(inner)) && whole;
  }
  if (!found) Say(path, "there is neither an RDB file nor an append log in this directory");
  return whole && found;
}

bool Checker::CheckLog(const std::string& path) {
  base::Result<LogFiles> log = LogFiles::Find(files_, path);
  if (!log) return report_ += log.error().message() + '\n', false;
  size_t last = log->paths.size();
  bool whole = true;
  // What follows a broken file builds on what it lost, unless nothing follows.
  while (last > 0) {
    base::Result<io::FileInfo> info = files_.Stat(log->paths[last - 1]);
    if (!info || info->size != 0) break;
    --last;
  }
  for (size_t i = 0; i < log->paths.size(); ++i) whole = CheckFile(log->paths[i], i + 1 >= last) && whole;
  for (const std::string& name : log->strangers) {
    Say(io::DirectoryOf(log->manifest) + '/' + name, "note: the manifest does not name it, and nobody reads it");
  }
  Say(log->manifest, whole ? "the log is whole" : "the log is NOT whole");
  return whole;
}

bool Checker::CheckFile(const std::string& path, bool is_last) {
  if (path.ends_with(".manifest")) return CheckLog(path);
  base::Result<std::unique_ptr<io::File>> file = files_.OpenRead(path);
  if (!file) return Say(path, "can't be read: " + file.error().message()), false;
  if (BeginsLikeRdb(**file) && path.ends_with(".rdb")) return CheckRdb(path, **file);
  if (path.ends_with(".rdb")) {
    Say(path, (*file)->size() == 0 ? "DAMAGED: the file is empty" : "DAMAGED: it does not begin with REDIS, at byte 0");
    return false;
  }
  return CheckAppendFile(path, **file, is_last);
}

bool Checker::CheckAppendFile(const std::string& path, io::File& file, bool is_last) {
  const uint64_t size = file.size();
  Summary summary;
  RdbFindings preamble;
  if (BeginsLikeRdb(file)) {
    preamble = ExamineRdb(file, path, summary);
    // A snapshot that goes by another name, or is broken, is told of as one.
    if (!preamble.status.ok() || preamble.end == size) return CheckRdb(path, file);
  }
  Progress progress("checking " + path, size);
  const AofFindings found = ReadCommands(file, preamble.end, [&](auto, uint64_t end) {
    progress.Show(end, 0);
    return base::Status();
  });
  progress.Clear();
  summary.commands = found.commands;
  if (size != 0 && found.commands == 0 && preamble.end == 0 && found.state == AofFindings::State::kDamaged) {
    return Say(path, fmt::format("is neither an RDB file nor an append file: {}, at byte 0", found.problem)), false;
  }
  Say(path, fmt::format("append file, {}{}", Bytes(size), preamble.end != 0 ? " with an RDB preamble" : ""));
  report_ += preamble.end != 0 ? summary.Table() : Counted(found.commands, "command") + '\n';
  if (found.state == AofFindings::State::kWhole) return Say(path, "whole"), true;
  if (found.state == AofFindings::State::kUnread) return Say(path, "can't be read: " + found.problem), false;
  Say(path, fmt::format("{}: {}, at byte {} of {}; {} before it {} whole", found.state == AofFindings::State::kTorn ? "TORN" : "DAMAGED",
                        found.problem, found.problem_at, size, Counted(found.commands, "command"),
                        found.commands == 1 ? "is" : "are"));
  if (!is_last) return Say(path, "it cannot be repaired: the files after it build on what it has lost"), false;
  if (options_.fix) return Repair(path, found.good_end, size);
  Say(path, fmt::format("--fix would cut the last {} bytes, from byte {} on{}", size - found.good_end, found.good_end,
                        found.state == AofFindings::State::kTorn ? "; a server with aof-load-truncated yes does so by itself" : ""));
  return false;
}

// The copy is on the disk before anything is cut.
bool Checker::Repair(const std::string& path, uint64_t good_end, uint64_t size) {
  std::string kept = path + ".damaged";
  for (int i = 2; files_.Exists(kept); ++i) kept = fmt::format("{}.damaged-{}", path, i);
  auto cut = [&]() -> base::Status {
    RETURN_IF_ERROR(CopyFile(files_, path, kept));
    RETURN_IF_ERROR(files_.SyncDirectory(io::DirectoryOf(path)));
    ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, files_.OpenAppend(path));
    RETURN_IF_ERROR(file->Truncate(good_end));
    return file->Sync();
  };
  base::Status status = cut();
  if (!status.ok()) return Say(path, "the repair failed: " + status.message()), false;
  Say(path, fmt::format("repaired: {} bytes were cut; the file as it was is {}", size - good_end, kept));
  return true;
}

bool Checker::CheckRdb(const std::string& path, io::File& file) {
  Summary summary;
  const RdbFindings findings = ExamineRdb(file, path, summary);
  const uint64_t size = file.size();
  Say(path, fmt::format("RDB file, {}{}{}", Bytes(size), findings.written_by.empty() ? "" : ", written by ", findings.written_by));
  report_ += summary.Table();
  if (!findings.status.ok()) {
    Say(path, fmt::format("DAMAGED: {}", findings.status.message()));
    Say(path, findings.last_key.empty()
                  ? "no key before it is whole"
                  : fmt::format("{} before it {} whole, the last of them is {}", Counted(summary.keys(), "key"),
                                summary.keys() == 1 ? "is" : "are", base::QuoteText(findings.last_key)));
    if (options_.fix) Say(path, "an RDB file cannot be repaired: take a replica's, or a backup");
    return false;
  }
  if (findings.end < size) Say(path, fmt::format("note: {} behind the end, which nobody reads", Bytes(size - findings.end)));
  if (!findings.has_checksum) Say(path, "note: it was saved without a checksum, so flipped bits within values are not seen");
  Say(path, "whole");
  return true;
}

}  // namespace tusk::tool
