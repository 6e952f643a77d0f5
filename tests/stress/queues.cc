// Law: every pushed item is popped exactly once, and of one producer's items on one key each consumer sees a rising sequence
// (first in, first out), through blocking and plain pops, sorted sets, scripts, and BLMOVE relays.
#include <fmt/core.h>

#include <map>
#include <set>

#include "scenario.h"

namespace tusk::stress {
namespace {

constexpr int kProducers = 4;
constexpr int kMovers = 2;
constexpr int kConsumers = 6;
constexpr int kQueues = 3;
constexpr const char* kRelayIn = "relay:in";
constexpr const char* kRelayOut = "relay:out";
// A producer that is so far ahead lets the consumers catch up.
constexpr int64_t kBacklogMax = 2000;
constexpr const char* kBlockSeconds = "0.1";

std::string Queue(uint64_t number) { return fmt::format("queue:{}", number); }
// One producer per sorted set: its scores rise, so its pops rise, too.
std::string Ladder(int producer) { return fmt::format("ladder:{}", producer); }

// Where an item was pushed, by whom, and its number there: "queue:1/2/17".
std::string Item(const std::string& key, int producer, uint64_t sequence) { return fmt::format("{}/{}/{}", key, producer, sequence); }

class Queues : public Scenario {
 public:
  explicit Queues(Run& run) : Scenario(run), pushed_(kProducers), popped_(kConsumers) {}

  int actors() const override { return kProducers + kMovers + kConsumers; }
  void Prepare(Connection&) override {}

  void Act(int actor, Connection& connection, Random& random) override {
    if (actor < kProducers) return Produce(actor, connection, random);
    if (actor < kProducers + kMovers) return Move(connection);
    Consume(popped_[static_cast<size_t>(actor - kProducers - kMovers)], connection, random);
  }

  std::string Conclude(Connection& connection) override {
    std::vector<std::string> left;
    for (const std::string& key : Keys()) {
      bool is_ladder = key.starts_with("ladder");
      auto reply = is_ladder ? connection.Call({"ZRANGE", key, "0", "-1"}) : connection.Call({"LRANGE", key, "0", "-1"});
      if (run_.Expect(reply, "the rest")) Take(reply, left);
    }
    std::map<std::string, int> times;
    for (const auto& items : popped_) {
      for (const std::string& item : items) ++times[item];
      CheckOrder(items);
    }
    for (const std::string& item : left) ++times[item];
    size_t count = 0;
    for (const auto& items : pushed_) {
      count += items.size();
      for (const std::string& item : items)
        if (int seen = std::exchange(times[item], 0); seen != 1) run_.Break(fmt::format("queues: {} came out {} times", item, seen));
    }
    for (const auto& [item, seen] : times)
      if (seen > 0) run_.Break(fmt::format("queues: {} was popped and never pushed", item));
    return fmt::format("queues: {} items pushed, {} left at the end", count, left.size());
  }

 private:
  using Items = std::vector<std::string>;

  static std::vector<std::string> Keys() {
    std::vector<std::string> keys{kRelayIn, kRelayOut};
    for (int i = 0; i < kQueues; ++i) keys.push_back(Queue(static_cast<uint64_t>(i)));
    for (int i = 0; i < kProducers; ++i) keys.push_back(Ladder(i));
    return keys;
  }

  void Produce(int producer, Connection& connection, Random& random) {
    Items& pushed = pushed_[static_cast<size_t>(producer)];
    uint64_t sequence = 0;
    while (!run_.over() && connection.ok()) {
      std::string key = Below(random, 4) == 0 ? std::string(kRelayIn) : Queue(Below(random, kQueues));
      std::string first = Item(key, producer, sequence);
      std::string second = Item(key, producer, sequence + 1);
      resp::ReplyValue reply;
      Items added{first, second};
      switch (Below(random, 4)) {
        case 0:
          reply = connection.Call({"RPUSH", key, first, second});
          break;
        case 1:
          reply = connection.Pipeline({{"MULTI"}, {"RPUSH", key, first}, {"RPUSH", key, second}, {"EXEC"}})[3];
          break;
        case 2:
          reply = connection.Call({"EVAL", "redis.call('RPUSH', ARGV[1], ARGV[2]) return redis.call('RPUSH', ARGV[1], ARGV[3])",
                                   "0", key, first, second});
          break;
        default:
          added = {Item(Ladder(producer), producer, sequence)};
          reply = connection.Call({"ZADD", Ladder(producer), std::to_string(sequence), added[0]});
      }
      sequence += 2;
      if (!run_.Expect(reply, "push")) continue;
      pushed.insert(pushed.end(), added.begin(), added.end());
      const resp::ReplyValue& length = reply.items.empty() ? reply : reply.items.back();
      if (length.integer > kBacklogMax) WaitForConsumers(key, connection);
    }
  }

  void WaitForConsumers(const std::string& key, Connection& connection) {
    while (!run_.over() && connection.ok() && connection.Call({"LLEN", key}).integer > kBacklogMax / 2) {
    }
  }

  void Move(Connection& connection) {
    while (!run_.over() && connection.ok())
      run_.Expect(connection.Call({"BLMOVE", kRelayIn, kRelayOut, "LEFT", "RIGHT", kBlockSeconds}), "BLMOVE");
  }

  void Consume(Items& items, Connection& connection, Random& random) {
    while (!run_.over() && connection.ok()) {
      std::string queue = Queue(Below(random, kQueues));
      std::string ladder = Ladder(static_cast<int>(Below(random, kProducers)));
      Words command;
      switch (Below(random, 8)) {
        case 0: command = {"BLPOP", queue, kRelayOut, kBlockSeconds}; break;
        case 1: command = {"BLPOP", Queue(0), Queue(1), Queue(2), kRelayOut, kBlockSeconds}; break;
        case 2: command = {"LPOP", queue, "3"}; break;
        case 3: command = {"BLMPOP", kBlockSeconds, "2", kRelayOut, queue, "LEFT", "COUNT", "4"}; break;
        case 4: command = {"EVAL", "return redis.call('LPOP', ARGV[1], 2)", "0", queue}; break;
        case 5: command = {"BZPOPMIN", Ladder(0), Ladder(1), ladder, kBlockSeconds}; break;
        case 6: command = {"BZMPOP", kBlockSeconds, "1", ladder, "MIN", "COUNT", "3"}; break;
        default: command = {"ZPOPMIN", ladder, "2"};
      }
      resp::ReplyValue reply = connection.Call(command);
      if (run_.Expect(reply, command[0])) Take(reply, items);
    }
  }

  // Every item anywhere in the reply; keys and scores have no slash.
  static void Take(const resp::ReplyValue& reply, Items& items) {
    if (reply.type == resp::ReplyType::kBulk && reply.text.find('/') != std::string::npos) items.push_back(reply.text);
    for (const resp::ReplyValue& item : reply.items) Take(item, items);
  }

  void CheckOrder(const Items& items) {
    std::map<std::string, int64_t> last;  // "queue:1/2" -> 17
    for (const std::string& item : items) {
      size_t cut = item.rfind('/');
      int64_t sequence = std::atoll(item.c_str() + cut + 1);
      auto [place, is_new] = last.try_emplace(item.substr(0, cut), -1);
      if (sequence <= place->second) run_.Break(fmt::format("queues: a consumer got {} after number {}", item, place->second));
      place->second = sequence;
    }
  }

  // One list per actor: nobody shares them while the actors run.
  std::vector<Items> pushed_;
  std::vector<Items> popped_;
};

}  // namespace

std::unique_ptr<Scenario> NewQueues(Run& run) { return std::make_unique<Queues>(run); }

}  // namespace tusk::stress
