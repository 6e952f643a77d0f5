#include "main/arguments.h"

#include <gtest/gtest.h>

#include <vector>

namespace tusk::main {
namespace {

base::Result<Arguments> Parse(std::vector<std::string_view> words) {
  words.insert(words.begin(), "tusk-server");
  return ParseArguments(words);
}

TEST(ParseArguments, TakesFileAndOptions) {
  auto arguments = Parse({"a.conf", "--port", "7777", "--save", "100", "100"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->config_path, "a.conf");
  EXPECT_EQ(arguments->directives, "port \"7777\"\nsave \"100\" \"100\"\n");
}

TEST(ParseArguments, TakesOptionAndValueInOneWord) {
  EXPECT_EQ(Parse({"--port 7777", "--dir", "/tmp"})->directives, "port 7777\ndir \"/tmp\"\n");
}

TEST(ParseArguments, AValueMayLookLikeAnOption) {
  EXPECT_EQ(Parse({"--logfile", "--odd", "--port", "1"})->directives, "logfile \"--odd\"\nport \"1\"\n");
}

TEST(ParseArguments, SaveAloneMeansNothing) {
  EXPECT_EQ(Parse({"--save"})->directives, "save \"\"\n");
  EXPECT_EQ(Parse({"--save", "--port", "1"})->directives, "save \"\"\nport \"1\"\n");
  EXPECT_EQ(Parse({"--save", ""})->directives, "save \"\"\n");
}

TEST(ParseArguments, KnowsHelpVersionAndStandardInput) {
  EXPECT_EQ(Parse({"--version"})->action, Arguments::Action::kVersion);
  EXPECT_EQ(Parse({"-h"})->action, Arguments::Action::kHelp);
  EXPECT_TRUE(Parse({"-", "--port", "1"})->config_from_stdin);
  EXPECT_FALSE(Parse({"--test-memory", "2"}));
}

}  // namespace
}  // namespace tusk::main
