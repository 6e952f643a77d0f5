#include "main/arguments.h"

#include <fmt/core.h>
#include <sys/utsname.h>

#include "base/memory.h"
#include "base/text.h"
#include "engine/engine.h"

namespace tusk::main {
namespace {

bool IsOption(std::string_view word) noexcept { return word.starts_with("--"); }

// Turns "--name value ..." words into lines. A word behind a bare option name is its value even when it looks like an
// option itself; `--save` alone means `save ""`.
class DirectiveWriter {
 public:
  void Add(std::string_view word, bool is_last) {
    if (IsOption(word) && !name_wants_value_) {
      AddOption(word.substr(2));
    } else if (IsOption(word) && base::EqualsIgnoreCase(name_, "save")) {
      text_ += " \"\"";
      name_wants_value_ = false;
      AddOption(word.substr(2));
    } else {
      text_ += ' ' + base::QuoteText(word);
      name_wants_value_ = false;
    }
    if (is_last && name_wants_value_ && base::EqualsIgnoreCase(name_, "save")) text_ += " \"\"";
  }
  std::string Take() {
    if (!text_.empty()) text_ += '\n';
    return std::move(text_);
  }

 private:
  void AddOption(std::string_view option) {
    if (!text_.empty()) text_ += '\n';
    text_ += option;
    auto words = base::SplitQuotedLine(option);
    name_ = words && !words->empty() ? words->front() : std::string(option);
    name_wants_value_ = words && words->size() == 1;
  }

  std::string text_;
  std::string name_;
  bool name_wants_value_ = false;
};

}  // namespace

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
  if (i < argv.size() && argv[i] == "-") {
    arguments.config_from_stdin = true;
    ++i;
  } else if (i < argv.size() && !argv[i].starts_with('-')) {
    arguments.config_path = argv[i++];
  }
  DirectiveWriter writer;
  bool any = false;
  for (; i < argv.size(); ++i) {
    if (!any && argv[i] == "-" && arguments.config_path.empty()) {
      arguments.config_from_stdin = true;
      continue;
    }
    // Bare "name value" pairs are taken as well, as redis-server takes them.
    writer.Add(any || IsOption(argv[i]) ? std::string(argv[i]) : "--" + std::string(argv[i]), i + 1 == argv.size());
    any = true;
  }
  arguments.directives = writer.Take();
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
