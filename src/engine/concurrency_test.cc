// Commands that span keys and databases while others write: what must stay atomic, and what a scan must not miss.
// Half of the threads act as connections, which park, half as embedded callers, which wait.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "engine/engine.h"

namespace tusk::engine {
namespace {

// A connection whose commands are simply tried again.
class ImpatientHost : public command::SessionHost {
 public:
  void WakeParked(uint64_t) noexcept override {}
  void DeliverReply(uint64_t, resp::OutputBuffer) noexcept override {}
  void DeliverPush(uint64_t, std::shared_ptr<const std::string>) noexcept override {}
  void RetryBlocked(uint64_t) noexcept override {}
};

class Caller {
 public:
  Caller(Engine& engine, uint64_t number) : engine_(engine), worker_(engine.NewWorker()), random_(number) {
    session_.id = engine.NextSessionId();
    // Outlives the engine: a command that was tried again with success may still be on a parking list.
    static ImpatientHost host;
    if (number % 2) session_.host = &host;
  }

  std::string Run(const std::string& line) {
    std::vector<std::string> words = *base::SplitQuotedLine(line);
    std::vector<std::string_view> argv(words.begin(), words.end());
    return engine_.Execute(*worker_, session_, argv);
  }
  uint64_t Below(uint64_t bound) { return random_.Below(bound); }
  std::string Name(const char* prefix, uint64_t bound) { return prefix + std::to_string(Below(bound)); }
  command::Session& session() { return session_; }

 private:
  Engine& engine_;
  std::unique_ptr<command::Worker> worker_;
  command::Session session_;
  base::Random random_;
};

std::vector<std::string> Lines(const std::string& reply) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < reply.size();) {
    size_t end = reply.find("\r\n", at);
    lines.push_back(reply.substr(at, end - at));
    at = end + 2;
  }
  return lines;
}

void Disturb(Caller& caller) {
  std::string a = caller.Name("extra:", 2000);
  std::string b = caller.Name("extra:", 2000);
  switch (caller.Below(9)) {
    case 0: caller.Run("DEL " + a + " " + b); break;
    case 1: caller.Run("RENAME " + a + " " + b); break;
    case 2: caller.Run("COPY " + a + " " + b + " REPLACE"); break;
    case 3: caller.Run("MOVE " + a + " 1"); break;
    case 4: caller.Run("PEXPIRE " + a + " " + std::to_string(caller.Below(5))); break;
    case 5: caller.Run("RANDOMKEY"); break;
    case 6: caller.Run("SORT list BY extra:* GET extra:* STORE extra:sorted"); break;
    default: caller.Run("SET " + a + " x"); break;
  }
}

TEST(ConcurrencyTest, ScansMissNoStayingKeyWhileOthersWrite) {
  constexpr size_t kStaying = 300;
  constexpr int kRounds = 4000;
  Engine engine({});
  engine.settings().enable_debug_command.set(true);
  Caller main(engine, 0);
  main.Run("DEBUG POPULATE " + std::to_string(kStaying) + " stays");
  main.Run("RPUSH list 1 2 3 4 5");
  std::atomic<int> writing{3};
  std::vector<std::jthread> threads;
  for (uint64_t t = 1; t <= 3; ++t) {
    threads.emplace_back([&engine, &writing, t] {
      Caller caller(engine, t);
      for (int i = 0; i < kRounds; ++i) Disturb(caller);
      writing.fetch_sub(1, std::memory_order_relaxed);
    });
  }
  int scans = 0;
  for (; writing.load(std::memory_order_relaxed) != 0 || scans == 0; ++scans) {
    std::set<std::string> seen;
    std::string cursor = "0";
    do {
      std::vector<std::string> lines = Lines(main.Run("SCAN " + cursor + " COUNT 20 MATCH stays*"));
      cursor = lines[2];
      for (size_t i = 5; i < lines.size(); i += 2) seen.insert(lines[i]);
    } while (cursor != "0");
    ASSERT_EQ(seen.size(), kStaying);
    ASSERT_EQ(Lines(main.Run("KEYS stays*"))[0], "*" + std::to_string(kStaying));
  }
}

TEST(ConcurrencyTest, FlushesAndSwapsComeBetweenOtherCommandsNeverWithin) {
  constexpr int kRounds = 3000;
  Engine engine({});
  std::vector<std::jthread> threads;
  std::atomic<int> torn{0};
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&engine, &torn, t] {
      Caller caller(engine, t);
      for (int i = 0; i < kRounds; ++i) {
        uint64_t choice = caller.Below(100);
        if (choice == 0) {
          caller.Run("FLUSHALL");
        } else if (choice == 1) {
          caller.Run("SWAPDB 0 1");
        } else if (choice < 40) {
          std::string value = std::to_string(caller.Below(1000000));
          caller.Run("MSET a " + value + " b " + value + " c " + value + " d " + value);
        } else {
          // "*4", then "$n" and the value, or "$-1", four times: all alike or something was cut in two.
          std::vector<std::string> lines = Lines(caller.Run("MGET a b c d"));
          std::set<std::string> kinds(lines.begin() + 1, lines.end());
          if (kinds.size() > 2 || (kinds.contains("$-1") && kinds.size() > 1)) torn.fetch_add(1);
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(torn.load(), 0);
}

TEST(ConcurrencyTest, TransactionsSeeNoOthersWithinThem) {
  constexpr int kRounds = 1500;
  Engine engine({});
  std::vector<std::jthread> threads;
  std::atomic<int> torn{0};
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&engine, &torn, t] {
      Caller caller(engine, t);
      for (int i = 0; i < kRounds; ++i) {
        caller.Run("MULTI");
        caller.Run("INCR x");
        caller.Run(caller.Below(20) == 0 ? "KEYS *" : "PTTL x");
        caller.Run("INCR y");
        std::vector<std::string> lines = Lines(caller.Run("EXEC"));
        if (lines.size() < 4 || lines[1] != lines.back()) torn.fetch_add(1);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(torn.load(), 0);
  Caller caller(engine, 0);
  EXPECT_EQ(caller.Run("GET x"), "$4\r\n6000\r\n");
}

}  // namespace
}  // namespace tusk::engine
