// The executor with a handful of commands made for the test: locking, parking, the lane, blocking and hand-over.
#include "command/executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

#include "command/blocked_command.h"
#include "command/command_table.h"
#include "store/recording_observer.h"

namespace tusk::command {
namespace {

void Put(Context& ctx) {
  store::Key key = ctx.key(1);
  store::Entry* entry = ctx.Lookup(key, store::Access::kWrite);
  ctx.PutString(key, entry, ctx.arg(2));
  ctx.Modified(key, store::kEventString, "set");
  ctx.reply().Ok();
}

void Get(Context& ctx) {
  FoundString found = ctx.ReadString(ctx.key(1));
  if (!found) return ctx.reply().Null();
  store::Entry::TextBuffer buffer;
  ctx.reply().Bulk(found->text(buffer));
}

// take key [key ...] timeout: removes the first that exists and replies its value, or waits.
void Take(Context& ctx) {
  std::vector<store::Key> keys;
  for (size_t i = 1; i + 1 < ctx.argc(); ++i) keys.push_back(ctx.key(i));
  std::vector<store::Key> wanted = ctx.ready_key() ? std::vector<store::Key>{*ctx.ready_key()} : keys;
  for (const store::Key& key : wanted) {
    store::Entry* entry = ctx.Lookup(key, store::Access::kWrite);
    if (!entry) continue;
    store::Entry::TextBuffer buffer;
    ctx.reply().Bulk(entry->text(buffer));
    ctx.Delete(key, *entry);
    ctx.Modified(key, store::kEventGeneric, "del");
    return ctx.RecordAs({"DEL", key.text});
  }
  ctx.Block(keys, {.timeout_ms = *ctx.TimeoutMillis(ctx.argc() - 1)});
}

// shift from to: moves the value, or waits; needs both keys.
void Shift(Context& ctx) {
  store::Key from = ctx.key(1);
  store::Key to = ctx.key(2);
  store::Entry* entry = ctx.Lookup(from, store::Access::kWrite);
  if (!entry) {
    store::Key keys[] = {from};
    return ctx.Block(keys, {.when_refused = Context::EmptyReply::kNull, .needs_all_keys = true});
  }
  store::Entry::TextBuffer buffer;
  std::string value(entry->text(buffer));
  ctx.Delete(from, *entry);
  ctx.PutString(to, ctx.Lookup(to, store::Access::kWrite), value);
  ctx.Modified(from, store::kEventGeneric, "del");
  ctx.Modified(to, store::kEventString, "set");
  ctx.reply().Bulk(value);
}

// transfer from to n: keeps the sum of two integers.
void Transfer(Context& ctx) {
  auto add = [&ctx](const store::Key& key, int64_t delta) {
    store::Entry* entry = ctx.Lookup(key, store::Access::kWrite);
    int64_t old = entry ? entry->integer() : 0;
    ctx.PutInteger(key, entry, old + delta);
  };
  int64_t amount = *ctx.Integer(3);
  add(ctx.key(1), -amount);
  add(ctx.key(2), amount);
  ctx.reply().Ok();
}

// wander key n: in the lane, adds to the key and its numbered successors, none of which but the first is declared.
void Wander(Context& ctx) {
  for (int i = 0; i < 4; ++i) {
    std::string name = "account:" + std::to_string((*ctx.Integer(2) + i) % 16);
    store::Key key = store::Key::Of(name);
    CHECK(ctx.transaction().Reach(key));
    store::Entry* entry = ctx.Lookup(key, store::Access::kWrite);
    ctx.PutInteger(key, entry, (entry ? entry->integer() : 0) + (i % 2 == 0 ? 1 : -1));
  }
  ctx.reply().Ok();
}

constexpr KeySpec kOne[] = {{.flags = kKeyRW}};
constexpr KeySpec kTwo[] = {{.flags = kKeyRW, .last = 1}};
constexpr KeySpec kAllButLast[] = {{.flags = kKeyRW, .last = -2}};
constexpr CommandSpec kRows[] = {
    {.name = "put", .handler = Put, .arity = 3, .flags = kWrite | kDenyOom, .keys = kOne, .group = "test"},
    {.name = "get", .handler = Get, .arity = 2, .flags = kReadonly, .keys = kOne, .group = "test"},
    {.name = "take", .handler = Take, .arity = -3, .flags = kWrite | kBlocking, .keys = kAllButLast, .group = "test"},
    {.name = "shift", .handler = Shift, .arity = 3, .flags = kWrite | kBlocking, .keys = kTwo, .group = "test"},
    {.name = "transfer", .handler = Transfer, .arity = 4, .flags = kWrite, .keys = kTwo, .group = "test"},
    {.name = "wander", .handler = Wander, .arity = 3, .flags = kWrite | kDetachable, .locks = Locks::kLane, .keys = kOne, .group = "test"},
};

class Recorder : public SessionHost, public store::RecordingObserver {
 public:
  void WakeParked(uint64_t) noexcept override { wakes.fetch_add(1, std::memory_order_release); }
  void DeliverReply(uint64_t session_id, resp::OutputBuffer reply) noexcept override {
    std::lock_guard hold(mutex);
    replies.emplace_back(session_id, reply.ToString());
  }
  void DeliverPush(uint64_t, std::shared_ptr<const std::string>) noexcept override {}
  void RetryBlocked(uint64_t session_id) noexcept override {
    std::lock_guard hold(mutex);
    retries.push_back(session_id);
  }
  void OnCommit(uint64_t, std::span<const store::ChangeCommand> unit) override {
    std::lock_guard hold(mutex);
    for (const store::ChangeCommand& change : unit) {
      std::string line;
      for (const std::string& word : change.argv) line += (line.empty() ? "" : " ") + word;
      changes.push_back(line);
    }
  }

  std::mutex mutex;
  std::deque<std::pair<uint64_t, std::string>> replies;
  std::vector<uint64_t> retries;
  std::vector<std::string> changes;
  std::atomic<int> wakes{0};
};

class ExecutorTest : public ::testing::Test {
 protected:
  ExecutorTest()
      : keyspace_({.databases = 16, .clock = &clock_, .settings = &settings_}),
        table_(groups_),
        statistics_(table_.size()),
        executor_(services_, pause_, nullptr) {
    services_.keyspace = &keyspace_;
    services_.commands = &table_;
    services_.statistics = &statistics_;
    services_.executor = &executor_;
    keyspace_.SetObserver(&host_);
    keyspace_.AddRecorder();
    worker_ = NewWorker();
  }

  std::unique_ptr<Worker> NewWorker() { return std::make_unique<Worker>(services_, statistics_.AddWorker()); }
  std::unique_ptr<Session> NewSession() {
    auto session = std::make_unique<Session>();
    session->id = next_id_++;
    session->host = &host_;
    return session;
  }
  Outcome Run(Worker& worker, Session& session, std::vector<std::string_view> argv, std::string* text = nullptr) {
    resp::OutputBuffer out;
    resp::Reply reply(out);
    Request request{argv, nullptr, {}, false};
    executor_.Resolve(request);
    Outcome outcome = executor_.Execute(worker, session, request, reply);
    if (text) *text = out.ToString();
    return outcome;
  }
  std::string Do(Session& session, std::vector<std::string_view> argv) {
    std::string text;
    EXPECT_EQ(Run(*worker_, session, std::move(argv), &text), Outcome::kDone);
    return text;
  }

  std::vector<std::span<const CommandSpec>> groups_{kRows};
  base::FakeClock clock_;
  store::Settings settings_;
  store::Keyspace keyspace_;
  CommandTable table_;
  Statistics statistics_;
  PauseState pause_;
  Services services_;
  Executor executor_;
  Recorder host_;
  std::unique_ptr<Worker> worker_;
  uint64_t next_id_ = 1;
};

TEST_F(ExecutorTest, RefusesUnknownCommandsAndWrongArity) {
  auto session = NewSession();
  EXPECT_EQ(Do(*session, {"nope", "a"}).substr(0, 25), "-ERR unknown command 'nop");
  EXPECT_EQ(Do(*session, {"get"}), "-ERR wrong number of arguments for 'get' command\r\n");
}

TEST_F(ExecutorTest, RunsAndRecordsWrites) {
  auto session = NewSession();
  EXPECT_EQ(Do(*session, {"PUT", "k", "v"}), "+OK\r\n");
  EXPECT_EQ(Do(*session, {"get", "k"}), "$1\r\nv\r\n");
  EXPECT_EQ(host_.changes, std::vector<std::string>{"PUT k v"});
}

TEST_F(ExecutorTest, ParksOnABusyStripeAndIsWoken) {
  auto session = NewSession();
  store::Transaction other(keyspace_);
  size_t stripe = store::Key::Of("k").stripe();
  ASSERT_TRUE(other.TryLockOne(stripe));
  EXPECT_EQ(Run(*worker_, *session, {"get", "k"}), Outcome::kParked);
  EXPECT_EQ(host_.wakes.load(), 0);
  other.Unlock();
  EXPECT_EQ(host_.wakes.load(), 1);
  EXPECT_EQ(Do(*session, {"get", "k"}), "$-1\r\n");
}

TEST_F(ExecutorTest, ServesBlockedClientsInOrder) {
  auto first = NewSession();
  auto second = NewSession();
  auto writer = NewSession();
  EXPECT_EQ(Run(*worker_, *first, {"take", "a", "b", "0"}), Outcome::kBlocked);
  EXPECT_EQ(Run(*worker_, *second, {"take", "b", "0"}), Outcome::kBlocked);
  EXPECT_EQ(Do(*writer, {"put", "b", "1"}), "+OK\r\n");
  ASSERT_EQ(host_.replies.size(), 1u);
  EXPECT_EQ(host_.replies[0], (std::pair<uint64_t, std::string>{first->id, "$1\r\n1\r\n"}));
  EXPECT_EQ(Do(*writer, {"put", "b", "2"}), "+OK\r\n");
  ASSERT_EQ(host_.replies.size(), 2u);
  EXPECT_EQ(host_.replies[1].first, second->id);
  EXPECT_EQ(Do(*writer, {"get", "b"}), "$-1\r\n");
  EXPECT_EQ(host_.changes, (std::vector<std::string>{"put b 1", "DEL b", "put b 2", "DEL b"}));
}

TEST_F(ExecutorTest, AnEndedWaiterLeavesNoTrace) {
  auto session = NewSession();
  EXPECT_EQ(Run(*worker_, *session, {"take", "a", "b", "1"}), Outcome::kBlocked);
  ASSERT_TRUE(session->blocked->Cancel());
  resp::OutputBuffer out;
  resp::Reply reply(out);
  executor_.WriteCancelled(*session->blocked, reply, false);
  EXPECT_EQ(out.ToString(), "*-1\r\n");
  session->blocked->Finish();
  EXPECT_TRUE(executor_.ForgetBlocked(*worker_, *session->blocked));
  EXPECT_EQ(keyspace_.StripeOf(store::Key::Of("a")).waited_keys, 0u);
  EXPECT_EQ(keyspace_.StripeOf(store::Key::Of("b")).waited_keys, 0u);
}

TEST_F(ExecutorTest, AWaiterWithASecondKeyIsServedAfterTheUnlockAndFeedsTheNext) {
  auto mover = NewSession();
  auto taker = NewSession();
  auto writer = NewSession();
  EXPECT_EQ(Run(*worker_, *mover, {"shift", "src", "dst"}), Outcome::kBlocked);
  EXPECT_EQ(Run(*worker_, *taker, {"take", "dst", "0"}), Outcome::kBlocked);
  EXPECT_EQ(Do(*writer, {"put", "src", "x"}), "+OK\r\n");
  ASSERT_EQ(host_.replies.size(), 2u);
  EXPECT_EQ(host_.replies[0].first, mover->id);
  EXPECT_EQ(host_.replies[1].first, taker->id);
  EXPECT_EQ(Do(*writer, {"get", "dst"}), "$-1\r\n");
}

TEST_F(ExecutorTest, ADeferredWaiterWhoseStripeIsBusyIsRetriedByItsOwner) {
  auto mover = NewSession();
  auto writer = NewSession();
  EXPECT_EQ(Run(*worker_, *mover, {"shift", "src", "dst"}), Outcome::kBlocked);
  store::Transaction other(keyspace_);
  ASSERT_TRUE(other.TryLockOne(store::Key::Of("dst").stripe()));
  EXPECT_EQ(Do(*writer, {"put", "src", "x"}), "+OK\r\n");
  EXPECT_TRUE(host_.replies.empty());
  EXPECT_EQ(host_.retries, std::vector<uint64_t>{mover->id});
  other.Unlock();
  EXPECT_TRUE(executor_.RetryBlocked(*worker_, mover->blocked));
  ASSERT_EQ(host_.replies.size(), 1u);
  EXPECT_EQ(Do(*writer, {"get", "dst"}), "$1\r\nx\r\n");
}

TEST_F(ExecutorTest, MaxmemoryRefusesWhatMayGrowAndEvictsWhenThePolicyAllows) {
  auto session = NewSession();
  EXPECT_EQ(Do(*session, {"put", "k", "v"}), "+OK\r\n");
  settings_.maxmemory.set(1);
  EXPECT_EQ(Do(*session, {"put", "k", "w"}), "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
  EXPECT_EQ(Do(*session, {"get", "k"}), "$1\r\nv\r\n");
  settings_.maxmemory_policy.set(store::EvictionPolicy::kAllKeysLru);
  EXPECT_EQ(Do(*session, {"get", "k"}), "$-1\r\n");
  EXPECT_EQ(keyspace_.counters().evicted_keys.load(), 1u);
}

// Many threads move amounts between accounts, with declared keys and through the lane; nothing is lost, nobody hangs.
TEST_F(ExecutorTest, SumsSurviveManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 3000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      auto worker = NewWorker();
      Session session;
      session.id = static_cast<uint64_t>(1000 + t);
      session.host = &host_;
      base::Random random(static_cast<uint64_t>(t));
      for (int i = 0; i < kRounds; ++i) {
        std::string from = "account:" + std::to_string(random.Below(16));
        std::string to = "account:" + std::to_string(random.Below(16));
        std::string number = std::to_string(random.Below(16));
        std::vector<std::string_view> argv = {"transfer", from, to, "1"};
        if (t % 4 == 0) argv = {"wander", from, number};
        while (Run(*worker, session, argv) != Outcome::kDone) std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int64_t sum = 0;
  store::Transaction all(keyspace_);
  all.Begin(clock_.UnixMillis());
  all.EnterLaneBlocking();
  all.LockAllInLane();
  for (int i = 0; i < 16; ++i) {
    std::string name = "account:" + std::to_string(i);
    if (store::Entry* entry = all.Find(0, store::Key::Of(name), store::Access::kPeek)) sum += entry->integer();
  }
  EXPECT_EQ(sum, 0);
}

// Producers and blocked consumers on several threads: every value is handed to exactly one.
TEST_F(ExecutorTest, EachValueIsHandedOverOnce) {
  constexpr int kValues = 2000;
  auto producer_worker = NewWorker();
  std::atomic<int> produced{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t, &produced] {
      auto worker = NewWorker();
      Session session;
      session.id = static_cast<uint64_t>(100 + t);
      session.host = &host_;
      int waits = 0;
      while (produced.load(std::memory_order_acquire) < kValues && waits < kValues) {
        std::string text;
        std::string key = "q" + std::to_string(t % 2);
        Outcome outcome = Run(*worker, session, {"take", key, "q2", "0"}, &text);
        if (outcome == Outcome::kDone) {
          std::lock_guard hold(host_.mutex);
          host_.replies.emplace_back(session.id, text);
        } else if (outcome == Outcome::kBlocked) {
          ++waits;
          std::shared_ptr<BlockedCommand> blocked = session.blocked;
          while (!blocked->finished() && produced.load(std::memory_order_acquire) < kValues) std::this_thread::yield();
          if (!blocked->finished() && blocked->Cancel()) blocked->Finish();
          while (!blocked->finished()) std::this_thread::yield();
          while (!executor_.ForgetBlocked(*worker, *blocked)) std::this_thread::yield();
        }
      }
    });
  }
  auto session = NewSession();
  for (int i = 0; i < kValues; ++i) {
    std::string key = "q" + std::to_string(i % 3);
    std::string value = std::to_string(i) + "v";
    // A key still full would lose its old value: hand over first.
    std::string text = "x";
    for (;;) {
      Outcome outcome = Run(*producer_worker, *session, {"get", key}, &text);
      if (outcome == Outcome::kDone && text == "$-1\r\n") break;
      std::this_thread::yield();
    }
    while (Run(*producer_worker, *session, {"put", key, value}) != Outcome::kDone) std::this_thread::yield();
  }
  for (int k = 0; k < 3; ++k) {
    std::string text = "x";
    std::string key = "q" + std::to_string(k);
    int tries = 0;
    while (text != "$-1\r\n" && tries++ < 1'000'000) {
      if (Run(*producer_worker, *session, {"get", key}, &text) != Outcome::kDone) text = "x";
      std::this_thread::yield();
    }
  }
  produced.store(kValues, std::memory_order_release);
  for (std::thread& thread : threads) thread.join();
  std::vector<std::string> values;
  for (const auto& [id, text] : host_.replies) {
    if (text[0] == '$' && text != "$-1\r\n") values.push_back(text);
  }
  std::sort(values.begin(), values.end());
  EXPECT_EQ(std::unique(values.begin(), values.end()), values.end());
  EXPECT_EQ(values.size(), static_cast<size_t>(kValues));
}

}  // namespace
}  // namespace tusk::command
