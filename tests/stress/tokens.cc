// Law: a fixed number of tokens is moved between sets and between lists by every command that can, renamed along with their
// keys, merged and scattered by transactions and scripts; no look at all of them at once finds one too many or too few.
#include <fmt/core.h>

#include "scenario.h"

namespace tusk::stress {
namespace {

constexpr int kPools = 8;
constexpr int kTokens = 300;

constexpr const char* kPopAndAdd = R"(
  local token = redis.call('SPOP', ARGV[1])
  if token then redis.call('SADD', ARGV[2], token) end
  return token)";
constexpr const char* kCountSets = R"(
  local sum = 0
  for i = 0, ARGV[1] - 1 do sum = sum + redis.call('SCARD', 'pool:' .. i) end
  return sum)";
constexpr const char* kCountLists = R"(
  local sum = 0
  for i = 0, ARGV[1] - 1 do sum = sum + redis.call('LLEN', 'rail:' .. i) end
  return sum)";

std::string Pool(uint64_t number) { return fmt::format("pool:{}", number); }
std::string Rail(uint64_t number) { return fmt::format("rail:{}", number); }

class Tokens : public Scenario {
 public:
  using Scenario::Scenario;

  int actors() const override { return 6; }

  void Prepare(Connection& connection) override {
    for (int i = 0; i < kTokens; ++i) {
      run_.Expect(connection.Call({"SADD", Pool(static_cast<uint64_t>(i % kPools)), fmt::format("token:{}", i)}), "SADD");
      run_.Expect(connection.Call({"RPUSH", Rail(static_cast<uint64_t>(i % kPools)), fmt::format("token:{}", i)}), "RPUSH");
    }
  }

  void Act(int, Connection& connection, Random& random) override {
    while (!run_.over() && connection.ok()) {
      uint64_t from = Below(random, kPools);
      uint64_t to = Below(random, kPools);
      if (Below(random, 5) == 0)
        Audit(connection, random);
      else if (Below(random, 2) == 0)
        MoveInSets(connection, random, Pool(from), Pool(to));
      else
        MoveInLists(connection, random, Rail(from), Rail(to));
    }
  }

  std::string Conclude(Connection& connection) override {
    Expect(connection.Call(Union()).items.size(), "SUNION at the end");
    Expect(static_cast<size_t>(connection.Call(Count(kCountLists)).integer), "the lists at the end");
    return fmt::format("tokens: {} audits", audits_.load(std::memory_order_relaxed));
  }

 private:
  static Words Union() {
    Words words{"SUNION"};
    for (uint64_t i = 0; i < kPools; ++i) words.push_back(Pool(i));
    return words;
  }
  static Words Count(const char* script) { return {"EVAL", script, "0", std::to_string(kPools)}; }

  void MoveInSets(Connection& connection, Random& random, const std::string& from, const std::string& to) {
    std::string token = fmt::format("token:{}", Below(random, kTokens));
    resp::ReplyValue reply;
    switch (Below(random, 5)) {
      case 0:
        reply = connection.Call({"SMOVE", from, to, token});
        break;
      case 1:
        reply = connection.Call({"EVAL", kPopAndAdd, "0", from, to});
        break;
      case 2:
        if (from == to) return;
        reply = connection.Pipeline({{"MULTI"}, {"SUNIONSTORE", to, to, from}, {"DEL", from}, {"EXEC"}})[3];
        break;
      case 3:
        reply = connection.Call({"RENAMENX", from, to});
        break;
      default:
        // The intersection of two pools is empty, and storing it frees the key of a set that has no token anyway.
        reply = connection.Call({"SINTERSTORE", "pool:none", from, to == from ? "pool:empty" : to});
        if (run_.Expect(reply, "SINTERSTORE") && reply.integer != 0) run_.Break("tokens: one was in two sets at once");
    }
    run_.Expect(reply, "a move between sets", {"ERR no such key"});
  }

  void MoveInLists(Connection& connection, Random& random, const std::string& from, const std::string& to) {
    const char* ends[] = {"LEFT", "RIGHT"};
    std::string out = ends[Below(random, 2)];
    std::string in = ends[Below(random, 2)];
    switch (Below(random, 5)) {
      case 0:
        run_.Expect(connection.Call({"LMOVE", from, to, out, in}), "LMOVE");
        break;
      case 1:
        run_.Expect(connection.Call({"BLMOVE", from, to, out, in, "0.05"}), "BLMOVE");
        break;
      case 2:
        run_.Expect(connection.Call({"BRPOPLPUSH", from, to, "0.05"}), "BRPOPLPUSH");
        break;
      case 3:
        run_.Expect(connection.Call({"RENAMENX", from, to}), "RENAMENX", {"ERR no such key"});
        break;
      default:
        // All of a list to the end of another, read while it runs: the lane's business.
        run_.Expect(connection.Call({"EVAL",
                                     "for _, token in ipairs(redis.call('LRANGE', ARGV[1], 0, 4)) do "
                                     "redis.call('LMOVE', ARGV[1], ARGV[2], 'LEFT', 'RIGHT') end return 1",
                                     "0", from, to}),
                    "EVAL of LMOVEs");
    }
  }

  void Audit(Connection& connection, Random& random) {
    switch (Below(random, 4)) {
      case 0: return Expect(connection.Call(Union()).items.size(), "SUNION");
      case 1: return Expect(static_cast<size_t>(connection.Call(Count(kCountSets)).integer), "a script over the sets");
      case 2: return Expect(static_cast<size_t>(connection.Call(Count(kCountLists)).integer), "a script over the lists");
      default: return AuditTransaction(connection);
    }
  }

  void AuditTransaction(Connection& connection) {
    std::vector<Words> commands{{"MULTI"}};
    for (uint64_t i = 0; i < kPools; ++i) commands.push_back({"LLEN", Rail(i)});
    commands.push_back({"EXEC"});
    size_t sum = 0;
    resp::ReplyValue lengths = std::move(connection.Pipeline(commands).back());
    for (const resp::ReplyValue& length : lengths.items) sum += static_cast<size_t>(length.integer);
    Expect(sum, "MULTI of LLENs");
  }

  void Expect(size_t count, const char* how) {
    audits_.fetch_add(1, std::memory_order_relaxed);
    if (count != kTokens) run_.Break(fmt::format("tokens: {} found {} of {}", how, count, kTokens));
  }

  std::atomic<uint64_t> audits_{0};  // For the summary, read after the actors have ended: relaxed.
};

}  // namespace

std::unique_ptr<Scenario> NewTokens(Run& run) { return std::make_unique<Tokens>(run); }

}  // namespace tusk::stress
