// A scenario is a law and the actors that try to break it. All scenarios run at once against one server, each on keys of its
// own, so that transactions, scripts and blocking commands meet each other on the workers and in the lane.
// Threads: a Run is thread-safe; a Scenario says which of its members its actors share. Owns: see each class.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/annotations.h"
#include "base/mutex.h"
#include "connection.h"

namespace tusk::stress {

using Random = std::mt19937_64;

// What all actors of a run share: the clock and the list of broken laws.
class Run {
 public:
  Run(double seconds, uint64_t seed);

  uint64_t seed() const noexcept { return seed_; }
  // Also true when so many laws broke that going on would only repeat them.
  bool over() const noexcept;
  // `what` starts with the scenario's name and a colon.
  void Break(const std::string& what);
  // Breaks the law "no unexpected error"; texts in `allowed` are prefixes that may come. True when the reply is no error.
  bool Expect(const resp::ReplyValue& reply, std::string_view what, std::initializer_list<std::string_view> allowed = {});
  uint64_t now_ns() const noexcept;
  std::vector<std::string> broken() const;

 private:
  static constexpr size_t kBrokenMax = 20;
  // One wrong account is seen by every audit after it.
  static constexpr ptrdiff_t kBrokenPerScenarioMax = 4;

  const std::chrono::steady_clock::time_point start_;
  const std::chrono::steady_clock::time_point end_;
  const uint64_t seed_;
  mutable base::Mutex mutex_;
  std::vector<std::string> broken_ GUARDED_BY(mutex_);
  // Says that broken_ is full, to the actors; a late read only costs another message, hence relaxed.
  std::atomic<bool> full_{false};
};

class Scenario {
 public:
  explicit Scenario(Run& run) : run_(run) {}
  virtual ~Scenario() = default;
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  virtual int actors() const = 0;
  virtual void Prepare(Connection& connection) = 0;
  // Runs in a thread per actor until the run is over or the connection failed.
  virtual void Act(int actor, Connection& connection, Random& random) = 0;
  // After all actors have ended: the laws that can only be judged then. Returns the line for the summary.
  virtual std::string Conclude(Connection& connection) = 0;

 protected:
  Run& run_;
};

std::unique_ptr<Scenario> NewTransfers(Run& run);
std::unique_ptr<Scenario> NewQueues(Run& run);
std::unique_ptr<Scenario> NewRegisters(Run& run);
std::unique_ptr<Scenario> NewTokens(Run& run);
std::unique_ptr<Scenario> NewNoise(Run& run);

// Uniform below `bound`.
inline uint64_t Below(Random& random, uint64_t bound) { return random() % bound; }

}  // namespace tusk::stress
