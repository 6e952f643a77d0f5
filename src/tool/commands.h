// The commands of `tusk`: what the words after the name say, and what is done about them.
// Threads: caller-synchronised; Run blocks. Owns: nothing.
#pragma once

#include <span>
#include <string_view>

namespace tusk::tool {

// Exit codes, as scripts see them.
inline constexpr int kExitGood = 0;
inline constexpr int kExitFailed = 1;  // Damaged, unreadable, refused, or not all of it got over.
inline constexpr int kExitUsage = 2;   // The command line itself is wrong.

// `words` without the program's name. Results go to standard output, complaints and progress to standard error.
int Run(std::span<const std::string_view> words);

}  // namespace tusk::tool
