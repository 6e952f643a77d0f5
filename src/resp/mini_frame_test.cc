// The mini-Redis port's values, token by token, and its requests as RequestParser finds them.
#include "resp/mini_frame.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "resp/request_parser.h"

namespace tusk::resp {
namespace {

constexpr int64_t kBulkMax = 1000;

// Requests, then the error if any, with the stream cut into pieces of that size.
std::vector<std::string> Parse(std::string_view input, size_t piece) {
  RequestParser parser;
  parser.set_mini();
  parser.set_bulk_bytes_max(kBulkMax);
  std::vector<std::string> requests;
  while (!input.empty() && !parser.failed()) {
    parser.Feed(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
    while (parser.ParseBatch() > 0) {
      while (parser.request_count() > 0) {
        Argv argv = parser.Take();
        EXPECT_EQ(argv.size(), 1u);
        requests.emplace_back(argv[0]);
      }
    }
  }
  if (parser.failed()) requests.push_back("! " + parser.error());
  return requests;
}

void ExpectRequests(std::string_view input, const std::vector<std::string>& expected) {
  for (size_t piece : {size_t{1}, size_t{2}, size_t{7}, input.size()}) EXPECT_EQ(Parse(input, piece), expected) << input << " cut by " << piece;
}

TEST(MiniFrameTest, TokensSayWhatTheyAre) {
  const struct {
    std::string_view input;
    MiniType type;
    std::string_view text;
    int64_t count;
  } cases[] = {
      {"+ok\r\n", MiniType::kSimple, "ok", 0},   {"-no\r\n", MiniType::kError, "no", 0},    {":-12.5\r\n", MiniType::kNumber, "-12.5", 0},
      {"$3\r\na\r\n\r\n", MiniType::kBytes, "a\r\n", 0}, {"$-1\r\n", MiniType::kNull, "", 0}, {"$0\r\n\r\n", MiniType::kBytes, "", 0},
      {"^2\r\nhi\r\n", MiniType::kText, "hi", 0}, {"@2\r\n{}\r\n", MiniType::kJson, "{}", 0}, {"*3\r\n", MiniType::kArray, "", 3},
      {"%2\r\n", MiniType::kDict, "", 4},         {"&2\r\n", MiniType::kSet, "", 2},          {"*-1\r\n", MiniType::kArray, "", -1},
      {"GET k\r\n", MiniType::kLine, "GET k", 0}, {"GET k\n", MiniType::kLine, "GET k", 0},   {"*3\n", MiniType::kArray, "", 3},
      {"\r\n", MiniType::kLine, "", 0},           {"x\r\r\n", MiniType::kLine, "x", 0},
  };
  for (const auto& test : cases) {
    std::string_view in = test.input;
    auto token = TakeMiniToken(in, kBulkMax);
    ASSERT_TRUE(token && *token) << test.input;
    EXPECT_EQ((*token)->type, test.type) << test.input;
    EXPECT_EQ((*token)->text, test.text) << test.input;
    EXPECT_EQ((*token)->count, test.count) << test.input;
    EXPECT_TRUE(in.empty()) << test.input;
    for (size_t size = 0; size < test.input.size(); ++size) {
      std::string_view part = test.input.substr(0, size);
      auto none = TakeMiniToken(part, kBulkMax);
      EXPECT_TRUE(none && !*none) << test.input << " cut to " << size;
      EXPECT_EQ(part.size(), size);
    }
  }
}

TEST(MiniFrameTest, MalformedTokensAreRefused) {
  const struct {
    std::string_view input;
    std::string_view error;
  } cases[] = {
      {"$x\r\n", "invalid length"},      {"$\r\n", "invalid length"},     {"$-2\r\n", "invalid length"},
      {"^-1\r\n", "invalid length"},     {"@-1\r\n", "invalid length"},   {"$1001\r\n", "invalid length"},
      {"$ 3\r\n", "invalid length"},     {"*x\r\n", "invalid length"},    {"%1.5\r\n", "invalid length"},
      {"&2147483648\r\n", "invalid length"}, {"$99999999999999999999\r\n", "invalid length"},
      {"$3\r\nabcde", "no line end behind the bytes"}, {"$3\r\nabc\n\n", "no line end behind the bytes"},
  };
  for (const auto& test : cases) {
    std::string_view in = test.input;
    auto token = TakeMiniToken(in, kBulkMax);
    ASSERT_FALSE(token) << test.input;
    EXPECT_EQ(token.error().message(), test.error) << test.input;
  }
}

TEST(MiniFrameTest, ALineMayBeSoLongAndNoLonger) {
  const std::string line(kMiniLineBytesMax, 'x');
  std::string exact = line + "\r\n", longer = line + "xxx\r\n", endless(kMiniLineBytesMax * 2, 'x');
  std::string_view in = exact;
  auto token = TakeMiniToken(in, kBulkMax);
  ASSERT_TRUE(token && *token);
  EXPECT_EQ((*token)->text.size(), kMiniLineBytesMax);
  for (std::string_view wrong : {std::string_view(longer), std::string_view(endless)}) {
    auto refused = TakeMiniToken(wrong, kBulkMax);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), "too long line");
  }
}

TEST(MiniFrameTest, RequestsAreFoundHoweverTheStreamIsCut) {
  ExpectRequests("GET k\r\n*2\r\n$3\r\nGET\r\n^1\r\nk\r\n", {"GET k\r\n", "*2\r\n$3\r\nGET\r\n^1\r\nk\r\n"});
  ExpectRequests("\r\n*0\r\n*-1\r\n:1\r\n", {"\r\n", "*0\r\n", "*-1\r\n", ":1\r\n"});
  ExpectRequests("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n%2\r\n^1\r\na\r\n*2\r\n:1\r\n&1\r\n$-1\r\n:2\r\n*0\r\nLEN\r\n",
                 {"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n%2\r\n^1\r\na\r\n*2\r\n:1\r\n&1\r\n$-1\r\n:2\r\n*0\r\n", "LEN\r\n"});
  ExpectRequests("*2\r\nGET\r\nk\r\nLEN\n", {"*2\r\nGET\r\nk\r\n", "LEN\n"});
}

TEST(MiniFrameTest, ABrokenRequestIsToldAfterThoseBeforeIt) {
  ExpectRequests("LEN\r\n$x\r\nLEN\r\n", {"LEN\r\n", "! Protocol error: invalid length"});
  ExpectRequests("*2\r\n$3\r\nGET\r\n$3\r\nabcdeLEN\r\n", {"! Protocol error: no line end behind the bytes"});
}

TEST(MiniFrameTest, NestingAndSizeOfARequestAreBounded) {
  std::string deep;
  for (size_t i = 0; i <= kFrameNestingMax; ++i) deep += "*1\r\n";
  ExpectRequests(deep + ":1\r\n", {"! Protocol error: too deep nesting"});
  std::string large = "*200\r\n";
  for (int i = 0; i < 200; ++i) large += "$900\r\n" + std::string(900, 'x') + "\r\n";
  ExpectRequests(large, {"! Protocol error: too large request"});
}

TEST(MiniFrameTest, BeforeAuthenticationNobodyMakesTheServerKeepMuch) {
  RequestParser parser;
  parser.set_mini();
  parser.set_authenticated(false);
  parser.Feed("*11\r\n");
  EXPECT_EQ(parser.ParseBatch(), 0u);
  EXPECT_EQ(parser.error(), "Protocol error: unauthenticated array length");
  RequestParser other;
  other.set_mini();
  other.set_authenticated(false);
  other.Feed("*2\r\n$3\r\nGET\r\n$20000\r\n");
  EXPECT_EQ(other.ParseBatch(), 0u);
  EXPECT_EQ(other.error(), "Protocol error: invalid length");
}

}  // namespace
}  // namespace tusk::resp
