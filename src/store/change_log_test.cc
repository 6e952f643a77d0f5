#include "store/change_log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/random.h"

namespace tusk::store {
namespace {

class Recorder final : public ChangeFollower {
 public:
  explicit Recorder(ChangeTargets target) : stream_(target) {}
  void OnUnit(const ChangeUnit& unit) override {
    numbers.push_back(unit.number);
    stream_.Append(unit, text);
  }
  void OnPause() override {}

  std::vector<uint64_t> numbers;
  std::string text;

 private:
  ChangeStream stream_;
};

std::string Spelled(std::initializer_list<std::string_view> argv) {
  std::string out;
  AppendCommand(out, std::span<const std::string_view>(argv.begin(), argv.size()));
  return out;
}

TEST(ChangeLogTest, UnitsArriveInCommitOrderWhateverTheThreads) {
  constexpr size_t kThreads = 4;
  constexpr uint64_t kUnits = 20'000;
  ChangeLog log;
  Recorder recorder(kToAll);
  log.AddFollower(recorder);
  std::atomic<uint64_t> next{0};
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (;;) {
        uint64_t number = next.fetch_add(1) + 1;
        if (number > kUnits) return;
        if (number % 97 == 0) std::this_thread::yield();  // Some numbers come late.
        ChangeCommand change{.db = 0, .argv = {"SET", "k", std::to_string(number)}};
        log.OnCommit(number, {&change, 1});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  log.WaitFor(kUnits);
  log.RemoveFollower(recorder);
  ASSERT_EQ(recorder.numbers.size(), kUnits);
  for (uint64_t i = 0; i < kUnits; ++i) ASSERT_EQ(recorder.numbers[i], i + 1);
}

TEST(ChangeLogTest, AFollowerThatLeftIsNotCalled) {
  ChangeLog log;
  Recorder recorder(kToAll);
  log.AddFollower(recorder);
  ChangeCommand change{.db = 0, .argv = {"DEL", "k"}};
  log.OnCommit(1, {&change, 1});
  log.WaitFor(1);
  log.RemoveFollower(recorder);
  log.OnCommit(2, {&change, 1});
  log.WaitFor(2);
  EXPECT_EQ(recorder.numbers, std::vector<uint64_t>{1});
}

TEST(ChangeStreamTest, SelectsOnlyWhenTheDatabaseChanges) {
  ChangeLog log;
  Recorder recorder(kToAll);
  log.AddFollower(recorder);
  ChangeCommand first{.db = 9, .argv = {"SET", "a", "1"}};
  ChangeCommand second{.db = 9, .argv = {"INCR", "a"}};
  ChangeCommand third{.db = 0, .argv = {"INCR", "a"}};
  log.OnCommit(1, {&first, 1});
  log.OnCommit(2, {&second, 1});
  log.OnCommit(3, {&third, 1});
  log.WaitFor(3);
  log.RemoveFollower(recorder);
  EXPECT_EQ(recorder.text, Spelled({"SELECT", "9"}) + Spelled({"SET", "a", "1"}) + Spelled({"INCR", "a"}) +
                               Spelled({"SELECT", "0"}) + Spelled({"INCR", "a"}));
}

TEST(ChangeStreamTest, SeveralCommandsOfOneUnitAreATransaction) {
  ChangeLog log;
  Recorder recorder(kToAll);
  log.AddFollower(recorder);
  std::vector<ChangeCommand> unit = {{.db = 0, .argv = {"SREM", "s", "a"}}, {.db = 0, .argv = {"DEL", "t"}}};
  log.OnCommit(1, unit);
  log.WaitFor(1);
  log.RemoveFollower(recorder);
  EXPECT_EQ(recorder.text, Spelled({"SELECT", "0"}) + Spelled({"MULTI"}) + Spelled({"SREM", "s", "a"}) +
                               Spelled({"DEL", "t"}) + Spelled({"EXEC"}));
}

TEST(ChangeStreamTest, PartsForOthersAreLeftOut) {
  ChangeLog log;
  Recorder file(kToAppendFile);
  Recorder replicas(kToReplicas);
  log.AddFollower(file);
  log.AddFollower(replicas);
  std::vector<ChangeCommand> unit = {{.db = 0, .targets = kToReplicas, .argv = {"PUBLISH", "c", "m"}},
                                     {.db = 0, .argv = {"SET", "k", "v"}}};
  log.OnCommit(1, unit);
  log.WaitFor(1);
  log.RemoveFollower(file);
  log.RemoveFollower(replicas);
  EXPECT_EQ(file.text, Spelled({"SELECT", "0"}) + Spelled({"SET", "k", "v"}));
  EXPECT_EQ(replicas.text, Spelled({"SELECT", "0"}) + Spelled({"MULTI"}) + Spelled({"PUBLISH", "c", "m"}) +
                               Spelled({"SET", "k", "v"}) + Spelled({"EXEC"}));
}

}  // namespace
}  // namespace tusk::store
