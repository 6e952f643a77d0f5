// tusk-load: puts a load on a server and prints one line of JSON. bench/run.py drives it.
#include <fmt/core.h>
#include <getopt.h>

#include <cstdlib>

#include "load.h"

namespace {

using tusk::bench::LoadOptions;
using tusk::bench::LoadResult;

constexpr const char* kUsage =
    "tusk-load [options] COMMAND ...   e.g. tusk-load --pipeline 16 'SET key:__key__ __value__' 'GET key:__key__'\n"
    "  --host A --port N --connections N --pipeline N   where to, how many, how deep\n"
    "  --seconds S | --requests N                       how long\n"
    "  --rate R                                         open loop at R requests per second\n"
    "  --keys N | --sequential FIRST                    key numbers: random below N, or counted up\n"
    "  --value-bytes N --seed N\n";

enum Option { kHost = 1, kPort, kConnections, kPipeline, kSeconds, kRequests, kRate, kKeys, kSequential, kValueBytes, kSeed };

constexpr option kOptions[] = {
    {"host", 1, nullptr, kHost},         {"port", 1, nullptr, kPort},
    {"connections", 1, nullptr, kConnections}, {"pipeline", 1, nullptr, kPipeline},
    {"seconds", 1, nullptr, kSeconds},   {"requests", 1, nullptr, kRequests},
    {"rate", 1, nullptr, kRate},         {"keys", 1, nullptr, kKeys},
    {"sequential", 1, nullptr, kSequential},   {"value-bytes", 1, nullptr, kValueBytes},
    {"seed", 1, nullptr, kSeed},         {nullptr, 0, nullptr, 0},
};

bool ParseOptions(int argc, char** argv, LoadOptions& options) {
  size_t value_bytes = 32;
  for (int code; (code = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    auto number = [] { return std::strtoull(optarg, nullptr, 10); };
    switch (code) {
      case kHost: options.host = optarg; break;
      case kPort: options.port = static_cast<int>(number()); break;
      case kConnections: options.connections = static_cast<int>(number()); break;
      case kPipeline: options.pipeline = static_cast<int>(number()); break;
      case kSeconds: options.seconds = std::strtod(optarg, nullptr); break;
      case kRequests: options.requests = number(); break;
      case kRate: options.requests_per_s = std::strtod(optarg, nullptr); break;
      case kKeys: options.keys = number(); break;
      case kSequential: options.sequential = true; options.first_key = number(); break;
      case kValueBytes: value_bytes = number(); break;
      case kSeed: options.seed = number(); break;
      default: return false;
    }
  }
  for (int i = optind; i < argc; ++i) options.templates.emplace_back(argv[i], value_bytes);
  return !options.templates.empty() && options.connections > 0 && options.pipeline > 0 && options.keys > 0;
}

void Print(const LoadResult& result) {
  auto us = [&](double share) { return static_cast<double>(result.latency_ns.Percentile(share)) / 1e3; };
  fmt::print(
      "{{\"requests\":{},\"seconds\":{:.4f},\"rps\":{:.0f},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"p999_us\":{:.1f},"
      "\"max_us\":{:.1f},\"own_cpu_s\":{:.3f},\"errors\":{},\"nulls\":{}}}\n",
      result.requests, result.seconds, static_cast<double>(result.requests) / result.seconds, us(0.5), us(0.99), us(0.999),
      static_cast<double>(result.latency_ns.max()) / 1e3, result.own_cpu_s, result.errors, result.nulls);
}

}  // namespace

int main(int argc, char** argv) {
  LoadOptions options;
  if (!ParseOptions(argc, argv, options)) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  auto result = tusk::bench::RunLoad(options);
  if (!result) {
    fmt::print(stderr, "tusk-load: {}\n", result.error());
    return 1;
  }
  if (result->errors > 0) fmt::print(stderr, "tusk-load: {} error replies, first: {}\n", result->errors, result->first_error);
  Print(*result);
  return 0;
}
