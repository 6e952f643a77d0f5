// Scripts beside scripts and beside other commands: each is atomic, in the lane or not. Half of the threads act as
// connections, which park, half as embedded callers, which wait.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "engine/engine.h"

namespace tusk::engine {
namespace {

class ImpatientHost : public command::SessionHost {
 public:
  void WakeParked(uint64_t) noexcept override {}
  void DeliverReply(uint64_t, resp::OutputBuffer) noexcept override {}
  void DeliverPush(uint64_t, std::shared_ptr<const std::string>) noexcept override {}
  void RetryBlocked(uint64_t) noexcept override {}
};

class Caller {
 public:
  Caller(Engine& engine, uint64_t number) : engine_(engine), worker_(engine.NewWorker()), random_(number + 1) {
    session_.id = engine.NextSessionId();
    static ImpatientHost host;  // Outlives the engine: parked commands may still name it.
    if (number % 2) session_.host = &host;
  }

  std::string Run(const std::vector<std::string>& words) {
    const std::vector<std::string_view> argv(words.begin(), words.end());
    return engine_.Execute(*worker_, session_, argv);
  }
  uint64_t Below(uint64_t bound) { return random_.Below(bound); }

 private:
  Engine& engine_;
  std::unique_ptr<command::Worker> worker_;
  command::Session session_;
  base::Random random_;
};

constexpr int kAccounts = 16;
constexpr int kEach = 1000;

// Moves money between accounts that it does not declare.
constexpr const char* kTransfer =
    "local from, to = 'account:' .. ARGV[1], 'account:' .. ARGV[2] "
    "redis.call('DECRBY', from, ARGV[3]) redis.call('INCRBY', to, ARGV[3]) return 'moved'";
// The same with declared keys and without the lane.
constexpr const char* kDeclaredTransfer =
    "#!lua flags=declared-keys\n"
    "redis.call('DECRBY', KEYS[1], ARGV[1]) redis.call('INCRBY', KEYS[2], ARGV[1]) return 'moved'";
constexpr const char* kSum =
    "local sum = 0 for i = 0, 15 do sum = sum + redis.call('GET', 'account:' .. i) end return sum";

std::string Account(uint64_t i) { return "account:" + std::to_string(i); }

void Trade(Caller& caller) {
  const uint64_t from = caller.Below(kAccounts), to = caller.Below(kAccounts);
  const std::string amount = std::to_string(caller.Below(50));
  const std::string sum = ":" + std::to_string(kAccounts * kEach) + "\r\n";
  switch (caller.Below(8)) {
    case 0:
    case 1:
      ASSERT_EQ(caller.Run({"EVAL", kTransfer, "0", std::to_string(from), std::to_string(to), amount}), "$5\r\nmoved\r\n");
      break;
    case 2:
    case 3:
      ASSERT_EQ(caller.Run({"EVAL", kDeclaredTransfer, "2", Account(from), Account(to), amount}), "$5\r\nmoved\r\n");
      break;
    case 4: ASSERT_EQ(caller.Run({"EVAL_RO", kSum, "0"}), sum); break;
    case 5: ASSERT_EQ(caller.Run({"EVAL", std::string("#!lua flags=no-writes\n") + kSum, "1", Account(from)}), sum); break;
    case 6:
      caller.Run({"MULTI"});
      caller.Run({"DECRBY", Account(from), amount});
      caller.Run({"EVAL", "return redis.call('INCRBY', 'account:' .. ARGV[1], ARGV[2])", "0", std::to_string(to), amount});
      caller.Run({"EXEC"});
      break;
    default:
      if (caller.Below(50) == 0) caller.Run({"SCRIPT", "FLUSH"});
      caller.Run({"SCRIPT", "KILL"});
      caller.Run({"GET", Account(from)});
  }
}

TEST(ScriptingConcurrency, EveryScriptIsAtomic) {
  Engine engine({});
  Caller first(engine, 0);
  for (uint64_t i = 0; i < kAccounts; ++i) first.Run({"SET", Account(i), std::to_string(kEach)});
  {
    std::vector<std::jthread> threads;
    for (uint64_t t = 1; t <= 4; ++t) {
      threads.emplace_back([&engine, t] {
        Caller caller(engine, t);
        for (int i = 0; i < 1500 && !testing::Test::HasFatalFailure(); ++i) Trade(caller);
      });
    }
  }
  EXPECT_EQ(first.Run({"EVAL", kSum, "0"}), ":" + std::to_string(kAccounts * kEach) + "\r\n");
}

// A slow script answers BUSY to those who need its keys and to nobody else.
TEST(ScriptingConcurrency, OnlyWhoNeedsTheKeysOfASlowScriptHearsBusy) {
  Engine engine({});
  engine.settings().busy_reply_threshold.set(1);
  Caller connection(engine, 1);
  std::jthread slow([&engine] {
    Caller caller(engine, 0);
    caller.Run({"EVAL", "redis.call('SET', KEYS[1], 1) while true do end", "1", "mine"});
  });
  std::string reply;
  while (!(reply = connection.Run({"GET", "mine"})).starts_with("-BUSY")) std::this_thread::yield();
  EXPECT_EQ(reply, "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n");
  EXPECT_EQ(connection.Run({"SET", "other", "1"}), "+OK\r\n");
  EXPECT_TRUE(connection.Run({"EVAL", "return 1", "0"}).starts_with("-BUSY"));  // The lane is taken.
  EXPECT_EQ(connection.Run({"EVAL_RO", "return redis.call('GET', KEYS[1])", "1", "other"}), "$1\r\n1\r\n");
  EXPECT_TRUE(connection.Run({"SCRIPT", "KILL"}).starts_with("-UNKILLABLE"));
  engine.scripts().KillAll();
  slow.join();
  EXPECT_EQ(connection.Run({"GET", "mine"}), "$1\r\n1\r\n");
}

TEST(ScriptingConcurrency, SlowScriptsAreKilledUnlessTheyWrote) {
  for (const bool writes : {false, true}) {
    Engine engine({});
    engine.settings().busy_reply_threshold.set(1);
    Caller connection(engine, 1);
    std::string reply;
    std::jthread slow([&] {
      Caller caller(engine, 0);
      reply = caller.Run({"EVAL", std::string(writes ? "redis.call('SET', KEYS[1], 1) " : "") +
                                      "while redis.call('EXISTS', 'stop') == 0 do end return 'done'",
                          "1", "mine"});
    });
    std::string killed;
    while ((killed = connection.Run({"SCRIPT", "KILL"})).starts_with("-NOTBUSY")) std::this_thread::yield();
    if (writes) {
      EXPECT_TRUE(killed.starts_with("-UNKILLABLE Sorry the script already executed write commands"));
      engine.scripts().KillAll();
    } else {
      EXPECT_EQ(killed, "+OK\r\n");
    }
    slow.join();
    EXPECT_TRUE(reply.starts_with("-ERR Script killed by user with SCRIPT KILL. script: ")) << reply;
  }
}

}  // namespace
}  // namespace tusk::engine
