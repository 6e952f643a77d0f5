#include <set>

#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

// Every test runs on packed hashes and on tables.
class HashCommands : public CommandFixture, public testing::WithParamInterface<const char*> {
 protected:
  HashCommands() {
    bool packed = std::string_view(GetParam()) == "packed";
    engine().settings().hash_max_listpack_entries.set(packed ? 512 : 0);
  }
};

INSTANTIATE_TEST_SUITE_P(EveryEncoding, HashCommands, testing::Values("packed", "table"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(HashCommands, SetAndGetFields) {
  EXPECT_EQ(Run("HSET h a 1 b 2 a 3"), ":2\r\n");
  EXPECT_EQ(log(), (Log{"E hset h", "C HSET h a 1 b 2 a 3"}));
  EXPECT_EQ(Run("HGET h a"), Bulk("3"));
  EXPECT_EQ(Run("HGET h c"), "$-1\r\n");
  EXPECT_EQ(Run("HMGET h a c b"), "*3\r\n$1\r\n3\r\n$-1\r\n$1\r\n2\r\n");
  EXPECT_EQ(Run("HMGET none a"), "*1\r\n$-1\r\n");
  EXPECT_EQ(Run("HMSET h c 4"), "+OK\r\n");
  EXPECT_EQ(Run("HSETNX h c 5"), ":0\r\n");
  EXPECT_EQ(Run("HSETNX h d 5"), ":1\r\n");
  EXPECT_EQ(Run("HLEN h"), ":4\r\n");
  EXPECT_EQ(Run("HEXISTS h d"), ":1\r\n");
  EXPECT_EQ(Run("HSTRLEN h d"), ":1\r\n");
  EXPECT_EQ(Run("HSET h a"), "-ERR wrong number of arguments for 'hset' command\r\n");
  EXPECT_EQ(Run("HSET h a 1 b"), "-ERR wrong number of arguments for 'hset' command\r\n");
}

TEST_P(HashCommands, DeletingTheLastFieldDeletesTheKey) {
  Run("HSET h a 1 b 2");
  EXPECT_EQ(Run("HDEL h a none"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E hdel h", "C HDEL h a none"}));
  EXPECT_EQ(Run("HDEL h b b"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E hdel h", "E del h", "C HDEL h b b"}));
  EXPECT_EQ(Run("HLEN h"), ":0\r\n");
  EXPECT_EQ(Run("HDEL h b"), ":0\r\n");
  EXPECT_EQ(log(), Log{});
}

TEST_P(HashCommands, FieldsCount) {
  EXPECT_EQ(Run("HINCRBY h n 5"), ":5\r\n");
  EXPECT_EQ(log(), (Log{"E hincrby h", "C HINCRBY h n 5"}));
  EXPECT_EQ(Run("HINCRBY h n -7"), ":-2\r\n");
  Run("HSET h n -9223372036854775808 t text");
  EXPECT_EQ(Run("HINCRBY h n -1"), "-ERR increment or decrement would overflow\r\n");
  EXPECT_EQ(Run("HINCRBY h t 1"), "-ERR hash value is not an integer\r\n");
  EXPECT_EQ(Run("HINCRBY h n x"), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Run("HINCRBYFLOAT h f 1.5"), Bulk("1.5"));
  EXPECT_EQ(log(), (Log{"E hincrbyfloat h", "C HSET h f 1.5"}));
  EXPECT_EQ(Run("HINCRBYFLOAT h t 1"), "-ERR hash value is not a float\r\n");
  EXPECT_EQ(Run("HINCRBYFLOAT h f inf"), "-ERR value is NaN or Infinity\r\n");
  EXPECT_EQ(Run("HINCRBYFLOAT h f x"), "-ERR value is not a valid float\r\n");
  EXPECT_EQ(Run("HINCRBY none n x"), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Run("HLEN none"), ":0\r\n");
}

TEST_P(HashCommands, WholeHashesInBothProtocols) {
  EXPECT_EQ(Run("HGETALL h"), "*0\r\n");
  Run("HSET h a 1");
  EXPECT_EQ(Run("HGETALL h"), "*2\r\n$1\r\na\r\n$1\r\n1\r\n");
  EXPECT_EQ(Run("HKEYS h"), "*1\r\n$1\r\na\r\n");
  EXPECT_EQ(Run("HVALS h"), "*1\r\n$1\r\n1\r\n");
  EXPECT_EQ(Run("HSCAN h 0"), "*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n");
  EXPECT_EQ(Run("HSCAN h 0 MATCH b*"), "*2\r\n$1\r\n0\r\n*0\r\n");
  session().protocol = 3;
  EXPECT_EQ(Run("HGETALL h"), "%1\r\n$1\r\na\r\n$1\r\n1\r\n");
  EXPECT_EQ(Run("HGETALL none"), "%0\r\n");
  EXPECT_EQ(Run("HRANDFIELD h 1 WITHVALUES"), "*1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n");
}

TEST_P(HashCommands, RandomFields) {
  EXPECT_EQ(Run("HRANDFIELD h"), "$-1\r\n");
  EXPECT_EQ(Run("HRANDFIELD h 5"), "*0\r\n");
  std::vector<std::string> words{"HSET", "h"};
  for (int i = 0; i < 200; ++i) words.insert(words.end(), {"f" + std::to_string(i), "v"});
  RunAll({words.begin(), words.end()});
  for (int count : {1, 5, 20, 150, 200, 1000}) {
    std::string reply = Run("HRANDFIELD h " + std::to_string(count));
    std::set<std::string> fields;
    for (size_t at = reply.find("f"); at != std::string::npos; at = reply.find("f", at + 1)) {
      fields.insert(reply.substr(at, reply.find('\r', at) - at));
    }
    EXPECT_EQ(fields.size(), static_cast<size_t>(std::min(count, 200)));
    EXPECT_TRUE(reply.starts_with("*" + std::to_string(std::min(count, 200)) + "\r\n"));
  }
  EXPECT_TRUE(Run("HRANDFIELD h -1000 WITHVALUES").starts_with("*2000\r\n"));
  EXPECT_EQ(Run("HRANDFIELD h 1 WHAT"), "-ERR syntax error\r\n");
  EXPECT_EQ(Run("HRANDFIELD h -9223372036854770000 WITHVALUES"), "-ERR value is out of range\r\n");
}

TEST_P(HashCommands, RefuseOtherTypes) {
  Run("SET s v");
  for (const char* line : {"HSET s a 1", "HMSET s a 1", "HSETNX s a 1", "HGET s a", "HMGET s a", "HDEL s a", "HLEN s",
                           "HSTRLEN s a", "HEXISTS s a", "HINCRBY s a 1", "HINCRBYFLOAT s a 1", "HGETALL s", "HKEYS s",
                           "HVALS s", "HRANDFIELD s", "HSCAN s 0"}) {
    EXPECT_EQ(Run(line), "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n") << line;
  }
}

}  // namespace
}  // namespace tusk::engine
