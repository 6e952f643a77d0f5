#include <fmt/format.h>

#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

class HyperLogLogCommands : public CommandFixture {};

constexpr char kNotHll[] = "-WRONGTYPE Key is not a valid HyperLogLog string value.\r\n";
constexpr char kCorrupt[] = "-INVALIDOBJ Corrupted HLL object detected\r\n";
constexpr char kWrongType[] = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";

TEST_F(HyperLogLogCommands, AddAndCount) {
  EXPECT_EQ(Run("PFADD h"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E pfadd h", "C PFADD h"}));
  EXPECT_EQ(Run("PFADD h"), ":0\r\n");
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("PFADD h a b c a"), ":1\r\n");
  EXPECT_EQ(Run("PFADD h a b"), ":0\r\n");
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("PFCOUNT h"), ":3\r\n");
  EXPECT_EQ(log(), (Log{"C PFCOUNT h"})) << "The estimate is remembered in the value.";
  EXPECT_EQ(Run("PFCOUNT h"), ":3\r\n");
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("PFCOUNT none"), ":0\r\n");
  EXPECT_EQ(Run("OBJECT ENCODING h"), "$3\r\nraw\r\n");
}

// What was stored as one piece with its key ("embstr") becomes a string of its own when PFADD or PFDEBUG looks at it.
TEST_F(HyperLogLogCommands, LookingToChangeMakesItRaw) {
  using namespace std::string_view_literals;
  constexpr std::string_view kEmpty = "HYLL\1\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff"sv;
  const std::vector<std::vector<std::string_view>> looks = {
      {"PFADD", "h"}, {"PFDEBUG", "ENCODING", "h"}, {"PFDEBUG", "DECODE", "h"}, {"PFCOUNT", "h"}};
  for (const std::vector<std::string_view>& look : looks) {
    Run({"SET", "h", kEmpty});
    EXPECT_EQ(Run("OBJECT ENCODING h"), Bulk("embstr"));
    RunAll(look);
    EXPECT_EQ(Run("OBJECT ENCODING h"), Bulk("raw")) << look[0];
    EXPECT_EQ(Run("STRLEN h"), ":18\r\n") << look[0];
  }
  // The estimate that is remembered in the value makes no difference.
  Run("PFCOUNT h");
  const std::string bytes = Run("GET h");
  Run({"SET", "h", std::string_view(bytes).substr(5, 18)});
  EXPECT_EQ(Run("OBJECT ENCODING h"), Bulk("embstr"));
  Run("PFCOUNT h");
  EXPECT_EQ(Run("OBJECT ENCODING h"), Bulk("raw"));
  Run({"SET", "h", "no HLL"});
  Run("PFADD h");
  EXPECT_EQ(Run("OBJECT ENCODING h"), Bulk("embstr")) << "Refused before it is touched.";
}

TEST_F(HyperLogLogCommands, SeveralKeysCountAsOne) {
  Run("PFADD a 1 2 3");
  Run("PFADD b 3 4");
  EXPECT_EQ(Run("PFCOUNT a b none"), ":4\r\n");
  EXPECT_EQ(Run("PFMERGE dest a b none"), "+OK\r\n");
  EXPECT_EQ(log(), (Log{"E pfadd dest", "C PFMERGE dest a b none"}));
  EXPECT_EQ(Run("PFCOUNT dest"), ":4\r\n");
  EXPECT_EQ(Run("PFMERGE a"), "+OK\r\n");
  EXPECT_EQ(Run("PFCOUNT a"), ":3\r\n");
}

TEST_F(HyperLogLogCommands, GoesDenseAtTheLimit) {
  Run("CONFIG SET hll-sparse-max-bytes 30");
  Run("PFADD h a b c");
  EXPECT_EQ(Run("PFDEBUG ENCODING h"), "+sparse\r\n");
  for (int i = 0; i < 10; ++i) Run(fmt::format("PFADD h {}", i));
  EXPECT_EQ(Run("PFDEBUG ENCODING h"), "+dense\r\n");
  EXPECT_EQ(Run("STRLEN h"), ":12304\r\n");
  EXPECT_EQ(Run("PFADD h a 5"), ":0\r\n");
  EXPECT_EQ(Run("PFADD h new"), ":1\r\n");
  EXPECT_EQ(Run("PFCOUNT h"), ":14\r\n");
  Run("PFADD s x");
  EXPECT_EQ(Run("PFMERGE s h"), "+OK\r\n");
  EXPECT_EQ(Run("PFDEBUG ENCODING s"), "+dense\r\n");
  EXPECT_EQ(Run("PFCOUNT s"), ":15\r\n");
}

TEST_F(HyperLogLogCommands, DeadlinesStay) {
  Run("PFADD h a");
  Run("EXPIRE h 100");
  Run("PFADD h b c d");
  EXPECT_EQ(Run("TTL h"), ":100\r\n");
  clock().AdvanceMillis(100'000);
  EXPECT_EQ(Run("PFCOUNT h"), ":0\r\n");
}

TEST_F(HyperLogLogCommands, OtherValuesAreRefused) {
  Run("RPUSH l 1");
  Run("MSET text hello number 12");
  for (std::string_view command : {"PFADD {} a", "PFCOUNT {}", "PFCOUNT none {}", "PFMERGE x {}", "PFMERGE {} x"}) {
    EXPECT_EQ(Run(fmt::format(fmt::runtime(command), "l")), kWrongType) << command;
    EXPECT_EQ(Run(fmt::format(fmt::runtime(command), "text")), kNotHll) << command;
    EXPECT_EQ(Run(fmt::format(fmt::runtime(command), "number")), kNotHll) << command;
  }
  Run("PFADD h a b c");
  Run("APPEND h x");
  EXPECT_EQ(Run("PFCOUNT h"), kCorrupt);
  EXPECT_EQ(Run("PFCOUNT h h"), kCorrupt);
  EXPECT_EQ(Run("PFMERGE x h"), kCorrupt);
  EXPECT_EQ(Run("PFDEBUG TODENSE h"), kCorrupt);
  EXPECT_EQ(Run("PFADD"), "-ERR wrong number of arguments for 'pfadd' command\r\n");
}

TEST_F(HyperLogLogCommands, DebugAndSelfTest) {
  Run("PFADD h a");
  EXPECT_EQ(Run("PFDEBUG DECODE h"), Bulk("Z:12711 v:2,1 Z:3672"));
  EXPECT_EQ(Run("PFDEBUG TODENSE h"), ":1\r\n");
  EXPECT_EQ(Run("PFDEBUG TODENSE h"), ":0\r\n");
  EXPECT_EQ(Run("PFDEBUG DECODE h"), "-ERR HLL encoding is not sparse\r\n");
  EXPECT_TRUE(Run("PFDEBUG GETREG h").starts_with("*16384\r\n:0\r\n"));
  EXPECT_EQ(Run("PFDEBUG WHAT h"), "-ERR Unknown PFDEBUG subcommand 'WHAT'\r\n");
  EXPECT_EQ(Run("PFDEBUG GETREG none"), "-ERR The specified key does not exist\r\n");
  EXPECT_EQ(Run("PFSELFTEST"), "+OK\r\n");
}

TEST_F(HyperLogLogCommands, InsideATransaction) {
  Run("MULTI");
  Run("PFADD h a b");
  Run("PFCOUNT h");
  EXPECT_EQ(Run("EXEC"), "*2\r\n:1\r\n:2\r\n");
}

}  // namespace
}  // namespace tusk::engine
