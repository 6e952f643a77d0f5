// Deadlines as clients set, read and observe them.
#include "engine/engine_test_support.h"

namespace tusk::engine {
namespace {

class ExpiryTest : public EngineTest {};

TEST_F(ExpiryTest, ExpireSetsAndTtlReports) {
  Run("SET k v");
  TakeEvents();
  TakeRecords();
  EXPECT_EQ(Run("TTL k"), ":-1");
  EXPECT_EQ(Run("EXPIRE k 10"), ":1");
  EXPECT_EQ(TakeEvents(), "expire k");
  EXPECT_EQ(TakeRecords(), "PEXPIREAT k 1700000010000");
  EXPECT_EQ(Run("TTL k"), ":10");
  EXPECT_EQ(Run("PTTL k"), ":10000");
  EXPECT_EQ(Run("EXPIRETIME k"), ":1700000010");
  EXPECT_EQ(Run("PEXPIRETIME k"), ":1700000010000");
  clock_.AdvanceMillis(9501);
  EXPECT_EQ(Run("TTL k"), ":0");
  EXPECT_EQ(Run("TTL nosuch"), ":-2");
}

TEST_F(ExpiryTest, AKeyIsGoneAtItsDeadline) {
  Run("SET k v PX 100");
  clock_.AdvanceMillis(99);
  EXPECT_EQ(Run("GET k"), "$1 v");
  clock_.AdvanceMillis(1);
  TakeEvents();
  TakeRecords();
  EXPECT_EQ(Run("GET k"), "$-1");
  EXPECT_EQ(TakeEvents(), "expired k");
  EXPECT_EQ(TakeRecords(), "DEL k");
}

TEST_F(ExpiryTest, APastDeadlineDeletes) {
  Run("SET k v");
  TakeEvents();
  TakeRecords();
  EXPECT_EQ(Run("EXPIRE k -1"), ":1");
  EXPECT_EQ(TakeEvents(), "del k");
  EXPECT_EQ(TakeRecords(), "DEL k");
  EXPECT_EQ(Run("EXISTS k"), ":0");
  EXPECT_EQ(Run("EXPIRE k 10"), ":0");
}

TEST_F(ExpiryTest, ConditionsCompareWithTheDeadlineThatIsThere) {
  Run("SET k v");
  EXPECT_EQ(Run("EXPIRE k 10 XX"), ":0");
  EXPECT_EQ(Run("EXPIRE k 10 GT"), ":0");
  EXPECT_EQ(Run("EXPIRE k 100 LT"), ":1");
  EXPECT_EQ(Run("EXPIRE k 10 NX"), ":0");
  EXPECT_EQ(Run("EXPIRE k 50 GT"), ":0");
  EXPECT_EQ(Run("EXPIRE k 200 GT XX"), ":1");
  EXPECT_EQ(Run("EXPIRE k 300 LT"), ":0");
  EXPECT_EQ(Run("TTL k"), ":200");
}

TEST_F(ExpiryTest, WrongOptionsAndOverflowsAreRefused) {
  Run("SET k v");
  EXPECT_EQ(Run("EXPIRE k 10 NX GT"),
            "-ERR NX and XX, GT or LT options at the same time are not compatible");
  EXPECT_EQ(Run("EXPIRE k 10 LT GT"), "-ERR GT and LT options at the same time are not compatible");
  EXPECT_EQ(Run("EXPIRE k 10 AB"), "-ERR Unsupported option AB");
  EXPECT_EQ(Run("EXPIRE k 9223372036854775807"), "-ERR invalid expire time in 'expire' command");
  EXPECT_EQ(Run("PEXPIRE k 9223372036854775807"), "-ERR invalid expire time in 'pexpire' command");
  EXPECT_EQ(Run("EXPIREAT k -9223372036854775808"), "-ERR invalid expire time in 'expireat' command");
  EXPECT_EQ(Run("EXPIRE k x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("PEXPIREAT k 9223372036854775807"), ":1");
  EXPECT_EQ(Run("EXPIRETIME k"), ":9223372036854776");
  EXPECT_EQ(Run("GET k"), "$1 v");
}

TEST_F(ExpiryTest, PersistTakesTheDeadlineAway) {
  Run("SET k v EX 10");
  TakeEvents();
  TakeRecords();
  EXPECT_EQ(Run("PERSIST k"), ":1");
  EXPECT_EQ(TakeEvents(), "persist k");
  EXPECT_EQ(TakeRecords(), "PERSIST k");
  EXPECT_EQ(Run("PERSIST k"), ":0");
  EXPECT_EQ(Run("TTL k"), ":-1");
}

TEST_F(ExpiryTest, ValuesOfEveryLayoutSurviveDeadlines) {
  std::string big(1000, 'x');
  for (std::string value : {std::string("12"), std::string("short"), big}) {
    Run("SET k " + value);
    Run("EXPIRE k 10");
    EXPECT_EQ(Run("GET k"), "$" + std::to_string(value.size()) + " " + value);
    Run("PERSIST k");
    EXPECT_EQ(Run("GET k"), "$" + std::to_string(value.size()) + " " + value);
  }
}

}  // namespace
}  // namespace tusk::engine
