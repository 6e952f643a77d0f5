#include "base/numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

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

TEST(FormatDouble, SpellsScoresAsRedisDoes) {
  EXPECT_EQ(DoubleToString(1), "1");
  EXPECT_EQ(DoubleToString(-0.0), "-0");
  EXPECT_EQ(DoubleToString(0.1), "0.10000000000000001");
  EXPECT_EQ(DoubleToString(1e20), "1e+20");
  EXPECT_EQ(DoubleToString(-INFINITY), "-inf");
}

TEST(LongDoubleToHumanString, CutsTrailingZeros) {
  EXPECT_EQ(LongDoubleToHumanString(10.5L), "10.5");
  EXPECT_EQ(LongDoubleToHumanString(5000.0L), "5000");
}

}  // namespace
}  // namespace tusk::base
