#include "main/arguments.h"

#include <fmt/core.h>
#include <sys/utsname.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/engine.h"

namespace tusk::main {
base::Result<Arguments> ParseArguments(std::span<const std::string_view> argv) {
  Arguments arguments;
  size_t i = 1;
  if (argv.size() == 2) {
    if (argv[1] == "-v" || argv[1] == "--version") arguments.action = Arguments::Action::kVersion;
    if (argv[1] == "-h" || argv[1] == "--help") arguments.action = Arguments::Action::kHelp;
    if (arguments.action != Arguments::Action::kRun) return arguments;
  }
  for (size_t j = 1; j < argv.size(); ++j) {
    for (std::string_view refused : {"--test-memory", "--check-system", "--sentinel"}) {
      if (!base::EqualsIgnoreCase(argv[j], refused)) continue;
      return Error(base::Status::Invalid(
          fmt::format("{} is not something that tusk-server does. Start it without, or see --help.", refused)));
    }
  }
  if (i < argv.size() && (argv[i] == "-" || !argv[i].starts_with('-'))) arguments.config_path = argv[i++];
  arguments.options.assign(argv.begin() + static_cast<ptrdiff_t>(i), argv.end());
  return arguments;
}

std::string VersionLine() {
  return fmt::format("Tusk server v={} redis={} malloc={} bits={} build={}", engine::kVersion, engine::kRedisVersion,
                     base::AllocatorName(), sizeof(void*) * 8,
#ifdef NDEBUG
                     "release"
#else
                     "debug"
#endif
  );
}

std::string HelpText() {
  return
      "Usage: tusk-server [FILE | -] [--directive value ...]\n"
      "\n"
      "  FILE                a configuration file in redis.conf's syntax\n"
      "  -                   read the configuration from standard input\n"
      "  --directive value   any directive of the file; overrides it\n"
      "  -v, --version       print the version and exit\n"
      "  -h, --help          print this and exit\n"
      "\n"
      "Examples:\n"
      "  tusk-server                                    port 6379 on loopback, all cores (at most 8)\n"
      "  tusk-server /etc/tusk/tusk.conf                with a configuration file\n"
      "  tusk-server --port 7777 --maxmemory 2gb --maxmemory-policy allkeys-lru\n"
      "  tusk-server --unixsocket /run/tusk.sock --port 0\n"
      "  tusk-server --requirepass secret --bind 0.0.0.0 ::\n"
      "  echo 'io-threads 2' | tusk-server -\n"
      "\n"
      "Then: redis-cli -p 6379, or any Redis client library.\n";
}

}  // namespace tusk::main
