#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

class StringCommands : public CommandFixture {};

constexpr char kNil[] = "$-1\r\n";
constexpr char kOk[] = "+OK\r\n";
constexpr char kWrongTypeError[] = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

TEST_F(StringCommands, SetHonoursItsConditions) {
  EXPECT_EQ(Run("SET k 1 XX"), kNil);
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("SET k 1 NX"), kOk);
  EXPECT_EQ(log(), (Log{"E set k", "C SET k 1 NX"}));
  EXPECT_EQ(Run("SET k 2 NX"), kNil);
  EXPECT_EQ(Run("SET k 3 XX GET"), Bulk("1"));
  EXPECT_EQ(log(), (Log{"E set k", "C SET k 3"}));
  EXPECT_EQ(Run("GET k"), Bulk("3"));
  EXPECT_EQ(Run("SETNX k 4"), ":0\r\n");
  EXPECT_EQ(Run("SETNX other 4"), ":1\r\n");
}

TEST_F(StringCommands, SetRefusesOptionsThatExcludeEachOther) {
  for (const char* line : {"SET k v NX XX", "SET k v EX 1 PX 1", "SET k v KEEPTTL EX 1", "SET k v EX 1 KEEPTTL",
                           "SET k v EX", "SET k v PERSIST", "SET k v WHAT", "GETEX k KEEPTTL", "GETEX k EX 1 PERSIST",
                           "GETEX k EX 1 PXAT 1"}) {
    EXPECT_EQ(Run(line), "-ERR syntax error\r\n") << line;
  }
  EXPECT_EQ(Run("SET k v EX 0"), "-ERR invalid expire time in 'set' command\r\n");
  EXPECT_EQ(Run("SET k v EX 9223372036854775807"), "-ERR invalid expire time in 'set' command\r\n");
  EXPECT_EQ(Run("SETEX k -1 v"), "-ERR invalid expire time in 'setex' command\r\n");
  EXPECT_EQ(Run("SET k v PX x"), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Run("GET k"), kNil);
}

TEST_F(StringCommands, DeadlinesAreRecordedAsAbsoluteTime) {
  std::string deadline = std::to_string(clock().UnixMillis() + 10'000);
  Run("SET k v EX 10");
  EXPECT_EQ(log(), (Log{"E set k", "E expire k", "C SET k v PXAT " + deadline}));
  Run("SET k w KEEPTTL");
  clock().AdvanceMillis(9'999);
  EXPECT_EQ(Run("GET k"), Bulk("w"));
  clock().AdvanceMillis(1);
  EXPECT_EQ(Run("GET k"), kNil);
  EXPECT_EQ(log(), (Log{"E expired k", "C DEL k"}));
  Run("SET k v PX 100");
  Run("SET k plain");
  clock().AdvanceMillis(1'000);
  EXPECT_EQ(Run("GET k"), Bulk("plain"));
}

TEST_F(StringCommands, GetexChangesTheDeadlineOnly) {
  Run("SET k v");
  EXPECT_EQ(Run("GETEX k"), Bulk("v"));
  EXPECT_EQ(log(), Log{});
  std::string deadline = std::to_string(clock().UnixMillis() + 50);
  EXPECT_EQ(Run("GETEX k PX 50"), Bulk("v"));
  EXPECT_EQ(log(), (Log{"E expire k", "C PEXPIREAT k " + deadline}));
  EXPECT_EQ(Run("GETEX k PERSIST"), Bulk("v"));
  EXPECT_EQ(log(), (Log{"E persist k", "C PERSIST k"}));
  EXPECT_EQ(Run("GETEX k PERSIST"), Bulk("v"));
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("GETEX k PXAT 1"), Bulk("v"));
  EXPECT_EQ(log(), (Log{"E del k", "C DEL k"}));
  EXPECT_EQ(Run("GETEX k PXAT 1"), kNil);
}

TEST_F(StringCommands, GetdelAndGetsetRecordTheirEffect) {
  Run("SET k v");
  EXPECT_EQ(Run("GETSET k w"), Bulk("v"));
  EXPECT_EQ(log(), (Log{"E set k", "C SET k w"}));
  EXPECT_EQ(Run("GETDEL k"), Bulk("w"));
  EXPECT_EQ(log(), (Log{"E del k", "C DEL k"}));
  EXPECT_EQ(Run("GETDEL k"), kNil);
}

TEST_F(StringCommands, ManyKeysAtOnce) {
  EXPECT_EQ(Run("MSET a 1 b 2 a 3"), kOk);
  Run("SADD s x");
  EXPECT_EQ(Run("MGET a b s none"), "*4\r\n$1\r\n3\r\n$1\r\n2\r\n$-1\r\n$-1\r\n");
  EXPECT_EQ(Run("MSETNX c 1 b 2"), ":0\r\n");
  EXPECT_EQ(Run("MSETNX c 1 c 2"), ":1\r\n");
  EXPECT_EQ(Run("GET c"), Bulk("2"));
  EXPECT_EQ(Run("MSET a"), "-ERR wrong number of arguments for 'mset' command\r\n");
  EXPECT_EQ(Run("MSET a 1 b"), "-ERR wrong number of arguments for 'mset' command\r\n");
}

TEST_F(StringCommands, CountersKeepTheirBounds) {
  EXPECT_EQ(Run("INCR n"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E incrby n", "C INCR n"}));
  EXPECT_EQ(Run("DECRBY n 11"), ":-10\r\n");
  Run("SET n 9223372036854775807");
  EXPECT_EQ(Run("INCR n"), "-ERR increment or decrement would overflow\r\n");
  EXPECT_EQ(Run("DECRBY n -9223372036854775808"), "-ERR decrement would overflow\r\n");
  EXPECT_EQ(Run({"SET", "n", " 1"}), kOk);
  EXPECT_EQ(Run("INCR n"), "-ERR value is not an integer or out of range\r\n");
  Run("SET n 1");
  Run("APPEND n 0");
  EXPECT_EQ(Run("INCR n"), ":11\r\n");
  EXPECT_EQ(Run("INCRBYFLOAT n 0.25"), Bulk("11.25"));
  EXPECT_EQ(log(), (Log{"E incrbyfloat n", "C SET n 11.25 KEEPTTL"}));
  Run("INCRBYFLOAT n 0.75");
  EXPECT_EQ(Run("OBJECT ENCODING n"), Bulk("embstr"));
  EXPECT_EQ(Run("INCRBYFLOAT n inf"), "-ERR increment would produce NaN or Infinity\r\n");
  EXPECT_EQ(Run("INCRBYFLOAT n x"), "-ERR value is not a valid float\r\n");
}

TEST_F(StringCommands, RangesCountFromBothEnds) {
  EXPECT_EQ(Run("APPEND k Hello"), ":5\r\n");
  EXPECT_EQ(Run("APPEND k World"), ":10\r\n");
  EXPECT_EQ(Run("GETRANGE k -5 -1"), Bulk("World"));
  EXPECT_EQ(Run("SUBSTR k 0 -6"), Bulk("Hello"));
  EXPECT_EQ(Run("GETRANGE k -1 -5"), Bulk(""));
  EXPECT_EQ(Run("GETRANGE k 0 1000"), Bulk("HelloWorld"));
  EXPECT_EQ(Run("GETRANGE none 0 -1"), Bulk(""));
  EXPECT_EQ(Run("SETRANGE k 12 !"), ":13\r\n");
  EXPECT_EQ(Run("GET k"), Bulk(std::string_view("HelloWorld\0\0!", 13)));
  EXPECT_EQ(Run("SETRANGE k -1 !"), "-ERR offset is out of range\r\n");
  EXPECT_EQ(Run("SETRANGE k 536870912 !"), "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n");
  EXPECT_EQ(Run({"SETRANGE", "none", "5", ""}), ":0\r\n");
  EXPECT_EQ(Run("STRLEN none"), ":0\r\n");
  EXPECT_EQ(Run("STRLEN k"), ":13\r\n");
}

TEST_F(StringCommands, LargeValuesSurviveChangesBehindTheReply) {
  std::string large(100'000, 'v');
  Run({"SET", "k", large});
  EXPECT_EQ(Run("GET k"), Bulk(large));
  Run("APPEND k tail");
  EXPECT_EQ(Run("GET k"), Bulk(large + "tail"));
  EXPECT_EQ(Run("GETRANGE k 50000 100003"), Bulk(large.substr(50'000) + "tail"));
  Run("SET k small");
  EXPECT_EQ(Run("GET k"), Bulk("small"));
}

TEST_F(StringCommands, LcsFindsSequenceLengthAndRuns) {
  Run("MSET a ohmytext b mynewtext");
  EXPECT_EQ(Run("LCS a b"), Bulk("mytext"));
  EXPECT_EQ(Run("LCS a b LEN"), ":6\r\n");
  EXPECT_EQ(Run("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN"),
            "*4\r\n$7\r\nmatches\r\n*1\r\n*3\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n:4\r\n$3\r\nlen\r\n:6\r\n");
  EXPECT_EQ(Run("LCS a b LEN IDX"), "-ERR If you want both the length and indexes, please just use IDX.\r\n");
  Run("SADD s x");
  EXPECT_EQ(Run("LCS a s"), "-ERR The specified keys must contain string values\r\n");
}

TEST_F(StringCommands, RefuseOtherTypes) {
  Run("SADD s x");
  for (const char* line : {"GET s", "GETSET s v", "GETDEL s", "GETEX s", "APPEND s v", "STRLEN s", "SETRANGE s 0 v",
                           "GETRANGE s 0 1", "INCR s", "INCRBYFLOAT s 1", "SET s v GET"}) {
    EXPECT_EQ(Run(line), kWrongTypeError) << line;
    EXPECT_EQ(log(), Log{}) << line;
  }
  EXPECT_EQ(Run("SET s v"), kOk);
}

}  // namespace
}  // namespace tusk::engine
