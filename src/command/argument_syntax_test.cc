#include "command/argument_syntax.h"

#include <gtest/gtest.h>

namespace tusk::command {
namespace {

std::vector<Argument> Parse(std::string_view syntax) {
  auto result = ParseArguments(syntax);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message());
  return result.value_or(std::vector<Argument>{});
}

std::string Render(std::string_view syntax) { return RenderArguments(Parse(syntax)); }

TEST(ArgumentSyntax, AnEmptyLineHasNoArguments) { EXPECT_TRUE(Parse("").empty()); }

TEST(ArgumentSyntax, NamesTypesAndKeySpecsAreRead) {
  auto arguments = Parse("key@0 offset:integer value pattern:pattern@2");
  ASSERT_EQ(arguments.size(), 4u);
  EXPECT_EQ(arguments[0].type, ArgumentType::kKey);
  EXPECT_EQ(arguments[0].key_spec, 0);
  EXPECT_EQ(arguments[1].type, ArgumentType::kInteger);
  EXPECT_EQ(arguments[1].key_spec, -1);
  EXPECT_EQ(arguments[2].type, ArgumentType::kString);
  EXPECT_EQ(arguments[3].type, ArgumentType::kPattern);
  EXPECT_EQ(arguments[3].key_spec, 2);
}

TEST(ArgumentSyntax, AGroupOfTokensIsOneOfAndTakesItsLabel) {
  auto arguments = Parse("condition=[NX | XX]^2.6.12 [GET]^6.2.0");
  ASSERT_EQ(arguments.size(), 2u);
  EXPECT_EQ(arguments[0].name, "condition");
  EXPECT_EQ(arguments[0].type, ArgumentType::kOneOf);
  EXPECT_TRUE(arguments[0].optional);
  EXPECT_EQ(arguments[0].since, "2.6.12");
  ASSERT_EQ(arguments[0].children.size(), 2u);
  EXPECT_EQ(arguments[0].children[1].name, "xx");
  EXPECT_EQ(arguments[0].children[1].token, "XX");
  EXPECT_EQ(arguments[1].type, ArgumentType::kPureToken);
  EXPECT_TRUE(arguments[1].optional);
  EXPECT_EQ(arguments[1].since, "6.2.0");
}

TEST(ArgumentSyntax, ATokenBindsTheArgumentThatFollows) {
  auto arguments = Parse("[LIMIT (offset:integer count:integer)] [AGGREGATE aggregate=(SUM | MIN)]");
  ASSERT_EQ(arguments.size(), 2u);
  EXPECT_EQ(arguments[0].name, "offset-count");
  EXPECT_EQ(arguments[0].token, "LIMIT");
  EXPECT_EQ(arguments[0].type, ArgumentType::kBlock);
  EXPECT_EQ(arguments[1].name, "aggregate");
  EXPECT_EQ(arguments[1].token, "AGGREGATE");
  EXPECT_EQ(arguments[1].type, ArgumentType::kOneOf);
}

TEST(ArgumentSyntax, RepetitionInsideAndOutsideTheBracketsDiffers) {
  auto arguments = Parse("[WEIGHTS weight:integer...] [GET pattern:pattern]...");
  ASSERT_EQ(arguments.size(), 2u);
  EXPECT_TRUE(arguments[0].multiple);
  EXPECT_FALSE(arguments[0].multiple_token);
  EXPECT_TRUE(arguments[1].multiple);
  EXPECT_TRUE(arguments[1].multiple_token);
}

TEST(ArgumentSyntax, VersionsDoNotSwallowTheRepetition) {
  auto arguments = Parse("x^6.2.0... y!7.0.0");
  ASSERT_EQ(arguments.size(), 2u);
  EXPECT_EQ(arguments[0].since, "6.2.0");
  EXPECT_TRUE(arguments[0].multiple);
  EXPECT_EQ(arguments[1].deprecated_since, "7.0.0");
}

TEST(ArgumentSyntax, RendersALineForPeople) {
  EXPECT_EQ(
      Render("key@0 value condition=[NX | XX]^2.6.12 [GET]^6.2.0 expiration=[EX seconds:integer | KEEPTTL]"),
      "key value [NX | XX] [GET] [EX seconds | KEEPTTL]");
  EXPECT_EQ(Render("key@0 data=(score:double member)..."), "key score member [score member ...]");
  EXPECT_EQ(Render("[WEIGHTS weight:integer...]"), "[WEIGHTS weight [weight ...]]");
  EXPECT_EQ(Render("[GET pattern:pattern@1]..."), "[GET pattern [GET pattern ...]]");
  EXPECT_EQ(Render("source@0 wherefrom=(LEFT | RIGHT)"), "source <LEFT | RIGHT>");
  EXPECT_EQ(Render("[LIMIT (offset:integer count:integer)]"), "[LIMIT offset count]");
  EXPECT_EQ(Render("[AGGREGATE aggregate=(SUM | MIN)]"), "[AGGREGATE <SUM | MIN>]");
  EXPECT_EQ(Render("[ADDR addr\"ip:port\"]"), "[ADDR ip:port]");
}

TEST(ArgumentSyntax, BrokenLinesAreRefused) {
  for (std::string_view broken : {"[a", "a]", "(a | )", "a | b", "a:nothing", "a@", "a\"b", "'*", "=a", "()",
                                  "?", "((((((((((a b) c) d) e) f) g) h) i) j) k)"}) {
    EXPECT_FALSE(ParseArguments(broken).has_value()) << broken;
  }
}

}  // namespace
}  // namespace tusk::command
