// Whole databases: DBSIZE, flushing, swapping; and DEBUG.
#include "engine/engine_test_support.h"

namespace tusk::engine {
namespace {

class KeyspaceTest : public EngineTest {};

TEST_F(KeyspaceTest, FlushdbEmptiesOneDatabaseOnly) {
  Run("MSET a 1 b 2");
  session_.db = 3;
  Run("SET c 3 EX 100");
  EXPECT_EQ(Run("FLUSHDB"), "+OK");
  EXPECT_EQ(Run("DBSIZE"), ":0");
  session_.db = 0;
  EXPECT_EQ(Run("DBSIZE"), ":2");
}

TEST_F(KeyspaceTest, FlushallEmptiesAllAndIsAlwaysRecorded) {
  Run("DEBUG POPULATE 1000");
  session_.db = 3;
  Run("SET c 3");
  TakeRecords();
  TakeEvents();
  EXPECT_EQ(Run("FLUSHALL ASYNC"), "+OK");
  EXPECT_EQ(Run("FLUSHALL SYNC"), "+OK");
  EXPECT_EQ(TakeRecords(), "FLUSHALL, FLUSHALL");
  EXPECT_EQ(TakeEvents(), "");
  EXPECT_EQ(Run("DBSIZE"), ":0");
  session_.db = 0;
  EXPECT_EQ(Run("DBSIZE"), ":0");
  EXPECT_EQ(Run("FLUSHALL NOW"), "-ERR syntax error");
  engine_.keyspace().reclaimer().Drain();
  EXPECT_EQ(engine_.keyspace().reclaimer().reclaimed_objects(), 1001u);
}

TEST_F(KeyspaceTest, DelFreesHugeValuesInTheBackgroundAndSmallOnesAtOnce) {
  std::vector<std::string> members = {"SADD", "huge"};
  for (int i = 0; i < 5000; ++i) members.push_back("m" + std::to_string(i));
  EXPECT_EQ(RunWords(session_, {members.begin(), members.end()}), ":5000");
  members.resize(1000);
  members[1] = "small";
  RunWords(session_, {members.begin(), members.end()});
  TakeRecords();
  EXPECT_EQ(Run("DEL huge small none"), ":2");
  EXPECT_EQ(TakeRecords(), "DEL huge small none");
  EXPECT_EQ(Run("EXISTS huge small"), ":0");
  engine_.keyspace().reclaimer().Drain();
  EXPECT_EQ(engine_.keyspace().reclaimer().reclaimed_objects(), 1u);
}

// With a large COUNT they visit millions of keys.
TEST_F(KeyspaceTest, WhatVisitsAllKeysMayLoseItsLoopToAnotherThread) {
  for (std::string_view name : {"scan", "keys"}) {
    ASSERT_NE(engine_.commands().Find(name), nullptr);
    EXPECT_TRUE(engine_.commands().Find(name)->has(command::kDetachable)) << name;
  }
}

TEST_F(KeyspaceTest, FlushedDeadlinesAreForgotten) {
  Run("SET a 1 PX 10");
  Run("FLUSHALL");
  Run("SET a 2");
  clock_.AdvanceMillis(20);
  EXPECT_EQ(Run("GET a"), "$1 2");
  for (size_t i = 0; i < store::kStripeCount; ++i) EXPECT_EQ(engine_.keyspace().NextDeadline(i), INT64_MAX);
}

TEST_F(KeyspaceTest, WatchersOfFlushedKeysFail) {
  Run("SET a 1");
  command::Session other;
  RunAs(other, "WATCH a");
  Run("FLUSHALL");
  RunAs(other, "MULTI");
  RunAs(other, "SET b 1");
  EXPECT_EQ(RunAs(other, "EXEC"), "*-1");
}

TEST_F(KeyspaceTest, WatchersOfMissingKeysDoNotMindAFlush) {
  Run("SET a 1");
  command::Session other;
  RunAs(other, "WATCH b");
  Run("FLUSHALL");
  RunAs(other, "MULTI");
  RunAs(other, "SET b 1");
  EXPECT_EQ(RunAs(other, "EXEC"), "*1 +OK");
}

TEST_F(KeyspaceTest, SwapdbExchangesContents) {
  Run("SET a zero PX 50");
  session_.db = 1;
  Run("SET b one");
  session_.db = 0;
  TakeRecords();
  EXPECT_EQ(Run("SWAPDB 0 1"), "+OK");
  EXPECT_EQ(TakeRecords(), "SWAPDB 0 1");
  EXPECT_EQ(Run("GET b"), "$3 one");
  session_.db = 1;
  EXPECT_EQ(Run("PTTL a"), ":50");
  clock_.AdvanceMillis(50);
  EXPECT_EQ(Run("GET a"), "$-1");
  EXPECT_EQ(Run("SWAPDB 2 2"), "+OK");
}

TEST_F(KeyspaceTest, SwapdbFailsWatchersOfKeysInEitherDatabase) {
  session_.db = 1;
  Run("SET b one");
  session_.db = 0;
  command::Session present, absent;
  RunAs(present, "WATCH b");
  RunAs(absent, "WATCH nosuch");
  Run("SWAPDB 0 1");
  for (command::Session* session : {&present, &absent}) {
    RunAs(*session, "MULTI");
    RunAs(*session, "SET x 1");
  }
  EXPECT_EQ(RunAs(present, "EXEC"), "*-1");
  EXPECT_EQ(RunAs(absent, "EXEC"), "*1 +OK");
}

TEST_F(KeyspaceTest, SwapdbOfAnExpiredKeyIsNoChangeForWhoMissedIt) {
  engine_.settings().active_expire.set(false);
  session_.db = 1;
  Run("SET k stale PX 1");
  session_.db = 0;
  clock_.AdvanceMillis(2);
  command::Session other;
  RunAs(other, "WATCH k");
  Run("SWAPDB 0 1");
  RunAs(other, "MULTI");
  RunAs(other, "SET x 1");
  EXPECT_EQ(RunAs(other, "EXEC"), "*1 +OK");
}

TEST_F(KeyspaceTest, SwapdbRefusesWrongIndexes) {
  EXPECT_EQ(Run("SWAPDB x 1"), "-ERR invalid first DB index");
  EXPECT_EQ(Run("SWAPDB 1 x"), "-ERR invalid second DB index");
  EXPECT_EQ(Run("SWAPDB 1 99"), "-ERR DB index is out of range");
}

TEST_F(KeyspaceTest, DebugIsRefusedUnlessEnabled) {
  engine_.settings().enable_debug_command.set(false);
  EXPECT_TRUE(Run("DEBUG SLEEP 0").starts_with("-ERR DEBUG command not allowed"));
}

TEST_F(KeyspaceTest, DebugObjectShowsWhatIsStoredEvenIfItsTimeHasCome) {
  Run("SET k v PX 5");
  clock_.AdvanceMillis(6);
  EXPECT_TRUE(Run("DEBUG OBJECT k").starts_with("+Value at:"));
  EXPECT_EQ(Run("EXISTS k"), ":0");
  EXPECT_EQ(Run("DEBUG OBJECT k"), "-ERR no such key");
}

TEST_F(KeyspaceTest, DigestDependsOnDataNotOnEncodingOrOrder) {
  EXPECT_EQ(Run("DEBUG DIGEST"), "+" + std::string(40, '0'));
  Run("SADD a 1 2 3");
  std::string integers = Run("DEBUG DIGEST");
  EXPECT_EQ(Run("OBJECT ENCODING a"), "$6 intset");
  Run("DEL a");
  Run("SADD a 3 x 2 1");
  Run("SREM a x");
  EXPECT_NE(Run("OBJECT ENCODING a"), "$6 intset");
  EXPECT_EQ(Run("DEBUG DIGEST"), integers);
  Run("RPUSH l 1 2");
  Run("RPUSH m 2 1");
  Run("RPUSH n 1 2");
  std::string values = Run("DEBUG DIGEST-VALUE l m n nosuch");
  EXPECT_EQ(values.substr(3, 41), values.substr(3 + 2 * 42, 41));
  EXPECT_NE(values.substr(3, 41), values.substr(3 + 42, 41));
  EXPECT_TRUE(values.ends_with("+" + std::string(40, '0')));
}

TEST_F(KeyspaceTest, ReloadKeepsDataAndDeadlinesAndSettlesEncodings) {
  Run("RPUSH l 1 2 3");
  Run("SADD t 1 2 x");
  Run("SREM t x");
  Run("HSET h f v");
  Run("ZADD z 1.5 a 2 b");
  Run("SET s text");
  Run("APPEND s more");
  Run("SET i 12 EX 100");
  std::string before = Run("DEBUG DIGEST");
  engine_.settings().hash_max_listpack_entries.set(0);
  engine_.settings().zset_max_listpack_entries.set(0);
  TakeEvents();
  TakeRecords();
  EXPECT_EQ(Run("DEBUG RELOAD"), "+OK");
  EXPECT_EQ(TakeEvents() + TakeRecords(), "");
  EXPECT_EQ(Run("DEBUG DIGEST"), before);
  EXPECT_EQ(Run("TTL i"), ":100");
  EXPECT_EQ(Run("OBJECT ENCODING t"), "$6 intset");
  EXPECT_EQ(Run("OBJECT ENCODING h"), "$9 hashtable");
  EXPECT_EQ(Run("OBJECT ENCODING z"), "$8 skiplist");
  EXPECT_EQ(Run("OBJECT ENCODING s"), "$6 embstr");
}

TEST_F(KeyspaceTest, DebugRefusesUnknownSubcommands) {
  EXPECT_TRUE(Run("DEBUG NOSUCH").starts_with("-ERR unknown subcommand or wrong number of arguments for 'NOSUCH'"));
  EXPECT_TRUE(Run("DEBUG SLEEP").starts_with("-ERR unknown subcommand"));
  EXPECT_EQ(Run("DEBUG RELOAD NOSAVE NOFLUSH"), "+OK");
  EXPECT_TRUE(Run("DEBUG RELOAD x").starts_with("-ERR DEBUG RELOAD only supports"));
  EXPECT_EQ(Run("DEBUG STRINGMATCH-LEN 1000 *a*a*b"), ":0");
  EXPECT_TRUE(Run("DEBUG HELP").starts_with("*"));
}

}  // namespace
}  // namespace tusk::engine
