#include "engine/config_value.h"

#include <algorithm>
#include <cstdio>

#include "base/numbers.h"
#include "base/text.h"
#include "store/events.h"

namespace tusk::engine {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr size_t kBindAddressesMax = 16;

std::unexpected<Status> Refuse(std::string_view reason) { return Error(Status::Invalid(reason)); }

std::string Join(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

Result<SettingValue> CheckBounds(const SettingRow& row, int64_t number) {
  if (number >= row.low && number <= row.high) return SettingValue{base::Int64ToString(number), number};
  if (row.kind != SettingKind::kOctal) {
    return Refuse("argument must be between " + base::Int64ToString(row.low) + " and " +
                  base::Int64ToString(row.high) + " inclusive");
  }
  char text[80];
  std::snprintf(text, sizeof text, "argument must be between %llo and %llo inclusive",
                static_cast<unsigned long long>(row.low), static_cast<unsigned long long>(row.high));
  return Refuse(text);
}

Result<SettingValue> ParseBool(std::string_view word) {
  if (base::EqualsIgnoreCase(word, "yes")) return SettingValue{"yes", 1};
  if (base::EqualsIgnoreCase(word, "no")) return SettingValue{"no", 0};
  return Refuse("argument must be 'yes' or 'no'");
}

Result<SettingValue> ParseInteger(const SettingRow& row, std::string_view word) {
  auto number = base::ParseInt64(word);
  if (!number) return Refuse("argument couldn't be parsed into an integer");
  return CheckBounds(row, *number);
}

Result<SettingValue> ParseMemory(const SettingRow& row, std::string_view word) {
  auto bytes = base::ParseMemorySize(word);
  if (!bytes || *bytes > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return Refuse(row.kind == SettingKind::kMemory ? "argument must be a memory value"
                                                   : "argument must be a memory or percent value");
  }
  return CheckBounds(row, static_cast<int64_t>(*bytes));
}

Result<SettingValue> ParseMemoryPercent(const SettingRow& row, std::string_view word) {
  if (!word.ends_with('%')) return ParseMemory(row, word);
  auto percent = base::ParseInt64(word.substr(0, word.size() - 1));
  if (!percent || *percent < 0) return Refuse("argument must be a memory or percent value");
  if (*percent > 100) return Refuse("percentage argument must be less or equal to 100");
  return SettingValue{base::Int64ToString(*percent) + '%', -*percent};
}

Result<SettingValue> ParseOctal(const SettingRow& row, std::string_view word) {
  int64_t number = 0;
  if (word.empty() || word.size() > 10) return Refuse("argument couldn't be parsed as an octal number");
  for (char c : word) {
    if (c < '0' || c > '7') return Refuse("argument couldn't be parsed as an octal number");
    number = number * 8 + (c - '0');
  }
  auto value = CheckBounds(row, number);
  if (!value) return value;
  char text[24];
  std::snprintf(text, sizeof text, "%llo", static_cast<unsigned long long>(number));
  value->text = text;
  return value;
}

Result<SettingValue> ParseNames(const SettingRow& row, std::span<const std::string> words) {
  SettingValue value;
  for (const std::string& word : words) {
    auto found = std::ranges::find_if(
        row.names, [&](std::string_view name) { return base::EqualsIgnoreCase(name, word); });
    if (found == row.names.end()) {
      std::string all;
      for (std::string_view name : row.names) {
        if (!all.empty()) all += ", ";
        all += name;
      }
      return Refuse("argument(s) must be one of the following: " + all);
    }
    auto index = found - row.names.begin();
    if (row.kind == SettingKind::kEnum) return SettingValue{std::string(*found), index};
    if (index > 0) value.number |= int64_t{1} << (index - 1);
  }
  for (size_t i = 1; i < row.names.size(); ++i) {
    if (value.number & (int64_t{1} << (i - 1)))
      value.text += (value.text.empty() ? "" : " ") + std::string(row.names[i]);
  }
  if (value.text.empty()) value.text = row.names[0];
  return value;
}

Result<SettingValue> ParseSave(std::span<const std::string> words, const SettingValue& previous) {
  if (words.size() == 1 && words[0].empty()) return SettingValue{};
  if (words.size() % 2 != 0) return Refuse("Invalid save parameters");
  for (size_t i = 0; i < words.size(); i += 2) {
    auto seconds = base::ParseInt64(words[i]);
    auto changes = base::ParseInt64(words[i + 1]);
    if (!seconds || !changes || *seconds < 1 || *changes < 0) return Refuse("Invalid save parameters");
  }
  return SettingValue{previous.text + (previous.text.empty() ? "" : " ") + Join(words), 0};
}

constexpr std::string_view kClientClassNames[] = {"normal", "slave", "pubsub"};

Result<SettingValue> ParseOutputLimits(std::span<const std::string> words, const SettingValue& previous) {
  if (words.size() % 4 != 0) return Refuse("Wrong number of arguments in buffer limit configuration.");
  OutputLimitValues limits = ReadOutputLimits(previous.text);
  for (size_t i = 0; i < words.size(); i += 4) {
    std::string_view name =
        base::EqualsIgnoreCase(words[i], "replica") ? std::string_view("slave") : words[i];
    size_t which = 0;
    while (which < kClientClasses && !base::EqualsIgnoreCase(name, kClientClassNames[which])) ++which;
    if (which == kClientClasses)
      return Refuse("Invalid client class specified in buffer limit configuration.");
    auto hard = base::ParseMemorySize(words[i + 1]);
    auto soft = base::ParseMemorySize(words[i + 2]);
    auto seconds = base::ParseInt64(words[i + 3]);
    if (!hard || !soft || !seconds || *seconds < 0) {
      return Refuse("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    limits[which] = {*hard, *soft, *seconds};
  }
  SettingValue value;
  for (size_t i = 0; i < kClientClasses; ++i) {
    if (i != 0) value.text += ' ';
    value.text += std::string(kClientClassNames[i]) + ' ' + std::to_string(limits[i].hard_bytes) + ' ' +
                  std::to_string(limits[i].soft_bytes) + ' ' + std::to_string(limits[i].soft_seconds);
  }
  return value;
}

Result<SettingValue> ParsePercentiles(std::span<const std::string> words) {
  if (words.size() == 1 && words[0].empty()) return SettingValue{};
  SettingValue value;
  for (const std::string& word : words) {
    auto percentile = base::ParseDouble(word);
    if (!percentile) return Refuse("Invalid latency-tracking-info-percentiles parameters");
    if (*percentile < 0 || *percentile > 100) {
      return Refuse("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
    }
    value.text += (value.text.empty() ? "" : " ") + base::DoubleToString(*percentile);
  }
  return value;
}

Result<SettingValue> ParseEvents(std::span<const std::string> words) {
  if (words.size() != 1) return Refuse("wrong number of arguments");
  int64_t classes = ParseEventClasses(words[0]);
  if (classes < 0) return Refuse("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
  return SettingValue{FormatEventClasses(static_cast<uint32_t>(classes)), classes};
}

Result<SettingValue> ParseBind(std::span<const std::string> words) {
  if (words.size() > kBindAddressesMax) return Refuse("Too many bind addresses specified.");
  return SettingValue{Join(words), 0};
}

Result<SettingValue> ParseReplicaOf(std::span<const std::string> words) {
  if (words.size() != 2) return Refuse("wrong number of arguments");
  if (base::EqualsIgnoreCase(words[0], "no") && base::EqualsIgnoreCase(words[1], "one"))
    return SettingValue{};
  auto port = base::ParseInt64(words[1]);
  if (!port || *port < 0 || *port > 65535) return Refuse("Invalid master port");
  return SettingValue{Join(words), 0};
}

Result<SettingValue> ParseOomValues(std::span<const std::string> words) {
  if (words.size() != 3) return Refuse("wrong number of arguments");
  for (const std::string& word : words) {
    auto number = base::ParseInt64(word);
    if (!number || *number < -2000 || *number > 2000) {
      return Refuse("Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
    }
  }
  return SettingValue{Join(words), 0};
}

Result<SettingValue> ParseTitle(std::span<const std::string> words) {
  constexpr std::string_view kVariables[] = {"title",    "listen-addr", "server-mode", "port",
                                             "tls-port", "unixsocket",  "config-file"};
  std::string text = Join(words);
  for (size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
    size_t close = text.find('}', open);
    if (close == std::string::npos ||
        std::ranges::find(kVariables, std::string_view(text).substr(open + 1, close - open - 1)) ==
            std::end(kVariables)) {
      return Refuse("template format is invalid or contains unknown variables");
    }
  }
  return SettingValue{std::move(text), 0};
}

Result<SettingValue> ParseWords(const SettingRow& row, std::span<const std::string> words,
                                const SettingValue& previous) {
  if (row.name == "save") return ParseSave(words, previous);
  if (row.name == "client-output-buffer-limit") return ParseOutputLimits(words, previous);
  if (row.name == "latency-tracking-info-percentiles") return ParsePercentiles(words);
  if (row.name == "notify-keyspace-events") return ParseEvents(words);
  if (row.name == "bind") return ParseBind(words);
  if (row.name == "replicaof") return ParseReplicaOf(words);
  if (row.name == "oom-score-adj-values") return ParseOomValues(words);
  if (row.name == "proc-title-template") return ParseTitle(words);
  return SettingValue{Join(words), 0};
}

}  // namespace

Result<SettingValue> ParseSetting(const SettingRow& row, std::span<const std::string> words,
                                  const SettingValue& previous) {
  bool many = row.kind == SettingKind::kWords || row.kind == SettingKind::kEnumSet;
  // A directive of several names without any is refused with the names that there are.
  if (words.empty() && row.kind == SettingKind::kEnumSet) return ParseNames(row, std::vector<std::string>{""});
  // `save` alone says what `save ""` says.
  if (words.empty() && row.name == "save") return ParseSave(std::vector<std::string>{""}, previous);
  if (words.empty() || (!many && words.size() != 1)) return Refuse("wrong number of arguments");
  switch (row.kind) {
    case SettingKind::kBool:
      return ParseBool(words[0]);
    case SettingKind::kInteger:
      return ParseInteger(row, words[0]);
    case SettingKind::kMemory:
      return ParseMemory(row, words[0]);
    case SettingKind::kMemoryPercent:
      return ParseMemoryPercent(row, words[0]);
    case SettingKind::kOctal:
      return ParseOctal(row, words[0]);
    case SettingKind::kEnum:
    case SettingKind::kEnumSet:
      return ParseNames(row, words);
    case SettingKind::kText:
      if (row.name.ends_with("filename") && words[0].contains('/')) {
        return Refuse(std::string(row.name) + " can't be a path, just a filename");
      }
      return SettingValue{words[0], 0};
    case SettingKind::kWords:
      return ParseWords(row, words, previous);
  }
  return Refuse("wrong number of arguments");
}

std::string FormatMemorySize(int64_t bytes) {
  constexpr std::pair<int64_t, std::string_view> kUnits[] = {
      {1 << 30, "gb"}, {1 << 20, "mb"}, {1 << 10, "kb"}};
  for (const auto& [unit, name] : kUnits) {
    if (bytes != 0 && bytes % unit == 0) return base::Int64ToString(bytes / unit) + std::string(name);
  }
  return base::Int64ToString(bytes);
}

namespace {

struct EventLetter {
  char letter;
  uint32_t classes;
};
// In the order in which CONFIG GET spells them.
constexpr EventLetter kEventLetters[] = {
    {'g', store::kEventGeneric}, {'$', store::kEventString},   {'l', store::kEventList},
    {'s', store::kEventSet},     {'h', store::kEventHash},     {'z', store::kEventZSet},
    {'x', store::kEventExpired}, {'e', store::kEventEvicted},  {'t', store::kEventStream},
    {'d', store::kEventModule},  {'K', store::kEventKeyspace}, {'E', store::kEventKeyevent},
    {'m', store::kEventKeyMiss}, {'n', store::kEventNew},
};

}  // namespace

int64_t ParseEventClasses(std::string_view letters) noexcept {
  uint32_t classes = 0;
  for (char c : letters) {
    auto found = std::ranges::find(kEventLetters, c, &EventLetter::letter);
    if (c == 'A') {
      classes |= store::kEventAll;
    } else if (found != std::end(kEventLetters)) {
      classes |= found->classes;
    } else {
      return -1;
    }
  }
  return classes;
}

std::string FormatEventClasses(uint32_t classes) {
  std::string text;
  bool all = (classes & store::kEventAll) == store::kEventAll;
  if (all) text += 'A';
  for (const EventLetter& letter : kEventLetters) {
    if (all && (letter.classes & store::kEventAll)) continue;
    if (classes & letter.classes) text += letter.letter;
  }
  return text;
}

OutputLimitValues ReadOutputLimits(std::string_view text) {
  OutputLimitValues limits;
  auto words = base::SplitQuotedLine(text);
  if (!words || words->size() != kClientClasses * 4) return limits;
  for (size_t i = 0; i < kClientClasses; ++i) {
    limits[i].hard_bytes = base::ParseUint64((*words)[i * 4 + 1]).value_or(0);
    limits[i].soft_bytes = base::ParseUint64((*words)[i * 4 + 2]).value_or(0);
    limits[i].soft_seconds = base::ParseInt64((*words)[i * 4 + 3]).value_or(0);
  }
  return limits;
}

std::vector<double> ReadPercentiles(std::string_view text) {
  std::vector<double> percentiles;
  auto words = base::SplitQuotedLine(text);
  if (!words) return percentiles;
  for (const std::string& word : *words) percentiles.push_back(base::ParseDouble(word).value_or(0));
  return percentiles;
}

}  // namespace tusk::engine
