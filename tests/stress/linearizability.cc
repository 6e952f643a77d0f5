#include "linearizability.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

namespace tusk::stress {
namespace {

// The value after the operation, or nothing when its result contradicts `value`.
std::optional<RegisterValue> Apply(const Operation& operation, RegisterValue value) {
  switch (operation.kind) {
    case Operation::Kind::kWrite:
      return operation.argument;
    case Operation::Kind::kRead:
      return operation.result == value ? std::optional(value) : std::nullopt;
    case Operation::Kind::kSwap:
      return operation.result == value ? std::optional(operation.argument) : std::nullopt;
    case Operation::Kind::kAdd:
      return operation.result == value + operation.argument ? std::optional(operation.result) : std::nullopt;
  }
  return std::nullopt;
}

class Search {
 public:
  explicit Search(const std::vector<Operation>& history) : history_(history), done_(history.size(), false) {
    std::sort(history_.begin(), history_.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  }

  bool Run() {
    while (path_.size() < history_.size()) {
      if (!StepForward() && !StepBack()) return false;
    }
    return true;
  }

 private:
  struct Step {
    size_t operation;
    RegisterValue value_before;
  };

  // Does the first operation from next_ on that may come now and leads to a configuration not seen before.
  bool StepForward() {
    uint64_t first_end = UINT64_MAX;
    for (size_t i = FirstOpen(); i < history_.size() && history_[i].begin <= first_end; ++i) {
      if (done_[i]) continue;
      first_end = std::min(first_end, history_[i].end);
    }
    for (size_t i = std::max(next_, FirstOpen()); i < history_.size() && history_[i].begin <= first_end; ++i) {
      if (done_[i]) continue;
      std::optional<RegisterValue> value = Apply(history_[i], value_);
      if (!value) continue;
      done_[i] = true;
      if (seen_.insert(Configuration(*value)).second) {
        path_.push_back({i, value_});
        value_ = *value;
        next_ = 0;
        return true;
      }
      done_[i] = false;
    }
    return false;
  }

  bool StepBack() {
    if (path_.empty()) return false;
    Step last = path_.back();
    path_.pop_back();
    done_[last.operation] = false;
    value_ = last.value_before;
    next_ = last.operation + 1;
    return true;
  }

  size_t FirstOpen() const {
    return static_cast<size_t>(std::find(done_.begin(), done_.end(), false) - done_.begin());
  }

  // What is done, from the first open operation on, and the value: all that the rest of the search depends on.
  std::string Configuration(RegisterValue value) const {
    size_t first = FirstOpen();
    size_t last = done_.size();
    while (last > first && !done_[last - 1]) --last;
    std::string text = fmt::format("{},{},", value, first);
    for (size_t i = first; i < last; ++i) text.push_back(done_[i] ? '1' : '0');
    return text;
  }

  std::vector<Operation> history_;
  std::vector<bool> done_;
  std::vector<Step> path_;
  std::unordered_set<std::string> seen_;
  RegisterValue value_ = kAbsent;
  size_t next_ = 0;
};

}  // namespace

bool IsLinearizable(const std::vector<Operation>& history) { return Search(history).Run(); }

std::string Operation::ToString() const {
  constexpr const char* kNames[] = {"write", "read", "swap", "add"};
  return fmt::format("client {} [{} .. {}] {} {} -> {}", client, begin, end, kNames[static_cast<int>(kind)], argument, result);
}

std::string Describe(std::vector<Operation> history) {
  std::sort(history.begin(), history.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::string text;
  for (const Operation& operation : history) text += "  " + operation.ToString() + "\n";
  return text;
}

}  // namespace tusk::stress
