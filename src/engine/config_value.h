// SettingValue: one setting's value, checked and in its canonical spelling.
// Threads: any. Owns: its text.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engine/config_row.h"

namespace tusk::engine {

struct SettingValue {
  std::string text;    // As CONFIG GET shows it.
  int64_t number = 0;  // Numbers, bytes, yes = 1, index or bits of the names. A percentage is negative.
};

// Checks the words that follow a directive's name. The message of a Status is the reason as Redis words it,
// without "ERR". `previous` is what the words add to, where a directive may come several times (save) or
// tells only a part (client-output-buffer-limit).
base::Result<SettingValue> ParseSetting(const SettingRow& row, std::span<const std::string> words,
                                        const SettingValue& previous);

// "100mb" where that is exact, as CONFIG REWRITE writes sizes.
std::string FormatMemorySize(int64_t bytes);

// The bits of store::EventClass that letters such as "KEA" mean; -1 for an unknown letter. And back.
int64_t ParseEventClasses(std::string_view letters) noexcept;
std::string FormatEventClasses(uint32_t classes);

struct OutputLimitValue {
  uint64_t hard_bytes = 0;  // 0: none.
  uint64_t soft_bytes = 0;
  int64_t soft_seconds = 0;
};
enum class ClientClass : uint8_t { kNormal, kReplica, kPubsub };
inline constexpr size_t kClientClasses = 3;
using OutputLimitValues = std::array<OutputLimitValue, kClientClasses>;
// From the canonical text of client-output-buffer-limit.
OutputLimitValues ReadOutputLimits(std::string_view text);

std::vector<double> ReadPercentiles(std::string_view text);

}  // namespace tusk::engine
