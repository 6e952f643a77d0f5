// Law: money moves between accounts by WATCH and MULTI, by plain MULTI, and by scripts with declared and with undeclared keys;
// whoever looks at all accounts at once, by whatever command, sees the same total.
#include <fmt/core.h>

#include "scenario.h"

namespace tusk::stress {
namespace {

constexpr int kAccounts = 24;
constexpr int64_t kBalance = 1000;
constexpr int64_t kTotal = kAccounts * kBalance;

constexpr const char* kMoveByArguments = R"(
  local from, to, amount = ARGV[1], ARGV[2], tonumber(ARGV[3])
  redis.call('SET', from, redis.call('GET', from) - amount)
  redis.call('SET', to, redis.call('GET', to) + amount)
  return 1)";
constexpr const char* kMoveByKeys = R"(
  redis.call('DECRBY', KEYS[1], ARGV[1])
  redis.call('INCRBY', KEYS[2], ARGV[1])
  return 1)";
constexpr const char* kSumByArguments = R"(
  local sum = 0
  for i = 0, ARGV[1] - 1 do sum = sum + redis.call('GET', 'account:' .. i) end
  return sum)";

std::string Account(uint64_t number) { return fmt::format("account:{}", number); }

int64_t Number(const resp::ReplyValue& reply) {
  return reply.type == resp::ReplyType::kInteger ? reply.integer : std::atoll(reply.text.c_str());
}

class Transfers : public Scenario {
 public:
  using Scenario::Scenario;

  int actors() const override { return 8; }

  void Prepare(Connection& connection) override {
    for (int i = 0; i < kAccounts; ++i) {
      run_.Expect(connection.Call({"SET", Account(i), std::to_string(kBalance)}), "SET");
      run_.Expect(connection.Call({"RPUSH", "account-numbers", std::to_string(i)}), "RPUSH");
    }
  }

  void Act(int, Connection& connection, Random& random) override {
    while (!run_.over() && connection.ok()) {
      uint64_t from = Below(random, kAccounts);
      uint64_t to = (from + 1 + Below(random, kAccounts - 1)) % kAccounts;
      std::string amount = std::to_string(1 + Below(random, 9));
      switch (Below(random, 9)) {
        case 0:
        case 1:
          MoveByWatch(connection, Account(from), Account(to), std::atoll(amount.c_str()));
          break;
        case 2:
          MoveByTransaction(connection, Account(from), Account(to), amount);
          break;
        case 3:
          Moved(connection.Call({"EVAL", kMoveByArguments, "0", Account(from), Account(to), amount}));
          break;
        case 4:
          Moved(connection.Call({"EVAL", kMoveByKeys, "2", Account(from), Account(to), amount}));
          break;
        case 5:
          AuditList(connection.Call(AllAccounts()), "MGET");
          break;
        case 6:
          Audit(connection.Call({"EVAL", kSumByArguments, "0", std::to_string(kAccounts)}), "EVAL");
          break;
        case 7:
          AuditList(connection.Call({"SORT", "account-numbers", "BY", "nosort", "GET", "account:*"}), "SORT GET");
          break;
        default:
          AuditTransaction(connection);
      }
    }
  }

  std::string Conclude(Connection& connection) override {
    AuditList(connection.Call(AllAccounts()), "MGET at the end");
    return fmt::format("transfers: {} moves, {} lost a race and were not made, {} audits", moves_.load(std::memory_order_relaxed),
                       aborts_.load(std::memory_order_relaxed), audits_.load(std::memory_order_relaxed));
  }

 private:
  static Words AllAccounts() {
    Words words{"MGET"};
    for (int i = 0; i < kAccounts; ++i) words.push_back(Account(i));
    return words;
  }

  void Moved(const resp::ReplyValue& reply) {
    if (run_.Expect(reply, "transfer")) moves_.fetch_add(1, std::memory_order_relaxed);
  }

  void MoveByWatch(Connection& connection, const std::string& from, const std::string& to, int64_t amount) {
    run_.Expect(connection.Call({"WATCH", from, to}), "WATCH");
    resp::ReplyValue seen = connection.Call({"MGET", from, to});
    if (!run_.Expect(seen, "MGET")) return;
    auto replies = connection.Pipeline({{"MULTI"},
                                        {"SET", from, std::to_string(Number(seen.items[0]) - amount)},
                                        {"SET", to, std::to_string(Number(seen.items[1]) + amount)},
                                        {"EXEC"}});
    if (!run_.Expect(replies[3], "EXEC after WATCH")) return;
    (replies[3].is_null() ? aborts_ : moves_).fetch_add(1, std::memory_order_relaxed);
  }

  void MoveByTransaction(Connection& connection, const std::string& from, const std::string& to, const std::string& amount) {
    auto replies = connection.Pipeline({{"MULTI"}, {"DECRBY", from, amount}, {"INCRBY", to, amount}, {"EXEC"}});
    Moved(replies[3]);
  }

  void Audit(const resp::ReplyValue& sum, const char* how) {
    if (!run_.Expect(sum, how)) return;
    audits_.fetch_add(1, std::memory_order_relaxed);
    if (Number(sum) != kTotal) run_.Break(fmt::format("transfers: {} saw a total of {}, not {}", how, Number(sum), kTotal));
  }

  void AuditList(const resp::ReplyValue& balances, const char* how) {
    if (!run_.Expect(balances, how)) return;
    resp::ReplyValue sum;
    sum.type = resp::ReplyType::kInteger;
    for (const resp::ReplyValue& balance : balances.items) sum.integer += Number(balance);
    Audit(sum, how);
  }

  void AuditTransaction(Connection& connection) {
    std::vector<Words> commands{{"MULTI"}};
    for (int i = 0; i < kAccounts; ++i) commands.push_back({"GET", Account(i)});
    commands.push_back({"EXEC"});
    AuditList(connection.Pipeline(commands).back(), "MULTI of GETs");
  }

  // Counters for the summary, read after the actors have ended: relaxed.
  std::atomic<uint64_t> moves_{0};
  std::atomic<uint64_t> aborts_{0};
  std::atomic<uint64_t> audits_{0};
};

}  // namespace

std::unique_ptr<Scenario> NewTransfers(Run& run) { return std::make_unique<Transfers>(run); }

}  // namespace tusk::stress
