// Prints the rows of the settings, one line each, fields apart by tabs, for generate.py.
#include <cstdio>
#include <string>

#include "engine/config_row.h"

namespace {

using tusk::engine::SettingKind;
using tusk::engine::SettingRow;

constexpr int64_t kNoBound = std::numeric_limits<int64_t>::max();

std::string TypeOf(const SettingRow& row) {
  auto bounded = [&row](const char* name) {
    std::string text = name;
    if (row.low != 0 || row.high != kNoBound) {
      text += ", from " + std::to_string(row.low);
      if (row.high != kNoBound) text += " to " + std::to_string(row.high);
    }
    return text;
  };
  std::string names;
  for (std::string_view name : row.names) names += (names.empty() ? "" : ", ") + std::string(name);
  switch (row.kind) {
    case SettingKind::kBool: return "yes or no";
    case SettingKind::kInteger: return bounded("number");
    case SettingKind::kMemory: return bounded("bytes (k, kb, m, mb, g, gb)");
    case SettingKind::kMemoryPercent: return "bytes, or a percentage of maxmemory";
    case SettingKind::kOctal: return "octal number";
    case SettingKind::kEnum: return "one of " + names;
    case SettingKind::kEnumSet: return "some of " + names;
    case SettingKind::kText: return "text";
    case SettingKind::kWords: return "words";
  }
  return {};
}

}  // namespace

int main() {
  for (const SettingRow& row : tusk::engine::SettingRows()) {
    bool hidden = (row.flags & tusk::engine::kHidden) != 0;
    const char* when = (row.flags & tusk::engine::kImmutable)   ? "start"
                       : (row.flags & tusk::engine::kProtected) ? "protected"
                                                                : "any time";
    auto text = [](std::string_view view) { return std::string(view); };
    std::printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", text(row.name).c_str(), text(row.alias).c_str(), TypeOf(row).c_str(),
                text(row.initial).c_str(), when, hidden ? "hidden" : "", text(row.effect).c_str());
  }
}
