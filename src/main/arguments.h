// The command line of tusk-server: redis-server's, so that it drops in.
//
//   tusk-server [FILE | -] [--directive value ...]
//
// Threads: any. Owns: values.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace tusk::main {

struct Arguments {
  enum class Action { kRun, kVersion, kHelp };
  Action action = Action::kRun;
  std::string config_path;     // Empty: none; "-": standard input. As given, so relative to the working directory.
  std::vector<std::string_view> options;  // What follows, for engine::Config::LoadOptions().
};

// The Status' text goes to standard error as it is.
base::Result<Arguments> ParseArguments(std::span<const std::string_view> argv);

std::string VersionLine();
std::string HelpText();

}  // namespace tusk::main
