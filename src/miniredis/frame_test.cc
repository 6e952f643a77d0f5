// Values of the port to documents and back, plain values, timestamps.
#include "miniredis/frame.h"

#include <gtest/gtest.h>

#include <string>

#include "miniredis/plain.h"
#include "miniredis/schedule.h"
#include "resp/output_buffer.h"
#include "types/json_reader.h"
#include "types/json_writer.h"

namespace tusk::miniredis {
namespace {

using types::Document;
using types::DocumentKind;
using types::DocumentView;

constexpr size_t kDepth = 8;

std::string Spelled(const Document& document) {
  resp::OutputBuffer out;
  resp::Reply reply(out, resp::kMiniProtocol);
  Spell(document.view(), reply);
  EXPECT_EQ(reply.error_count(), 0u);
  return out.ToString();
}

TEST(FrameTest, ValuesReadAndSpelled) {
  const struct {
    std::string_view input;
    DocumentKind kind;
    std::string_view spelled;  // Empty: as it came.
  } cases[] = {
      {"$3\r\nabc\r\n", DocumentKind::kBytes, ""},
      {"$3\r\na\xff\n\r\n", DocumentKind::kBytes, ""},
      {"$-1\r\n", DocumentKind::kNull, ""},
      {"^4\r\n\xc3\xa9\xc3\xa9\r\n", DocumentKind::kText, ""},
      {":0\r\n", DocumentKind::kInteger, ""},
      {":-9223372036854775808\r\n", DocumentKind::kInteger, ""},
      {":+7\r\n", DocumentKind::kInteger, ":7\r\n"},
      {":007\r\n", DocumentKind::kInteger, ":7\r\n"},
      {":9223372036854775808\r\n", DocumentKind::kDouble, ":9.223372036854776e18\r\n"},
      {":1.5\r\n", DocumentKind::kDouble, ""},
      {":2.\r\n", DocumentKind::kDouble, ":2.0\r\n"},
      {":-0.0\r\n", DocumentKind::kDouble, ""},
      {":1.0e300\r\n", DocumentKind::kDouble, ""},
      {":0.1\r\n", DocumentKind::kDouble, ""},
      {":-inf\r\n", DocumentKind::kDouble, "^4\r\n-inf\r\n"},
      {"-an error\r\n", DocumentKind::kError, ""},
      {"+simple\r\n", DocumentKind::kBytes, "$6\r\nsimple\r\n"},
      {"bare line\r\n", DocumentKind::kBytes, "$9\r\nbare line\r\n"},
      {"*0\r\n", DocumentKind::kArray, ""},
      {"*-1\r\n", DocumentKind::kArray, "*0\r\n"},
      {"%0\r\n", DocumentKind::kMap, ""},
      {"&0\r\n", DocumentKind::kSet, ""},
      {"*3\r\n:1\r\n*1\r\n$1\r\nx\r\n%1\r\n^1\r\nk\r\n&1\r\n:2.5\r\n", DocumentKind::kArray, ""},
      {"%3\r\n^1\r\nk\r\n:1\r\n$1\r\nk\r\n:2\r\n$-1\r\n:3\r\n", DocumentKind::kMap, ""},
      {"%2\r\n^1\r\nk\r\n:1\r\n^1\r\nk\r\n:2\r\n", DocumentKind::kMap, "%1\r\n^1\r\nk\r\n:2\r\n"},
      {"&3\r\n:1\r\n:1.0\r\n$1\r\n1\r\n", DocumentKind::kSet, "&2\r\n:1\r\n$1\r\n1\r\n"},
      {"@4\r\nnull\r\n", DocumentKind::kNull, "$-1\r\n"},
      {"@4\r\ntrue\r\n", DocumentKind::kBool, ":1\r\n"},
      {"@25\r\n{\"a\": [1, 2.5, \"x\", false]}\r\n", DocumentKind::kMap, "%1\r\n^1\r\na\r\n*4\r\n:1\r\n:2.5\r\n^1\r\nx\r\n:0\r\n"},
  };
  for (const auto& test : cases) {
    std::string input(test.input);
    if (input[0] == '@') input = "@" + std::to_string(input.size() - input.find('\n') - 3) + input.substr(input.find('\r'));
    auto document = DocumentFromFrame(input, kDepth);
    ASSERT_TRUE(document) << input << ": " << document.error().message();
    EXPECT_EQ(document->kind(), test.kind) << input;
    EXPECT_EQ(Spelled(*document), test.spelled.empty() ? input : test.spelled) << input;
    auto again = DocumentFromFrame(ExactFrameOf(document->view()), kDepth);
    ASSERT_TRUE(again) << input;
    EXPECT_TRUE(*again == *document && again->kind() == document->kind()) << input;
  }
}

TEST(FrameTest, MalformedValuesAreRefused) {
  for (std::string_view input : {":\r\n", ":x\r\n", ":1x\r\n", ":--1\r\n", ":+-1\r\n", ":1e5\r\n", ":1.5.2\r\n", ":1.0e999\r\n", ": 1\r\n", "^1\r\n\xff\r\n",
                                 "-\xff\r\n", "@1\r\n{\r\n", "@0\r\n\r\n", "%1\r\n*0\r\n:1\r\n", "&1\r\n%0\r\n", "*2\r\n:1\r\n", ":1\r\n:2\r\n", "", "$5\r\nab"}) {
    auto document = DocumentFromFrame(input, kDepth);
    ASSERT_FALSE(document) << input;
    EXPECT_EQ(document.error().code(), base::Code::kInvalid) << input;
  }
}

TEST(FrameTest, NestingIsBounded) {
  std::string deep;
  for (size_t i = 0; i < kDepth; ++i) deep += "*1\r\n";
  EXPECT_TRUE(DocumentFromFrame(deep + ":1\r\n", kDepth));
  for (const std::string& tail : {std::string("*0\r\n"), std::string("@2\r\n[]\r\n")}) {
    auto document = DocumentFromFrame(deep + tail, kDepth);
    ASSERT_FALSE(document);
    EXPECT_EQ(document.error().code(), base::Code::kExhausted);
  }
}

TEST(PlainTest, AStringIsKeptWhereItComesBackAsWhatItWas) {
  const struct {
    DocumentView value;
    bool by_text, by_bytes;
  } cases[] = {
      {DocumentView::Integer(5), true, true},
      {DocumentView::Text("abc"), true, false},
      {DocumentView::Text("5"), false, false},
      {DocumentView::Text("05"), true, false},
      {DocumentView::Text(""), true, false},
      {DocumentView::Textual(DocumentKind::kBytes, "abc"), false, true},
      {DocumentView::Textual(DocumentKind::kBytes, "5"), false, false},
      {DocumentView::Textual(DocumentKind::kBytes, "\xff"), true, true},
      {DocumentView::Double(5), false, false},
      {DocumentView(), false, false},
      {DocumentView::Bool(true), false, false},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(FitsPlain(test.value, KeyKind::kText), test.by_text);
    EXPECT_EQ(FitsPlain(test.value, KeyKind::kBytes), test.by_bytes);
  }
}

TEST(ScheduleTest, TimestampsAsPythonReadsThem) {
  EXPECT_EQ(ParseTimestamp("1970-01-01 00:00:00"), 0);
  EXPECT_EQ(ParseTimestamp("1970-01-01 00:00:01.5"), 1500000);
  EXPECT_EQ(ParseTimestamp("1970-01-01 00:00:01.000001"), 1000001);
  EXPECT_EQ(ParseTimestamp("1970-1-1  0:0:1"), 1000000);
  EXPECT_EQ(ParseTimestamp("2000-02-29 00:00:00"), 951782400000000);
  EXPECT_EQ(ParseTimestamp("1969-12-31 23:59:59"), -1000000);
  EXPECT_EQ(ParseTimestamp("9999-12-31 23:59:59.999999"), 253402300799999999);
  for (std::string_view wrong : {"", "2018-01-01", "2018-01-01T00:00:00", "2018-13-01 00:00:00", "2018-02-29 00:00:00", "2018-01-01 24:00:00",
                                 "2018-01-01 00:60:00", "2018-01-01 00:00:60", "2018-01-01 00:00:00.", "2018-01-01 00:00:00.1234567", "0000-01-01 00:00:00",
                                 "2018-01-01 00:00:00 ", "18-01-01 00:00:00"}) {
    EXPECT_FALSE(ParseTimestamp(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace tusk::miniredis
