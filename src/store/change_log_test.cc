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
  void OnUnits(std::span<const ChangeUnit> units) override {
    for (const ChangeUnit& unit : units) {
      numbers.push_back(unit.number);
      stream_.Append(unit, text);
    }
  }
  void OnPause() override {}

  std::vector<uint64_t> numbers;
  std::string text;

 private:
  ChangeStream stream_;
};

using Words = std::vector<std::string_view>;
struct Command {
  DbIndex db;
  Words argv;
  uint8_t targets = kToAll;
};

void Put(ChangeWriter& writer, uint64_t number, const std::vector<Command>& commands) {
  ChangeBuffer buffer;
  for (const Command& command : commands) buffer.Add(command.db, command.argv, command.targets);
  writer.Write(buffer.Unit(number));
}

std::string Spelled(std::initializer_list<std::string_view> argv) {
  std::string out;
  AppendCommand(out, std::span<const std::string_view>(argv.begin(), argv.size()));
  return out;
}

TEST(ChangeLogTest, UnitsArriveInCommitOrderWhateverTheThreads) {
  constexpr size_t kThreads = 4;
  constexpr uint64_t kUnits = 20'000;
  PassingBytes account;
  ChangeLog log(account);
  Recorder recorder(kToAll);
  log.AddFollower(recorder);
  std::atomic<uint64_t> next{0};
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    // Half of them deliver themselves, now and then; the others leave it to the log.
    threads.emplace_back([&, t] {
      std::unique_ptr<ChangeWriter> writer = log.NewWriter();
      writer->set_delivers(t % 2 == 0);
      for (;;) {
        uint64_t number = next.fetch_add(1) + 1;
        if (number > kUnits) break;
        if (number % 97 == 0) std::this_thread::yield();  // Some numbers come late.
        Put(*writer, number, {{0, {"SET", "k", std::to_string(number)}}});
        if (t % 2 == 0 && number % 16 == 0) log.Deliver();
      }
      log.Deliver();
    });
  }
  for (std::thread& thread : threads) thread.join();
  log.WaitFor(kUnits);
  log.RemoveFollower(recorder);
  ASSERT_EQ(recorder.numbers.size(), kUnits);
  for (uint64_t i = 0; i < kUnits; ++i) ASSERT_EQ(recorder.numbers[i], i + 1);
}

TEST(ChangeLogTest, AFollowerThatLeftIsNotCalled) {
  PassingBytes account;
  ChangeLog log(account);
  Recorder recorder(kToAll);
  log.AddFollower(recorder);
  std::unique_ptr<ChangeWriter> writer = log.NewWriter();
  Put(*writer, 1, {{0, {"DEL", "k"}}});
  log.WaitFor(1);
  log.RemoveFollower(recorder);
  Put(*writer, 2, {{0, {"DEL", "k"}}});
  log.WaitFor(2);
  EXPECT_EQ(recorder.numbers, std::vector<uint64_t>{1});
}

TEST(ChangeLogTest, NobodyNeedDeliverWhatNoLoopWrote) {
  PassingBytes account;
  ChangeLog log(account);
  std::unique_ptr<ChangeWriter> writer = log.NewWriter();
  Put(*writer, 1, {{0, {"DEL", "k"}}});
  // By the log's own thread.
  while (log.delivered() == 0) std::this_thread::yield();
  EXPECT_EQ(log.delivered(), 1u);
}

TEST(ChangeLogTest, WhatAWriterLeftBehindIsDelivered) {
  PassingBytes account;
  ChangeLog log(account);
  Recorder recorder(kToAll);
  log.AddFollower(recorder);
  for (uint64_t number = 1; number <= 3; ++number) {
    std::unique_ptr<ChangeWriter> writer = log.NewWriter();
    writer->set_delivers(true);
    Put(*writer, number, {{0, {"INCR", "k"}}});
  }
  log.WaitFor(3);
  log.RemoveFollower(recorder);
  EXPECT_EQ(recorder.numbers, (std::vector<uint64_t>{1, 2, 3}));
}

class StreamTest : public ::testing::Test {
 protected:
  StreamTest() {
    log_.AddFollower(recorder_);
    log_.AddFollower(replicas_);
  }
  // What the followers have got of it.
  void Write(const std::vector<std::vector<Command>>& units) {
    std::unique_ptr<ChangeWriter> writer = log_.NewWriter();
    uint64_t number = 0;
    for (const std::vector<Command>& unit : units) Put(*writer, ++number, unit);
    log_.WaitFor(number);
    log_.RemoveFollower(recorder_);
    log_.RemoveFollower(replicas_);
  }

  PassingBytes account_;
  ChangeLog log_{account_};
  Recorder recorder_{kToAppendFile};
  Recorder replicas_{kToReplicas};
};

TEST_F(StreamTest, SelectsOnlyWhenTheDatabaseChanges) {
  Write({{{9, {"SET", "a", "1"}}}, {{9, {"INCR", "a"}}}, {{0, {"INCR", "a"}}}});
  EXPECT_EQ(recorder_.text, Spelled({"SELECT", "9"}) + Spelled({"SET", "a", "1"}) + Spelled({"INCR", "a"}) +
                                Spelled({"SELECT", "0"}) + Spelled({"INCR", "a"}));
}

TEST_F(StreamTest, SeveralCommandsOfOneUnitAreATransaction) {
  Write({{{0, {"SREM", "s", "a"}}, {0, {"DEL", "t"}}}});
  EXPECT_EQ(recorder_.text, Spelled({"SELECT", "0"}) + Spelled({"MULTI"}) + Spelled({"SREM", "s", "a"}) +
                                Spelled({"DEL", "t"}) + Spelled({"EXEC"}));
}

TEST_F(StreamTest, PartsForOthersAreLeftOut) {
  Write({{{0, {"PUBLISH", "c", "m"}, kToReplicas}, {0, {"SET", "k", "v"}}}});
  EXPECT_EQ(recorder_.text, Spelled({"SELECT", "0"}) + Spelled({"SET", "k", "v"}));
  EXPECT_EQ(replicas_.text, Spelled({"SELECT", "0"}) + Spelled({"MULTI"}) + Spelled({"PUBLISH", "c", "m"}) +
                                Spelled({"SET", "k", "v"}) + Spelled({"EXEC"}));
}

}  // namespace
}  // namespace tusk::store
