// Sorted-set commands through the executor: replies in both protocols, recorded changes, events, waiting.
// Replies were checked against redis-server, which tests/oracle does with random command lines.
#include "families/zsets.h"

#include "families/family_fixture.h"
#include "families/keys.h"
#include "families/sets.h"
#include "families/strings.h"

namespace tusk::families {
namespace {

using Lines = std::vector<std::string>;

// Each test runs on packed sets and on large ones.
class ZSets : public FamilyTest, public testing::WithParamInterface<bool> {
 protected:
  ZSets() : FamilyTest({ZsetsRows(), KeysRows(), SetsRows(), StringsRows()}) {
    if (GetParam()) settings_.zset_max_listpack_entries.set(0);
  }
};

INSTANTIATE_TEST_SUITE_P(Encodings, ZSets, testing::Bool());

TEST_P(ZSets, AddObeysItsOptions) {
  EXPECT_EQ(Run("ZADD z 1 a 2 b"), "2");
  EXPECT_EQ(Run("ZADD z NX 5 a 3 c"), "1");
  EXPECT_EQ(Run("ZADD z CH GT 0 a 9 b"), "1");
  EXPECT_EQ(Run("ZADD z XX 4 d"), "0");
  EXPECT_EQ(Run("ZADD z INCR 1.5 a"), R"("2.5")");
  EXPECT_EQ(Run("ZADD z INCR LT 1 a"), "(nil)");
  EXPECT_EQ(Run("ZADD missing XX INCR 1 a"), "(nil)");
  EXPECT_EQ(Run("ZINCRBY z -0.5 a"), R"("2")");
  EXPECT_EQ(Run("ZADD z NX XX 1 a"), "(error) ERR XX and NX options at the same time are not compatible");
  EXPECT_EQ(Run("ZADD z GT LT 1 a"),
            "(error) ERR GT, LT, and/or NX options at the same time are not compatible");
  EXPECT_EQ(Run("ZADD z INCR 1 a 2 b"), "(error) ERR INCR option supports a single increment-element pair");
  EXPECT_EQ(Run("ZADD z 1"), "(error) ERR wrong number of arguments for 'zadd' command");
  EXPECT_EQ(Run("ZADD z 1 a x b"), "(error) ERR value is not a valid float");
  Run("ZADD z inf a");
  EXPECT_EQ(Run("ZINCRBY z -inf a"), "(error) ERR resulting score is not a number (NaN)");
}

TEST_P(ZSets, ScoresAndRanks) {
  Run("ZADD z 1 a 2 b 3 c");
  EXPECT_EQ(Run("ZSCORE z b"), R"("2")");
  EXPECT_EQ(Run("ZMSCORE z a nobody"), R"(["1", (nil)])");
  EXPECT_EQ(Run("ZRANK z c"), "2");
  EXPECT_EQ(Run("ZREVRANK z c WITHSCORE"), R"([0, "3"])");
  EXPECT_EQ(Run("ZRANK z nobody"), "(nil)");
  EXPECT_EQ(Run("ZCARD z"), "3");
  EXPECT_EQ(Run("ZCARD missing"), "0");
}

TEST_P(ZSets, RangesInEveryForm) {
  Run("ZADD z 1 a 2 b 3 c 4 d");
  EXPECT_EQ(Run("ZRANGE z 1 -2"), R"(["b", "c"])");
  EXPECT_EQ(Run("ZRANGE z 0 1 REV WITHSCORES"), R"(["d", "4", "c", "3"])");
  EXPECT_EQ(Run("ZREVRANGE z 0 0"), R"(["d"])");
  EXPECT_EQ(Run("ZRANGEBYSCORE z (1 3 LIMIT 1 5"), R"(["c"])");
  EXPECT_EQ(Run("ZRANGE z +inf (1 BYSCORE REV LIMIT 0 2"), R"(["d", "c"])");
  EXPECT_EQ(Run("ZREVRANGEBYSCORE z 2 -inf"), R"(["b", "a"])");
  EXPECT_EQ(Run("ZRANGE z 0 1 LIMIT 0 1"),
            "(error) ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  EXPECT_EQ(Run("ZRANGE z - + BYLEX WITHSCORES"),
            "(error) ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  EXPECT_EQ(Run("ZRANGEBYSCORE z x 1"), "(error) ERR min or max is not a float");
  EXPECT_EQ(Run(R"(ZCOUNT z "0\x00x" inf)"), Run("ZCOUNT z 0 inf"));
  EXPECT_EQ(Run("ZRANGEBYLEX z x 1"), "(error) ERR min or max not valid string range item");
  EXPECT_EQ(Run("ZCOUNT z (1 +inf"), "3");
  EXPECT_EQ(Run("ZRANGESTORE t z 1 2"), "2");
  EXPECT_EQ(Run("ZRANGE t 0 -1"), R"(["b", "c"])");
  Events();
  EXPECT_EQ(Run("ZRANGESTORE t z 5 9"), "0");
  EXPECT_EQ(Events(), Lines({"del t"}));
}

TEST_P(ZSets, ScoresArePairsInResp3) {
  Run("ZADD z 1 a 2 b");
  client_->protocol = 3;
  EXPECT_EQ(Run("ZRANGE z 0 -1 WITHSCORES"), R"([["a", 1], ["b", 2]])");
  EXPECT_EQ(Run("ZPOPMIN z"), R"(["a", 1])");
  EXPECT_EQ(Run("ZPOPMIN z 5"), R"([["b", 2]])");
}

TEST_P(ZSets, RangesByName) {
  Run("ZADD z 0 a 0 b 0 c 0 d");
  EXPECT_EQ(Run("ZRANGEBYLEX z [b (d"), R"(["b", "c"])");
  EXPECT_EQ(Run("ZREVRANGEBYLEX z + (a LIMIT 0 2"), R"(["d", "c"])");
  EXPECT_EQ(Run("ZLEXCOUNT z - [c"), "3");
  EXPECT_EQ(Run("ZREMRANGEBYLEX z (a [c"), "2");
  EXPECT_EQ(Run("ZRANGE z 0 -1"), R"(["a", "d"])");
}

TEST_P(ZSets, RemoveRangesUntilTheKeyIsGone) {
  Run("ZADD z 1 a 2 b 3 c 4 d 5 e");
  Events();
  EXPECT_EQ(Run("ZREM z a nobody"), "1");
  EXPECT_EQ(Run("ZREMRANGEBYSCORE z (1 (3"), "1");
  EXPECT_EQ(Run("ZREMRANGEBYRANK z 0 -1"), "3");
  EXPECT_EQ(Events(), Lines({"zrem z", "zremrangebyscore z", "zremrangebyrank z", "del z"}));
}

TEST_P(ZSets, CombineWithWeights) {
  Run("ZADD x 1 a 2 b");
  Run("ZADD y 10 b 20 c");
  Run("SADD s b z");
  EXPECT_EQ(Run("ZUNION 3 x y s WITHSCORES"), R"(["a", "1", "z", "1", "b", "13", "c", "20"])");
  EXPECT_EQ(Run("ZINTER 2 x y WEIGHTS 2 3 WITHSCORES"), R"(["b", "34"])");
  EXPECT_EQ(Run("ZINTERSTORE o 2 x y AGGREGATE MAX"), "1");
  EXPECT_EQ(Run("ZSCORE o b"), R"("10")");
  EXPECT_EQ(Run("ZDIFF 2 x s WITHSCORES"), R"(["a", "1"])");
  EXPECT_EQ(Run("ZINTERCARD 2 x y LIMIT 1"), "1");
  EXPECT_EQ(Run("ZUNION 0 x"), "(error) ERR at least 1 input key is needed for 'zunion' command");
  EXPECT_EQ(Run("ZUNIONSTORE o 3 x y"), "(error) ERR syntax error");
  EXPECT_EQ(Run("ZUNION 1 x WEIGHTS q"), "(error) ERR weight value is not a float");
  Run("SET str v");
  EXPECT_EQ(Run("ZUNION 2 x str"),
            "(error) WRONGTYPE Operation against a key holding the wrong kind of value");
}

TEST_P(ZSets, Sample) {
  Run("ZADD z 1 a 2 b 3 c");
  EXPECT_EQ(Run("ZRANDMEMBER missing"), "(nil)");
  EXPECT_EQ(Run("ZRANDMEMBER z 0"), "[]");
  EXPECT_EQ(Run("ZRANDMEMBER z 5 WITHSCORES"), R"(["a", "1", "b", "2", "c", "3"])");
  EXPECT_EQ(Run("ZRANDMEMBER z 1 x"), "(error) ERR syntax error");
  Run("ZADD one 7 m");
  EXPECT_EQ(Run("ZRANDMEMBER one -3"), R"(["m", "m", "m"])");
  EXPECT_EQ(Run("ZSCAN one 0 MATCH m*"), R"(["0", ["m", "7"]])");
  EXPECT_EQ(Run("ZSCAN one 0 MATCH x*"), R"(["0", []])");
}

TEST_P(ZSets, PopAndRecordWhatWasPopped) {
  Run("ZADD z 1 a 2 b 3 c");
  Changes();
  EXPECT_EQ(Run("ZPOPMAX z"), R"(["c", "3"])");
  EXPECT_EQ(Run("ZMPOP 2 missing z MIN COUNT 9"), R"(["z", [["a", "1"], ["b", "2"]]])");
  EXPECT_EQ(Changes(), Lines({"ZPOPMAX z", "ZPOPMIN z 2"}));
  EXPECT_EQ(Run("ZMPOP 1 z MIN"), "(nil)");
  EXPECT_EQ(Run("ZPOPMIN z"), "[]");
  EXPECT_EQ(Run("ZPOPMIN z -1"), "(error) ERR value is out of range, must be positive");
}

TEST_P(ZSets, WaitersTakeWhatComes) {
  auto lowest = NewClient(), highest = NewClient(), several = NewClient();
  EXPECT_EQ(Run(*lowest, "BZPOPMIN a z 0"), "...");
  EXPECT_EQ(Run(*highest, "BZPOPMAX z 0"), "...");
  EXPECT_EQ(Run(*several, "BZMPOP 0 1 z MAX COUNT 2"), "...");
  Changes();
  Run("ZADD z 1 a 2 b 3 c 4 d 5 e");
  EXPECT_EQ(Delivered(*lowest), R"(["z", "a", "1"])");
  EXPECT_EQ(Delivered(*highest), R"(["z", "e", "5"])");
  EXPECT_EQ(Delivered(*several), R"(["z", [["d", "4"], ["c", "3"]]])");
  EXPECT_EQ(Changes(), Lines({"ZADD z 1 a 2 b 3 c 4 d 5 e", "ZPOPMIN z", "ZPOPMAX z", "ZPOPMAX z 2"}));
  EXPECT_EQ(Run("ZRANGE z 0 -1"), R"(["b"])");
}

}  // namespace
}  // namespace tusk::families
