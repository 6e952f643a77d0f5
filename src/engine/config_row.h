// SettingRow: the one row that is the truth about a setting. The parser of redis.conf, CONFIG GET/SET/REWRITE
// and the settings page of the documentation derive from it.
//
// Threads: immutable. Owns: nothing; rows are static data.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace tusk::engine {

enum class SettingKind : uint8_t {
  kBool,
  kInteger,
  kMemory,         // Bytes, with k/kb/m/mb/g/gb.
  kMemoryPercent,  // The same, or 0..100 with '%'.
  kOctal,
  kEnum,
  kEnumSet,  // Several names at once.
  kText,     // One word, which may be empty and hold anything.
  kWords,    // Several words: the row's `check` looks at them.
};

enum SettingFlag : uint32_t {
  kImmutable = 1u << 0,    // Only at the start.
  kProtected = 1u << 1,    // CONFIG SET only with enable-protected-configs.
  kHidden = 1u << 2,       // CONFIG GET shows it only to its exact name.
  kSensitive = 1u << 3,    // Never in logs.
  kUnlessEmpty = 1u << 4,  // CONFIG REWRITE leaves out an empty text.
  kNotWhileLoading = 1u << 5,  // CONFIG SET answers -LOADING then.
};

// A setting that Tusk reads for nothing yet.
inline constexpr std::string_view kNoEffect = "Accepted for compatibility; has no effect.";

struct SettingRow {
  std::string_view name;
  std::string_view alias{};
  SettingKind kind = SettingKind::kText;
  uint32_t flags = 0;
  std::string_view initial{};  // As in a configuration file.
  int64_t low = 0;             // kInteger, kMemory, kOctal: both bounds included.
  int64_t high = std::numeric_limits<int64_t>::max();
  std::span<const std::string_view>
      names{};                          // kEnum: value is the index. kEnumSet: bit index - 1; the first is 0.
  std::string_view effect = kNoEffect;  // What it does in Tusk.
};

std::span<const SettingRow> SettingRows() noexcept;

}  // namespace tusk::engine
