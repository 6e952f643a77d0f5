// The command line of tusk-server: redis-server's, so that it drops in.
//
//   tusk-server [FILE | -] [--directive value ...]
//
// Threads: any. Owns: values.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace tusk::main {

struct Arguments {
  enum class Action { kRun, kVersion, kHelp };
  Action action = Action::kRun;
  std::string config_path;     // Empty: none. As given, so relative to the working directory at start.
  bool config_from_stdin = false;
  std::string directives;      // redis.conf lines made of the --options, one each; they come after the file's.
};

// The Status' text goes to standard error as it is.
base::Result<Arguments> ParseArguments(std::span<const std::string_view> argv);

std::string VersionLine();
std::string HelpText();

}  // namespace tusk::main
