// MEMORY apart from USAGE, LOLWUT, and import mode.
#include "engine/engine_test_support.h"

namespace tusk::engine {
namespace {

class MemoryCommands : public EngineTest {};

TEST_F(MemoryCommands, StatsHaveTheFieldsThatRedisHas) {
  Run("SET a 1 EX 100");
  Run("SELECT 3");
  Run("SET b 1");
  const std::string stats = Run("MEMORY STATS");
  EXPECT_TRUE(stats.starts_with("*58 ")) << "27 figures and two databases: " << stats;
  size_t at = 0;
  for (std::string_view field :
       {"peak.allocated", "total.allocated", "startup.allocated", "replication.backlog", "clients.slaves", "clients.normal", "cluster.links",
        "aof.buffer", "lua.caches", "functions.caches", "db.0", "overhead.hashtable.main", "overhead.hashtable.expires", "db.3",
        "overhead.total", "keys.count", "keys.bytes-per-key", "dataset.bytes", "dataset.percentage", "peak.percentage",
        "allocator.allocated", "allocator.active", "allocator.resident", "allocator-fragmentation.ratio", "allocator-fragmentation.bytes",
        "allocator-rss.ratio", "allocator-rss.bytes", "rss-overhead.ratio", "rss-overhead.bytes", "fragmentation", "fragmentation.bytes"}) {
    size_t found = stats.find(" " + std::string(field) + " ", at);
    ASSERT_NE(found, std::string::npos) << field;
    at = found;
  }
  EXPECT_NE(stats.find("keys.count :2 "), std::string::npos);
  session_.protocol = 3;
  EXPECT_TRUE(Run("MEMORY STATS").starts_with("%29 "));
}

TEST_F(MemoryCommands, SayWhatThereIsToSay) {
  EXPECT_NE(Run("MEMORY DOCTOR").find(" "), std::string::npos);
  EXPECT_TRUE(Run("MEMORY MALLOC-STATS").starts_with("$"));
  EXPECT_EQ(Run("MEMORY MALLOC-STATS x"), "-ERR wrong number of arguments for 'memory|malloc-stats' command");
  Run(std::string("SETRANGE large ") + std::to_string(8 << 20) + " x");
  session_.protocol = 3;
  EXPECT_NE(Run("MEMORY DOCTOR").find("txt:"), std::string::npos);
  Run("CONFIG SET maxmemory 1mb");
  EXPECT_NE(Run("MEMORY DOCTOR").find("Limit: more is in use than maxmemory allows."), std::string::npos);
}

TEST_F(MemoryCommands, LolwutDrawsWhatIsAskedFor) {
  for (std::string_view line : {"LOLWUT", "LOLWUT VERSION 5 1 1", "LOLWUT VERSION 6 100000 100000", "LOLWUT VERSION 1 -5 -5"}) {
    const std::string picture = Run(line);
    EXPECT_NE(picture.find("Tusk ver. "), std::string::npos) << line;
    EXPECT_NE(picture.find("()"), std::string::npos) << "The tip of a tusk: " << line;
  }
  EXPECT_EQ(Run("LOLWUT VERSION x"), "-ERR value is not an integer or out of range");
}

// A server that is being filled keeps what is past its deadline, for those who fill it alone.
TEST_F(MemoryCommands, ImportModeKeepsExpiredKeysForImporters) {
  command::Session importer;
  importer.id = engine_.NextSessionId();
  EXPECT_EQ(RunAs(importer, "CLIENT IMPORT-SOURCE ON"), "-ERR Server is not in import mode");
  EXPECT_EQ(Run("CONFIG SET import-mode yes"), "+OK");
  EXPECT_EQ(RunAs(importer, "CLIENT IMPORT-SOURCE ON"), "+OK");
  EXPECT_EQ(RunAs(importer, "CLIENT IMPORT-SOURCE maybe"), "-ERR syntax error");
  Run("SET k v PX 10");
  clock_.AdvanceMillis(11);
  EXPECT_EQ(Run("GET k"), "$-1");
  EXPECT_EQ(RunAs(importer, "GET k"), "$1 v") << "Somebody's look has not deleted it.";
  EXPECT_EQ(RunAs(importer, "APPEND k w"), ":2");
  EXPECT_EQ(RunAs(importer, "PEXPIREAT k 1"), ":1");
  EXPECT_EQ(RunAs(importer, "GET k"), "$2 vw") << "A deadline of the past deletes nothing.";
  EXPECT_EQ(Run("EXISTS k"), ":0");
  EXPECT_EQ(RunAs(importer, "PEXPIREAT k 9999999999999"), ":1");
  EXPECT_EQ(Run("GET k"), "$2 vw");
  RunAs(importer, "PEXPIREAT k 1");
  EXPECT_EQ(RunAs(importer, "CLIENT IMPORT-SOURCE OFF"), "+OK");
  EXPECT_EQ(RunAs(importer, "GET k"), "$-1");
  EXPECT_EQ(Run("DBSIZE"), ":1");
  EXPECT_EQ(Run("CONFIG SET import-mode no"), "+OK");
  EXPECT_EQ(Run("GET k"), "$-1");
  EXPECT_EQ(Run("DBSIZE"), ":0");
}

TEST_F(MemoryCommands, ScriptShowReturnsACachedText) {
  const std::string sha = Run(R"(SCRIPT LOAD "return 1")").substr(4);
  EXPECT_EQ(Run("SCRIPT SHOW " + sha), "$8 return 1");
  EXPECT_EQ(Run("SCRIPT SHOW 0000"), "-NOSCRIPT No matching script.");
  EXPECT_EQ(Run("CLUSTER MYSHARDID"), "-ERR This instance has cluster support disabled");
}

}  // namespace
}  // namespace tusk::engine
