#include "base/text.h"

#include <gtest/gtest.h>

namespace tusk::base {
namespace {

TEST(GlobMatch, FollowsRedisRules) {
  EXPECT_FALSE(GlobMatch("*", ""));  // As Redis has it: callers who mean "all" say so.
  EXPECT_TRUE(GlobMatch("", ""));
  EXPECT_TRUE(GlobMatch("h?llo", "hello"));
  EXPECT_TRUE(GlobMatch("h[ae]llo", "hallo"));
  EXPECT_FALSE(GlobMatch("h[^e]llo", "hello"));
  EXPECT_TRUE(GlobMatch("a\\*b", "a*b"));
  EXPECT_FALSE(GlobMatch("a\\*b", "axb"));
  EXPECT_TRUE(GlobMatch("news.*", "news.art.figurative"));
  EXPECT_TRUE(GlobMatch("HELLO", "hello", true));
  EXPECT_FALSE(GlobMatch("hello", "hell"));
  EXPECT_TRUE(GlobMatch("[a-c]x", "bx"));
}

TEST(GlobMatch, ManyStarsEndSoon) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "a*";
  EXPECT_FALSE(GlobMatch(pattern + "b", std::string(2000, 'a')));
}

TEST(SplitQuotedLine, ReadsQuotesAndEscapes) {
  auto words = SplitQuotedLine("set \"a b\" '\\'q' \"\\x41\\n\"");
  ASSERT_TRUE(words);
  EXPECT_EQ(*words, (std::vector<std::string>{"set", "a b", "'q", "A\n"}));
  EXPECT_FALSE(SplitQuotedLine("set \"a"));
  EXPECT_FALSE(SplitQuotedLine("\"a\"b"));
}

TEST(ParseMemorySize, KnowsUnits) {
  EXPECT_EQ(ParseMemorySize("1k"), 1000u);
  EXPECT_EQ(ParseMemorySize("1Kb"), 1024u);
  EXPECT_EQ(ParseMemorySize("2gb"), 2147483648u);
  EXPECT_FALSE(ParseMemorySize("gb"));
  EXPECT_FALSE(ParseMemorySize("-1"));
  EXPECT_FALSE(ParseMemorySize("1x"));
}

TEST(QuoteText, EscapesWhatIsNotPrintable) { EXPECT_EQ(QuoteText("a\n\"\x01"), "\"a\\n\\\"\\x01\""); }

}  // namespace
}  // namespace tusk::base
