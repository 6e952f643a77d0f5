#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

class StreamCommands : public CommandFixture {
 protected:
  static std::string Ids(std::initializer_list<std::string_view> ids) {
    std::string reply = "*" + std::to_string(ids.size()) + "\r\n";
    for (std::string_view id : ids) reply += Bulk(id);
    return reply;
  }
  // An entry with the field f and the value v.
  static std::string Entry(std::string_view id) { return "*2\r\n" + Bulk(id) + Ids({"f", "v"}); }
};

TEST_F(StreamCommands, AnAddedEntryIsRecordedWithTheIdThatItGot) {
  EXPECT_EQ(Run("XADD s 5-1 f v"), Bulk("5-1"));
  EXPECT_EQ(log(), (Log{"E xadd s", "C XADD s 5-1 f v"}));
  EXPECT_EQ(Run("XADD s 5-* f v"), Bulk("5-2"));
  EXPECT_EQ(log(), (Log{"E xadd s", "C XADD s 5-2 f v"}));
  EXPECT_EQ(Run("XADD s NOMKSTREAM 7 f v"), Bulk("7-0"));
  EXPECT_EQ(Run("XADD none NOMKSTREAM * f v"), "$-1\r\n");
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("XLEN s"), ":3\r\n");
  EXPECT_EQ(Run("XADD s 7-0 f v"),
            "-ERR The ID specified in XADD is equal or smaller than the target stream top item\r\n");
  EXPECT_EQ(Run("XADD s 0-0 f v"), "-ERR The ID specified in XADD must be greater than 0-0\r\n");
  EXPECT_EQ(Run("XADD s * f"), "-ERR wrong number of arguments for 'xadd' command\r\n");
  EXPECT_EQ(Run("XADD s 18446744073709551615-18446744073709551615 f v"), Bulk("18446744073709551615-18446744073709551615"));
  EXPECT_EQ(Run("XADD s * f v"), "-ERR The stream has exhausted the last possible ID, unable to add more items\r\n");
  Run("SET text 1");
  EXPECT_EQ(Run("XADD text * f v"), "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
}

// Files of version 10 have no such thing as an entry that is pending for nobody: it is written as a nameless consumer's.
TEST_F(StreamCommands, ReleasedEntriesSurviveCopiesAndPayloads) {
  for (std::string_view reader : {"alice", ""}) {
    Run("FLUSHALL");
    for (int i = 1; i <= 3; ++i) Run("XADD s " + std::to_string(i) + " f v");
    Run("XGROUP CREATE s g 0");
    Run({"XREADGROUP", "GROUP", "g", reader, "STREAMS", "s", ">"});
    Run("XNACK s g FATAL IDS 2 1 3");
    const std::string pending = Run("XPENDING s g - + 10"), consumers = Run("XINFO CONSUMERS s g");
    EXPECT_EQ(pending.find("*4\r\n" + Bulk("1-0") + Bulk("") + ":-1\r\n:9223372036854775807\r\n"), 4u) << pending;
    Run("COPY s copy");
    EXPECT_EQ(Run("XPENDING copy g - + 10"), pending);
    const std::string dump = Run("DUMP s");
    const size_t begin = dump.find('\n') + 1;
    ASSERT_EQ(Run({"RESTORE", "restored", "0", std::string_view(dump).substr(begin, dump.size() - begin - 2)}), "+OK\r\n");
    EXPECT_EQ(Run("XPENDING restored g - + 10"), pending);
    EXPECT_EQ(Run("XINFO CONSUMERS restored g").substr(0, 4), consumers.substr(0, 4)) << "One consumer, as before.";
    EXPECT_NE(Run("XINFO STREAM restored FULL").find(Bulk("nacked-count") + ":2\r\n"), std::string::npos);
    EXPECT_EQ(Run("XACK restored g 1 2 3"), ":3\r\n");
  }
}

TEST_F(StreamCommands, ApproximateTrimsAreRecordedAsWhatTheyDid) {
  engine().settings().stream_node_max_entries.set(2);
  for (int i = 1; i <= 9; ++i) Run("XADD s " + std::to_string(i) + " f v");
  EXPECT_EQ(Run("XADD s MAXLEN ~ 7 LIMIT 100 10 f v"), Bulk("10-0"));
  EXPECT_EQ(log(), (Log{"E xadd s", "E xtrim s", "C XADD s MAXLEN = 8 10-0 f v"}));
  EXPECT_EQ(Run("XTRIM s MINID ~ 6"), ":2\r\n");
  EXPECT_EQ(log(), (Log{"E xtrim s", "C XTRIM s MINID = 5-0"}));
  EXPECT_EQ(Run("XTRIM s MAXLEN 1 LIMIT 5"), "-ERR syntax error, LIMIT cannot be used without the special ~ option\r\n");
  EXPECT_EQ(Run("XTRIM s MAXLEN 1"), ":5\r\n");
  EXPECT_EQ(Run("XRANGE s - +"), "*1\r\n" + Entry("10-0"));
}

TEST_F(StreamCommands, RangesGoBothWaysAndMayLeaveOutTheirEnds) {
  for (int i = 1; i <= 4; ++i) Run("XADD s " + std::to_string(i) + " f v");
  EXPECT_EQ(Run("XRANGE s (1 3"), "*2\r\n" + Entry("2-0") + Entry("3-0"));
  EXPECT_EQ(Run("XREVRANGE s + - COUNT 1"), "*1\r\n" + Entry("4-0"));
  EXPECT_EQ(Run("XRANGE s - + COUNT 0"), "*-1\r\n");
  EXPECT_EQ(Run("XRANGE none - +"), "*0\r\n");
  EXPECT_EQ(Run("XRANGE s - (0-0"), "-ERR invalid end ID for the interval\r\n");
  EXPECT_EQ(Run("XDEL s 2 9"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E xdel s", "C XDEL s 2 9"}));
  EXPECT_EQ(Run("XRANGE s - 3"), "*2\r\n" + Entry("1-0") + Entry("3-0"));
  EXPECT_EQ(Run("XREAD COUNT 1 STREAMS s none 1 0"), "*1\r\n*2\r\n" + Bulk("s") + "*1\r\n" + Entry("3-0"));
  EXPECT_EQ(Run("XREAD STREAMS s $"), "*-1\r\n");
  EXPECT_EQ(Run("XREAD STREAMS s +"), "*1\r\n*2\r\n" + Bulk("s") + "*1\r\n" + Entry("4-0"));
}

TEST_F(StreamCommands, AStreamStaysWhenItsLastEntryGoes) {
  Run("XADD s 1 f v");
  EXPECT_EQ(Run("XDEL s 1"), ":1\r\n");
  EXPECT_EQ(Run("TYPE s"), "+stream\r\n");
  EXPECT_EQ(Run("OBJECT ENCODING s"), Bulk("stream"));
  EXPECT_EQ(Run("COPY s copy"), ":1\r\n");
  EXPECT_EQ(Run("XLEN copy"), ":0\r\n");
}

TEST_F(StreamCommands, ADeliveryIsRecordedAsClaimsAndThePositionOfTheGroup) {
  Run("XADD s 1 f v");
  Run("XADD s 2 f v");
  EXPECT_EQ(Run("XGROUP CREATE s g 0"), "+OK\r\n");
  EXPECT_EQ(log(), (Log{"E xgroup-create s", "C XGROUP CREATE s g 0"}));
  EXPECT_EQ(Run("XGROUP CREATE s h -"), "-ERR Invalid stream ID specified as stream command argument\r\n");
  EXPECT_EQ(Run("XGROUP SETID s g -"), "+OK\r\n");
  // As many words as one of each option takes may be there, whatever they are; more are refused once the key is known.
  EXPECT_EQ(Run("XGROUP CREATE s twice $ MKSTREAM MKSTREAM MKSTREAM"), "+OK\r\n");
  EXPECT_EQ(Run("XGROUP DESTROY s twice"), ":1\r\n");
  constexpr std::string_view kTooMany = "-ERR unknown subcommand or wrong number of arguments for";
  EXPECT_TRUE(Run("XGROUP CREATE s i 0 ENTRIESREAD 5 MKSTREAM MKSTREAM").starts_with(kTooMany));
  EXPECT_TRUE(Run("XGROUP CREATE none i 0 ENTRIESREAD 5 ENTRIESREAD 5").starts_with("-ERR The XGROUP subcommand requires the key"));
  EXPECT_TRUE(Run("XGROUP SETID s g 0 ENTRIESREAD 5 ENTRIESREAD 5").starts_with(kTooMany));
  EXPECT_TRUE(Run("XGROUP SETID s none 0 ENTRIESREAD 5 ENTRIESREAD 5").starts_with("-NOGROUP"));
  EXPECT_EQ(Run("XGROUP CREATE s g 0"), "-BUSYGROUP Consumer Group name already exists\r\n");
  EXPECT_EQ(Run("XGROUP SETID s g 0 ENTRIESREAD 0"), "+OK\r\n");
  EXPECT_EQ(Run("XREADGROUP GROUP g c COUNT 1 STREAMS s >"), "*1\r\n*2\r\n" + Bulk("s") + "*1\r\n" + Entry("1-0"));
  std::string now = std::to_string(clock().UnixMillis());
  EXPECT_EQ(log(), (Log{"E xgroup-createconsumer s",
                        "C XCLAIM s g c 0 1-0 TIME " + now + " RETRYCOUNT 1 FORCE JUSTID LASTID 1-0",
                        "C XGROUP SETID s g 1-0 ENTRIESREAD 1"}));
  EXPECT_EQ(Run("XPENDING s g - + 10"), "*1\r\n*4\r\n" + Bulk("1-0") + Bulk("c") + ":0\r\n:1\r\n");
  EXPECT_EQ(Run("XREADGROUP GROUP g c STREAMS s 0"), "*1\r\n*2\r\n" + Bulk("s") + "*1\r\n" + Entry("1-0"));
  EXPECT_EQ(log(), Log{}) << "reading what is pending changes nothing that followers need";
  EXPECT_EQ(Run("XACK s g 1 2"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"C XACK s g 1 2"}));
  EXPECT_EQ(Run("XREADGROUP GROUP none c STREAMS s >"),
            "-NOGROUP No such key 's' or consumer group 'none' in XREADGROUP with GROUP option\r\n");
}

TEST_F(StreamCommands, ClaimsMoveWhatIsPendingAndForgetWhatWasDeleted) {
  for (int i = 1; i <= 3; ++i) Run("XADD s " + std::to_string(i) + " f v");
  Run("XGROUP CREATE s g 0");
  Run("XREADGROUP GROUP g a STREAMS s >");
  EXPECT_EQ(Run("XCLAIM s g b 1000 1 JUSTID"), "*0\r\n") << "idle for too short";
  EXPECT_EQ(Run("XCLAIM s g b 0 1 9 JUSTID"), Ids({"1-0"}));
  Run("XDEL s 2");
  EXPECT_EQ(Run("XAUTOCLAIM s g b 0 - COUNT 2 JUSTID"), "*3\r\n" + Bulk("3-0") + Ids({"1-0"}) + Ids({"2-0"}));
  EXPECT_EQ(Run("XAUTOCLAIM s g b 0 3"), "*3\r\n" + Bulk("0-0") + "*1\r\n" + Entry("3-0") + "*0\r\n");
  EXPECT_EQ(Run("XPENDING s g"), "*4\r\n:2\r\n" + Bulk("1-0") + Bulk("3-0") + "*1\r\n" + Ids({"b", "2"}));
  EXPECT_EQ(Run("XGROUP DELCONSUMER s g b"), ":2\r\n");
  EXPECT_EQ(Run("XGROUP DESTROY s g"), ":1\r\n");
  EXPECT_EQ(Run("XGROUP DESTROY s g"), ":0\r\n");
}

TEST_F(StreamCommands, DeletionMayKeepDropOrHeedWhatIsPending) {
  for (int i = 1; i <= 6; ++i) Run("XADD s " + std::to_string(i) + " f v");
  EXPECT_EQ(Run("XDELEX s ACKED IDS 1 1"), "*1\r\n:2\r\n") << "nobody has read it";
  Run("XGROUP CREATE s g 0");
  Run("XGROUP CREATE s h 0");
  Run("XREADGROUP GROUP g c COUNT 5 STREAMS s >");
  Run("XREADGROUP GROUP h c COUNT 5 STREAMS s >");
  EXPECT_EQ(Run("XACKDEL s g ACKED IDS 2 1 6"), "*2\r\n:2\r\n:-1\r\n");
  EXPECT_EQ(Run("XACKDEL s h ACKED IDS 1 1"), "*1\r\n:1\r\n");
  EXPECT_EQ(log(), (Log{"E xdel s", "C XACKDEL s h ACKED IDS 1 1"}));
  EXPECT_EQ(Run("XDELEX s IDS 1 2 KEEPREF"), "*1\r\n:1\r\n");
  EXPECT_EQ(Run("XDELEX s DELREF IDS 2 2 3"), "*2\r\n:-1\r\n:1\r\n");
  EXPECT_EQ(Run("XPENDING s g"), "*4\r\n:2\r\n" + Bulk("4-0") + Bulk("5-0") + "*1\r\n" + Ids({"c", "2"}));
  EXPECT_EQ(Run("XTRIM s MAXLEN 0 ACKED"), ":0\r\n");
  EXPECT_EQ(Run("XTRIM s MAXLEN 1 DELREF"), ":2\r\n");
  EXPECT_EQ(Run("XPENDING s g"), "*4\r\n:0\r\n$-1\r\n$-1\r\n*-1\r\n");
  EXPECT_EQ(Run("XDELEX none IDS 1 1"), "*1\r\n:-1\r\n");
  EXPECT_EQ(Run("XDELEX s IDS 2 1"), "-ERR The `numids` parameter must match the number of arguments\r\n");
  EXPECT_EQ(Run("XDELEX s IDS 0 1"), "-ERR Number of IDs must be a positive integer\r\n");
  EXPECT_EQ(Run("XDELEX s ACKED DELREF IDS 1 1"), "-ERR syntax error\r\n");
}

TEST_F(StreamCommands, ACommandThatCannotWaitAnswersAtOnce) {
  Run("XADD s 1 f v");
  EXPECT_EQ(Run("XREAD BLOCK 0 STREAMS s $"), "*-1\r\n");
  EXPECT_EQ(Run("XREAD BLOCK -1 STREAMS s $"), "-ERR timeout is negative\r\n");
  EXPECT_EQ(Run("XREAD BLOCK x STREAMS s $"), "-ERR timeout is not an integer or out of range\r\n");
}

}  // namespace
}  // namespace tusk::engine
