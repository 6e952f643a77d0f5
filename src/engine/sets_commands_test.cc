#include <set>

#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

// Every test runs on the small encodings and on tables.
class SetCommands : public CommandFixture, public testing::WithParamInterface<const char*> {
 protected:
  SetCommands() {
    bool small = std::string_view(GetParam()) == "small";
    engine().settings().set_max_intset_entries.set(small ? 512 : 0);
    engine().settings().set_max_listpack_entries.set(small ? 128 : 0);
  }
  // The bulks of an array or set reply.
  static std::multiset<std::string> Members(std::string_view reply) {
    std::multiset<std::string> members;
    size_t at = reply.find("\r\n") + 2;
    while (at < reply.size()) {
      size_t text = reply.find("\r\n", at) + 2;
      size_t end = reply.find("\r\n", text);
      members.emplace(reply.substr(text, end - text));
      at = end + 2;
    }
    return members;
  }
  using Strings = std::multiset<std::string>;
};

INSTANTIATE_TEST_SUITE_P(EveryEncoding, SetCommands, testing::Values("small", "table"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(SetCommands, AddRemoveAndAsk) {
  EXPECT_EQ(Run("SADD s a b a 5"), ":3\r\n");
  EXPECT_EQ(log(), (Log{"E sadd s", "C SADD s a b a 5"}));
  EXPECT_EQ(Run("SADD s a"), ":0\r\n");
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("SCARD s"), ":3\r\n");
  EXPECT_EQ(Run("SISMEMBER s 5"), ":1\r\n");
  EXPECT_EQ(Run("SMISMEMBER s a x 5"), "*3\r\n:1\r\n:0\r\n:1\r\n");
  EXPECT_EQ(Run("SMISMEMBER none a"), "*1\r\n:0\r\n");
  EXPECT_EQ(Members(Run("SMEMBERS s")), (Strings{"a", "b", "5"}));
  EXPECT_EQ(Run("SREM s a x"), ":1\r\n");
  EXPECT_EQ(Run("SREM s b 5"), ":2\r\n");
  EXPECT_EQ(log(), (Log{"E srem s", "E del s", "C SREM s b 5"}));
  session().protocol = 3;
  EXPECT_EQ(Run("SMEMBERS s"), "~0\r\n");
}

TEST_P(SetCommands, Move) {
  Run("SADD a x y");
  EXPECT_EQ(Run("SMOVE a b x"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E srem a", "E sadd b", "C SMOVE a b x"}));
  EXPECT_EQ(Run("SMOVE a b none"), ":0\r\n");
  EXPECT_EQ(Run("SMOVE a a y"), ":1\r\n");
  EXPECT_EQ(log(), Log{});
  Run("SADD b y");
  EXPECT_EQ(Run("SMOVE a b y"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E srem a", "E del a", "C SMOVE a b y"}));
  Run("SET t v");
  EXPECT_EQ(Run("SMOVE b t y"), "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
  EXPECT_EQ(Run("SMOVE none t y"), ":0\r\n");
}

TEST_P(SetCommands, PopRecordsWhatItTook) {
  Run("SADD s a");
  EXPECT_EQ(Run("SPOP s"), Bulk("a"));
  EXPECT_EQ(log(), (Log{"E spop s", "E del s", "C SREM s a"}));
  EXPECT_EQ(Run("SPOP s"), "$-1\r\n");
  EXPECT_EQ(Run("SPOP s 3"), "*0\r\n");
  Run("SADD s a b c d");
  Strings popped = Members(Run("SPOP s 3"));
  EXPECT_EQ(popped.size(), 3u);
  ASSERT_EQ(log().size(), 2u);
  EXPECT_TRUE(log()[1].starts_with("C SREM s "));
  EXPECT_EQ(Run("SCARD s"), ":1\r\n");
  EXPECT_EQ(Run("SPOP s 0"), "*0\r\n");
  EXPECT_EQ(Members(Run("SPOP s 10")).size(), 1u);
  EXPECT_EQ(log(), (Log{"E spop s", "E del s", "C DEL s"}));
  EXPECT_EQ(Run("SPOP s -1"), "-ERR value is out of range, must be positive\r\n");
  EXPECT_EQ(Run("SPOP s 1 1"), "-ERR syntax error\r\n");
}

TEST_P(SetCommands, RandomMembers) {
  EXPECT_EQ(Run("SRANDMEMBER s"), "$-1\r\n");
  EXPECT_EQ(Run("SRANDMEMBER s 3"), "*0\r\n");
  std::vector<std::string> words{"SADD", "s"};
  for (int i = 0; i < 100; ++i) words.push_back("m" + std::to_string(i));
  RunAll({words.begin(), words.end()});
  for (int count : {1, 5, 60, 100, 1000}) {
    Strings members = Members(Run("SRANDMEMBER s " + std::to_string(count)));
    EXPECT_EQ(members.size(), static_cast<size_t>(std::min(count, 100)));
    EXPECT_EQ(std::set<std::string>(members.begin(), members.end()).size(), members.size());
  }
  EXPECT_EQ(Members(Run("SRANDMEMBER s -300")).size(), 300u);
  EXPECT_EQ(Run("SCARD s"), ":100\r\n");
}

TEST_P(SetCommands, Algebra) {
  Run("SADD a 1 2 3 x");
  Run("SADD b 2 3 y");
  Run("SADD c 3 x");
  EXPECT_EQ(Members(Run("SINTER a b")), (Strings{"2", "3"}));
  EXPECT_EQ(Members(Run("SINTER a b none")), Strings{});
  EXPECT_EQ(Members(Run("SUNION a b none c")), (Strings{"1", "2", "3", "x", "y"}));
  EXPECT_EQ(Members(Run("SDIFF a b none")), (Strings{"1", "x"}));
  EXPECT_EQ(Members(Run("SDIFF a a")), Strings{});
  EXPECT_EQ(Run("SINTERCARD 2 a b"), ":2\r\n");
  EXPECT_EQ(Run("SINTERCARD 2 a b LIMIT 1"), ":1\r\n");
  EXPECT_EQ(Run("SINTERCARD 0 a"), "-ERR numkeys should be greater than 0\r\n");
  EXPECT_EQ(Run("SINTERCARD 3 a b"), "-ERR Number of keys can't be greater than number of args\r\n");
  EXPECT_EQ(Run("SINTERCARD 1 a LIMIT -1"), "-ERR LIMIT can't be negative\r\n");
}

TEST_P(SetCommands, AlgebraStored) {
  Run("SADD a 1 2 3");
  Run("SADD b 2 3 y");
  Run("SET target old EX 100");
  EXPECT_EQ(Run("SINTERSTORE target a b"), ":2\r\n");
  EXPECT_EQ(log(), (Log{"E sinterstore target", "C SINTERSTORE target a b"}));
  clock().AdvanceMillis(200'000);
  EXPECT_EQ(Members(Run("SMEMBERS target")), (Strings{"2", "3"}));
  EXPECT_EQ(Run("SUNIONSTORE a a b"), ":4\r\n");
  EXPECT_EQ(Run("SDIFFSTORE a a b"), ":1\r\n");
  EXPECT_EQ(Run("SDIFFSTORE target none a"), ":0\r\n");
  EXPECT_EQ(log(), (Log{"E del target", "C SDIFFSTORE target none a"}));
  EXPECT_EQ(Run("SDIFFSTORE target none a"), ":0\r\n");
  EXPECT_EQ(log(), Log{});
}

TEST_P(SetCommands, ScanReturnsEachMemberOnce) {
  std::vector<std::string> words{"SADD", "s"};
  for (int i = 0; i < 1000; ++i) words.push_back("m" + std::to_string(i));
  RunAll({words.begin(), words.end()});
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    std::string reply = Run("SSCAN s " + cursor + " COUNT 50");
    size_t begin = reply.find("\r\n", 4) + 2;
    size_t end = reply.find("\r\n", begin);
    cursor = reply.substr(begin, end - begin);
    for (const std::string& member : Members(reply.substr(end + 2))) EXPECT_TRUE(seen.insert(member).second);
  } while (cursor != "0");
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(Run("SSCAN s x"), "-ERR invalid cursor\r\n");
  EXPECT_EQ(Run("SSCAN s 0 COUNT 0"), "-ERR syntax error\r\n");
  EXPECT_EQ(Run("SSCAN none 0 COUNT 0"), "*2\r\n$1\r\n0\r\n*0\r\n");
}

TEST_P(SetCommands, RefuseOtherTypes) {
  Run("SET t v");
  for (const char* line : {"SADD t a", "SREM t a", "SISMEMBER t a", "SMISMEMBER t a", "SCARD t", "SMEMBERS t", "SPOP t",
                           "SPOP t 1", "SRANDMEMBER t", "SINTER none t", "SUNION t", "SDIFF none t", "SINTERCARD 1 t",
                           "SUNIONSTORE x t", "SSCAN t 0"}) {
    EXPECT_EQ(Run(line), "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n") << line;
  }
}

}  // namespace
}  // namespace tusk::engine
