#include "tool/check.h"

#include <fmt/format.h>

#include "base/text.h"
#include "tool/check_rdb.h"

namespace tusk::tool {

void Checker::Say(const std::string& path, std::string_view text) { report_ += fmt::format("{}: {}\n", path, text); }

bool Checker::Check(const std::string& path) {
  base::Result<io::FileInfo> info = files_.Stat(path);
  if (!info) return Say(path, "can't be read: " + info.error().message()), false;
  return info->is_directory ? CheckDirectory(path) : CheckFile(path);
}

bool Checker::CheckDirectory(const std::string& path) {
  base::Result<std::vector<std::string>> names = files_.List(path);
  if (!names) return Say(path, "can't be read: " + names.error().message()), false;
  bool whole = true;
  bool found = false;
  for (const std::string& name : *names) {
    if (!name.ends_with(".rdb")) continue;
    // What a save leaves behind that was killed; the next one of that process replaces it, and nobody reads it.
    if (name.starts_with("temp-")) {
      Say(path + '/' + name, "note: a file of a save that was cut off; it can be deleted");
      continue;
    }
    found = true;
    whole = CheckFile(path + '/' + name) && whole;
  }
  if (!found) Say(path, "there is neither an RDB file nor an append log in this directory");
  return whole && found;
}

bool Checker::CheckFile(const std::string& path) {
  base::Result<std::unique_ptr<io::File>> file = files_.OpenRead(path);
  if (!file) return Say(path, "can't be read: " + file.error().message()), false;
  if ((*file)->size() == 0) return Say(path, "DAMAGED: the file is empty"), false;
  if (BeginsLikeRdb(**file)) return CheckRdb(path);
  Say(path, "is no RDB file: it does not begin with REDIS");
  return false;
}

bool Checker::CheckRdb(const std::string& path) {
  base::Result<std::unique_ptr<io::File>> file = files_.OpenRead(path);
  if (!file) return Say(path, "can't be read: " + file.error().message()), false;
  Summary summary;
  const RdbFindings findings = ExamineRdb(**file, path, summary);
  const uint64_t size = (*file)->size();
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
