// The commands whose instructions are counted, each with what it finds.
// Threads: immutable. Owns: its texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tusk::bench {

inline constexpr size_t kGuardRequests = 4096;
inline constexpr size_t kValueBytes = 32;

struct GuardFill {
  size_t requests;                    // With counted keys.
  std::vector<std::string> commands;  // In turn; holes as in request_template.h.
};

struct GuardTask {
  std::string name;
  std::vector<std::string> commands;
  uint64_t keys;  // Key numbers are drawn below this; 0: counted up.
  std::vector<GuardFill> fill;
  std::vector<std::string> scripts;
};

std::vector<GuardTask> GuardTasks();

}  // namespace tusk::bench
