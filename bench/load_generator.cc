// tusk-load: puts a load on a server and prints one line of JSON. bench/run.py drives it.
#include <fmt/core.h>
#include <getopt.h>
#include <sys/resource.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "load.h"

namespace {

using tusk::bench::LoadGroup;
using tusk::bench::LoadOptions;
using tusk::bench::LoadResult;
using tusk::bench::Protocol;

constexpr const char* kUsage =
    "tusk-load [options] COMMAND ...   e.g. tusk-load --pipeline 16 'SET key:__key__ __value__' 'GET key:__key__'\n"
    "  --host A --port N --pipeline N                   where to, how deep\n"
    "  --seconds S | --requests N                       how long\n"
    "  --rate R                                         open loop at R requests per second\n"
    "  --keys N [--zipf S] | --sequential FIRST         key numbers: below N, evenly or by Zipf's law, or counted up\n"
    "  --value-bytes N --seed N\n"
    "  --memcached                                      memcached's text protocol (SET and GET)\n"
    "  --abandon                                        leaves at the end what is unanswered\n"
    "  --connections N                                  of the group of commands that follows or follow so far\n"
    "  --reconnect                                      the group opens a connection per batch\n"
    "  --listen N                                       begins a group that sends its commands once and then reads\n"
    "  --group N                                        begins another group of N connections\n";

// Above any character, since 1 is what getopt_long gives for a word that is no option.
enum Option {
  kHost = 256, kPort, kConnections, kPipeline, kSeconds, kRequests, kRate, kKeys, kSequential, kValueBytes, kSeed, kZipf,
  kMemcached, kAbandon, kReconnect, kListen, kGroup
};
constexpr int kWord = 1;

constexpr option kOptions[] = {
    {"host", 1, nullptr, kHost},
    {"port", 1, nullptr, kPort},
    {"connections", 1, nullptr, kConnections},
    {"pipeline", 1, nullptr, kPipeline},
    {"seconds", 1, nullptr, kSeconds},
    {"requests", 1, nullptr, kRequests},
    {"rate", 1, nullptr, kRate},
    {"keys", 1, nullptr, kKeys},
    {"sequential", 1, nullptr, kSequential},
    {"value-bytes", 1, nullptr, kValueBytes},
    {"seed", 1, nullptr, kSeed},
    {"zipf", 1, nullptr, kZipf},
    {"memcached", 0, nullptr, kMemcached},
    {"abandon", 0, nullptr, kAbandon},
    {"reconnect", 0, nullptr, kReconnect},
    {"listen", 1, nullptr, kListen},
    {"group", 1, nullptr, kGroup},
    {nullptr, 0, nullptr, 0},
};

// What the command line says of a group, before values and protocol are known.
struct GroupWords {
  int connections = 50;
  bool listens = false;
  bool reconnects = false;
  std::vector<std::string> commands;
};

// Options about the whole load; false when `code` is none.
bool ParseLoadOption(int code, LoadOptions& options, size_t& value_bytes) {
  auto number = [] { return std::strtoull(optarg, nullptr, 10); };
  switch (code) {
    case kHost: options.host = optarg; return true;
    case kPort: options.port = static_cast<int>(number()); return true;
    case kPipeline: options.pipeline = static_cast<int>(number()); return true;
    case kSeconds: options.seconds = std::strtod(optarg, nullptr); return true;
    case kRequests: options.requests = number(); return true;
    case kRate: options.requests_per_s = std::strtod(optarg, nullptr); return true;
    case kKeys: options.keys = number(); return true;
    case kSequential: options.sequential = true; options.first_key = number(); return true;
    case kValueBytes: value_bytes = number(); return true;
    case kSeed: options.seed = number(); return true;
    case kZipf: options.zipf_exponent = std::strtod(optarg, nullptr); return true;
    case kMemcached: options.protocol = Protocol::kMemcachedText; return true;
    case kAbandon: options.abandons = true; return true;
    default: return false;
  }
}

bool ParseGroupOption(int code, std::vector<GroupWords>& groups) {
  switch (code) {
    case kWord: groups.back().commands.emplace_back(optarg); return true;
    case kConnections: groups.back().connections = std::atoi(optarg); return true;
    case kReconnect: groups.back().reconnects = true; return true;
    case kListen:
    case kGroup: {
      GroupWords group;
      group.connections = std::atoi(optarg);
      group.listens = code == kListen;
      groups.push_back(std::move(group));
      return true;
    }
    default: return false;
  }
}

bool ParseOptions(int argc, char** argv, LoadOptions& options) {
  size_t value_bytes = 32;
  std::vector<GroupWords> groups(1);
  // The leading dash keeps words and options in their order.
  for (int code; (code = getopt_long(argc, argv, "-", kOptions, nullptr)) != -1;)
    if (!ParseLoadOption(code, options, value_bytes) && !ParseGroupOption(code, groups)) return false;
  bool sends = false;
  for (const GroupWords& words : groups) {
    LoadGroup group{.connections = words.connections, .listens = words.listens, .reconnects = words.reconnects, .templates = {}};
    for (const std::string& command : words.commands) group.templates.emplace_back(command, value_bytes, options.protocol);
    if (!group.listens && group.templates.empty()) continue;
    sends |= !group.listens;
    options.groups.push_back(std::move(group));
  }
  return sends && options.pipeline > 0 && options.keys > 0 && options.zipf_exponent >= 0 && options.zipf_exponent < 1;
}

// As many connections as the system allows.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void Print(const LoadResult& result) {
  auto us = [&](double share) { return static_cast<double>(result.latency_ns.Percentile(share)) / 1e3; };
  fmt::print(
      "{{\"requests\":{},\"seconds\":{:.4f},\"rps\":{:.0f},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"p999_us\":{:.1f},"
      "\"max_us\":{:.1f},\"own_cpu_s\":{:.3f},\"errors\":{},\"nulls\":{},\"pushes\":{}}}\n",
      result.requests, result.seconds, static_cast<double>(result.requests) / result.seconds, us(0.5), us(0.99), us(0.999),
      static_cast<double>(result.latency_ns.max()) / 1e3, result.own_cpu_s, result.errors, result.nulls, result.pushes);
}

}  // namespace

int main(int argc, char** argv) {
  LoadOptions options;
  if (!ParseOptions(argc, argv, options)) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  RaiseFileLimit();
  auto result = tusk::bench::RunLoad(options);
  if (!result) {
    fmt::print(stderr, "tusk-load: {}\n", result.error());
    return 1;
  }
  if (result->errors > 0) fmt::print(stderr, "tusk-load: {} error replies, first: {}\n", result->errors, result->first_error);
  Print(*result);
  return 0;
}
