#include "base/numbers.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace tusk::base {
namespace {

TEST(ParseInt64, AcceptsOnlyTheCanonicalSpelling) {
  EXPECT_EQ(ParseInt64("0"), 0);
  EXPECT_EQ(ParseInt64("-1"), -1);
  EXPECT_EQ(ParseInt64("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(ParseInt64("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  for (const char* bad : {"", "-", "+1", " 1", "1 ", "01", "-0", "1.0", "9223372036854775808", "-9223372036854775809", "abc"}) {
    EXPECT_EQ(ParseInt64(bad), std::nullopt) << bad;
  }
}

TEST(ParseDouble, ReadsWhatStrtodReadsAndRefusesBlanksAndNan) {
  EXPECT_EQ(ParseDouble("3.5"), 3.5);
  EXPECT_EQ(ParseDouble("+inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(ParseDouble("1e3"), 1000);
  for (const char* bad : {"", " 1", "1 ", "nan", "1x", "1e400"}) EXPECT_EQ(ParseDouble(bad), std::nullopt) << bad;
}

// Layouts as redis-server 7.2 prints them: digits first, then the point or the exponent.
TEST(FormatDouble, IsTheShortestTextThatReadsBack) {
  const std::pair<double, std::string_view> cases[] = {
      {0.1, "0.1"}, {-0.1, "-0.1"}, {0.8, "0.8"}, {3.141, "3.141"}, {1.7976931348623157e308, "1.7976931348623157e+308"},
      {0.000001, "0.000001"}, {1.5e-6, "1.5e-6"}, {1.5e-7, "1.5e-7"}, {1e-7, "1e-7"}, {1.25e-10, "1.25e-10"},
      {5e-324, "5e-324"}, {0.0012345678901234, "0.0012345678901234"}, {123456.789, "123456.789"}, {1e-100, "1e-100"},
      {5e9, "5000000000"}, {4e18, "4000000000000000000"}, {1e19, "1e+19"}, {1.2345678901234567e19, "12345678901234567000"},
      {-1e22, "-1e+22"}, {1.5e300, "1.5e+300"}, {std::nextafter(1.0, 2.0), "1.0000000000000002"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(DoubleToString(value), text);
}

TEST(FormatDouble, ReadsBackWhateverTheBits) {
  uint64_t bits = 0x9e3779b97f4a7c15;
  for (int i = 0; i < 200'000; ++i) {
    bits = bits * 6364136223846793005 + 1442695040888963407;
    const auto value = std::bit_cast<double>(bits);
    if (!std::isfinite(value)) continue;
    char buffer[kDoubleTextMax];
    for (auto format : {FormatDouble, FormatDoubleClassic}) {
      const size_t size = format(value, buffer);
      ASSERT_LE(size, sizeof buffer);
      const std::string text(buffer, size);
      ASSERT_EQ(std::bit_cast<uint64_t>(std::strtod(text.c_str(), nullptr)), bits) << text;
    }
  }
}

TEST(FormatDouble, SpellsScoresAsRedisDoes) {
  EXPECT_EQ(DoubleToString(1), "1");
  EXPECT_EQ(DoubleToString(-0.0), "-0");
  char classic[kDoubleTextMax];
  EXPECT_EQ(std::string_view(classic, FormatDoubleClassic(0.1, classic)), "0.10000000000000001");
  EXPECT_EQ(DoubleToString(1e20), "1e+20");
  EXPECT_EQ(DoubleToString(-INFINITY), "-inf");
}

TEST(LongDoubleToHumanString, CutsTrailingZeros) {
  EXPECT_EQ(LongDoubleToHumanString(10.5L), "10.5");
  EXPECT_EQ(LongDoubleToHumanString(5000.0L), "5000");
}

}  // namespace
}  // namespace tusk::base
