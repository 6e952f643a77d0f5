#include "resp/reply_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "resp/reply.h"

namespace tusk::resp {
namespace {

// All replies in `input`, fed in pieces, as text; the error last.
std::vector<std::string> Read(std::string_view input, size_t piece) {
  ReplyParser parser;
  std::vector<std::string> replies;
  while (true) {
    auto value = parser.Next();
    if (!value) {
      replies.push_back("! " + value.error().message());
      return replies;
    }
    if (value->has_value()) {
      replies.push_back((*value)->ToString());
      continue;
    }
    if (input.empty()) return replies;
    parser.Feed(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
  }
}

std::string One(std::string_view input) {
  auto value = ParseReply(input);
  return value ? value->ToString() : "! " + value.error().message();
}

TEST(ReplyParser, ReadsEachType) {
  EXPECT_EQ("OK", One("+OK\r\n"));
  EXPECT_EQ("(error) ERR x", One("-ERR x\r\n"));
  EXPECT_EQ("(error) ERR x", One("!5\r\nERR x\r\n"));
  EXPECT_EQ("-5", One(":-5\r\n"));
  EXPECT_EQ("\"a\\r\\n\"", One("$3\r\na\r\n\r\n"));
  EXPECT_EQ("(nil)", One("$-1\r\n"));
  EXPECT_EQ("(nil)", One("*-1\r\n"));
  EXPECT_EQ("(nil)", One("_\r\n"));
  EXPECT_EQ("true", One("#t\r\n"));
  EXPECT_EQ("1.5", One(",1.5\r\n"));
  EXPECT_EQ("nan", One(",nan\r\n"));
  EXPECT_EQ("123456789012345678901234567890", One("(123456789012345678901234567890\r\n"));
  EXPECT_EQ("\"hi\"", One("=6\r\ntxt:hi\r\n"));
  EXPECT_EQ("[]", One("*0\r\n"));
  EXPECT_EQ("[1, {\"k\": [2, 3]}, ~[4], >[5]]", One("*4\r\n:1\r\n%1\r\n$1\r\nk\r\n*2\r\n:2\r\n:3\r\n~1\r\n:4\r\n>1\r\n:5\r\n"));
}

TEST(ReplyParser, AnAttributeBelongsToTheValueAfterIt) {
  auto value = ParseReply("|1\r\n+ttl\r\n:3\r\n$1\r\nv\r\n");
  ASSERT_TRUE(value);
  EXPECT_EQ("v", value->text);
  ASSERT_EQ(2u, value->attributes.size());
  EXPECT_EQ(3, value->attributes[1].integer);
}

TEST(ReplyParser, RefusesWhatIsNoReply) {
  for (const char* input : {"?\r\n", ":x\r\n", "$x\r\n", "$-2\r\n", "%-1\r\n", "#x\r\n", ",x\r\n", "=2\r\nab\r\n",
                            "$1\r\nabc", "+a\rb", "*99999999999\r\n", "$?\r\n"}) {
    EXPECT_EQ("! ERR Protocol error", Read(input, 100).back().substr(0, 20)) << input;
  }
}

TEST(ReplyParser, NestingIsBounded) {
  auto nested = [](size_t depth) {
    std::string input;
    for (size_t i = 0; i < depth; ++i) input += "*1\r\n";
    return input + ":1\r\n";
  };
  EXPECT_TRUE(ParseReply(nested(kReplyNestingMax)));
  EXPECT_EQ("! ERR Protocol error: reply nested too deep", One(nested(kReplyNestingMax + 1)));
}

void WriteRandom(Reply& reply, base::Random& random, int depth) {
  size_t count = random.Below(4);
  switch (random.Below(depth > 4 ? 8 : 11)) {
    case 0: return reply.Simple("simple");
    case 1: return reply.Error("ERR e");
    case 2: return reply.Integer(static_cast<int64_t>(random.Next()));
    case 3: return reply.Bulk(std::string(random.Below(40), static_cast<char>(random.Below(256))));
    case 4: return reply.Null();
    case 5: return reply.Double(random.Unit());
    case 6: return reply.Bool(random.Below(2) == 0);
    case 7: return reply.Verbatim("txt", "text");
    case 8: reply.ArrayHeader(count); break;
    case 9: reply.SetHeader(count); break;
    default:
      reply.MapHeader(count);
      count *= 2;
  }
  while (count-- > 0) WriteRandom(reply, random, depth + 1);
}

// What Reply writes is read back the same however it is cut; damaged, it is an error or another reply, also the same.
TEST(ReplyParser, PiecesOfAnySizeGiveTheSameReplies) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    OutputBuffer buffer;
    Reply reply(buffer, static_cast<int>(2 + seed % 2));
    for (int i = 0; i < 10; ++i) WriteRandom(reply, random, 0);
    std::string input = buffer.ToString();
    auto whole = Read(input, input.size());
    ASSERT_EQ(10u, whole.size());
    ASSERT_EQ(whole, Read(input, 1));
    ASSERT_EQ(whole, Read(input, 5));
    for (int i = 0; i < 3; ++i) input[random.Below(input.size())] = static_cast<char>(random.Below(256));
    ASSERT_EQ(Read(input, input.size()), Read(input, 1));
  }
}

}  // namespace
}  // namespace tusk::resp
