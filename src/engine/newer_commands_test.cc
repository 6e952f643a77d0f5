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

TEST_F(NewerCommands, ManyHashesOfOneFieldset) {
  EXPECT_EQ(Run("HIMPORT PREPARE u name age"), "+OK\r\n");
  EXPECT_EQ(Run("HIMPORT SET a u bob 30"), "+OK\r\n");
  EXPECT_EQ(log(), (Log{"E hset a", "C HSET a name bob age 30"}));
  EXPECT_EQ(Run("HGETALL a"), "*4\r\n" + Bulk("name") + Bulk("bob") + Bulk("age") + Bulk("30"));
  EXPECT_EQ(Run("HIMPORT SET a u bob"), "-ERR value count does not match the number of fields in the fieldset\r\n");
  EXPECT_EQ(Run("HIMPORT SET a none x"), "-ERR no such fieldset\r\n");
  EXPECT_EQ(Run("HIMPORT PREPARE v x y x"), "-ERR duplicate field name in fieldset\r\n");
  EXPECT_EQ(Run("HIMPORT SET a v 1 2 3"), "-ERR no such fieldset\r\n");
  Run("SET s 1");
  EXPECT_EQ(Run("HIMPORT SET s u x 1"), kWrongType);
}

// A hash that was there goes whole, deadline included.
TEST_F(NewerCommands, AnImportedHashReplacesWhatWasThere) {
  Run("HIMPORT PREPARE u f");
  Run("HSET a old 1");
  Run("EXPIRE a 100");
  EXPECT_EQ(Run("HIMPORT SET a u 2"), "+OK\r\n");
  EXPECT_EQ(log(), (Log{"E hset a", "C DEL a", "C HSET a f 2"}));
  EXPECT_EQ(Run("HGETALL a"), "*2\r\n" + Bulk("f") + Bulk("2"));
  EXPECT_EQ(Run("TTL a"), ":-1\r\n");
}

TEST_F(NewerCommands, FieldsetsAreTheConnectionsOwn) {
  Run("HIMPORT PREPARE u a b");
  Run("HIMPORT PREPARE v a");
  EXPECT_GT(session().fieldset_bytes, 0u);
  EXPECT_EQ(Run("HIMPORT DISCARD u"), ":1\r\n");
  EXPECT_EQ(Run("HIMPORT DISCARD u"), ":0\r\n");
  EXPECT_EQ(Run("HIMPORT PREPARE v c"), "+OK\r\n");
  EXPECT_EQ(Run("HIMPORT DISCARDALL"), ":1\r\n");
  EXPECT_EQ(session().fieldset_bytes, 0u);
  Run("HIMPORT PREPARE u a");
  Run("RESET");
  EXPECT_EQ(Run("HIMPORT SET k u 1"), "-ERR no such fieldset\r\n");
}

TEST_F(NewerCommands, ReadsOfStreamsHaveBoundsOverAll) {
  auto entry = [](std::string_view id) { return "*2\r\n" + Bulk(id) + "*2\r\n" + Bulk("f") + Bulk("v"); };
  for (std::string_view key : {"s", "t"}) {
    for (std::string_view id : {"1-0", "2-0"}) Run({"XADD", key, id, "f", "v"});
    Run({"XGROUP", "CREATE", key, "g", "0"});
  }
  const std::string s = "*2\r\n" + Bulk("s") + "*2\r\n" + entry("1-0") + entry("2-0");
  EXPECT_EQ(Run("XREAD MAXCOUNT 2 STREAMS s t 0 0"), "*1\r\n" + s);
  EXPECT_EQ(Run("XREAD MAXCOUNT 3 STREAMS s t 0 0"), "*2\r\n" + s + "*2\r\n" + Bulk("t") + "*1\r\n" + entry("1-0"));
  EXPECT_EQ(Run("XREAD COUNT 1 MAXCOUNT 1 STREAMS s t 0 0"), "*1\r\n*2\r\n" + Bulk("s") + "*1\r\n" + entry("1-0"));
  // Even one that is larger than the bound alone comes.
  EXPECT_EQ(Run("XREAD MAXSIZE 1 STREAMS s t 0 0"), "*1\r\n*2\r\n" + Bulk("s") + "*1\r\n" + entry("1-0"));
  EXPECT_EQ(Run("XREADGROUP GROUP g c MAXCOUNT 2 STREAMS s t > >"), "*1\r\n" + s);
  EXPECT_EQ(Run("XPENDING t g"), "*4\r\n:0\r\n$-1\r\n$-1\r\n*-1\r\n");
  EXPECT_EQ(Run("XREADGROUP GROUP g c MAXCOUNT 1 STREAMS s 0"), "*1\r\n*2\r\n" + Bulk("s") + "*1\r\n" + entry("1-0"));
  EXPECT_EQ(Run("XREAD MAXCOUNT 0 STREAMS s 0"), "-ERR MAXCOUNT must be a positive integer\r\n");
  EXPECT_EQ(Run("XREAD MAXSIZE -1 STREAMS s 0"), "-ERR MAXSIZE must be a positive integer\r\n");
  EXPECT_EQ(Run("XREAD COUNT 3 MAXCOUNT 2 STREAMS s 0"), "-ERR MAXCOUNT must be greater than or equal to COUNT\r\n");
}

TEST_F(NewerCommands, HotKeysAreFoundWhileAskedFor) {
  EXPECT_EQ(Run("HOTKEYS GET"), "$-1\r\n");
  EXPECT_EQ(Run("HOTKEYS STOP"), "$-1\r\n");
  EXPECT_EQ(Run("HOTKEYS START METRICS 1 NET COUNT 2"), "+OK\r\n");
  EXPECT_EQ(Run("HOTKEYS START METRICS 1 NET"), "-ERR hotkey tracking session already in progress\r\n");
  for (int i = 0; i < 3; ++i) Run("SET often v");
  Run("SET once v");
  Run("SET last v");
  Run("PING");
  const std::string report = Run("HOTKEYS GET");
  EXPECT_TRUE(report.starts_with("*1\r\n*18\r\n" + Bulk("tracking-active") + ":1\r\n" + Bulk("sample-ratio") + ":1\r\n")) << report;
  EXPECT_NE(report.find(Bulk("by-net-bytes") + "*4\r\n" + Bulk("often")), std::string::npos) << report;
  EXPECT_EQ(report.find("by-cpu-time-us"), std::string::npos);
  EXPECT_TRUE(Run("HOTKEYS RESET").starts_with("-ERR "));
  EXPECT_EQ(Run("HOTKEYS STOP"), "+OK\r\n");
  EXPECT_NE(Run("HOTKEYS GET").find(Bulk("tracking-active") + ":0\r\n"), std::string::npos);
  EXPECT_EQ(Run("HOTKEYS RESET"), "+OK\r\n");
  EXPECT_EQ(Run("HOTKEYS GET"), "$-1\r\n");
}

TEST_F(NewerCommands, HotKeysEndByThemselves) {
  EXPECT_EQ(Run("HOTKEYS START METRICS 2 CPU NET DURATION 1"), "+OK\r\n");
  clock().AdvanceMillis(1000);
  Run("SET late v");
  const std::string report = Run("HOTKEYS GET");
  EXPECT_NE(report.find(Bulk("tracking-active") + ":0\r\n"), std::string::npos) << report;
  EXPECT_NE(report.find(Bulk("collection-duration-ms") + ":1000\r\n"), std::string::npos) << report;
  EXPECT_EQ(report.find("late"), std::string::npos) << report;
}

TEST_F(NewerCommands, HotKeysCheckTheirWords) {
  EXPECT_EQ(Run("HOTKEYS START"), "-ERR METRICS parameter is required\r\n");
  EXPECT_EQ(Run("HOTKEYS START METRICS 3 CPU NET"), "-ERR METRICS count must be > 0 and <= 2\r\n");
  EXPECT_EQ(Run("HOTKEYS START METRICS 2 CPU"), "-ERR METRICS count does not match number of metric types provided\r\n");
  EXPECT_EQ(Run("HOTKEYS START METRICS 2 CPU CPU"), "-ERR METRICS CPU defined more than once!\r\n");
  EXPECT_EQ(Run("HOTKEYS START METRICS 1 GPU"), "-ERR METRICS no valid metrics passed. Supported: CPU|NET\r\n");
  EXPECT_EQ(Run("HOTKEYS START METRICS 1 CPU COUNT 65"), "-ERR COUNT must be between 1 and 64\r\n");
  EXPECT_EQ(Run("HOTKEYS START METRICS 1 CPU SLOTS 1 2"), "-ERR SLOTS parameter cannot be used in non-cluster mode\r\n");
  EXPECT_EQ(Run("HOTKEYS START METRICS 1 CPU WHAT"), kSyntax);
  EXPECT_EQ(Run("HOTKEYS GET"), "$-1\r\n");
}

}  // namespace
}  // namespace tusk::engine
