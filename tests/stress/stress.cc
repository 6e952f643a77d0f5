// Runs the scenarios at once against a running server; exits 1 when a law broke. tests/stress/run starts the server.
#include <fmt/core.h>
#include <getopt.h>

#include <cstdlib>
#include <thread>

#include "scenario.h"

namespace {

using tusk::stress::Connection;
using tusk::stress::Run;
using tusk::stress::Scenario;

struct Options {
  int port = 0;
  double seconds = 5;
  uint64_t seed = 1;
};

bool ParseOptions(int argc, char** argv, Options& options) {
  constexpr option kOptions[] = {
      {"port", 1, nullptr, 'p'}, {"seconds", 1, nullptr, 's'}, {"seed", 1, nullptr, 'r'}, {nullptr, 0, nullptr, 0}};
  for (int code; (code = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (code == 'p') options.port = std::atoi(optarg);
    if (code == 's') options.seconds = std::atof(optarg);
    if (code == 'r') options.seed = std::strtoull(optarg, nullptr, 10);
    if (code == '?') return false;
  }
  return options.port > 0;
}

std::unique_ptr<Connection> Connect(Run& run, int port) {
  auto connection = Connection::Open(port);
  if (connection) return *std::move(connection);
  run.Break("connect: " + connection.error().message());
  return nullptr;
}

void RunActor(Run& run, Scenario& scenario, int actor, uint64_t seed, Connection& connection) {
  tusk::stress::Random random(seed);
  scenario.Act(actor, connection, random);
  if (!connection.ok()) run.Break("an actor's connection: " + connection.failure());
}

// All connections first, then all actors: an actor that waits for its fellows must not wait for one that never came.
bool RunActors(Run& run, int port, const std::vector<std::unique_ptr<Scenario>>& scenarios) {
  std::vector<std::unique_ptr<Connection>> connections;
  for (const auto& scenario : scenarios) {
    for (int actor = 0; actor < scenario->actors(); ++actor) {
      connections.push_back(Connect(run, port));
      if (!connections.back()) return false;
    }
  }
  std::vector<std::jthread> threads;
  for (const auto& scenario : scenarios) {
    for (int actor = 0; actor < scenario->actors(); ++actor) {
      uint64_t seed = run.seed() * 1000 + threads.size();
      Connection& connection = *connections[threads.size()];
      threads.emplace_back([&run, &scenario = *scenario, actor, seed, &connection] {
        RunActor(run, scenario, actor, seed, connection);
      });
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(argc, argv, options)) {
    fmt::print(stderr, "tusk-stress --port N [--seconds S] [--seed N]\n");
    return 2;
  }
  fmt::print("stress: seed {}, {} s\n", options.seed, options.seconds);
  Run run(options.seconds, options.seed);
  std::vector<std::unique_ptr<Scenario>> scenarios;
  scenarios.push_back(tusk::stress::NewTransfers(run));
  scenarios.push_back(tusk::stress::NewQueues(run));
  scenarios.push_back(tusk::stress::NewRegisters(run));
  scenarios.push_back(tusk::stress::NewTokens(run));
  scenarios.push_back(tusk::stress::NewNoise(run));
  auto connection = Connect(run, options.port);
  if (connection) {
    run.Expect(connection->Call({"FLUSHALL"}), "FLUSHALL");
    for (auto& scenario : scenarios) scenario->Prepare(*connection);
    if (RunActors(run, options.port, scenarios))
      for (auto& scenario : scenarios) fmt::print("{}\n", scenario->Conclude(*connection));
  }
  for (const std::string& what : run.broken()) fmt::print("BROKEN {}\n", what);
  fmt::print("stress: {} laws broken (seed {})\n", run.broken().size(), options.seed);
  return run.broken().empty() ? 0 : 1;
}
