// tusk-server: see main/server_process.h for what happens in which order.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/config.h"
#include "main/arguments.h"
#include "main/process_title.h"
#include "main/server_process.h"

namespace {

int Fail(const tusk::base::Status& status) {
  std::fprintf(stderr, "%s\n", status.message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using tusk::main::Arguments;
  std::vector<std::string_view> words(argv, argv + argc);
  auto arguments = tusk::main::ParseArguments(words);
  if (!arguments) return Fail(arguments.error());
  if (arguments->action == Arguments::Action::kVersion) return std::puts(tusk::main::VersionLine().c_str()), 0;
  if (arguments->action == Arguments::Action::kHelp) return std::fputs(tusk::main::HelpText().c_str(), stdout), 0;

  auto config = std::make_unique<tusk::engine::Config>();
  if (!arguments->config_path.empty()) {
    if (auto status = config->LoadFile(arguments->config_path); !status.ok()) return Fail(status);
  }
  if (auto status = config->LoadOptions(arguments->options); !status.ok()) return Fail(status);
  const std::string executable = std::filesystem::absolute(words[0]).lexically_normal();
  tusk::main::ProcessTitle title(argc, argv);
  tusk::main::ServerProcess process(std::move(config), {&title, executable});
  if (auto status = process.Start(); !status.ok()) return Fail(status);
  return process.Run();
}
