#include "tool/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "io/file_system.h"
#include "tool/check.h"
#include "tool/help.h"
#include "tool/summary.h"
#include "tool/target.h"
#include "tool/transfer.h"

namespace tusk::tool {
namespace {

using base::Result;
using base::Status;
using Words = std::span<const std::string_view>;

// The words of one command, apart.
struct Line {
  std::vector<std::string_view> operands;
  std::string_view to;
  bool fix = false;
  bool replace = false;
  bool help = false;
  Way way = Way::kAny;
};

Result<Line> ParseLine(Words words, Words allowed) {
  Line line;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with("--") && word != "-h") {
      line.operands.push_back(word);
      continue;
    }
    if (word == "--help" || word == "-h") {
      line.help = true;
      continue;
    }
    if (std::find(allowed.begin(), allowed.end(), word) == allowed.end()) {
      return base::Error(Status::Invalid(fmt::format("unknown option {}", word)));
    }
    if (word == "--to") {
      if (i + 1 == words.size()) return base::Error(Status::Invalid("--to needs a server's address or a directory"));
      line.to = words[++i];
    }
    line.fix |= word == "--fix";
    line.replace |= word == "--replace";
    if (word == "--scan") line.way = Way::kScan;
    if (word == "--sync") line.way = Way::kSync;
  }
  return line;
}

int Misused(std::string_view command, std::string_view why) {
  fmt::print(stderr, "tusk {}: {}\nTry: tusk {} --help\n", command, why, command);
  return kExitUsage;
}

int Failed(const Status& status) {
  fmt::print(stderr, "tusk: {}\n", status.message());
  return kExitFailed;
}

int Finish(const Status& status, const Target& target, const Summary& summary, double seconds) {
  if (!status.ok()) return Failed(status);
  fmt::print("{}", summary.Table());
  const uint64_t keys = summary.keys();
  fmt::print("{} in {:.1f} s", Counted(keys, "key"), seconds);
  if (seconds > 0) fmt::print(", {:.0f}/s", static_cast<double>(keys) / seconds);
  fmt::print("\n");
  const Target::Outcome& outcome = target.outcome();
  if (outcome.existed != 0) {
    fmt::print(stderr, "tusk: {} {} there already and stayed as {}; --replace replaces such keys\n", Counted(outcome.existed, "key"),
               outcome.existed == 1 ? "was" : "were", outcome.existed == 1 ? "it was" : "they were");
  }
  if (outcome.failed != 0) {
    fmt::print(stderr, "tusk: {} refused, the first: {}\n", Counted(outcome.failed, "command"), outcome.first_failure);
  }
  return outcome.existed + outcome.failed == 0 ? kExitGood : kExitFailed;
}

struct Source {
  std::optional<Url> url;
  std::string path;
};

// Looked at before a target is touched.
Result<Source> ParseSource(std::string_view from) {
  if (Url::LooksLikeOne(from)) {
    ASSIGN_OR_RETURN(Url url, Url::Parse(from));
    return Source{std::move(url), {}};
  }
  std::string path(from);
  Result<io::FileInfo> info = io::RealFileSystem().Stat(path);
  if (!info) return base::Error(io::Explain("Can't open " + path, info.error()));
  return Source{{}, std::move(path)};
}

int Move(const Source& source, Way way, Target& target) {
  Summary summary;
  Progress clock("", 0);
  std::string note;
  io::FileSystem& files = io::RealFileSystem();
  Status status = source.url                    ? TransferServer(*source.url, way, target, summary)
                  : IsLog(files, source.path) ? TransferLog(files, source.path, target, summary, note)
                                                : TransferFile(files, source.path, target, summary);
  if (!note.empty()) fmt::print(stderr, "tusk: {}\n", note);
  if (status.ok()) status = target.Finish();
  return Finish(status, target, summary, clock.seconds());
}

Result<std::unique_ptr<Target>> OpenTarget(std::string_view to, const TargetOptions& options) {
  if (Url::LooksLikeOne(to)) {
    ASSIGN_OR_RETURN(Url url, Url::Parse(to));
    return OpenServer(url, options);
  }
  io::FileSystem& files = io::RealFileSystem();
  std::string path(to);
  Result<io::FileInfo> info = files.Stat(path);
  if (!info) return base::Error(io::Explain(path + ", where the data are to go", info.error()));
  if (!info->is_directory) return base::Error(Status::Invalid(path + " is no directory; `tusk export` writes single files"));
  return CreateFile(files, path + "/dump.rdb", options);
}

// A server's directory gets a log's files as they are: nothing is shorter or truer.
int CopyLogTo(const Source& source, std::string_view to) {
  Status status = CopyLog(io::RealFileSystem(), source.path, std::string(to));
  if (!status.ok()) return Failed(status);
  fmt::print("The log is in {}. Start tusk-server there with --appendonly yes.\n", to);
  return kExitGood;
}

int RunCheck(Words words) {
  static constexpr std::string_view kAllowed[] = {"--fix"};
  Result<Line> line = ParseLine(words, kAllowed);
  if (!line) return Misused("check", line.error().message());
  if (line->help) return fmt::print("{}", CheckHelp()), kExitGood;
  if (line->operands.empty()) return Misused("check", "which file or directory?");
  bool whole = true;
  for (std::string_view path : line->operands) {
    Checker checker(io::RealFileSystem(), {.fix = line->fix});
    whole = checker.Check(std::string(path)) && whole;
    fmt::print("{}", checker.report());
  }
  return whole ? kExitGood : kExitFailed;
}

int RunImport(Words words) {
  static constexpr std::string_view kAllowed[] = {"--to", "--replace", "--scan", "--sync"};
  Result<Line> line = ParseLine(words, kAllowed);
  if (!line) return Misused("import", line.error().message());
  if (line->help) return fmt::print("{}", ImportHelp()), kExitGood;
  if (line->operands.size() != 1) return Misused("import", "one file, directory or server is imported at a time");
  if (line->to.empty()) return Misused("import", "--to says where the data go");
  Result<Source> source = ParseSource(line->operands[0]);
  if (!source) return Failed(source.error());
  const bool is_log = !source->url && IsLog(io::RealFileSystem(), source->path);
  if (is_log && !Url::LooksLikeOne(line->to)) return CopyLogTo(*source, line->to);
  Result<std::unique_ptr<Target>> target = OpenTarget(line->to, {.replace = line->replace});
  if (!target) return Failed(target.error());
  return Move(*source, line->way, **target);
}

int RunExport(Words words) {
  static constexpr std::string_view kAllowed[] = {"--replace", "--scan", "--sync"};
  Result<Line> line = ParseLine(words, kAllowed);
  if (!line) return Misused("export", line.error().message());
  if (line->help) return fmt::print("{}", ExportHelp()), kExitGood;
  if (line->operands.size() != 2) return Misused("export", "a server's address and a file are needed");
  if (!Url::LooksLikeOne(line->operands[0])) return Misused("export", "the first operand is a server's address, redis://host:port");
  Result<Source> source = ParseSource(line->operands[0]);
  if (!source) return Failed(source.error());
  Result<std::unique_ptr<Target>> target =
      CreateFile(io::RealFileSystem(), std::string(line->operands[1]), {.replace = line->replace});
  if (!target) return Failed(target.error());
  return Move(*source, line->way, **target);
}

}  // namespace

int Run(Words words) {
  if (words.empty()) return fmt::print(stderr, "{}", Help()), kExitUsage;
  const std::string_view command = words[0];
  if (command == "--help" || command == "-h" || command == "help") return fmt::print("{}", Help()), kExitGood;
  if (command == "--version" || command == "-v") return fmt::print("{}\n", VersionLine()), kExitGood;
  if (command == "check") return RunCheck(words.subspan(1));
  if (command == "import") return RunImport(words.subspan(1));
  if (command == "export") return RunExport(words.subspan(1));
  fmt::print(stderr, "tusk: there is no command '{}'\n\n{}", command, Help());
  return kExitUsage;
}

}  // namespace tusk::tool
