// Configuration files and command line options: how directives get into Config, and what is said about wrong
// ones.
#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "base/text.h"
#include "engine/acl_rules.h"
#include "engine/config.h"
#include "engine/engine.h"
#include "engine/whole_file.h"

namespace tusk::engine {
namespace {

using base::Result;
using base::Status;

constexpr int kIncludeDepthMax = 16;
constexpr size_t kFileBytesMax = 16u << 20;

// Turns on something that this version has not: starting without it could lose or expose data.
struct Missing {
  std::string_view directive;
  std::string_view harmless;  // The value that asks for nothing.
};
constexpr Missing kMissing[] = {
    {"cluster-enabled", "no"}, {"tls-port", "0"}};
constexpr std::string_view kUnsupportedDirectives[] = {"loadmodule", "sentinel"};

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t k = 1; k <= b.size(); ++k) {
      size_t replaced = diagonal + (a[i - 1] != b[k - 1]);
      diagonal = row[k];
      row[k] = std::min({row[k] + 1, row[k - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// The setting that the writer probably meant; empty when nothing is near.
std::string_view NearestName(std::string_view name) {
  std::string_view nearest;
  size_t best = std::max<size_t>(2, name.size() / 3) + 1;
  auto consider = [&](std::string_view candidate) {
    if (candidate.empty()) return;
    size_t distance = EditDistance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  };
  for (const SettingRow& row : SettingRows()) {
    consider(row.name);
    consider(row.alias);
  }
  for (std::string_view directive : {"include", "rename-command", "user"}) consider(directive);
  return nearest;
}

}  // namespace

class ConfigLoader {
 public:
  explicit ConfigLoader(Config& config) : config_(config) {}

  Status LoadText(std::string_view text, std::string_view source, int depth) {
    size_t number = 0;
    while (!text.empty()) {
      size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = Trim(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      ++number;
      if (line.empty() || line.front() == '#') continue;
      Status status = LoadLine(line, depth);
      if (!status.ok()) return Explain(status, line, source, number);
    }
    return Status::Ok();
  }

  Status LoadFile(const std::string& path, int depth) {
    auto text = ReadWholeFile(path, kFileBytesMax);
    if (!text) {
      return Status::Invalid("Fatal error, can't open config file '" + path + "': " + text.error().message());
    }
    return LoadText(*text, path == "-" ? std::string("standard input") : "the configuration file " + path,
                    depth);
  }

 private:
  static std::string_view Trim(std::string_view line) noexcept {
    constexpr std::string_view kBlanks = " \t\r\n";
    size_t first = line.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
  }

  Status Explain(const Status& status, std::string_view line, std::string_view source, size_t number) {
    // An included file has explained itself already.
    if (status.message().find("CONFIG FILE ERROR") != std::string::npos) return status;
    return Status::Invalid("\n*** FATAL CONFIG FILE ERROR (Tusk " + std::string(kVersion) +
                           ") ***\nReading " + std::string(source) + ", at line " + std::to_string(number) +
                           "\n>>> '" + std::string(line) + "'\n" + status.message() + "\n");
  }

  Status LoadLine(std::string_view line, int depth) {
    auto words = base::SplitQuotedLine(line);
    if (!words) return Status::Invalid("Unbalanced quotes in configuration line");
    if (words->empty()) return Status::Ok();
    std::string name = base::ToLower(words->front());
    words->erase(words->begin());
    if (name == "include" && words->size() == 1) return Include(words->front(), depth);
    if (name == "rename-command" && words->size() == 2) {
      config_.renamed_.emplace_back((*words)[0], (*words)[1]);
      return Status::Ok();
    }
    if (name == "user" && !words->empty()) return DeclareUser(*std::move(words));
    if (std::ranges::find(kUnsupportedDirectives, name) != std::end(kUnsupportedDirectives)) {
      return Status::Invalid("'" + name + "' is not available in this version");
    }
    Config::Slot* slot = config_.Find(name);
    if (slot == nullptr) {
      std::string_view nearest = NearestName(name);
      return Status::Invalid("Bad directive or wrong number of arguments" +
                             (nearest.empty() ? "" : ". Did you mean '" + std::string(nearest) + "'?"));
    }
    return LoadSetting(*slot, *std::move(words));
  }

  Status LoadSetting(Config::Slot& slot, std::vector<std::string> words) {
    const SettingRow& row = *slot.row;
    bool many = row.kind == SettingKind::kWords || row.kind == SettingKind::kEnumSet;
    // "--save '60 1'" on a command line: one argument that holds several words.
    if (many && words.size() == 1 && !words[0].empty()) {
      if (auto split = base::SplitQuotedLine(words[0]); split && !split->empty()) words = *std::move(split);
    }
    SettingValue previous = config_.ValueOf(slot);
    if (row.name == "save" && !std::exchange(config_.save_seen_, true)) previous = {};
    ASSIGN_OR_RETURN(SettingValue value, ParseSetting(row, words, previous));
    for (const Missing& missing : kMissing) {
      if (missing.directive == row.name && missing.harmless != value.text) {
        return Status::Invalid("'" + std::string(row.name) + "' is not available in this version");
      }
    }
    if (row.name == "dir") {
      // At once, since what follows may be relative to it; kept absolute, since the next one would be too.
      if (::chdir(value.text.c_str()) != 0) return Status::Invalid(std::strerror(errno));
      value.text = CurrentDirectory();
    }
    if (row.effect == kNoEffect) config_.without_effect_.emplace_back(row.name);
    config_.Store(slot, value);
    return Status::Ok();
  }

  // Which commands exist is not known yet: names of commands are looked up when the users are made.
  Status DeclareUser(std::vector<std::string> words) {
    auto wrong = [](const std::string& word, const std::string& reason) {
      return Status::Invalid("Error in user declaration '" + word + "': " + reason);
    };
    if (!IsUserName(words[0])) return wrong(words[0], "Spaces not allowed in ACL usernames");
    for (const std::vector<std::string>& user : config_.users_) {
      if (user[0] == words[0]) {
        return wrong(words[0], "Duplicate user found. A user can only be defined once in config files");
      }
    }
    std::vector<std::string_view> rules(words.begin() + 1, words.end());
    auto joined = JoinSelectors(rules);
    if (!joined) return joined.error();
    UserRules user = NewUser({});
    for (const std::string& rule : *joined) {
      if (Status status = ApplyRule(user, rule, {}); !status.ok()) return wrong(rule, status.message());
    }
    config_.users_.push_back(std::move(words));
    return Status::Ok();
  }

  Status Include(const std::string& pattern, int depth) {
    if (depth >= kIncludeDepthMax) return Status::Invalid("include nests too deeply");
    if (pattern.find_first_of("*?[") == std::string::npos) return LoadFile(pattern, depth + 1);
    glob_t found{};
    int outcome = ::glob(pattern.c_str(), 0, nullptr, &found);
    Status status;
    for (size_t i = 0; outcome == 0 && status.ok() && i < found.gl_pathc; ++i) {
      status = LoadFile(found.gl_pathv[i], depth + 1);
    }
    ::globfree(&found);
    return status;
  }

  Config& config_;
};

Status Config::LoadText(std::string_view text, std::string_view source) {
  return ConfigLoader(*this).LoadText(text, source, 0);
}

Status Config::LoadFile(const std::string& path) {
  if (path != "-") {
    char resolved[4096];
    file_ = ::realpath(path.c_str(), resolved) != nullptr ? resolved : path;
  }
  return ConfigLoader(*this).LoadFile(path, 0);
}

// Options become lines of a file. A name begins with "--" where a name may stand; what follows a name is its
// value, dashes or not, and a bare first word is a name too.
Status Config::LoadOptions(std::span<const std::string_view> options) {
  std::string text;
  bool name_may_follow = true;
  for (size_t i = 0; i < options.size(); ++i) {
    std::string_view option = options[i];
    if (!name_may_follow || !option.starts_with("--")) {
      text += base::QuoteText(option) + ' ';
      name_may_follow = true;
      continue;
    }
    if (!text.empty()) text += '\n';
    text += std::string(option.substr(2)) + ' ';
    auto words = base::SplitQuotedLine(option);
    name_may_follow = words && words->size() > 1;
    bool last = i + 1 == options.size();
    // `--save` alone, or before another option, means no saving at all.
    if (base::EqualsIgnoreCase(option, "--save") && (last || options[i + 1].starts_with("--"))) {
      text += "\"\"";
      name_may_follow = true;
    }
  }
  return LoadText(text, "the command line");
}

}  // namespace tusk::engine
