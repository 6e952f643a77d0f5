// Law: each single key is linearizable. Rounds of a few dozen operations on fresh keys, some pipelined; between rounds the
// histories go through the checker.
#include <fmt/core.h>

#include <barrier>

#include "linearizability.h"
#include "scenario.h"

namespace tusk::stress {
namespace {

using Kind = Operation::Kind;

constexpr int kClients = 8;
constexpr int kKeys = 3;
constexpr int kBatchesPerRound = 12;
constexpr int kBatchMax = 3;

class Registers : public Scenario {
 public:
  explicit Registers(Run& run) : Scenario(run), barrier_(kClients), histories_(kKeys) {}

  int actors() const override { return kClients; }
  void Prepare(Connection&) override {}

  void Act(int actor, Connection& connection, Random& random) override {
    for (int round = 0; true; ++round) {
      for (int batch = 0; batch < kBatchesPerRound && connection.ok(); ++batch) RunBatch(actor, round, connection, random);
      barrier_.arrive_and_wait();
      if (actor == 0) Judge();
      barrier_.arrive_and_wait();
      // Decided by one actor between the barriers, so that all leave after the same round.
      if (ended_.load(std::memory_order_acquire)) return;
    }
  }

  std::string Conclude(Connection&) override {
    return fmt::format("registers: {} operations in {} histories", operations_, checked_);
  }

 private:
  void RunBatch(int actor, int round, Connection& connection, Random& random) {
    std::vector<Words> commands;
    std::vector<std::pair<size_t, Operation>> operations;
    uint64_t size = 1 + Below(random, kBatchMax);
    for (uint64_t i = 0; i < size; ++i) {
      size_t key = Below(random, kKeys);
      Operation operation;
      operation.client = actor;
      commands.push_back(Command(fmt::format("register:{}:{}", round, key), random, operation));
      operations.emplace_back(key, operation);
    }
    uint64_t begin = run_.now_ns();
    auto replies = connection.Pipeline(commands);
    uint64_t end = run_.now_ns();
    base::MutexLock lock(mutex_);
    for (size_t i = 0; i < replies.size(); ++i) {
      Operation& operation = operations[i].second;
      if (!run_.Expect(replies[i], commands[i][0])) continue;
      operation.begin = begin;
      operation.end = end;
      if (operation.kind != Kind::kWrite) {
        bool is_integer = replies[i].type == resp::ReplyType::kInteger;
        operation.result = is_integer ? replies[i].integer : replies[i].is_null() ? kAbsent : std::atoll(replies[i].text.c_str());
      }
      histories_[operations[i].first].push_back(operation);
    }
  }

  // A random operation; written values are unique in the run, so that a wrong order can't hide behind equal values.
  Words Command(const std::string& key, Random& random, Operation& operation) {
    operation.argument = static_cast<RegisterValue>(next_value_.fetch_add(1, std::memory_order_relaxed));
    std::string value = std::to_string(operation.argument);
    switch (Below(random, 8)) {
      case 0:
      case 1:
        operation.kind = Kind::kWrite;
        return {"SET", key, value};
      case 2:
        operation.kind = Kind::kSwap;
        return {"SET", key, value, "GET"};
      case 3:
        operation.kind = Kind::kSwap;
        return {"EVAL", "local v = redis.call('GET', KEYS[1]); redis.call('SET', KEYS[1], ARGV[1]); return v", "1", key, value};
      case 4:
        operation.kind = Kind::kAdd;
        return {"INCRBY", key, value};
      case 5:
        operation.kind = Kind::kSwap;
        operation.argument = kAbsent;
        return {"GETDEL", key};
      default:
        operation.kind = Kind::kRead;
        return {"GET", key};
    }
  }

  void Judge() {
    base::MutexLock lock(mutex_);
    for (std::vector<Operation>& history : histories_) {
      if (!IsLinearizable(history)) run_.Break("registers: not linearizable:\n" + Describe(history));
      operations_ += history.size();
      ++checked_;
      history.clear();
    }
    if (run_.over()) ended_.store(true, std::memory_order_release);
  }

  std::barrier<> barrier_;
  base::Mutex mutex_;
  std::vector<std::vector<Operation>> histories_ GUARDED_BY(mutex_);
  uint64_t operations_ = 0;  // These two: actor 0's, between the barriers.
  uint64_t checked_ = 0;
  std::atomic<uint64_t> next_value_{1};  // Only uniqueness matters: relaxed.
  std::atomic<bool> ended_{false};       // Actor 0 tells the others; the barrier alone would do, the order documents it.
};

}  // namespace

std::unique_ptr<Scenario> NewRegisters(Run& run) { return std::make_unique<Registers>(run); }

}  // namespace tusk::stress
