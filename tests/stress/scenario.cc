#include "scenario.h"

#include <algorithm>

namespace tusk::stress {

Run::Run(double seconds, uint64_t seed)
    : start_(std::chrono::steady_clock::now()),
      end_(start_ + std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds))),
      seed_(seed) {}

bool Run::over() const noexcept {
  return full_.load(std::memory_order_relaxed) || std::chrono::steady_clock::now() >= end_;
}

void Run::Break(const std::string& what) {
  std::string scenario = what.substr(0, what.find(':'));
  base::MutexLock lock(mutex_);
  if (std::count_if(broken_.begin(), broken_.end(), [&](const auto& known) { return known.starts_with(scenario); }) <
          kBrokenPerScenarioMax &&
      broken_.size() < kBrokenMax)
    broken_.push_back(what);
  if (broken_.size() == kBrokenMax) full_.store(true, std::memory_order_relaxed);
}

bool Run::Expect(const resp::ReplyValue& reply, std::string_view what, std::initializer_list<std::string_view> allowed) {
  if (!reply.is_error()) return true;
  bool known = std::any_of(allowed.begin(), allowed.end(), [&](auto prefix) { return reply.text.starts_with(prefix); });
  if (!known) Break(std::string(what) + ": " + reply.text);
  return false;
}

uint64_t Run::now_ns() const noexcept {
  return static_cast<uint64_t>(std::chrono::nanoseconds(std::chrono::steady_clock::now() - start_).count());
}

std::vector<std::string> Run::broken() const {
  base::MutexLock lock(mutex_);
  return broken_;
}

}  // namespace tusk::stress
