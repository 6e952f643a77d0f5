#include "resp/request_parser.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"

namespace tusk::resp {
namespace {

using Requests = std::vector<std::vector<std::string>>;

void TakeAll(RequestParser& parser, Requests& requests) {
  while (parser.ParseBatch() > 0) {
    while (parser.request_count() > 0) {
      Argv peeked = parser.Peek(0);
      Argv argv = parser.Take();
      EXPECT_EQ(peeked.data(), argv.data());
      requests.emplace_back(argv.begin(), argv.end());
    }
  }
}

// Feeds pieces of `piece` bytes (0: random sizes) and returns what came out, the error last.
Requests Parse(std::string_view input, size_t piece, uint64_t seed = 1) {
  base::Random random(seed);
  RequestParser parser;
  Requests requests;
  while (!input.empty() && !parser.failed()) {
    size_t count = std::min(input.size(), piece > 0 ? piece : 1 + random.Below(40));
    parser.Feed(input.substr(0, count));
    input.remove_prefix(count);
    if (random.Below(3) > 0 || input.empty()) TakeAll(parser, requests);
  }
  TakeAll(parser, requests);
  if (parser.failed()) requests.push_back({parser.error()});
  return requests;
}

std::string Multibulk(const std::vector<std::string>& argv) {
  std::string text = "*" + std::to_string(argv.size()) + "\r\n";
  for (const std::string& arg : argv) text += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  return text;
}

std::string ErrorOf(std::string_view input, bool authenticated = true, int64_t bulk_bytes_max = kBulkBytesMaxDefault) {
  RequestParser parser;
  parser.set_authenticated(authenticated);
  parser.set_bulk_bytes_max(bulk_bytes_max);
  parser.Feed(input);
  EXPECT_EQ(0u, parser.ParseBatch());
  return parser.error();
}

TEST(RequestParser, ReadsMultibulkAndInlineRequests) {
  Requests expected = {{"SET", "k", "a\r\nb"}, {"PING"}, {"GET", "", "x y", "q\n"}, {"INCR", "n"}};
  EXPECT_EQ(expected, Parse("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n"
                            "PING\r\n"
                            "  GET '' \"x y\" \"q\\n\"\n"
                            "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n",
                            1000));
}

TEST(RequestParser, CountsAndLengthsOfAnyNumberOfDigitsAreRead) {
  for (size_t size : {0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10'000, 12'345}) {
    for (size_t count : {1, 2, 9, 10, 99, 100, 101}) {
      SCOPED_TRACE(std::to_string(size) + " bytes, " + std::to_string(count) + " arguments");
      std::vector<std::string> argv(count, "a");
      argv[count / 2] = std::string(size, 'v');
      const std::string input = Multibulk(argv) + Multibulk({"PING"}) + Multibulk(argv);
      EXPECT_EQ((Requests{argv, {"PING"}, argv}), Parse(input, input.size()));
      EXPECT_EQ((Requests{argv, {"PING"}, argv}), Parse(input, 13));
    }
  }
}

TEST(RequestParser, SkipsEmptyRequests) {
  EXPECT_EQ((Requests{{"PING"}, {"PING"}}), Parse("\r\n*0\r\n\n*-1\r\nPING\r\n  \r\n*0\r\n*1\r\n$4\r\nPING\r\n\r\n", 1000));
}

TEST(RequestParser, ABrokenRequestHasRedisErrorText) {
  EXPECT_EQ("Protocol error: invalid multibulk length", ErrorOf("*3000000000\r\n"));
  EXPECT_EQ("Protocol error: invalid multibulk length", ErrorOf("*x\r\n"));
  EXPECT_EQ("Protocol error: invalid multibulk length", ErrorOf("*01\r\n"));
  EXPECT_EQ("Protocol error: invalid multibulk length", ErrorOf("*99999999999999999999999\r\n"));
  EXPECT_EQ("Protocol error: expected '$', got 'x'", ErrorOf("*1\r\nx1\r\n"));
  EXPECT_EQ("Protocol error: expected '$', got '\r'", ErrorOf("*1\r\n\r\n1\r\n"));
  EXPECT_EQ("Protocol error: invalid bulk length", ErrorOf("*1\r\n$-1\r\n"));
  EXPECT_EQ("Protocol error: invalid bulk length", ErrorOf("*1\r\n$abc\r\n"));
  EXPECT_EQ("Protocol error: invalid bulk length", ErrorOf("*1\r\n$2000000000\r\n"));
  EXPECT_EQ("Protocol error: invalid bulk length", ErrorOf("*1\r\n$101\r\n", true, 100));
  EXPECT_EQ("", ErrorOf("*1\r\n$100\r\n", true, 100));
  EXPECT_EQ("Protocol error: unbalanced quotes in request", ErrorOf("GET \"x\r\n"));
  EXPECT_EQ("Protocol error: too big inline request", ErrorOf(std::string(kInlineBytesMax + 1, 'a')));
  EXPECT_EQ("Protocol error: too big mbulk count string", ErrorOf("*" + std::string(kInlineBytesMax, '1')));
  EXPECT_EQ("Protocol error: too big bulk count string", ErrorOf("*1\r\n$" + std::string(kInlineBytesMax, '1')));
  EXPECT_EQ("Protocol error: unauthenticated multibulk length", ErrorOf("*11\r\n", false));
  EXPECT_EQ("Protocol error: unauthenticated bulk length", ErrorOf("*1\r\n$16385\r\n", false));
  EXPECT_EQ("", ErrorOf("*10\r\n$16384\r\n", false));
}

TEST(RequestParser, AnErrorWaitsUntilTheRequestsBeforeItAreTaken) {
  std::string many(17'000, 'v');
  RequestParser parser;
  parser.set_authenticated(false);
  parser.Feed(Multibulk({"AUTH", "pw"}) + Multibulk({"SET", "k", many}) + "*x\r\n");
  ASSERT_EQ(1u, parser.ParseBatch());
  EXPECT_FALSE(parser.failed());
  parser.Take();
  parser.set_authenticated(true);
  ASSERT_EQ(1u, parser.ParseBatch());
  EXPECT_EQ(many, parser.Take()[2]);
  EXPECT_EQ(0u, parser.ParseBatch());
  EXPECT_EQ("Protocol error: invalid multibulk length", parser.error());
  EXPECT_EQ(0u, parser.ParseBatch());
}

TEST(RequestParser, RequestsLeftInABatchSurviveAFurtherRead) {
  RequestParser parser;
  parser.Feed("PING 1\r\nPING 2\r\nPING 3\r\n*2\r\n$4\r\nPI");
  ASSERT_EQ(3u, parser.ParseBatch());
  EXPECT_EQ("1", parser.Take()[1]);
  parser.Feed("NG\r\n$1\r\n4\r\n");
  ASSERT_EQ(3u, parser.ParseBatch());
  EXPECT_EQ("2", parser.Take()[1]);
  EXPECT_EQ("3", parser.Take()[1]);
  EXPECT_EQ("4", parser.Take()[1]);
  EXPECT_EQ(0u, parser.buffered_bytes());
}

TEST(RequestParser, ABatchIsBounded) {
  RequestParser parser;
  std::string input;
  for (size_t i = 0; i < kBatchRequestsMax + 5; ++i) input += "PING\r\n";
  parser.Feed(input);
  EXPECT_EQ(kBatchRequestsMax, parser.ParseBatch());
  while (parser.request_count() > 0) parser.Take();
  EXPECT_EQ(5u, parser.ParseBatch());
}

TEST(RequestParser, RoomForALargeBulkIsMadeOnceAndExactly) {
  RequestParser parser;
  parser.Feed("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000\r\n");
  parser.ParseBatch();
  size_t start = parser.buffered_bytes();
  parser.Feed("x");
  EXPECT_EQ(start + 1'000'002, parser.capacity_bytes());
  parser.Feed(std::string(999'999, 'x') + "\r\n");
  EXPECT_EQ(start + 1'000'002, parser.capacity_bytes());
  ASSERT_EQ(1u, parser.ParseBatch());
  EXPECT_EQ(std::string(1'000'000, 'x'), parser.Take()[2]);
}

TEST(RequestParser, AnIdleParserHoldsNoMemory) {
  RequestParser parser;
  parser.Feed("PING\r\n");
  parser.Trim();
  EXPECT_GT(parser.capacity_bytes(), 0u);
  parser.ParseBatch();
  parser.Take();
  parser.Trim();
  EXPECT_EQ(0u, parser.capacity_bytes());
  EXPECT_EQ((Requests{{"PING"}}), [&] {
    Requests requests;
    parser.Feed("PING\r\n");
    TakeAll(parser, requests);
    return requests;
  }());
}

std::string RandomInput(base::Random& random) {
  std::string input;
  for (size_t i = 0; i < 30; ++i) {
    if (random.Below(4) == 0) {
      input += "ECHO \"in line\" " + std::to_string(i) + "\r\n";
      continue;
    }
    std::vector<std::string> argv(1 + random.Below(12));
    for (std::string& arg : argv) {
      arg.assign(random.Below(20) == 0 ? random.Below(50'000) : random.Below(30), static_cast<char>(random.Below(256)));
    }
    input += Multibulk(argv);
  }
  return input;
}

TEST(RequestParser, PiecesOfAnySizeGiveTheSameRequests) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    std::string input = RandomInput(random);
    Requests whole = Parse(input, input.size());
    EXPECT_EQ(30u, whole.size());
    EXPECT_EQ(whole, Parse(input, 1));
    EXPECT_EQ(whole, Parse(input, 7));
    EXPECT_EQ(whole, Parse(input, 0, seed));
  }
}

// Flipped, dropped and doubled bytes: an error or other requests, the same ones however the bytes arrive.
TEST(RequestParser, DamagedInputIsReadTheSameInPieces) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    std::string input;
    for (int i = 0; i < 6; ++i) input += Multibulk({"SET", "key", std::string(random.Below(20), 'v')}) + "PING 'a'\r\n";
    for (uint64_t i = 0; i <= random.Below(4); ++i) {
      size_t at = random.Below(input.size());
      switch (random.Below(3)) {
        case 0: input[at] = static_cast<char>(random.Below(256)); break;
        case 1: input.erase(at, 1 + random.Below(5)); break;
        default: input.insert(at, input.substr(at, random.Below(9)));
      }
    }
    Requests whole = Parse(input, input.size());
    ASSERT_EQ(whole, Parse(input, 1));
    ASSERT_EQ(whole, Parse(input, 0, seed));
  }
}

TEST(RequestParser, ABufferFitsWhatItsRequestsNeed) {
  RequestParser parser;
  parser.Feed(Multibulk({"SET", "k", std::string(400'000, 'v')}));
  ASSERT_EQ(1u, parser.ParseBatch());
  parser.Take();
  ASSERT_EQ(0u, parser.ParseBatch());
  const size_t large = parser.capacity_bytes();
  EXPECT_GT(large, 400'000u);
  EXPECT_FALSE(parser.Fit()) << "its last request was large";
  for (int i = 0; i < 3; ++i) {
    parser.Feed(Multibulk({"SET", "k", "v"}));
    ASSERT_EQ(1u, parser.ParseBatch());
    EXPECT_FALSE(parser.Fit()) << "a request is left";
    parser.Take();
    parser.ParseBatch();
  }
  // The failed try above began a new look.
  EXPECT_TRUE(parser.Fit());
  EXPECT_EQ(kReadBytesMin, parser.capacity_bytes());
  EXPECT_FALSE(parser.Fit());
  parser.Feed(Multibulk({"PING"}));
  EXPECT_EQ(1u, parser.ParseBatch());
}

// A buffer that doubled for the last bytes of a value took twice the value's memory, and copied it.
TEST(RequestParser, ALargeBulkTakesNoMoreThanItsRoom) {
  RequestParser parser;
  const std::string small = Multibulk({"SET", "k", std::string(kReadBytesMin * 2, 's')});
  const std::string large = Multibulk({"SET", "k", std::string(2'000'000, 'v')});
  // What fills the room makes the next reads larger.
  const std::string input = small + small + large;
  size_t sent = 0, taken = 0;
  while (sent < input.size()) {
    std::span<char> room = parser.PrepareRead();
    // The last bytes come in drops.
    const size_t left = input.size() - sent;
    const size_t count = std::min(room.size(), left > 1000 ? left - 1000 : 100);
    std::memcpy(room.data(), input.data() + sent, count);
    parser.CommitRead(count);
    sent += count;
    for (parser.ParseBatch(); parser.request_count() != 0; ++taken) parser.Take();
    EXPECT_LE(parser.capacity_bytes(), large.size() + 2 * kReadBytesMax);
  }
  EXPECT_EQ(3u, taken);
}

}  // namespace
}  // namespace tusk::resp
