#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "base/random.h"
#include "types/json_reader.h"
#include "types/json_writer.h"

namespace tusk::types {
namespace {

std::string RoundTrip(std::string_view text) {
  base::Result<Document> document = DocumentFromJson(text);
  return document ? JsonOf(document->view()) : "error: " + document.error().message();
}

TEST(JsonTextTest, EveryKindComesBack) {
  for (const char* text : {"null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "1.5", "\"\"",
                           "\"text\"", "[]", "{}", "[[],{}]", R"({"a":[1,"b",null,{"c":1.25}]})", "\"\u00e9\u20ac\U0001f600\""}) {
    EXPECT_EQ(RoundTrip(text), text);
  }
}

TEST(JsonTextTest, BlanksDisappear) { EXPECT_EQ(RoundTrip(" { \"a\" :\n[ 1 ,\t2 ] } "), R"({"a":[1,2]})"); }

TEST(JsonTextTest, EscapesAreReadAndWrittenInTheirShortestForm) {
  EXPECT_EQ(RoundTrip(R"("\u0041\/\"\\\b\f\n\r\t\u0001\u001f\u007f\ud83d\ude00")"), "\"A/\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\U0001f600\"");
}

TEST(JsonTextTest, DoublesAreLaidOutAsRedisJsonDoes) {
  EXPECT_EQ(RoundTrip("1.0"), "1.0");
  EXPECT_EQ(RoundTrip("-0"), "-0.0");
  EXPECT_EQ(RoundTrip("-0.0"), "-0.0");
  EXPECT_EQ(RoundTrip("0.1"), "0.1");
  EXPECT_EQ(RoundTrip("1e3"), "1000.0");
  EXPECT_EQ(RoundTrip("1e15"), "1000000000000000.0");
  EXPECT_EQ(RoundTrip("1e16"), "1e16");
  EXPECT_EQ(RoundTrip("123456789012345680.0"), "1.2345678901234568e17");
  EXPECT_EQ(RoundTrip("0.00001"), "0.00001");
  EXPECT_EQ(RoundTrip("0.000001"), "1e-6");
  EXPECT_EQ(RoundTrip("1.5e-7"), "1.5e-7");
  EXPECT_EQ(RoundTrip("5e-324"), "5e-324");
  EXPECT_EQ(RoundTrip("1.7976931348623157e308"), "1.7976931348623157e308");
}

TEST(JsonTextTest, RandomDoublesReadBackExactly) {
  const char* given = std::getenv("TUSK_SEED");
  const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 7;
  SCOPED_TRACE(seed);
  base::Random random(seed);
  for (int i = 0; i < 100000; ++i) {
    const auto value = std::bit_cast<double>(random.Next());
    if (!std::isfinite(value)) continue;
    char text[kJsonDoubleMax];
    const size_t size = FormatJsonDouble(value, text);
    ASSERT_LE(size, kJsonDoubleMax);
    base::Result<Document> back = DocumentFromJson({text, size});
    ASSERT_TRUE(back.has_value()) << std::string(text, size) << back.error().message();
    ASSERT_EQ(std::bit_cast<uint64_t>(back->view().number()), std::bit_cast<uint64_t>(value)) << std::string(text, size);
    ASSERT_EQ(back->kind(), DocumentKind::kDouble);
  }
}

std::string SignificantDigits(std::string_view number) {
  std::string digits;
  for (const char c : number.substr(0, number.find('e'))) {
    if (c >= '0' && c <= '9' && !(digits.empty() && c == '0')) digits += c;
  }
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  return digits;
}

// Short decimals have a way of their own; they and their neighbours are compared with the general way.
TEST(JsonTextTest, ShortDecimalsHaveTheShortestForm) {
  const char* given = std::getenv("TUSK_SEED");
  const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 13;
  SCOPED_TRACE(seed);
  base::Random random(seed);
  for (int i = 0; i < 200000; ++i) {
    double value = static_cast<double>(random.Next() >> (14 + random.Below(50))) / std::pow(10.0, static_cast<double>(random.Below(12)));
    if (i % 3 == 1) value = std::nextafter(value, 1e300);
    if (i % 2 == 1) value = -value;
    char text[kJsonDoubleMax], shortest[40];
    const std::string_view ours(text, FormatJsonDouble(value, text));
    const std::string_view theirs(shortest, std::to_chars(shortest, shortest + sizeof(shortest), value, std::chars_format::scientific).ptr);
    ASSERT_EQ(SignificantDigits(ours), SignificantDigits(theirs)) << ours << " " << theirs;
    double back = 0;
    ASSERT_EQ(std::from_chars(ours.data(), ours.data() + ours.size(), back).ptr, ours.data() + ours.size());
    ASSERT_EQ(std::bit_cast<uint64_t>(back), std::bit_cast<uint64_t>(value)) << ours;
  }
}

// Texts are copied by words; each kind of byte stands once at each place of one.
TEST(JsonTextTest, EscapesAreFoundAtEveryPlace) {
  for (size_t size = 1; size < 20; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'x'), expected;
        if (byte < 0x80) {
          text[at] = static_cast<char>(byte);
        } else if (at + 1 < size) {
          text[at] = static_cast<char>(0xc3), text[at + 1] = static_cast<char>(0x80 | (byte & 0x3f));
        }
        std::string json;
        WriteJsonText(text, json);
        const bool escaped = byte < 0x20 || byte == '"' || byte == '\\';
        ASSERT_EQ(json.size() > size + 2, escaped) << json;
        ASSERT_EQ(DocumentFromJson(json)->view().text(), text) << json;
      }
    }
  }
}

TEST(JsonTextTest, TextIsAddedToWhatIsThere) {
  std::string out = "begun ";
  for (int i = 0; i < 3; ++i) WriteJson(DocumentFromJson(R"(["A-001",-0.5])")->view(), {}, out);
  EXPECT_EQ(out, R"(begun ["A-001",-0.5]["A-001",-0.5]["A-001",-0.5])");
}

// Two readers share the work; what makes one of them hand over must not change what is read.
TEST(JsonTextTest, BothReadersAgree) {
  const char* given = std::getenv("TUSK_SEED");
  const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 11;
  SCOPED_TRACE(seed);
  base::Random random(seed);
  const std::string_view tokens[] = {"[", "]", "{", "}", ",", ":", "\"a\"", "\"b\"", "1", "-0.5", "2.5e3", "true", "null", "123456789012345680.0",
                                     "0.000123456789012345678", " ", "\"\\u00e9\"", "1e308", "18446744073709551615", "9223372036854775807"};
  for (int i = 0; i < 200000; ++i) {
    std::string rest;
    for (size_t n = random.Below(8); n > 0; --n) rest += tokens[random.Below(std::size(tokens))];
    // A negative zero sends the whole text to the second reader.
    const std::string text = "[0," + rest + "]", other = "[-0," + rest + "]";
    base::Result<Document> one = DocumentFromJson(text), two = DocumentFromJson(other);
    ASSERT_EQ(one.has_value(), two.has_value()) << text;
    if (!one) continue;
    one->Remove(0, 1);
    two->Remove(0, 1);
    ASSERT_EQ(JsonOf(one->view()), JsonOf(two->view())) << text;
  }
}

TEST(JsonTextTest, IntegersBeyond64BitsBecomeDoubles) {
  EXPECT_EQ(RoundTrip("9223372036854775808"), "9.223372036854776e18");
  EXPECT_EQ(RoundTrip("18446744073709551616"), "1.8446744073709552e19");
  EXPECT_EQ(RoundTrip("-9223372036854775809"), "-9.223372036854776e18");
  EXPECT_EQ(RoundTrip("[123456789012345678901234567890]"), "[1.2345678901234568e29]");
}

TEST(JsonTextTest, WhatIsNoJsonIsRefused) {
  for (const char* text :
       {"", " ", "[", "]", "{", "}", "[1", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:2}", "'a'", "\"", "\"a", "nul", "nulll", "tru",
        "truee", "falsey", "01", "1.", ".5", "+1", "-", "1e", "1e400", "-1e400", "0x10", "NaN", "Infinity", "[1]]", "1 2", "[1] x",
        "\"\\x\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\u12\"", "\"a\nb\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "[1,,2]", "[,1]", "{,}",
        "[\"a\":1]", "{\"a\",1}", "// c\n1", "[1,2", "{\"a\":1", "{\"a\":[}", "\x01"}) {
    EXPECT_TRUE(RoundTrip(text).starts_with("error: ")) << text << " gives " << RoundTrip(text);
  }
}

TEST(JsonTextTest, ErrorsSayWhere) {
  EXPECT_EQ(RoundTrip(""), "error: EOF while parsing a value at line 1 column 1");
  EXPECT_EQ(DocumentFromJson("[1,\n x]").error().message().substr(0, 23), "expected value at line ");
}

TEST(JsonTextTest, NestingIsBounded) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(DocumentFromJson(nested(kDocumentDepthMax)).has_value());
  base::Result<Document> deeper = DocumentFromJson(nested(kDocumentDepthMax + 1));
  ASSERT_FALSE(deeper.has_value());
  EXPECT_EQ(deeper.error().code(), base::Code::kExhausted);
  EXPECT_FALSE(DocumentFromJson(nested(100000)).has_value());
  EXPECT_FALSE(DocumentFromJson(std::string(100000, '[')).has_value());
}

TEST(JsonTextTest, LayoutPutsEachItemOnItsLine) {
  std::string out;
  WriteJson(DocumentFromJson(R"({"a":[1,{}],"b":{"c":[]}})")->view(), {.indent = "\t", .newline = "\n", .space = " "}, out);
  EXPECT_EQ(out, "{\n\t\"a\": [\n\t\t1,\n\t\t{}\n\t],\n\t\"b\": {\n\t\t\"c\": []\n\t}\n}");
}

TEST(JsonTextTest, WhatJsonHasNotIsSpelledAsTheHeaderSays) {
  Document array = Document::Array();
  array.Append(Document::Textual(DocumentKind::kBytes, "plain"));
  for (const char* bytes : {"\xff", "\xff\xfe", "\xff\xfe\xfd"}) array.Append(Document::Textual(DocumentKind::kBytes, bytes));
  array.Append(Document::Textual(DocumentKind::kError, "ERR no"));
  array.Append(Document::Double(INFINITY));
  Document set = Document::Set();
  set.Add(Document::Integer(1));
  array.Append(std::move(set));
  Document map = Document::Map();
  map.Put(Document::Integer(5), Document());
  array.Append(std::move(map));
  EXPECT_EQ(JsonOf(array.view()),
            R"(["plain","data:;base64,/w==","data:;base64,//4=","data:;base64,//79","ERR no",null,[1],{"5":null}])");
  EXPECT_FALSE(IsExactInJson(array.view()));
  EXPECT_TRUE(IsExactInJson(DocumentFromJson(R"({"a":[1.5,"x",null]})")->view()));
}

}  // namespace
}  // namespace tusk::types
