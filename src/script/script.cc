#include "script/script.h"

#include "base/text.h"

namespace tusk::script {
namespace {

struct NamedFlag {
  std::string_view name;
  ScriptFlag flag;
};

constexpr NamedFlag kFlags[] = {{"no-writes", kNoWrites},
                                {"allow-oom", kAllowOom},
                                {"allow-stale", kAllowStale},
                                {"no-cluster", kNoCluster},
                                {"allow-cross-slot-keys", kAllowCrossSlotKeys},
                                {"declared-keys", kDeclaredKeys}};

base::Result<uint32_t> ParseFlags(std::string_view list) {
  uint32_t flags = 0;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view name = list.substr(0, comma);
    const uint32_t flag = FlagOfName(name);
    if (flag == 0) {
      return base::Error(base::Status::Invalid("ERR Unexpected flag in script shebang: " + std::string(name)));
    }
    flags |= flag;
    if (comma == list.npos) break;
    list.remove_prefix(comma + 1);
    if (list.empty()) return base::Error(base::Status::Invalid("ERR Unexpected flag in script shebang: "));
  }
  return flags;
}

}  // namespace

uint32_t FlagOfName(std::string_view name) noexcept {
  for (const NamedFlag& known : kFlags) {
    if (known.name == name) return known.flag;
  }
  return 0;
}

std::vector<std::string_view> NamesOfFlags(uint32_t flags) {
  std::vector<std::string_view> names;
  for (const NamedFlag& known : kFlags) {
    if ((flags & known.flag) != 0) names.push_back(known.name);
  }
  return names;
}

base::Result<Shebang> ParseShebang(std::string_view body) {
  Shebang shebang;
  if (!body.starts_with("#!")) {
    shebang.flags = kNoShebang;
    return shebang;
  }
  shebang.code_offset = body.find('\n');
  if (shebang.code_offset == body.npos) {
    return base::Error(base::Status::Invalid("ERR Invalid script shebang"));
  }
  const auto words = base::SplitQuotedLine(body.substr(0, shebang.code_offset));
  if (!words || words->empty()) {
    return base::Error(base::Status::Invalid("ERR Invalid engine in script shebang"));
  }
  if (words->front() != "#!lua") {
    return base::Error(base::Status::Invalid("ERR Unexpected engine in script shebang: " + words->front()));
  }
  constexpr std::string_view kFlagsOption = "flags=";
  for (size_t i = 1; i < words->size(); ++i) {
    const std::string_view word = (*words)[i];
    if (!word.starts_with(kFlagsOption)) {
      return base::Error(base::Status::Invalid("ERR Unknown lua shebang option: " + std::string(word)));
    }
    ASSIGN_OR_RETURN(shebang.flags, ParseFlags(word.substr(kFlagsOption.size())));
  }
  return shebang;
}

}  // namespace tusk::script
