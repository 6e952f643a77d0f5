// List commands through the executor: replies, recorded changes, events, waiting. Replies were checked
// against redis-server, which tests/oracle does with random command lines.
#include "families/lists.h"

#include "families/family_fixture.h"
#include "families/keys.h"
#include "families/strings.h"

namespace tusk::families {
namespace {

using Lines = std::vector<std::string>;

class Lists : public FamilyTest {
 protected:
  Lists() : FamilyTest({ListsRows(), KeysRows(), StringsRows()}) {}
};

constexpr std::string_view kWrongTypeReply =
    "(error) WRONGTYPE Operation against a key holding the wrong kind of value";

TEST_F(Lists, PushesAndPopsAtBothEnds) {
  EXPECT_EQ(Run("RPUSH l a b c"), "3");
  EXPECT_EQ(Run("LPUSH l 1 2"), "5");
  EXPECT_EQ(Run("LRANGE l 0 -1"), R"(["2", "1", "a", "b", "c"])");
  EXPECT_EQ(Run("LPOP l"), R"("2")");
  EXPECT_EQ(Run("RPOP l 2"), R"(["c", "b"])");
  EXPECT_EQ(Run("LPOP l 0"), "[]");
  EXPECT_EQ(Run("LPOP missing"), "(nil)");
  EXPECT_EQ(Run("LPOP l -1"), "(error) ERR value is out of range, must be positive");
  EXPECT_EQ(Run("LPUSHX missing a"), "0");
  EXPECT_EQ(Run("LPOP l 1 2"), "(error) ERR wrong number of arguments for 'lpop' command");
}

TEST_F(Lists, AnEmptiedListIsGone) {
  Run("RPUSH l a");
  Events();
  EXPECT_EQ(Run("LPOP l"), R"("a")");
  EXPECT_EQ(Events(), Lines({"lpop l", "del l"}));
  EXPECT_EQ(Run("EXISTS l"), "0");
}

TEST_F(Lists, RefuseOtherTypes) {
  Run("SET s x");
  for (const char* line : {"LPUSH s a", "RPUSHX s a", "LPOP s", "LLEN s", "LINDEX s 0", "LSET s 0 a",
                           "LRANGE s 0 1", "LTRIM s 0 1", "LREM s 0 a", "LPOS s a", "LMOVE s t LEFT LEFT",
                           "LMPOP 1 s LEFT", "BLPOP s 0", "BLMOVE s t LEFT LEFT 0", "LINSERT s BEFORE a b"}) {
    EXPECT_EQ(Run(line), kWrongTypeReply) << line;
  }
  Run("RPUSH l a");
  EXPECT_EQ(Run("RPOPLPUSH l s"), kWrongTypeReply);
  EXPECT_EQ(Run("LLEN l"), "1");
}

TEST_F(Lists, IndexesSetInsertsAndRemoves) {
  Run("RPUSH l a b c b");
  EXPECT_EQ(Run("LINDEX l -1"), R"("b")");
  EXPECT_EQ(Run("LINDEX l 9"), "(nil)");
  EXPECT_EQ(Run("LSET l 9 x"), "(error) ERR index out of range");
  EXPECT_EQ(Run("LSET missing 0 x"), "(error) ERR no such key");
  EXPECT_EQ(Run("LINSERT l AFTER b x"), "5");
  EXPECT_EQ(Run("LINSERT l BEFORE nowhere x"), "-1");
  EXPECT_EQ(Run("LINSERT l BESIDE b x"), "(error) ERR syntax error");
  EXPECT_EQ(Run("LREM l -1 b"), "1");
  EXPECT_EQ(Run("LRANGE l 0 -1"), R"(["a", "b", "x", "c"])");
  EXPECT_EQ(Run("LTRIM l 1 2"), "OK");
  EXPECT_EQ(Run("LRANGE l -100 100"), R"(["b", "x"])");
}

TEST_F(Lists, ATrimThatCutsNothingIsNotRecorded) {
  Run("RPUSH l a b");
  Changes();
  EXPECT_EQ(Run("LTRIM l 0 -1"), "OK");
  EXPECT_EQ(Changes(), Lines());
  EXPECT_EQ(Run("LTRIM l 5 6"), "OK");
  EXPECT_EQ(Changes(), Lines({"LTRIM l 5 6"}));
  EXPECT_EQ(Run("EXISTS l"), "0");
}

TEST_F(Lists, FindPositions) {
  Run("RPUSH l a b c 1 2 3 c c");
  EXPECT_EQ(Run("LPOS l c RANK -1 COUNT 2"), "[7, 6]");
  EXPECT_EQ(Run("LPOS l c"), "2");
  EXPECT_EQ(Run("LPOS l x"), "(nil)");
  EXPECT_EQ(Run("LPOS missing x COUNT 0"), "[]");
  EXPECT_EQ(Run("LPOS l c COUNT -1"), "(error) ERR COUNT can't be negative");
}

TEST_F(Lists, MoveBetweenAndWithinLists) {
  Run("RPUSH src a b c");
  Events();
  EXPECT_EQ(Run("LMOVE src dst RIGHT LEFT"), R"("c")");
  EXPECT_EQ(Events(), Lines({"lpush dst", "rpop src"}));
  EXPECT_EQ(Run("LMOVE src src LEFT RIGHT"), R"("a")");
  EXPECT_EQ(Run("LRANGE src 0 -1"), R"(["b", "a"])");
  EXPECT_EQ(Run("RPOPLPUSH dst dst"), R"("c")");
  EXPECT_EQ(Run("LMOVE dst src LEFT LEFT"), R"("c")");
  EXPECT_EQ(Run("EXISTS dst"), "0");
  EXPECT_EQ(Run("LMOVE dst src LEFT LEFT"), "(nil)");
}

TEST_F(Lists, PopFromTheFirstThatHasAny) {
  Run("RPUSH b 1 2 3");
  Changes();
  EXPECT_EQ(Run("LMPOP 2 a b RIGHT COUNT 9"), R"(["b", ["3", "2", "1"]])");
  EXPECT_EQ(Changes(), Lines({"RPOP b 3"}));
  EXPECT_EQ(Run("LMPOP 2 a b LEFT"), "(nil)");
  EXPECT_EQ(Run("LMPOP 0 a LEFT"), "(error) ERR numkeys should be greater than 0");
  EXPECT_EQ(Run("LMPOP 5 a LEFT"), "(error) ERR syntax error");
  EXPECT_EQ(Run("LMPOP 1 a LEFT COUNT 0"), "(error) ERR count should be greater than 0");
  EXPECT_EQ(Run("LMPOP 1 a LEFT COUNT 1 COUNT 1"), "(error) ERR syntax error");
}

TEST_F(Lists, WaitersAreServedInTheOrderInWhichTheyCame) {
  auto first = NewClient(), second = NewClient();
  EXPECT_EQ(Run(*first, "BLPOP a l 0"), "...");
  EXPECT_EQ(Run(*second, "BRPOP l 0"), "...");
  Changes();
  EXPECT_EQ(Run("RPUSH l x y z"), "3");
  EXPECT_EQ(Delivered(*first), R"(["l", "x"])");
  EXPECT_EQ(Delivered(*second), R"(["l", "z"])");
  EXPECT_EQ(Run("LRANGE l 0 -1"), R"(["y"])");
  EXPECT_EQ(Changes(), Lines({"RPUSH l x y z", "LPOP l", "RPOP l"}));
  EXPECT_EQ(Run(*first, "BLPOP a l 0"), R"(["l", "y"])");
}

TEST_F(Lists, AKeyOfAnotherTypeWakesNobody) {
  auto waiter = NewClient();
  EXPECT_EQ(Run(*waiter, "BLMPOP 0 1 l LEFT COUNT 2"), "...");
  Run("SET l text");
  EXPECT_EQ(Delivered(*waiter), "");
  Run("DEL l");
  Run("RPUSH l a b c");
  EXPECT_EQ(Delivered(*waiter), R"(["l", ["a", "b"]])");
}

TEST_F(Lists, AMoveWaitsOnWhileItsSourceHasAnotherType) {
  auto mover = NewClient();
  EXPECT_EQ(Run(*mover, "BRPOPLPUSH src dst 0"), "...");
  Run("SET src text");
  EXPECT_EQ(Delivered(*mover), "");
  Run("DEL src");
  Run("SET dst text");
  Run("RPUSH src e");
  EXPECT_EQ(Delivered(*mover), kWrongTypeReply);
  EXPECT_EQ(Run("LLEN src"), "1");
}

TEST_F(Lists, AMoveThatWaitsFeedsTheNextWaiter) {
  auto mover = NewClient(), popper = NewClient();
  EXPECT_EQ(Run(*mover, "BLMOVE src dst LEFT RIGHT 0"), "...");
  EXPECT_EQ(Run(*popper, "BLPOP dst 0"), "...");
  Changes();
  Run("RPUSH src e");
  EXPECT_EQ(Delivered(*mover), R"("e")");
  EXPECT_EQ(Delivered(*popper), R"(["dst", "e"])");
  EXPECT_EQ(Changes(), Lines({"RPUSH src e", "LMOVE src dst LEFT RIGHT", "LPOP dst"}));
  EXPECT_EQ(Run("EXISTS src dst"), "0");
}

TEST_F(Lists, CheckTimeouts) {
  EXPECT_EQ(Run("BLPOP l x"), "(error) ERR timeout is not a float or out of range");
  EXPECT_EQ(Run("BLPOP l -1"), "(error) ERR timeout is negative");
  EXPECT_EQ(Run("BRPOPLPUSH a b 1e30"), "(error) ERR timeout is out of range");
}

TEST_F(Lists, ReportTheirEncoding) {
  settings_.list_max_listpack_size.set(3);
  Run("RPUSH l a b c");
  EXPECT_EQ(Run("OBJECT ENCODING l"), R"("listpack")");
  Run("RPUSH l d");
  EXPECT_EQ(Run("OBJECT ENCODING l"), R"("quicklist")");
}

}  // namespace
}  // namespace tusk::families
