// The server end to end: real sockets, real threads, one unix socket per test.
#include "server/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "io/sockets.h"
#include "resp/reply_parser.h"

namespace tusk::server {
namespace {

constexpr int kPatienceMs = 20'000;

class Client {
 public:
  // A server that is gone is a closed connection.
  explicit Client(const std::string& path) {
    auto fd = io::ConnectUnix(path);
    if (fd) fd_ = *std::move(fd);
  }

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) {
        pollfd wait{fd_.get(), POLLOUT, 0};
        if (errno != EAGAIN || poll(&wait, 1, kPatienceMs) <= 0) return;
        continue;
      }
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // The next reply as text; "(closed)" or "(silence)" without one.
  std::string Receive(int patience_ms = kPatienceMs) {
    while (true) {
      if (!fd_.valid()) return "(closed)";
      auto value = parser_.Next();
      if (!value) return "! " + value.error().message();
      if (value->has_value()) return (*value)->ToString();
      pollfd wait{fd_.get(), POLLIN, 0};
      if (poll(&wait, 1, patience_ms) <= 0) return "(silence)";
      char bytes[65536];
      ssize_t count = read(fd_.get(), bytes, sizeof(bytes));
      if (count <= 0) return "(closed)";
      parser_.Feed({bytes, static_cast<size_t>(count)});
    }
  }
  std::string Ask(const std::string& line) {
    Send(line + "\r\n");
    return Receive();
  }
  void Close() { fd_.Reset(); }

 private:
  base::UniqueFd fd_;
  resp::ReplyParser parser_;
};

class ServerTest : public testing::Test {
 protected:
  void StartServer(size_t threads) {
    Server::Options options;
    options.port = 0;
    options.unix_socket = path_;
    options.threads = threads;
    server_.emplace(engine_, log_, options);
    base::Status status = server_->Start();
    ASSERT_TRUE(status.ok()) << status.message();
    waiter_ = std::thread([this] { server_->Wait(); });
  }
  void TearDown() override {
    if (!server_) return;
    server_->RequestStop();
    waiter_.join();
  }
  Client NewClient() { return Client(path_); }
  // Spins until the condition holds; an explicit event would need a hook in the product.
  template <typename Condition>
  bool Eventually(Condition condition) {
    for (int i = 0; i < kPatienceMs; ++i) {
      if (condition()) return true;
      poll(nullptr, 0, 1);
    }
    return false;
  }

  std::string path_ = testing::TempDir() + "tusk_server_test_" + std::to_string(getpid());
  base::Logger log_{"/dev/null"};
  engine::Engine engine_{{}};
  std::optional<Server> server_;
  std::thread waiter_;
};

TEST_F(ServerTest, AnswersAPipelineInOrder) {
  StartServer(2);
  Client client = NewClient();
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += "SET k" + std::to_string(i) + " " + std::to_string(i) + "\r\n";
  for (int i = 0; i < 500; ++i) requests += "GET k" + std::to_string(i) + "\r\n";
  client.Send(requests);
  for (int i = 0; i < 500; ++i) ASSERT_EQ("OK", client.Receive());
  for (int i = 0; i < 500; ++i) ASSERT_EQ("\"" + std::to_string(i) + "\"", client.Receive());
}

TEST_F(ServerTest, LargeValuesGoInAndOut) {
  StartServer(1);
  Client client = NewClient();
  std::string value(3'000'000, 'v');
  client.Send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3000000\r\n" + value + "\r\n");
  ASSERT_EQ("OK", client.Receive());
  client.Send("GET k\r\nGET k\r\nGET k\r\n");
  for (int i = 0; i < 3; ++i) ASSERT_EQ(value.size() + 2, client.Receive().size());
}

TEST_F(ServerTest, ABrokenRequestIsAnsweredAfterThoseBeforeItAndCloses) {
  StartServer(1);
  Client client = NewClient();
  client.Send("SET k 1\r\n*1\r\n$x\r\nGET k\r\n");
  EXPECT_EQ("OK", client.Receive());
  EXPECT_EQ("(error) ERR Protocol error: invalid bulk length", client.Receive());
  EXPECT_EQ("(closed)", client.Receive());
}

TEST_F(ServerTest, ABrowserIsNotServed) {
  StartServer(1);
  Client client = NewClient();
  client.Send("POST / HTTP/1.1\r\nHost: x\r\n\r\nSET k 1\r\n");
  EXPECT_EQ("(closed)", client.Receive());
  EXPECT_EQ("(nil)", NewClient().Ask("GET k"));
}

TEST_F(ServerTest, ABlockedClientIsServedFromAnotherLoop) {
  StartServer(2);
  Client waiting = NewClient();
  Client pushing = NewClient();
  waiting.Send("BLPOP q r 0\r\nGET x\r\n");
  ASSERT_TRUE(Eventually([&] { return server_->clients().BlockedCount() == 1; }));
  EXPECT_EQ("1", pushing.Ask("RPUSH r value"));
  EXPECT_EQ("[\"r\", \"value\"]", waiting.Receive());
  EXPECT_EQ("(nil)", waiting.Receive());
  EXPECT_EQ(0u, server_->clients().BlockedCount());
}

TEST_F(ServerTest, ABlockedClientTimesOut) {
  StartServer(1);
  Client client = NewClient();
  EXPECT_EQ("(nil)", client.Ask("BLPOP q 0.02"));
  EXPECT_EQ("1", client.Ask("RPUSH q value"));
}

TEST_F(ServerTest, ABlockedClientTriesAgainWhenSomethingTurnsIdle) {
  StartServer(2);
  Client waiting = NewClient();
  Client holder = NewClient();
  holder.Ask("XGROUP CREATE s g 0 MKSTREAM");
  waiting.Send("XREADGROUP GROUP g claimer BLOCK 0 CLAIM 30 STREAMS s >\r\n");
  ASSERT_TRUE(Eventually([&] { return server_->clients().BlockedCount() == 1; }));
  // Delivered to another one in the same breath, so that nothing is ever new for who waits; nobody touches it afterwards.
  holder.Send("MULTI\r\nXADD s 1 f v\r\nXREADGROUP GROUP g holder STREAMS s >\r\nEXEC\r\n");
  EXPECT_EQ(0u, waiting.Receive().find("[[\"s\", [[\"1-0\", [\"f\", \"v\"], "));
  EXPECT_EQ("(nil)", waiting.Ask("XREADGROUP GROUP g claimer BLOCK 40 CLAIM 100000 STREAMS s >"));
}

TEST_F(ServerTest, ABlockedClientThatLeavesTakesNothing) {
  StartServer(2);
  Client waiting = NewClient();
  Client pushing = NewClient();
  waiting.Send("BLPOP q 0\r\n");
  ASSERT_TRUE(Eventually([&] { return server_->clients().BlockedCount() == 1; }));
  waiting.Close();
  ASSERT_TRUE(Eventually([&] { return server_->clients().BlockedCount() == 0; }));
  EXPECT_EQ("1", pushing.Ask("RPUSH q value"));
  EXPECT_EQ("1", pushing.Ask("LLEN q"));
}

TEST_F(ServerTest, OthersCanEndABlockedCommand) {
  StartServer(2);
  Client client = NewClient();
  client.Send("BLPOP q 0\r\nBLPOP q 0\r\n");
  auto unblock = [&](bool with_error) {
    return Eventually([&] {
      auto list = server_->clients().List();
      return list.size() == 1 && list[0].blocked && server_->clients().Unblock(list[0].id, with_error);
    });
  };
  ASSERT_TRUE(unblock(true));
  EXPECT_EQ("(error) UNBLOCKED client unblocked via CLIENT UNBLOCK", client.Receive());
  ASSERT_TRUE(unblock(false));
  EXPECT_EQ("(nil)", client.Receive());
  // Both count as calls, the first as a failed one.
  EXPECT_NE(client.Ask("INFO commandstats").find("cmdstat_blpop:calls=2,"), std::string::npos);
  EXPECT_NE(client.Ask("INFO errorstats").find("errorstat_UNBLOCKED:count=1"), std::string::npos);
}

TEST_F(ServerTest, AKilledClientIsClosedAndNoLongerListed) {
  StartServer(2);
  Client client = NewClient();
  EXPECT_EQ("OK", client.Ask("SET k 1"));
  auto list = server_->clients().List();
  ASSERT_EQ(1u, list.size());
  EXPECT_EQ("set", list[0].last_command);
  EXPECT_TRUE(server_->clients().Kill(list[0].id, 0));
  EXPECT_TRUE(server_->clients().List().empty());
  EXPECT_EQ("(closed)", client.Receive());
  EXPECT_FALSE(server_->clients().Kill(list[0].id, 0));
}

TEST_F(ServerTest, APauseHoldsWritesBackUntilItEnds) {
  StartServer(2);
  Client client = NewClient();
  EXPECT_EQ("OK", client.Ask("SET k 1"));
  server_->clients().Pause(engine_.clock().MonotonicMillis() + 3'600'000, true);
  EXPECT_EQ("\"1\"", client.Ask("GET k"));
  client.Send("SET k 2\r\nGET k\r\n");
  EXPECT_EQ("(silence)", client.Receive(30));
  EXPECT_EQ(1u, server_->clients().BlockedCount());
  server_->clients().Unpause();
  EXPECT_EQ("OK", client.Receive());
  EXPECT_EQ("\"2\"", client.Receive());
}

TEST_F(ServerTest, MoreThanMaxclientsAreRefused) {
  engine_.network().maxclients.set(2);
  StartServer(2);
  Client one = NewClient();
  Client two = NewClient();
  EXPECT_EQ("OK", one.Ask("SET k 1"));
  EXPECT_EQ("OK", two.Ask("SET k 1"));
  Client three = NewClient();
  EXPECT_EQ("(error) ERR max number of clients reached", three.Receive());
  EXPECT_EQ("(closed)", three.Receive());
  one.Close();
  ASSERT_TRUE(Eventually([&] { return NewClient().Ask("GET k") == "\"1\""; }));
}

TEST_F(ServerTest, AReaderThatIsTooSlowIsClosed) {
  engine_.network().normal_output.hard_bytes.set(1'000'000);
  StartServer(1);
  Client client = NewClient();
  client.Send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000\r\n" + std::string(500'000, 'v') + "\r\n");
  EXPECT_EQ("OK", client.Receive());
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += "GET k\r\n";
  client.Send(requests);
  EXPECT_TRUE(Eventually([&] { return server_->clients().ConnectedCount() == 0; }));
}

TEST_F(ServerTest, AReplyBeyondTheLimitIsNotSentAtAll) {
  engine_.network().normal_output.hard_bytes.set(100'000);
  StartServer(1);
  Client client = NewClient();
  for (int i = 0; i < 20; ++i) {
    client.Send("*3\r\n$5\r\nRPUSH\r\n$1\r\nk\r\n$8000\r\n" + std::string(8000, 'v') + "\r\n");
    EXPECT_EQ(std::to_string(i + 1), client.Receive());
  }
  EXPECT_EQ("(closed)", client.Ask("LRANGE k 0 -1"));
}

TEST_F(ServerTest, ARequestLargerThanTheQueryBufferLimitCloses) {
  engine_.network().query_buffer_limit.set(100'000);
  StartServer(1);
  Client client = NewClient();
  client.Send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000\r\n" + std::string(500'000, 'v') + "\r\n");
  EXPECT_EQ("(closed)", client.Receive());
}

// One loop, one thread: a command that sleeps must not keep others on the same loop waiting, and the rest of its own
// connection's pipeline comes after it.
TEST_F(ServerTest, ASlowCommandLosesItsLoopAndReturnsToItsConnection) {
  engine_.settings().enable_debug_command.set(true);
  StartServer(1);
  Client slow = NewClient();
  Client fast = NewClient();
  EXPECT_EQ("OK", fast.Ask("SET k 1"));
  for (int round = 0; round < 3; ++round) {
    slow.Send("DEBUG SLEEP 0.3\r\nGET k\r\nGET k\r\n");
    for (int i = 0; i < 20; ++i) EXPECT_EQ("\"1\"", fast.Ask("GET k"));
    EXPECT_EQ("(silence)", slow.Receive(0));
    EXPECT_EQ("OK", slow.Receive());
    EXPECT_EQ("\"1\"", slow.Receive());
    EXPECT_EQ("\"1\"", slow.Receive());
  }
  EXPECT_GE(engine_.statistics().Sum([](const auto& worker) { return worker.detached.get(); }), 3u);
}

TEST_F(ServerTest, AClientMayLeaveOrBeKilledWhileItsSlowCommandRuns) {
  engine_.settings().enable_debug_command.set(true);
  StartServer(1);
  Client leaving = NewClient();
  Client killed = NewClient();
  leaving.Send("DEBUG SLEEP 0.2\r\nSET left 1\r\n");
  killed.Send("DEBUG SLEEP 1\r\nSET killed 1\r\n");
  Client fast = NewClient();
  EXPECT_EQ("OK", fast.Ask("SET k 1"));
  leaving.Close();
  // The second one, before its first command has ended.
  ASSERT_TRUE(Eventually([&] {
    for (const auto& info : server_->clients().List()) {
      if (info.id == 2 && info.last_command == "debug") return server_->clients().Kill(info.id, 0);
    }
    return false;
  }));
  EXPECT_EQ("(closed)", [&] {
    std::string last = killed.Receive();
    return last == "OK" ? killed.Receive() : last;
  }());
  EXPECT_TRUE(Eventually([&] { return server_->clients().ConnectedCount() == 1; }));
  EXPECT_EQ("(nil)", fast.Ask("GET killed"));
}

TEST_F(ServerTest, StopsUnderLoadAgainAndAgain) {
  engine_.settings().enable_debug_command.set(true);
  for (int round = 0; round < 10; ++round) {
    StartServer(2);
    std::atomic<bool> done{false};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        Client client = NewClient();
        const char* request = t == 0 ? "DEBUG SLEEP 0.005" : t == 1 ? "BLPOP q 0.01" : "INCR counter";
        while (client.Ask(request) != "(closed)") {
        }
        done.store(true);
      });
    }
    poll(nullptr, 0, 20);
    server_->RequestStop();
    waiter_.join();
    for (std::thread& thread : threads) thread.join();
    server_.reset();
  }
}

TEST_F(ServerTest, ClientFiltersPickConnections) {
  StartServer(2);
  Client first = NewClient();
  Client second = NewClient();
  first.Ask("CLIENT SETNAME first");
  first.Ask("SELECT 3");
  second.Ask("CLIENT SETNAME second");
  EXPECT_EQ(second.Ask("CLIENT LIST NAME first").find("name=second"), std::string::npos);
  EXPECT_NE(second.Ask("CLIENT LIST NOT-NAME first").find("name=second"), std::string::npos);
  EXPECT_NE(second.Ask("CLIENT LIST DB 3 FLAGS U").find("name=first"), std::string::npos);
  EXPECT_EQ(second.Ask("CLIENT LIST FLAGS ?"), "(error) ERR Unknown flags found in the provided filter: ?");
  EXPECT_EQ(second.Ask("CLIENT KILL MAXAGE 1000"), "0");
  EXPECT_EQ(second.Ask("CLIENT KILL MAXAGE 0"), "(error) ERR maxage should be greater than 0");
  EXPECT_EQ(second.Ask("CLIENT KILL NOT-DB 3"), "0");  // Spares the caller.
  EXPECT_EQ(second.Ask("CLIENT KILL DB 3 NAME first"), "1");
  EXPECT_EQ(first.Receive(), "(closed)");
}

// The largest goes until the rest fit; who said NO-EVICT neither goes nor counts.
TEST_F(ServerTest, ConnectionsThatTakeTooMuchMemoryAreClosed) {
  StartServer(2);
  Client control = NewClient();
  Client large = NewClient();
  Client protected_one = NewClient();
  control.Ask("CONFIG SET maxmemory-clients 2mb");
  protected_one.Ask("CLIENT NO-EVICT on");
  protected_one.Send("*1\r\n$4000000\r\n" + std::string(3'000'000, 'x'));
  EXPECT_EQ(large.Ask("PING"), "PONG");
  large.Send("*1\r\n$4000000\r\n" + std::string(3'000'000, 'x'));
  EXPECT_EQ(large.Receive(), "(closed)");
  EXPECT_NE(control.Ask("INFO stats").find("evicted_clients:1"), std::string::npos);
  protected_one.Send(std::string(1'000'000, 'x') + "\r\n");
  EXPECT_NE(protected_one.Receive(), "(closed)");
}

// A replica that does not read: keys must not go to make room for what tells it of them.
TEST_F(ServerTest, WhatWaitsForAReplicaEvictsNoKeys) {
  signal(SIGPIPE, SIG_IGN);  // As the server's main() does: the replica leaves with much unsent.
  engine_.EnableFiles();
  StartServer(2);
  Client client = NewClient();
  for (int i = 0; i < 100; ++i) ASSERT_EQ("OK", client.Ask("SET k" + std::to_string(i) + " v"));
  Client replica = NewClient();
  replica.Send("SYNC\r\n");
  ASSERT_TRUE(Eventually([&] { return client.Ask("INFO replication").find("state=online") != std::string::npos; }));
  auto overwrite = [&] {
    client.Send("*4\r\n$8\r\nSETRANGE\r\n$2\r\nk0\r\n$1\r\n0\r\n$100000\r\n" + std::string(100'000, 'v') + "\r\n");
    std::string reply = client.Receive();
    engine_.feed().OffsetOf(engine_.keyspace().last_commit());  // It has passed the change log, whose queue counts.
    return reply;
  };
  ASSERT_EQ("100000", overwrite());
  const uint64_t limit = base::UsedMemory() + (4u << 20);
  ASSERT_EQ("OK", client.Ask("CONFIG SET maxmemory-policy allkeys-random maxmemory " + std::to_string(limit)));
  for (int i = 0; i < 200; ++i) ASSERT_EQ("100000", overwrite());
  EXPECT_EQ("100", client.Ask("DBSIZE"));
  EXPECT_GT(engine_.keyspace().passing().bytes(), 10u << 20);
  replica.Close();
  EXPECT_TRUE(Eventually([&] { return engine_.keyspace().passing().bytes() < (1u << 20); })) << "but for the change log's queues";
}

TEST_F(ServerTest, AReaderOfAGroupHearsThatItsStreamWasEvicted) {
  StartServer(2);
  Client client = NewClient();
  Client reader = NewClient();
  ASSERT_EQ("OK", client.Ask("XGROUP CREATE s g $ MKSTREAM"));
  reader.Send("XREADGROUP GROUP g c BLOCK 0 STREAMS s >\r\n");
  ASSERT_TRUE(Eventually([&] { return client.Ask("INFO clients").find("blocked_clients:1") != std::string::npos; }));
  ASSERT_EQ("OK", client.Ask("CONFIG SET maxmemory-policy allkeys-random maxmemory 1"));
  client.Ask("GET other");
  EXPECT_EQ(reader.Receive().substr(0, 16), "(error) NOGROUP ");
}

TEST_F(ServerTest, InvalidationsFollowTheReplyOfWhoCausedThem) {
  StartServer(2);
  Client reader = NewClient();
  Client writer = NewClient();
  reader.Ask("HELLO 3");
  EXPECT_EQ(reader.Ask("CLIENT TRACKING ON"), "OK");
  reader.Ask("GET k");
  EXPECT_EQ(reader.Ask("SET k 1"), "OK");
  const std::string own = reader.Receive();
  EXPECT_NE(own.find("invalidate"), std::string::npos) << own;
  reader.Ask("GET k");
  writer.Ask("SET k 2");
  const std::string foreign = reader.Receive();
  EXPECT_NE(foreign.find("invalidate"), std::string::npos) << foreign;
}

TEST_F(ServerTest, NothingExpiresByReadingWhileWritesArePaused) {
  StartServer(1);
  Client client = NewClient();
  client.Send("MULTI\r\nSET k v PX 1\r\nCLIENT PAUSE 60000 WRITE\r\nEXEC\r\n");
  for (int i = 0; i < 4; ++i) client.Receive();
  EXPECT_TRUE(Eventually([&] { return client.Ask("GET k") == "(nil)"; }));
  EXPECT_NE(client.Ask("INFO stats").find("expired_keys:0"), std::string::npos);
  client.Ask("CLIENT UNPAUSE");
  EXPECT_EQ(client.Ask("GET k"), "(nil)");
  EXPECT_NE(client.Ask("INFO stats").find("expired_keys:1"), std::string::npos);
}

}  // namespace
}  // namespace tusk::server
