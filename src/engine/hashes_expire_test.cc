#include <fmt/format.h>

#include "engine/command_fixture.h"
#include "store/expirer.h"

namespace tusk::engine {
namespace {

class HashExpiry : public CommandFixture {
 protected:
  // What the timers of all workers would do now.
  void RunTimers() {
    store::Transaction transaction(engine().keyspace());
    store::Expirer expirer(0, 1);
    for (int i = 0; i < 10; ++i) expirer.Run(transaction, clock().UnixMillis());
  }
  int64_t Now() { return clock().UnixMillis(); }
};

TEST_F(HashExpiry, SetsReadsAndClearsDeadlines) {
  Run("HSET h a 1 b 2 c 3");
  EXPECT_EQ(Run("HEXPIRE h 100 FIELDS 3 a b none"), "*3\r\n:1\r\n:1\r\n:-2\r\n");
  EXPECT_EQ(log(), (Log{"E hexpire h", fmt::format("C HPEXPIREAT h {} FIELDS 2 a b", Now() + 100'000)}));
  EXPECT_EQ(Run("HTTL h FIELDS 3 a c none"), "*3\r\n:100\r\n:-1\r\n:-2\r\n");
  EXPECT_EQ(Run("HPTTL h FIELDS 1 b"), "*1\r\n:100000\r\n");
  EXPECT_EQ(Run("HPEXPIRETIME h FIELDS 1 a"), fmt::format("*1\r\n:{}\r\n", Now() + 100'000));
  EXPECT_EQ(Run("HEXPIRETIME h FIELDS 1 a"), fmt::format("*1\r\n:{}\r\n", (Now() + 100'999) / 1000));
  EXPECT_EQ(Run("HTTL none FIELDS 1 a"), "*1\r\n:-2\r\n");
  EXPECT_EQ(Run("HPERSIST h FIELDS 3 a c none"), "*3\r\n:1\r\n:-1\r\n:-2\r\n");
  EXPECT_EQ(log(), (Log{"E hpersist h", "C HPERSIST h FIELDS 1 a"}));
  EXPECT_EQ(Run("HPERSIST h FIELDS 1 a"), "*1\r\n:-1\r\n");
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("OBJECT ENCODING h"), Bulk("listpackex"));
}

TEST_F(HashExpiry, ConditionsDecide) {
  Run("HSET h a 1 b 2");
  Run("HPEXPIRE h 5000 FIELDS 1 a");
  EXPECT_EQ(Run("HPEXPIRE h 9000 NX FIELDS 2 a b"), "*2\r\n:0\r\n:1\r\n");
  Run("HPERSIST h FIELDS 1 b");
  EXPECT_EQ(Run("HPEXPIRE h 9000 XX FIELDS 2 a b"), "*2\r\n:1\r\n:0\r\n");
  EXPECT_EQ(Run("HPEXPIRE h 9000 GT FIELDS 2 a b"), "*2\r\n:0\r\n:0\r\n");
  EXPECT_EQ(Run("HPEXPIRE h 8000 LT FIELDS 2 a b"), "*2\r\n:1\r\n:1\r\n");
  EXPECT_EQ(Run("HPEXPIRE h 8000 LT FIELDS 2 a b"), "*2\r\n:0\r\n:0\r\n");
  EXPECT_EQ(log(), Log{});
}

TEST_F(HashExpiry, DueFieldsAreGoneWhateverLooks) {
  for (std::string_view command : {"HGET h a", "HGETALL h", "HLEN h", "HSCAN h 0", "HEXISTS h a", "HSTRLEN h a"}) {
    Run("DEL h");
    Run("HSET h a 1 b 2");
    Run("HPEXPIRE h 10 FIELDS 1 a");
    clock().AdvanceMillis(10);
    Run(command);
    EXPECT_EQ(log(), (Log{"E hexpired h", "C HDEL h a"})) << command;
    EXPECT_EQ(Run("HLEN h"), ":1\r\n") << command;
    EXPECT_EQ(Run("HGET h a"), "$-1\r\n") << command;
  }
  Run("HPEXPIRE h 10 FIELDS 1 b");
  clock().AdvanceMillis(10);
  EXPECT_EQ(Run("EXISTS h"), ":0\r\n");
  EXPECT_EQ(log(), (Log{"E hexpired h", "E del h", "C HDEL h b"}));
}

TEST_F(HashExpiry, TimersDrainWhatIsDue) {
  for (int key = 0; key < 50; ++key) {
    Run(fmt::format("HSET h{} a 1 b 2 c 3", key));
    Run(fmt::format("HPEXPIRE h{} {} FIELDS 2 a b", key, 10 + key));
  }
  // These move or replace what the timers know.
  Run("RENAME h0 renamed");
  Run("COPY h1 copied");
  Run("HSET h2 a new");
  Run("DEL h3");
  Run("SET h4 text");
  Run("EXPIRE h5 1000");
  Run("HPERSIST h6 FIELDS 2 a b");
  Run("HPEXPIRE h7 100000 FIELDS 2 a b");
  clock().AdvanceMillis(100);
  RunTimers();
  EXPECT_TRUE(Run("INFO stats").find("expired_subkeys:93\r\n") != std::string::npos) << Run("INFO stats");
  EXPECT_EQ(Run("HKEYS renamed"), "*1\r\n" + Bulk("c"));
  EXPECT_EQ(Run("HKEYS copied"), "*1\r\n" + Bulk("c"));
  EXPECT_EQ(Run("HMGET h2 a b c"), "*3\r\n" + Bulk("new") + "$-1\r\n" + Bulk("3"));
  EXPECT_EQ(Run("HLEN h6"), ":3\r\n");
  EXPECT_EQ(Run("HLEN h7"), ":3\r\n");
  EXPECT_EQ(Run("HLEN h49"), ":1\r\n");
}

TEST_F(HashExpiry, DeadlinesThatPassedDelete) {
  Run("HSET h a 1 b 2");
  EXPECT_EQ(Run("HEXPIREAT h 1 FIELDS 1 a"), "*1\r\n:2\r\n");
  EXPECT_EQ(log(), (Log{"E hdel h", "C HDEL h a"}));
  EXPECT_EQ(Run("HEXPIRE h 0 FIELDS 1 b"), "*1\r\n:2\r\n");
  EXPECT_EQ(log(), (Log{"E hdel h", "E del h", "C HDEL h b"}));
  EXPECT_EQ(Run("EXISTS h"), ":0\r\n");
}

TEST_F(HashExpiry, WritesDropOrKeepDeadlines) {
  Run("HSET h a 1 b 2 c 3");
  Run("HPEXPIRE h 5000 FIELDS 3 a b c");
  Run("HSET h a 5");
  Run("HINCRBY h b 1");
  Run("HINCRBYFLOAT h c 0.5");
  EXPECT_EQ(log(), (Log{"E hincrbyfloat h", "C HSETEX h KEEPTTL FIELDS 1 c 3.5"}));
  EXPECT_EQ(Run("HPTTL h FIELDS 3 a b c"), "*3\r\n:-1\r\n:5000\r\n:5000\r\n");
}

TEST_F(HashExpiry, GetAndDelete) {
  Run("HSET h a 1 b 2");
  EXPECT_EQ(Run("HGETDEL h FIELDS 2 a none"), "*2\r\n" + Bulk("1") + "$-1\r\n");
  EXPECT_EQ(log(), (Log{"E hdel h", "C HDEL h a none"}));
  EXPECT_EQ(Run("HGETDEL h FIELDS 1 b"), "*1\r\n" + Bulk("2"));
  EXPECT_EQ(log(), (Log{"E hdel h", "E del h", "C HDEL h b"}));
  EXPECT_EQ(Run("HGETDEL h FIELDS 1 b"), "*1\r\n$-1\r\n");
}

TEST_F(HashExpiry, GetWithExpiry) {
  Run("HSET h a 1 b 2");
  EXPECT_EQ(Run("HGETEX h EX 10 FIELDS 2 a none"), "*2\r\n" + Bulk("1") + "$-1\r\n");
  EXPECT_EQ(log(), (Log{"E hexpire h", fmt::format("C HPEXPIREAT h {} FIELDS 1 a", Now() + 10'000)}));
  EXPECT_EQ(Run("HGETEX h FIELDS 1 b"), "*1\r\n" + Bulk("2"));
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("HGETEX h PERSIST FIELDS 2 a b"), "*2\r\n" + Bulk("1") + Bulk("2"));
  EXPECT_EQ(log(), (Log{"E hpersist h", "C HPERSIST h FIELDS 1 a"}));
  EXPECT_EQ(Run("HGETEX h PX 0 FIELDS 2 a b"), "*2\r\n" + Bulk("1") + Bulk("2"));
  EXPECT_EQ(Run("EXISTS h"), ":0\r\n");
}

TEST_F(HashExpiry, SetWithExpiry) {
  EXPECT_EQ(Run("HSETEX h EX 10 FIELDS 2 a 1 b 2"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E hset h", "E hexpire h", fmt::format("C HSETEX h PXAT {} FIELDS 2 a 1 b 2", Now() + 10'000)}));
  EXPECT_EQ(Run("HSETEX h FNX FIELDS 2 b 1 c 2"), ":0\r\n");
  EXPECT_EQ(Run("HSETEX h FXX FIELDS 2 b 1 c 2"), ":0\r\n");
  EXPECT_EQ(Run("HSETEX h FXX KEEPTTL FIELDS 1 a 7"), ":1\r\n");
  EXPECT_EQ(Run("HSETEX h FIELDS 1 b 8"), ":1\r\n");
  EXPECT_EQ(Run("HTTL h FIELDS 2 a b"), "*2\r\n:10\r\n:-1\r\n");
  EXPECT_EQ(Run("HSETEX h EX 0 FIELDS 1 b 8"), ":1\r\n");
  EXPECT_EQ(Run("HGETALL h"), "*2\r\n" + Bulk("a") + Bulk("7"));
}

TEST_F(HashExpiry, WrongArgumentsAreRefused) {
  Run("HSET h a 1");
  Run("SET text x");
  constexpr char kNoFields[] = "-ERR Mandatory argument FIELDS is missing or not at the right position\r\n";
  constexpr char kMismatch[] = "-ERR The `numfields` parameter must match the number of arguments\r\n";
  EXPECT_EQ(Run("HEXPIRE h 10 WHAT 1 a"), kNoFields);
  EXPECT_EQ(Run("HEXPIRE h 10 FIELDS 2 a"), kMismatch);
  EXPECT_EQ(Run("HEXPIRE h 10 FIELDS 0 a"), "-ERR Parameter `numFields` should be greater than 0\r\n");
  EXPECT_EQ(Run("HEXPIRE h -1 FIELDS 1 a"), "-ERR invalid expire time, must be >= 0\r\n");
  EXPECT_EQ(Run("HEXPIRE h 9000000000000000 FIELDS 1 a"), "-ERR invalid expire time in 'hexpire' command\r\n");
  EXPECT_EQ(Run("HEXPIRE h x FIELDS 1 a"), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Run("HTTL h FIELDS 0 a"), "-ERR Number of fields must be a positive integer\r\n");
  EXPECT_EQ(Run("HTTL text FIELDS 1 a"), "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
  EXPECT_EQ(Run("HGETEX h EX 1 PX 1 FIELDS 1 a"),
            "-ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified\r\n");
  EXPECT_EQ(Run("HGETEX h PERSIST 1 FIELDS 1 a"), kNoFields);
  EXPECT_EQ(Run("HSETEX h FXX FNX FIELDS 1 a 1"), "-ERR Only one of FXX or FNX arguments can be specified\r\n");
  EXPECT_EQ(Run("HSETEX h EX 10"), "-ERR wrong number of arguments for 'hsetex' command\r\n");
  EXPECT_EQ(Run("HSETEX h FIELDS 2 a 1 b"), kMismatch);
}

TEST_F(HashExpiry, InfoCountsTheHashesThatHaveFieldsWithDeadlines) {
  Run("MSET k 1 l 2");
  EXPECT_EQ(Run("INFO keyspace").find("subexpiry"), std::string::npos);
  Run("HSET h a 1 b 2");
  Run("HEXPIRE h 10 FIELDS 2 a b");
  Run("HSETEX i EX 10 FIELDS 1 a 1");
  EXPECT_NE(Run("INFO keyspace").find("db0:keys=4,expires=0,avg_ttl=0,subexpiry=2"), std::string::npos);
  Run("HPERSIST h FIELDS 2 a b");
  EXPECT_NE(Run("INFO keyspace").find("subexpiry=1"), std::string::npos);
}

TEST_F(HashExpiry, TheDigestTellsAFieldWithADeadlineFromOneWithout) {
  engine().settings().enable_debug_command.set(true);
  Run("HSET h a 1 b 2");
  const std::string plain = Run("DEBUG DIGEST");
  Run("HEXPIRE h 10 FIELDS 1 a");
  const std::string one = Run("DEBUG DIGEST");
  EXPECT_NE(one, plain);
  Run("HEXPIRE h 20 FIELDS 1 a");
  EXPECT_EQ(Run("DEBUG DIGEST"), one);
  Run("HPERSIST h FIELDS 1 a");
  EXPECT_EQ(Run("DEBUG DIGEST"), plain);
}

TEST_F(HashExpiry, DebugListPackKnowsPackedValuesOnly) {
  engine().settings().enable_debug_command.set(true);
  Run("HSET h a 1");
  Run("SET text x");
  EXPECT_EQ(Run("DEBUG LISTPACK h"), "+Listpack structure printed on stdout\r\n");
  EXPECT_EQ(Run("DEBUG LISTPACK text"), "-ERR Not a listpack encoded object.\r\n");
  EXPECT_EQ(Run("DEBUG LISTPACK none"), "-ERR no such key\r\n");
}

TEST_F(HashExpiry, InsideATransactionTimeStandsStill) {
  Run("HSET h a 1");
  Run("MULTI");
  Run("HPEXPIRE h 5 FIELDS 1 a");
  Run("HGET h a");
  EXPECT_EQ(Run("EXEC"), "*2\r\n*1\r\n:1\r\n" + Bulk("1"));
}

// While writes rest, and on a replica, a due field is gone for who reads and there for the data.
TEST_F(HashExpiry, WhoMayChangeNothingSeesNoDueFieldAndTakesNone) {
  Run("HSET h a 1 b 2");
  Run("HPEXPIRE h 10 FIELDS 1 a");
  clock().AdvanceMillis(10);
  engine().pause().writes_only.store(true);
  engine().pause().until_ms.store(clock().MonotonicMillis() + 1000);
  EXPECT_EQ(Run("HGETALL h"), "*2\r\n" + Bulk("b") + Bulk("2"));
  EXPECT_EQ(Run("HLEN h"), ":1\r\n");
  EXPECT_EQ(log(), Log{});
  engine().pause().until_ms.store(0);
  engine().settings().read_only_replica.set(true);
  EXPECT_EQ(Run("HGET h a"), "$-1\r\n");
  EXPECT_EQ(Run("HGET h b"), Bulk("2"));
  EXPECT_EQ(log(), Log{});
  engine().settings().read_only_replica.set(false);
  EXPECT_EQ(Run("HLEN h"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E hexpired h", "C HDEL h a"}));
}

TEST_F(HashExpiry, AHashOfDueFieldsOnlyIsNoKeyForWhoMayChangeNothing) {
  Run("HSET h a 1");
  Run("HPEXPIRE h 10 FIELDS 1 a");
  clock().AdvanceMillis(10);
  engine().settings().read_only_replica.set(true);
  EXPECT_EQ(Run("EXISTS h"), ":0\r\n");
  EXPECT_EQ(Run("HGETALL h"), "*0\r\n");
  EXPECT_EQ(log(), Log{});
}

}  // namespace
}  // namespace tusk::engine
