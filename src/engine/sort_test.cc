// SORT and SORT_RO.
#include "engine/engine_test_support.h"

namespace tusk::engine {
namespace {

class SortTest : public EngineTest {
 protected:
  SortTest() {
    Run("RPUSH list 3 1 2 10");
    Run("MSET weight_3 1 weight_1 2 weight_2 3 weight_10 0");
    Run("MSET name_3 three name_1 one name_10 ten");
    for (const char* id : {"1", "2", "3", "10"}) Run(std::string("HSET object_") + id + " w " + id + "0");
    TakeEvents();
    TakeRecords();
  }
};

TEST_F(SortTest, SortsNumbersUpAndDown) {
  EXPECT_EQ(Run("SORT list"), "*4 $1 1 $1 2 $1 3 $2 10");
  EXPECT_EQ(Run("SORT list DESC"), "*4 $2 10 $1 3 $1 2 $1 1");
  EXPECT_EQ(Run("SORT list ALPHA"), "*4 $1 1 $2 10 $1 2 $1 3");
  EXPECT_EQ(Run("SORT_RO list LIMIT 1 2"), "*2 $1 2 $1 3");
  EXPECT_EQ(Run("SORT nosuch"), "*0");
}

TEST_F(SortTest, LimitsBeyondTheEndsAreCut) {
  EXPECT_EQ(Run("SORT list LIMIT -5 2"), "*2 $1 1 $1 2");
  EXPECT_EQ(Run("SORT list LIMIT 3 100"), "*1 $2 10");
  EXPECT_EQ(Run("SORT list LIMIT 4 1"), "*0");
  EXPECT_EQ(Run("SORT list LIMIT 2 -1"), "*2 $1 3 $2 10");
  EXPECT_EQ(Run("SORT list LIMIT 9223372036854775807 9223372036854775807"), "*0");
}

TEST_F(SortTest, ByAndGetLookUpOtherKeys) {
  EXPECT_EQ(Run("SORT list BY weight_*"), "*4 $2 10 $1 3 $1 1 $1 2");
  EXPECT_EQ(Run("SORT list BY object_*->w DESC LIMIT 0 1"), "*1 $2 10");
  EXPECT_EQ(Run("SORT list GET # GET name_* LIMIT 0 2"), "*4 $1 1 $3 one $1 2 $-1");
  EXPECT_EQ(Run("SORT list GET object_*->w LIMIT 0 1"), "*1 $2 10");
  EXPECT_EQ(Run("SORT list GET object_*->nosuch LIMIT 0 1"), "*1 $-1");
  EXPECT_EQ(Run("SORT list GET object_* LIMIT 0 1"), "*1 $-1");
  EXPECT_EQ(Run("SORT list GET nostar LIMIT 0 1"), "*1 $-1");
}

TEST_F(SortTest, ByWithoutAStarKeepsTheOrderOfLists) {
  EXPECT_EQ(Run("SORT list BY nosort"), "*4 $1 3 $1 1 $1 2 $2 10");
  EXPECT_EQ(Run("SORT list BY nosort DESC LIMIT 0 2"), "*2 $2 10 $1 2");
  Run("ZADD z 1 a 2 b 3 c");
  EXPECT_EQ(Run("SORT z BY nosort"), "*3 $1 a $1 b $1 c");
  EXPECT_EQ(Run("SORT z BY nosort DESC LIMIT 1 5"), "*2 $1 b $1 a");
  EXPECT_EQ(Run("SORT z BY nosort LIMIT 3 1"), "*0");
}

TEST_F(SortTest, ASetIsStoredInDefiniteOrder) {
  Run("SADD set c a b");
  EXPECT_EQ(Run("SORT set BY nosort STORE dest"), ":3");
  EXPECT_EQ(Run("LRANGE dest 0 -1"), "*3 $1 a $1 b $1 c");
}

TEST_F(SortTest, StoreReplacesOrDeletesTheDestination) {
  Run("SET dest old EX 100");
  TakeEvents();
  EXPECT_EQ(Run("SORT list GET name_* STORE dest"), ":4");
  EXPECT_EQ(TakeEvents(), "sortstore dest");
  EXPECT_EQ(Run("LRANGE dest 0 -1"), "*4 $3 one $0  $5 three $3 ten");
  EXPECT_EQ(Run("TTL dest"), ":-1");
  EXPECT_EQ(Run("SORT nosuch STORE dest"), ":0");
  EXPECT_EQ(TakeEvents(), "del dest");
  EXPECT_EQ(Run("EXISTS dest"), ":0");
}

TEST_F(SortTest, WhatIsNoNumberNeedsAlpha) {
  Run("RPUSH words b a");
  EXPECT_EQ(Run("SORT words"), "-ERR One or more scores can't be converted into double");
  EXPECT_EQ(Run("SORT words ALPHA"), "*2 $1 a $1 b");
}

TEST_F(SortTest, MissingWeightsCountAsZeroOrFirst) {
  Run("SET weight_1 -1");
  Run("DEL weight_2");
  EXPECT_EQ(Run("SORT list BY weight_*"), "*4 $1 1 $2 10 $1 2 $1 3");
  EXPECT_EQ(Run("SORT list BY weight_* ALPHA LIMIT 0 1"), "*1 $1 2");
}

TEST_F(SortTest, WrongTypesAndOptionsAreRefused) {
  Run("SET text x");
  EXPECT_TRUE(Run("SORT text").starts_with("-WRONGTYPE"));
  EXPECT_EQ(Run("SORT list LIMIT 1"), "-ERR syntax error");
  EXPECT_EQ(Run("SORT list LIMIT x 1"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("SORT_RO list STORE x"), "-ERR syntax error");
}

TEST_F(SortTest, AZeroByteEndsANumber) {
  Run(R"(RPUSH odd "12\x00abc" 4)");
  EXPECT_EQ(Run("SORT odd LIMIT 0 1"), "*1 $1 4");
}

}  // namespace
}  // namespace tusk::engine
