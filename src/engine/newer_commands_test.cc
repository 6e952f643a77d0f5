// Commands and options that came after Redis 7.2: of Redis 8.2 to 8.10 and Valkey 9.
#include <fmt/format.h>

#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

class NewerCommands : public CommandFixture {};

constexpr char kSyntax[] = "-ERR syntax error\r\n";
constexpr char kWrongType[] = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

TEST_F(NewerCommands, SetUnderConditionsOfTheValue) {
  EXPECT_EQ(Run("SET k new IFEQ x"), "$-1\r\n");
  EXPECT_EQ(Run("SET k a IFNE x"), "+OK\r\n");
  EXPECT_EQ(log(), (Log{"E set k", "C SET k a"}));
  EXPECT_EQ(Run("SET k b IFEQ x"), "$-1\r\n");
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("SET k b IFEQ a EX 10"), "+OK\r\n");
  EXPECT_EQ(Run("SET k c IFNE b GET"), Bulk("b"));
  EXPECT_EQ(Run("SET k c IFEQ b GET KEEPTTL"), Bulk("b"));
  EXPECT_EQ(log(), (Log{"E set k", "C SET k c KEEPTTL"}));
  EXPECT_EQ(Run("TTL k"), ":10\r\n");
  EXPECT_EQ(Run("SET k c NX IFEQ b"), kSyntax);
  EXPECT_EQ(Run("SET k c IFEQ b XX"), kSyntax);
  EXPECT_EQ(Run("SET k c IFEQ"), kSyntax);
  Run("RPUSH l 1");
  EXPECT_EQ(Run("SET l c IFEQ b"), kWrongType);
  EXPECT_EQ(Run("SET l c IFNE b"), kWrongType);
}

TEST_F(NewerCommands, DigestsStandForValues) {
  Run({"SET", "k", "Hello world"});
  EXPECT_EQ(Run("DIGEST k"), Bulk("b6acb9d84a38ff74"));
  EXPECT_EQ(Run("DIGEST none"), "$-1\r\n");
  EXPECT_EQ(Run("SET k x IFDNE b6acb9d84a38ff74"), "$-1\r\n");
  EXPECT_EQ(Run("SET k x IFDEQ B6ACB9D84A38FF74"), "+OK\r\n");
  EXPECT_EQ(Run("SET k x IFDEQ 12"), "-ERR must be exactly 16 hexadecimal characters\r\n");
  Run("RPUSH l 1");
  EXPECT_EQ(Run("DIGEST l"), kWrongType);
}

TEST_F(NewerCommands, DeleteUnderConditions) {
  Run("SET k a");
  EXPECT_EQ(Run("DELEX k IFEQ b"), ":0\r\n");
  EXPECT_EQ(Run("DELEX k IFNE a"), ":0\r\n");
  EXPECT_EQ(Run("DELEX k IFEQ a"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E del k", "C DEL k"}));
  EXPECT_EQ(Run("DELEX k IFNE a"), ":0\r\n");
  Run("RPUSH l 1");
  EXPECT_EQ(Run("DELEX l IFEQ 1"), kWrongType);
  EXPECT_EQ(Run("DELEX l"), ":1\r\n");
  EXPECT_EQ(Run("DELEX l IFEQ"), "-ERR wrong number of arguments for 'delex' command\r\n");
  EXPECT_EQ(Run("DELEX l WHAT 1"), kSyntax);
  Run("SET k a");
  EXPECT_EQ(Run("DELIFEQ k b"), ":0\r\n");
  EXPECT_EQ(Run("DELIFEQ k a"), ":1\r\n");
  EXPECT_EQ(Run("DELIFEQ k a"), ":0\r\n");
}

TEST_F(NewerCommands, SeveralStringsWithOneExpiry) {
  EXPECT_EQ(Run("MSETEX 2 a 1 b 2 EX 10"), ":1\r\n");
  int64_t deadline = clock().UnixMillis() + 10'000;
  EXPECT_EQ(log(), (Log{"E set a", "E expire a", "E set b", "E expire b", fmt::format("C SET a 1 PXAT {}", deadline),
                        fmt::format("C SET b 2 PXAT {}", deadline)}));
  EXPECT_EQ(Run("MSETEX 2 b 3 c 3 NX"), ":0\r\n");
  EXPECT_EQ(Run("MSETEX 2 b 3 c 3 XX"), ":0\r\n");
  EXPECT_EQ(Run("MSETEX 1 b 3 XX KEEPTTL"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E set b", "C MSETEX 1 b 3 XX KEEPTTL"}));
  EXPECT_EQ(Run("TTL b"), ":10\r\n");
  EXPECT_EQ(Run("EXISTS c"), ":0\r\n");
  EXPECT_EQ(Run("MSETEX 0 b 3"), "-ERR invalid numkeys value\r\n");
  EXPECT_EQ(Run("MSETEX 2 b 3"), "-ERR wrong number of arguments for 'msetex' command\r\n");
  EXPECT_EQ(Run("MSETEX 1 b 3 NX XX"), kSyntax);
  EXPECT_EQ(Run("MSETEX 1 b 3 EX 0"), "-ERR invalid expire time in 'msetex' command\r\n");
  EXPECT_EQ(Run("COMMAND GETKEYS MSETEX 2 a 1 b 2 EX 5"), "*2\r\n" + Bulk("a") + Bulk("b"));
}

TEST_F(NewerCommands, CountersWithBoundsAndExpiry) {
  EXPECT_EQ(Run("INCREX c"), "*2\r\n:1\r\n:1\r\n");
  EXPECT_EQ(log(), (Log{"E incrby c", "C SET c 1 KEEPTTL"}));
  EXPECT_EQ(Run("INCREX c BYINT 98"), "*2\r\n:99\r\n:98\r\n");
  EXPECT_EQ(Run("INCREX c BYINT 5 UBOUND 100"), "*2\r\n:99\r\n:0\r\n");
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("INCREX c BYINT 5 UBOUND 100 SATURATE"), "*2\r\n:100\r\n:1\r\n");
  EXPECT_EQ(Run("INCREX c BYINT -500 LBOUND 7 SATURATE"), "*2\r\n:7\r\n:-93\r\n");
  EXPECT_EQ(Run("INCREX c EX 100 ENX"), "*2\r\n:8\r\n:1\r\n");
  EXPECT_EQ(Run("INCREX c EX 10 ENX"), "*2\r\n:9\r\n:1\r\n");
  EXPECT_EQ(Run("TTL c"), ":100\r\n");
  EXPECT_EQ(Run("INCREX c PERSIST"), "*2\r\n:10\r\n:1\r\n");
  EXPECT_EQ(Run("TTL c"), ":-1\r\n");
  EXPECT_EQ(Run("INCREX none UBOUND 0"), "*2\r\n:0\r\n:0\r\n");
  EXPECT_EQ(Run("EXISTS none"), ":0\r\n");
  Run("SET big 9223372036854775806");
  EXPECT_EQ(Run("INCREX big BYINT 5"), "*2\r\n:9223372036854775806\r\n:0\r\n");
  EXPECT_EQ(Run("INCREX big BYINT 5 SATURATE"), "*2\r\n:9223372036854775807\r\n:1\r\n");
  Run("SET f 1.5");
  EXPECT_EQ(Run("INCREX f BYFLOAT 0.25"), "*2\r\n" + Bulk("1.75") + Bulk("0.25"));
  EXPECT_EQ(Run("INCREX f BYFLOAT 9 UBOUND 2 SATURATE"), "*2\r\n" + Bulk("2") + Bulk("0.25"));
  Run("SET f 1.5");
  EXPECT_EQ(Run("INCREX f"), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Run("INCREX c ENX"), "-ERR ENX requires one of EX, PX, EXAT or PXAT\r\n");
  EXPECT_EQ(Run("INCREX c BYINT 1 BYFLOAT 1"), kSyntax);
  EXPECT_EQ(Run("INCREX c LBOUND 5 UBOUND 1"), "-ERR LBOUND can't be greater than UBOUND\r\n");
}

TEST_F(NewerCommands, CountUnionsAndDifferences) {
  Run("SADD a 1 2 3");
  Run("SADD b 3 4 5 x");
  EXPECT_EQ(Run("SUNIONCARD 3 a b none"), ":6\r\n");
  EXPECT_EQ(Run("SUNIONCARD 2 a b LIMIT 4"), ":4\r\n");
  EXPECT_EQ(Run("SUNIONCARD 2 a b APPROX"), ":6\r\n");
  EXPECT_EQ(Run("SUNIONCARD 1 a LIMIT 2"), ":2\r\n");
  EXPECT_EQ(Run("SUNIONCARD 1 none"), ":0\r\n");
  EXPECT_EQ(Run("SDIFFCARD 2 a b"), ":2\r\n");
  EXPECT_EQ(Run("SDIFFCARD 2 a b LIMIT 1"), ":1\r\n");
  EXPECT_EQ(Run("SDIFFCARD 2 none b"), ":0\r\n");
  EXPECT_EQ(Run("SINTERCARD 2 a b LIMIT 5"), ":1\r\n");
  EXPECT_EQ(Run("SDIFFCARD 2 a b APPROX"), kSyntax);
  EXPECT_EQ(Run("SUNIONCARD 0 a"), "-ERR numkeys should be greater than 0\r\n");
  Run("SET s x");
  EXPECT_EQ(Run("SUNIONCARD 2 a s"), kWrongType);
}

TEST_F(NewerCommands, AggregateCountsSources) {
  Run("ZADD a 10 one 20 two");
  Run("ZADD b 30 two 40 three");
  EXPECT_EQ(Run("ZUNION 2 a b AGGREGATE COUNT WITHSCORES"), "*6\r\n" + Bulk("one") + Bulk("1") + Bulk("three") +
                                                                Bulk("1") + Bulk("two") + Bulk("2"));
  EXPECT_EQ(Run("ZINTER 2 a b WEIGHTS 2 3 AGGREGATE COUNT WITHSCORES"), "*2\r\n" + Bulk("two") + Bulk("5"));
}

TEST_F(NewerCommands, BitOperationsThatTellTheFirstApart) {
  Run({"SET", "x", "\x0f\xff"});
  Run({"SET", "y", "\x03"});
  Run({"SET", "z", "\x31"});
  auto result = [&](std::string_view operation) {
    EXPECT_EQ(Run({"BITOP", operation, "d", "x", "y", "z"}), ":2\r\n");
    return Run("GET d");
  };
  EXPECT_EQ(result("DIFF"), Bulk("\x0c\xff"));
  EXPECT_EQ(result("DIFF1"), Bulk(std::string_view("\x30\x00", 2)));
  EXPECT_EQ(result("ANDOR"), Bulk(std::string_view("\x03\x00", 2)));
  EXPECT_EQ(result("ONE"), Bulk("\x3c\xff"));
  EXPECT_EQ(Run("BITOP ONE d x"), ":2\r\n");
  EXPECT_EQ(Run("BITOP diff d x"), "-ERR BITOP DIFF must be called with at least two source keys.\r\n");
}

TEST_F(NewerCommands, MoveSeveralElements) {
  Run("RPUSH l 1 2 3 4");
  EXPECT_EQ(Run("LMOVEM l m LEFT LEFT COUNT 2 OBO"), "*2\r\n" + Bulk("2") + Bulk("1"));
  EXPECT_EQ(log(), (Log{"E lpush m", "E lpop l", "C LMOVEM l m LEFT LEFT COUNT 2 OBO"}));
  EXPECT_EQ(Run("LRANGE m 0 -1"), "*2\r\n" + Bulk("2") + Bulk("1"));
  EXPECT_EQ(Run("LMOVEM l m LEFT LEFT EXACTLY 5 BULK"), "*-1\r\n");
  EXPECT_EQ(Run("LMOVEM l m RIGHT LEFT COUNT 9 BULK"), "*2\r\n" + Bulk("3") + Bulk("4"));
  EXPECT_EQ(Run("LRANGE m 0 -1"), "*4\r\n" + Bulk("3") + Bulk("4") + Bulk("2") + Bulk("1"));
  EXPECT_EQ(Run("EXISTS l"), ":0\r\n");
  EXPECT_EQ(Run("LMOVEM m m LEFT LEFT EXACTLY 2 OBO"), "*2\r\n" + Bulk("4") + Bulk("3"));
  EXPECT_EQ(Run("LRANGE m 0 1"), "*2\r\n" + Bulk("4") + Bulk("3"));
  EXPECT_EQ(Run("LMOVEM m n LEFT RIGHT"), "*1\r\n" + Bulk("4"));
  EXPECT_EQ(Run("LMOVEM none n LEFT RIGHT"), "*0\r\n");
  EXPECT_EQ(Run("LMOVEM m n LEFT RIGHT COUNT 2"), kSyntax);
  EXPECT_EQ(Run("LMOVEM m n LEFT RIGHT COUNT 0 OBO"), "-ERR value is out of range, must be positive\r\n");
  EXPECT_EQ(Run("BLMOVEM m n LEFT RIGHT 0 COUNT 2 BULK"), "*2\r\n" + Bulk("3") + Bulk("2"));
  EXPECT_EQ(log(), (Log{"E rpush n", "E lpop m", "C LMOVEM m n LEFT RIGHT COUNT 2 BULK"}));
  Run("MULTI");
  Run("BLMOVEM m n LEFT RIGHT 0 EXACTLY 3 OBO");
  EXPECT_EQ(Run("EXEC"), "*1\r\n*-1\r\n");
}

}  // namespace
}  // namespace tusk::engine
