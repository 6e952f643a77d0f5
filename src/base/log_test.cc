#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace tusk::base {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Logger, WritesRedisLinesFromItsLevelOn) {
  std::string path = testing::TempDir() + "tusk_log_test." + std::to_string(getpid());
  Logger logger(path);
  logger.Verbose("not this {}", 1);
  logger.Notice("Ready to accept connections {}", "tcp");
  logger.SetLevel(LogLevel::kDebug);
  logger.Debug("now {}", 2);
  std::string text = ReadFile(path);
  EXPECT_EQ(text.find("not this"), std::string::npos);
  EXPECT_EQ(text.rfind(std::to_string(getpid()) + ":M ", 0), 0u);
  EXPECT_NE(text.find(" * Ready to accept connections tcp\n"), std::string::npos);
  EXPECT_NE(text.find(" . now 2\n"), std::string::npos);
  std::remove(path.c_str());
}

TEST(ParseLogLevel, KnowsTheNames) {
  EXPECT_EQ(ParseLogLevel("Notice"), LogLevel::kNotice);
  EXPECT_EQ(ParseLogLevel("loud"), std::nullopt);
}

}  // namespace
}  // namespace tusk::base
