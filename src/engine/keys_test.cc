// The generic commands: deletion, renaming, copies, scans, OBJECT.
#include <algorithm>
#include <set>

#include "engine/engine_test_support.h"

namespace tusk::engine {
namespace {

class KeysTest : public EngineTest {};

TEST_F(KeysTest, DelAndUnlinkCountWhatWasThere) {
  Run("MSET a 1 b 2 c 3");
  TakeEvents();
  EXPECT_EQ(Run("DEL a b nosuch"), ":2");
  EXPECT_EQ(Run("UNLINK c c"), ":1");
  EXPECT_EQ(TakeEvents(), "del a, del b, del c");
  EXPECT_EQ(Run("DBSIZE"), ":0");
}

TEST_F(KeysTest, DeletingNothingIsNotRecorded) {
  EXPECT_EQ(Run("DEL a"), ":0");
  EXPECT_EQ(TakeRecords(), "");
}

TEST_F(KeysTest, ExistsCountsRepeatedKeysEachTime) {
  Run("SET a 1");
  EXPECT_EQ(Run("EXISTS a a b"), ":2");
  EXPECT_EQ(Run("TOUCH a b"), ":1");
}

TEST_F(KeysTest, TypeNamesEachType) {
  Run("SET s x");
  Run("RPUSH l x");
  Run("SADD t x");
  Run("ZADD z 1 x");
  Run("HSET h f x");
  EXPECT_EQ(Run("TYPE s"), "+string");
  EXPECT_EQ(Run("TYPE l"), "+list");
  EXPECT_EQ(Run("TYPE t"), "+set");
  EXPECT_EQ(Run("TYPE z"), "+zset");
  EXPECT_EQ(Run("TYPE h"), "+hash");
  EXPECT_EQ(Run("TYPE none"), "+none");
}

TEST_F(KeysTest, RenameMovesValueAndDeadline) {
  Run("SET a text PX 5000");
  Run("SET b old");
  TakeEvents();
  EXPECT_EQ(Run("RENAME a b"), "+OK");
  EXPECT_EQ(TakeEvents(), "rename_from a, rename_to b");
  EXPECT_EQ(Run("GET b"), "$4 text");
  EXPECT_EQ(Run("PTTL b"), ":5000");
  EXPECT_EQ(Run("EXISTS a"), ":0");
}

TEST_F(KeysTest, RenameDropsTheDeadlineOfTheReplacedKey) {
  Run("SET a 1");
  Run("SET b 2 PX 5000");
  Run("RENAME a b");
  EXPECT_EQ(Run("TTL b"), ":-1");
}

TEST_F(KeysTest, RenameOntoItselfChangesNothing) {
  EXPECT_EQ(Run("RENAME a a"), "-ERR no such key");
  Run("SET a 1");
  TakeEvents();
  EXPECT_EQ(Run("RENAME a a"), "+OK");
  EXPECT_EQ(Run("RENAMENX a a"), ":0");
  EXPECT_EQ(TakeEvents(), "");
}

TEST_F(KeysTest, RenamenxLeavesATakenNameAlone) {
  Run("MSET a 1 b 2");
  EXPECT_EQ(Run("RENAMENX a b"), ":0");
  EXPECT_EQ(Run("RENAMENX a c"), ":1");
  EXPECT_EQ(Run("GET c"), "$1 1");
}

TEST_F(KeysTest, CopyLeavesTheSourceAndKeepsTheDeadline) {
  Run("RPUSH a x y");
  Run("PEXPIRE a 5000");
  TakeEvents();
  EXPECT_EQ(Run("COPY a b"), ":1");
  EXPECT_EQ(TakeEvents(), "copy_to b");
  Run("RPUSH b z");
  EXPECT_EQ(Run("LLEN a"), ":2");
  EXPECT_EQ(Run("LLEN b"), ":3");
  EXPECT_EQ(Run("PTTL b"), ":5000");
}

TEST_F(KeysTest, CopyReplacesOnlyWhenAsked) {
  Run("MSET a 1 b 2");
  EXPECT_EQ(Run("COPY a b"), ":0");
  EXPECT_EQ(Run("COPY a b REPLACE"), ":1");
  EXPECT_EQ(Run("GET b"), "$1 1");
  EXPECT_EQ(Run("COPY nosuch b"), ":0");
  Run("SET written 12");
  Run("APPEND written 3");
  Run("COPY written copied");
  Run("RENAME written renamed");
  Run("INCRBYFLOAT float 5");
  Run("COPY float float2");
  EXPECT_EQ(Run("OBJECT ENCODING float2"), Run("OBJECT ENCODING float"));
  for (const char* key : {"copied", "renamed"}) {
    EXPECT_EQ(Run(std::string("OBJECT ENCODING ") + key), "$3 raw");
    EXPECT_EQ(Run(std::string("INCR ") + key), ":124");
  }
}

TEST_F(KeysTest, CopyGoesToAnotherDatabase) {
  Run("SET a 1");
  TakeEvents();
  EXPECT_EQ(Run("COPY a a"), "-ERR source and destination objects are the same");
  EXPECT_EQ(Run("COPY a a DB 9"), ":1");
  EXPECT_EQ(TakeEvents(), "copy_to a@9");
  EXPECT_EQ(Run("COPY a b DB 99"), "-ERR DB index is out of range");
  EXPECT_EQ(Run("COPY a b DB"), "-ERR syntax error");
}

TEST_F(KeysTest, MoveTakesTheKeyAlong) {
  Run("SET a text EX 5");
  TakeEvents();
  EXPECT_EQ(Run("MOVE a 9"), ":1");
  EXPECT_EQ(TakeEvents(), "move_from a, move_to a@9");
  EXPECT_EQ(Run("EXISTS a"), ":0");
  session_.db = 9;
  EXPECT_EQ(Run("TTL a"), ":5");
  session_.db = 0;
  Run("SET a other");
  EXPECT_EQ(Run("MOVE a 9"), ":0");
  EXPECT_EQ(Run("MOVE a 0"), "-ERR source and destination objects are the same");
  EXPECT_EQ(Run("MOVE a 16"), "-ERR DB index is out of range");
  EXPECT_EQ(Run("MOVE a x"), "-ERR value is not an integer or out of range");
}

TEST_F(KeysTest, KeysFiltersByPatternAndHidesExpired) {
  Run("MSET key:1 a key:2 b other c");
  Run("SET gone d PX 10");
  clock_.AdvanceMillis(11);
  EXPECT_EQ(Run("KEYS nosuch*"), "*0");
  EXPECT_EQ(Run("KEYS gone"), "*0");
  EXPECT_EQ(Run("KEYS o*"), "*1 $5 other");
  EXPECT_EQ(Run("KEYS key:?").substr(0, 2), "*2");
  EXPECT_EQ(Run("KEYS *").substr(0, 2), "*3");
}

TEST_F(KeysTest, RandomkeyReachesEveryKey) {
  EXPECT_EQ(Run("RANDOMKEY"), "$-1");
  Run("MSET a 1 b 2 c 3");
  std::set<std::string> seen;
  for (int i = 0; i < 300; ++i) seen.insert(Run("RANDOMKEY"));
  EXPECT_EQ(seen, (std::set<std::string>{"$1 a", "$1 b", "$1 c"}));
}

TEST_F(KeysTest, RandomkeyNeverReturnsAnExpiredKey) {
  Run("SET gone 1 PX 10");
  clock_.AdvanceMillis(10);
  EXPECT_EQ(Run("RANDOMKEY"), "$-1");
  EXPECT_EQ(TakeEvents(), "set gone, expire gone, expired gone");
}

// Walks SCAN to its end; `between` runs after each call.
template <typename Run, typename Between>
std::multiset<std::string> ScanAll(Run&& run, std::string options, Between&& between) {
  std::multiset<std::string> keys;
  std::string cursor = "0";
  do {
    // "*2 $n CURSOR *k $n key ..."
    std::string text = run("SCAN " + cursor + options);
    std::vector<std::string> words;
    for (size_t at = 0; at < text.size();) {
      size_t end = std::min(text.find(' ', at), text.size());
      words.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    cursor = words[2];
    for (size_t i = 5; i < words.size(); i += 2) keys.insert(words[i]);
    between();
  } while (cursor != "0");
  return keys;
}

TEST_F(KeysTest, ScanVisitsEveryKeyOnceWhileNothingChanges) {
  Run("DEBUG POPULATE 5000");
  auto run = [this](const std::string& line) { return Run(line); };
  std::multiset<std::string> keys = ScanAll(run, "", [] {});
  EXPECT_EQ(keys.size(), 5000u);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 5000u);
  EXPECT_EQ(ScanAll(run, " COUNT 3 MATCH key:1??", [] {}).size(), 100u);
  EXPECT_EQ(ScanAll(run, " TYPE string", [] {}).size(), 5000u);
  EXPECT_EQ(ScanAll(run, " TYPE list", [] {}).size(), 0u);
}

TEST_F(KeysTest, ScanMissesNoKeyThatStaysThroughGrowthAndShrinking) {
  Run("DEBUG POPULATE 300 stays");
  int step = 0;
  auto keys = ScanAll([this](const std::string& line) { return Run(line); }, " COUNT 5", [&] {
    ++step;
    std::string base = "extra:" + std::to_string(step);
    if (step < 40) {
      for (int i = 0; i < 200; ++i) Run("SET " + base + ":" + std::to_string(i) + " x");
    } else {
      for (int i = 0; i < 200; ++i) Run("DEL extra:" + std::to_string(step - 40) + ":" + std::to_string(i));
    }
  });
  std::set<std::string> stays;
  for (const std::string& key : keys) {
    if (key.starts_with("stays")) stays.insert(key);
  }
  EXPECT_EQ(stays.size(), 300u);
}

TEST_F(KeysTest, ScanDeletesTheExpiredKeysThatItMeets) {
  engine_.settings().active_expire.set(false);
  Run("SET gone 1 PX 10");
  Run("SET here 1");
  clock_.AdvanceMillis(10);
  TakeEvents();
  TakeRecords();
  auto keys = ScanAll([this](const std::string& line) { return Run(line); }, "", [] {});
  EXPECT_EQ(keys, (std::multiset<std::string>{"here"}));
  EXPECT_EQ(TakeEvents(), "expired gone");
  EXPECT_EQ(TakeRecords(), "DEL gone");
  EXPECT_EQ(Run("DBSIZE"), ":1");
}

TEST_F(KeysTest, ScanRefusesWhatItCannotRead) {
  EXPECT_EQ(Run("SCAN x"), "-ERR invalid cursor");
  EXPECT_EQ(Run("SCAN -1"), "*2 $1 0 *0");
  EXPECT_EQ(Run(R"(SCAN "+0\x00x" COUNT 1 MATCH nosuch)").substr(0, 2), "*2");
  EXPECT_EQ(Run("SCAN 0 COUNT 0"), "-ERR syntax error");
  EXPECT_EQ(Run("SCAN 0 COUNT x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("SCAN 0 MATCH"), "-ERR syntax error");
  EXPECT_EQ(Run("SCAN 18446744073709551615"), "*2 $1 0 *0");
}

TEST_F(KeysTest, ObjectTellsHowAValueIsKept) {
  Run("SET i 12");
  Run("SET s text");
  EXPECT_EQ(Run("OBJECT ENCODING i"), "$3 int");
  EXPECT_EQ(Run("OBJECT ENCODING s"), "$6 embstr");
  EXPECT_EQ(Run("OBJECT REFCOUNT s"), ":1");
  EXPECT_EQ(Run("OBJECT ENCODING nosuch"), "$-1");
  clock_.AdvanceMillis(7000);
  EXPECT_EQ(Run("OBJECT IDLETIME s"), ":7");
  EXPECT_EQ(Run("TTL s"), ":-1");
  EXPECT_EQ(Run("OBJECT IDLETIME s"), ":7");
  Run("TOUCH s");
  EXPECT_EQ(Run("OBJECT IDLETIME s"), ":0");
  EXPECT_TRUE(Run("OBJECT FREQ s").starts_with("-ERR An LFU maxmemory policy is not selected"));
  engine_.settings().maxmemory_policy.set(store::EvictionPolicy::kAllKeysLfu);
  Run("SET f 1");
  EXPECT_EQ(Run("OBJECT FREQ f"), ":5");
  EXPECT_TRUE(Run("OBJECT IDLETIME f").starts_with("-ERR An LFU maxmemory policy is selected"));
}

TEST_F(KeysTest, WaitAnswersAtOnceSinceThereAreNoReplicas) {
  EXPECT_EQ(Run("WAIT 1 100"), ":0");
  EXPECT_EQ(Run("WAIT 1 -1"), "-ERR timeout is negative");
  EXPECT_EQ(Run("WAITAOF 0 1 100"), "*2 :0 :0");
  EXPECT_TRUE(Run("WAITAOF 1 0 100").starts_with("-ERR WAITAOF cannot be used when numlocal is set"));
}

}  // namespace
}  // namespace tusk::engine
