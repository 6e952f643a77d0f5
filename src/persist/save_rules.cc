#include "persist/save_rules.h"

#include "base/numbers.h"

namespace tusk::persist {

SaveRules::SaveRules(std::string_view text) {
  std::vector<int64_t> numbers;
  while (!text.empty()) {
    size_t end = text.find(' ');
    if (std::optional<int64_t> number = base::ParseInt64(text.substr(0, end))) numbers.push_back(*number);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  for (size_t i = 0; i + 1 < numbers.size(); i += 2) {
    rules_.push_back({numbers[i], static_cast<uint64_t>(numbers[i + 1])});
  }
}

std::optional<SaveRule> SaveRules::Due(uint64_t changes, int64_t seconds_since_save) const noexcept {
  for (const SaveRule& rule : rules_) {
    if (changes >= rule.changes && seconds_since_save > rule.seconds) return rule;
  }
  return {};
}

}  // namespace tusk::persist
