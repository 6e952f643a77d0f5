#include "tool/url.h"

#include <gtest/gtest.h>

#include "tool/summary.h"

namespace tusk::tool {
namespace {

TEST(Url, HasDefaultsForWhatIsLeftOut) {
  Url url = Url::Parse("redis://db.example").value();
  EXPECT_EQ(url.host, "db.example");
  EXPECT_EQ(url.port, 6379);
  EXPECT_TRUE(url.password.empty());
  EXPECT_FALSE(url.database.has_value());
  EXPECT_EQ(url.Name(), "db.example:6379");
}

TEST(Url, TakesEveryPart) {
  Url url = Url::Parse("redis://me:p%40ss%3a@[::1]:7000/12").value();
  EXPECT_EQ(url.user, "me");
  EXPECT_EQ(url.password, "p@ss:");
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, 7000);
  EXPECT_EQ(url.database, 12);
  EXPECT_EQ(Url::Parse("redis://:only-password@h/").value().password, "only-password");
  EXPECT_EQ(Url::Parse("unix:///run/tusk.sock").value().unix_path, "/run/tusk.sock");
}

TEST(Url, RefusesWhatIsNoneAndKeepsThePasswordToItself) {
  for (const char* text : {"", "localhost", "http://h", "rediss://h", "redis://", "redis://:7000", "redis://h:", "redis://h:0", "redis://h:70000",
                           "redis://h:x", "redis://h/-1", "redis://h/x", "redis://h/65536", "redis://secret@h", "redis://:%4@h", "unix://"}) {
    auto url = Url::Parse(text);
    ASSERT_FALSE(url.has_value()) << text;
    EXPECT_NE(url.error().message().find("no server address"), std::string::npos) << url.error().message();
    EXPECT_EQ(url.error().message().find("secret"), std::string::npos);
  }
}

TEST(Summary, CountsByType) {
  Summary summary;
  summary.Count(store::Type::kHash, 1536, true);
  summary.Count(store::Type::kHash, 1536, false);
  summary.Count(store::Type::kString, 10, false);
  summary.CountDatabase(0);
  EXPECT_EQ(summary.keys(), 3u);
  const std::string table = summary.Table();
  EXPECT_NE(table.find("hash                  2       3.0 KB              1"), std::string::npos) << table;
  EXPECT_EQ(table.find("list"), std::string::npos);
  EXPECT_NE(table.find("1 database\n"), std::string::npos);
}

TEST(Summary, SaysNumbersForPeople) {
  EXPECT_EQ(Bytes(1023), "1023 B");
  EXPECT_EQ(Bytes(5ull << 30), "5.0 GB");
  EXPECT_EQ(Counted(1, "key"), "1 key");
  EXPECT_EQ(Counted(2, "key"), "2 keys");
  EXPECT_EQ(Counted(0, "function library"), "0 function libraries");
}

}  // namespace
}  // namespace tusk::tool
