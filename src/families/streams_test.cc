// Consumer groups whose entries are given back and taken over, and producers that send twice, by an executor with a clock
// that stands still.
#include "families/family_fixture.h"
#include "families/streams.h"

namespace tusk::families {
namespace {

using Lines = std::vector<std::string>;

class Streams : public FamilyTest {
 protected:
  Streams() : FamilyTest({StreamsRows()}) {
    Run("XADD s 1 f a");
    Run("XADD s 2 f b");
    Run("XADD s 3 f c");
    Run("XGROUP CREATE s g 0");
    Changes();
  }
  std::string Pending() { return Run("XPENDING s g - + 10"); }
};

// As since 7.2: whoever asks is a consumer, though nothing was there for it yet. 7.0 made it with its first entry.
TEST_F(Streams, AReaderThatWaitsIsAConsumerAlready) {
  Run("XREADGROUP GROUP g alice STREAMS s >");
  Changes();
  auto reader = NewClient();
  EXPECT_EQ(Run(*reader, "XREADGROUP GROUP g bob BLOCK 0 STREAMS s >"), "...");
  EXPECT_EQ(Changes(), Lines({"XGROUP CREATECONSUMER s g bob"}));
  EXPECT_NE(Run("XINFO CONSUMERS s g").find(R"("name", "bob", "pending", 0)"), std::string::npos);
  EXPECT_EQ(Run("XGROUP DELCONSUMER s g bob"), "0");
  Run("XADD s 4 f d");
  EXPECT_EQ(Delivered(*reader), R"([["s", [["4-0", ["f", "d"]]]]])") << "Gone meanwhile, it is made again.";
}

TEST_F(Streams, ClaimTakesTheLongestIdleFirstAndThenWhatIsNew) {
  Run("XREADGROUP GROUP g alice COUNT 1 STREAMS s >");
  clock_.AdvanceMillis(50);
  Run("XREADGROUP GROUP g bob COUNT 1 STREAMS s >");
  Run("XCLAIM s g bob 0 1");  // Now 1 was delivered twice.
  clock_.AdvanceMillis(100);
  Run("XCLAIM s g alice 0 1 IDLE 40 JUSTID");
  EXPECT_EQ(Run("XREADGROUP GROUP g carol CLAIM 101 COUNT 5 STREAMS s >"),
            R"([["s", [["3-0", ["f", "c"], 0, 0]]]])") << "Nothing is idle for so long.";
  Changes();
  EXPECT_EQ(Run("XREADGROUP GROUP g carol CLAIM 40 STREAMS s >"),
            R"([["s", [["2-0", ["f", "b"], 100, 1], ["1-0", ["f", "a"], 40, 2]]]])");
  const Lines changes = Changes();
  ASSERT_EQ(changes.size(), 2u) << "A claim is no progress of the group.";
  EXPECT_TRUE(changes[0].starts_with("XCLAIM s g carol 0 2-0 TIME "));
  EXPECT_NE(changes[1].find(" RETRYCOUNT 3 FORCE JUSTID LASTID 3-0"), std::string::npos);
  EXPECT_EQ(Run("XREADGROUP GROUP g dave CLAIM 40 STREAMS s >"), "(nil)");
  EXPECT_EQ(Run("XREADGROUP GROUP g carol CLAIM 0 STREAMS s 1"),
            R"([["s", [["2-0", ["f", "b"]], ["3-0", ["f", "c"]]]]])") << "Of no meaning for one's own history.";
}

TEST_F(Streams, CountIsOneBudgetForClaimsOfAllStreams) {
  Run("XADD t 1 f x");
  Run("XGROUP CREATE t g 0");
  Run("XREADGROUP GROUP g alice COUNT 2 STREAMS s t > >");
  clock_.AdvanceMillis(10);
  EXPECT_EQ(Run("XREADGROUP GROUP g bob COUNT 2 CLAIM 10 STREAMS s t > >"),
            R"([["s", [["1-0", ["f", "a"], 10, 1], ["2-0", ["f", "b"], 10, 1]]]])");
  EXPECT_EQ(Run("XREADGROUP GROUP g bob COUNT 2 CLAIM 10 STREAMS s t > >"),
            R"([["s", [["3-0", ["f", "c"], 0, 0]]], ["t", [["1-0", ["f", "x"], 10, 1]]]])");
}

TEST_F(Streams, ClaimsOfDeletedEntriesForgetThem) {
  Run("XREADGROUP GROUP g alice COUNT 2 STREAMS s >");
  Run("XNACK s g FAIL IDS 1 2");
  Run("XDEL s 1 2 3");
  clock_.AdvanceMillis(10);
  Changes();
  EXPECT_EQ(Run("XREADGROUP GROUP g bob CLAIM 5 STREAMS s >"), "(nil)");
  const Lines changes = Changes();
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0], "XACK s g 2-0") << "Released ones come first, and are nobody's to claim.";
  EXPECT_TRUE(changes[1].starts_with("XCLAIM s g alice 0 1-0 "));
  EXPECT_EQ(Pending(), "[]");
}

TEST_F(Streams, CheckClaimsArguments) {
  EXPECT_EQ(Run("XREADGROUP GROUP g a CLAIM x STREAMS s >"), "(error) ERR min-idle-time must be a non-negative integer");
  EXPECT_EQ(Run("XREADGROUP GROUP g a CLAIM -1 STREAMS s >"), "(error) ERR min-idle-time must be a non-negative integer");
  EXPECT_EQ(Run("XREAD CLAIM 1 STREAMS s 0"), "(error) ERR syntax error");
}

// A blocked reader has a time at which its loop tries again: when what is pending, or what is delivered from now on, can
// have been idle for long enough.
TEST_F(Streams, ABlockedClaimIsTriedAgainWhenSomethingMayBeIdleEnough) {
  Run("XREADGROUP GROUP g alice STREAMS s >");
  clock_.AdvanceMillis(30);
  auto reader = NewClient();
  const int64_t now_ms = clock_.MonotonicMillis();
  EXPECT_EQ(Run(*reader, "XREADGROUP GROUP g bob BLOCK 0 CLAIM 100 STREAMS s >"), "...");
  EXPECT_EQ(reader->blocked->retry_ms.load(), now_ms + 70);
  Run("XACK s g 1 2 3");
  clock_.AdvanceMillis(70);
  EXPECT_FALSE(executor_.RetryBlocked(*worker_, reader->blocked));
  EXPECT_EQ(Delivered(*reader), "");
  EXPECT_EQ(reader->blocked->retry_ms.load(), now_ms + 170) << "Nothing is pending: a delivery of now is the next chance.";
  auto blocked = reader->blocked;
  Run("XADD s 4 f d");
  EXPECT_EQ(Delivered(*reader), R"([["s", [["4-0", ["f", "d"], 0, 0]]]])");
  EXPECT_FALSE(executor_.RetryBlocked(*worker_, blocked)) << "It has ended.";
}

TEST_F(Streams, ABlockedClaimTakesWhatTurnsIdle) {
  Run("XREADGROUP GROUP g alice COUNT 2 STREAMS s >");
  Run("XREADGROUP GROUP g alice STREAMS s >");
  auto claimer = NewClient(), plain = NewClient();
  EXPECT_EQ(Run(*plain, "XREADGROUP GROUP g bob BLOCK 0 STREAMS s >"), "...");
  EXPECT_EQ(plain->blocked->retry_ms.load(), 0);
  EXPECT_EQ(Run(*claimer, "XREADGROUP GROUP g carol BLOCK 0 COUNT 1 CLAIM 20 STREAMS s >"), "...");
  clock_.AdvanceMillis(20);
  EXPECT_TRUE(executor_.RetryBlocked(*worker_, claimer->blocked));
  EXPECT_EQ(Delivered(*claimer), R"([["s", [["1-0", ["f", "a"], 20, 1]]]])");
  EXPECT_EQ(Delivered(*plain), "");
}

TEST_F(Streams, WhatIsGivenBackIsNobodysAndWakesWhoClaims) {
  Run("XREADGROUP GROUP g alice STREAMS s >");
  auto claimer = NewClient();
  EXPECT_EQ(Run(*claimer, "XREADGROUP GROUP g carol BLOCK 0 COUNT 1 CLAIM 100000 STREAMS s >"), "...");
  Events();
  Changes();
  EXPECT_EQ(Run("XNACK s g SILENT IDS 2 2 9"), "1") << "9 is not pending.";
  EXPECT_EQ(Events(), Lines({"xnack s"}));
  const int64_t now_ms = clock_.UnixMillis();
  EXPECT_EQ(Delivered(*claimer), R"([["s", [["2-0", ["f", "b"], )" + std::to_string(now_ms) + ", 0]]]]");
  const Lines changes = Changes();
  ASSERT_GE(changes.size(), 2u);
  EXPECT_EQ(changes[0], "XNACK s g SILENT IDS 2 2 9");
  EXPECT_TRUE(changes[1].starts_with("XCLAIM s g carol 0 2-0 "));
}

TEST_F(Streams, NackSaysHowTheDeliveryCounts) {
  Run("XREADGROUP GROUP g alice STREAMS s >");
  Run("XCLAIM s g bob 0 1 2 3");
  EXPECT_EQ(Run("XNACK s g SILENT IDS 1 1"), "1");
  EXPECT_EQ(Run("XNACK s g FAIL IDS 1 2"), "1");
  EXPECT_EQ(Run("XNACK s g FATAL IDS 1 3"), "1");
  EXPECT_EQ(Pending(), R"([["1-0", "", -1, 1], ["2-0", "", -1, 2], ["3-0", "", -1, 9223372036854775807]])");
  EXPECT_EQ(Run("XPENDING s g"), R"([3, "1-0", "3-0", []])");
  EXPECT_EQ(Run("XPENDING s g IDLE 100000000 - + 10 bob"), "[]");
  EXPECT_EQ(Run("XNACK s g SILENT IDS 2 1 1"), "2") << "Released ones can be released again.";
  EXPECT_EQ(Run("XNACK s g FATAL IDS 1 2 RETRYCOUNT 7"), "1");
  EXPECT_EQ(Pending(), R"([["1-0", "", -1, 0], ["2-0", "", -1, 7], ["3-0", "", -1, 9223372036854775807]])");
  EXPECT_EQ(Run("XAUTOCLAIM s g carol 1000000 0 COUNT 2 JUSTID"), R"(["3-0", ["1-0", "2-0"], []])");
  EXPECT_EQ(Run("XREADGROUP GROUP g carol CLAIM 1 STREAMS s >").substr(0, 14), R"([["s", [["3-0")");
  EXPECT_EQ(Run("XPENDING s g"), R"([3, "1-0", "3-0", [["carol", "3"]]])");
  EXPECT_EQ(Run("XACK s g 1 2 3"), "3");
}

TEST_F(Streams, NackCanMakePendingWhatIsNot) {
  EXPECT_EQ(Run("XNACK s g FAIL IDS 2 1 9"), "0");
  EXPECT_EQ(Run("XNACK s g FAIL IDS 2 1 9 FORCE"), "1") << "9 is not in the stream.";
  EXPECT_EQ(Run("XNACK s g FATAL IDS 1 2 FORCE"), "1");
  EXPECT_EQ(Run("XNACK s g FAIL IDS 1 3 FORCE RETRYCOUNT 4"), "1");
  EXPECT_EQ(Pending(), R"([["1-0", "", -1, 0], ["2-0", "", -1, 9223372036854775807], ["3-0", "", -1, 4]])");
  EXPECT_EQ(Run("XGROUP DESTROY s g"), "1");
}

TEST_F(Streams, CheckNacksArguments) {
  EXPECT_EQ(Run("XNACK s none FAIL IDS 1 1"), "(error) NOGROUP No such key 's' or consumer group 'none'");
  EXPECT_EQ(Run("XNACK s g LOUD IDS 1 1"), "(error) ERR syntax error");
  EXPECT_EQ(Run("XNACK s g FAIL IDS 0 1"), "(error) ERR Number of IDs must be a positive integer");
  EXPECT_EQ(Run("XNACK s g FAIL IDS 2 1"), "(error) ERR The `numids` parameter must match the number of arguments");
  EXPECT_EQ(Run("XNACK s g FAIL IDS 1 x"), "(error) ERR Invalid stream ID specified as stream command argument");
  EXPECT_EQ(Run("XNACK s g FAIL IDS 1 1 RETRYCOUNT -1"), "(error) ERR Invalid RETRYCOUNT option argument for XNACK");
  EXPECT_EQ(Run("XNACK s g FAIL RETRYCOUNT 1 FORCE"), "(error) ERR syntax error");
}

TEST_F(Streams, AnEntrySentTwiceIsAddedOnce) {
  const std::string id = Run("XADD p IDMP alice m1 * f v");
  const Lines changes = Changes();
  const std::string plain_id = id.substr(1, id.size() - 2);
  EXPECT_EQ(changes, Lines({"XADD p " + plain_id + " f v", "XIDMPRECORD p alice m1 " + plain_id}));
  EXPECT_EQ(Run("XADD p IDMP alice m1 * f other"), id);
  EXPECT_EQ(Changes(), Lines());
  EXPECT_NE(Run("XADD p MAXLEN ~ 100 LIMIT 10 IDMP bob m1 * f v"), id) << "Each producer has ids of its own.";
  EXPECT_NE(Run("XADD p IDMP alice m2 NOMKSTREAM * f v"), id);
  EXPECT_EQ(Run("XLEN p"), "3");
  EXPECT_EQ(Run("XADD none IDMP a b NOMKSTREAM * f v"), "(nil)");
}

TEST_F(Streams, TheContentCanBeTheIdempotentId) {
  const std::string id = Run("XADD p IDMPAUTO alice * f v g w");
  EXPECT_EQ(Run("XADD p IDMPAUTO alice * f v g w"), id);
  EXPECT_NE(Run("XADD p IDMPAUTO alice * f vg \"\" w"), id);
  EXPECT_NE(Run("XADD p IDMPAUTO bob * f v g w"), id);
  EXPECT_EQ(Run("XLEN p"), "3");
}

TEST_F(Streams, IdempotentIdsAreForgottenByAgeAndByNumber) {
  Run("XADD p IDMP alice m1 * f v");
  EXPECT_EQ(Run("XCFGSET p IDMP-DURATION 10 IDMP-MAXSIZE 2"), "OK");
  Run("XADD p IDMP alice m1 * f v");
  EXPECT_EQ(Run("XLEN p"), "2") << "New limits forget everything.";
  EXPECT_EQ(Run("XCFGSET p IDMP-DURATION 10"), "OK");
  Run("XADD p IDMP alice m1 * f v");
  EXPECT_EQ(Run("XLEN p"), "2") << "The same limits forget nothing.";
  Run("XADD p IDMP alice m2 * f v");
  Run("XADD p IDMP alice m3 * f v");
  Run("XADD p IDMP alice m1 * f v");
  EXPECT_EQ(Run("XLEN p"), "5") << "Two later ones have taken its place.";
  clock_.AdvanceMillis(9'999);
  Run("XADD p IDMP alice m1 * f v");
  EXPECT_EQ(Run("XLEN p"), "5");
  clock_.AdvanceMillis(1);
  Run("XADD p IDMP alice m1 * f v");
  EXPECT_EQ(Run("XLEN p"), "6");
  const std::string info = Run("XINFO STREAM p");
  EXPECT_NE(info.find(R"("idmp-duration", 10, "idmp-maxsize", 2, "pids-tracked", 1, "iids-tracked", 1, "iids-added", 6, "iids-duplicates", 2)"),
            std::string::npos) << info;
  EXPECT_EQ(Run("XINFO STREAM s").find("idmp"), std::string::npos);
}

TEST_F(Streams, FollowersRememberWhatTheyAreTold) {
  EXPECT_EQ(Run("XIDMPRECORD s alice m1 2-0"), "OK");
  EXPECT_EQ(Run("XIDMPRECORD s alice m1 2-0"), "OK");
  EXPECT_EQ(Run("XADD s IDMP alice m1 * f v"), R"("2-0")");
  EXPECT_EQ(Run("XIDMPRECORD s alice m1 3-0"), "(error) ERR The idempotent ID belongs to another entry");
  EXPECT_EQ(Run("XIDMPRECORD s alice m9 9-0"), "(error) ERR The ID specified in XIDMPRECORD is not in the stream");
  EXPECT_EQ(Run("XIDMPRECORD none alice m1 1-0"), "(error) ERR no such key");
}

TEST_F(Streams, CheckProducersArguments) {
  EXPECT_EQ(Run("XADD s IDMP a b 5-0 f v"), "(error) ERR IDMP and IDMPAUTO need an ID that is generated: *");
  EXPECT_EQ(Run("XADD s IDMP a b IDMPAUTO a * f v"), "(error) ERR syntax error");
  EXPECT_EQ(Run(R"(XADD s IDMP "" b * f v)"), "(error) ERR producer ID and idempotent ID must not be empty");
  EXPECT_EQ(Run("XCFGSET s"), "(error) ERR syntax error");
  EXPECT_EQ(Run("XCFGSET s IDMP-DURATION 0"), "(error) ERR invalid duration");
  EXPECT_EQ(Run("XCFGSET s IDMP-MAXSIZE 10001"), "(error) ERR invalid maxsize");
  EXPECT_EQ(Run("XCFGSET none IDMP-MAXSIZE 1"), "(error) ERR no such key");
}

}  // namespace
}  // namespace tusk::families
