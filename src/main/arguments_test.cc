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
  EXPECT_EQ(arguments->options, (std::vector<std::string_view>{"--port", "7777", "--save", "100", "100"}));
  EXPECT_EQ(Parse({"--port 7777"})->config_path, "");
}

TEST(ParseArguments, KnowsHelpVersionAndStandardInput) {
  EXPECT_EQ(Parse({"--version"})->action, Arguments::Action::kVersion);
  EXPECT_EQ(Parse({"-h"})->action, Arguments::Action::kHelp);
  EXPECT_EQ(Parse({"-", "--port", "1"})->config_path, "-");
  EXPECT_FALSE(Parse({"--test-memory", "2"}));
}

}  // namespace
}  // namespace tusk::main
