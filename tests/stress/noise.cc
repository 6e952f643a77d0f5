// Law: whatever a client sends, it gets a reply of the right shape. Random commands over a few keys of databases 1 and 2, those
// that walk or lock the whole keyspace among them, so that the other scenarios' commands meet them.
#include <fmt/core.h>

#include "scenario.h"

namespace tusk::stress {
namespace {

constexpr uint64_t kKeys = 12;

// `k` stands for a random key, `n` for a random small number, other words for themselves.
constexpr const char* kCommands[] = {
    "SET k n", "SET k n PX 20", "GET k", "APPEND k n", "INCR k", "DEL k k", "UNLINK k", "EXISTS k k k", "TYPE k", "EXPIRE k 1",
    "PEXPIRE k 5", "PERSIST k", "TTL k", "RENAME k k", "COPY k k REPLACE", "OBJECT ENCODING k", "MSET k n k n", "MSETNX k n k n",
    "RPUSH k n n n", "LPOP k", "LTRIM k 0 10", "LMOVE k k LEFT RIGHT", "LRANGE k 0 -1", "SORT k", "SORT k BY * STORE k",
    "HSET k n n n n", "HGETALL k", "HINCRBY k n n", "HDEL k n", "SADD k n n n", "SREM k n", "SPOP k", "SUNIONSTORE k k k",
    "SDIFF k k", "SINTERCARD 2 k k", "ZADD k n n n n", "ZRANGE k 0 -1 WITHSCORES", "ZUNIONSTORE k 2 k k", "ZPOPMIN k",
    "ZRANGESTORE k k 0 -1", "SETBIT k n 1", "BITCOUNT k", "BITOP XOR k k k", "GETRANGE k 0 -1", "SCAN 0 COUNT 100", "KEYS *",
    "DBSIZE", "RANDOMKEY", "FLUSHDB", "FLUSHDB ASYNC", "SWAPDB 1 2", "MOVE k 2", "SELECT 1", "SELECT 2", "INFO", "CLIENT LIST",
    "CLIENT INFO", "COMMAND COUNT", "CONFIG GET max*", "PUBLISH news n", "MEMORY USAGE k", "WATCH k", "UNWATCH", "PING",
    "EVAL return(redis.call('KEYS','*')) 0", "EVAL redis.call('DEL',ARGV[1])return(redis.call('SET',ARGV[2],1)) 0 k k",
    "BLPOP k k 0.01", "BZPOPMAX k 0.01", "MULTI", "EXEC", "DISCARD",
};

class Noise : public Scenario {
 public:
  using Scenario::Scenario;

  int actors() const override { return 4; }
  void Prepare(Connection&) override {}

  void Act(int, Connection& connection, Random& random) override {
    connection.Call({"SELECT", "1"});
    uint64_t sent = 0;
    while (!run_.over() && connection.ok()) {
      std::vector<Words> batch;
      for (uint64_t i = Below(random, 8); i < 8; ++i) batch.push_back(RandomCommand(random));
      for (const resp::ReplyValue& reply : connection.Pipeline(batch))
        run_.Expect(reply, "noise", {"WRONGTYPE", "ERR", "EXECABORT"});
      sent += batch.size();
    }
    commands_.fetch_add(sent, std::memory_order_relaxed);
  }

  std::string Conclude(Connection&) override {
    return fmt::format("noise: {} commands", commands_.load(std::memory_order_relaxed));
  }

 private:
  static Words RandomCommand(Random& random) {
    Words words;
    std::string_view text = kCommands[Below(random, std::size(kCommands))];
    while (!text.empty()) {
      std::string_view word = text.substr(0, text.find(' '));
      text.remove_prefix(std::min(text.size(), word.size() + 1));
      if (word == "k")
        words.push_back(fmt::format("noise:{}", Below(random, kKeys)));
      else if (word == "n")
        words.push_back(std::to_string(Below(random, 50)));
      else
        words.emplace_back(word);
    }
    return words;
  }

  std::atomic<uint64_t> commands_{0};  // For the summary: relaxed.
};

}  // namespace

std::unique_ptr<Scenario> NewNoise(Run& run) { return std::make_unique<Noise>(run); }

}  // namespace tusk::stress
