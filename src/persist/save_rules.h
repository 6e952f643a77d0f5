// `save 3600 1 300 100`: after so many seconds with at least so many changes a snapshot is due.
// Threads: a value. Owns: its rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tusk::persist {

struct SaveRule {
  int64_t seconds;
  uint64_t changes;
};

class SaveRules {
 public:
  SaveRules() = default;
  // Pairs of numbers that the configuration has checked.
  explicit SaveRules(std::string_view text);
  bool empty() const noexcept { return rules_.empty(); }
  // The rule that is due, if any.
  std::optional<SaveRule> Due(uint64_t changes, int64_t seconds_since_save) const noexcept;

 private:
  std::vector<SaveRule> rules_;
};

}  // namespace tusk::persist
