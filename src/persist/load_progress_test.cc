#include "persist/load_progress.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace tusk::persist {
namespace {

TEST(LoadProgressTest, TellsNowAndThenHowFarAndHowFast) {
  base::FakeClock clock;
  const std::string path = testing::TempDir() + "load_progress_test.log";
  std::remove(path.c_str());
  base::Logger log(path);
  LoadProgress progress("RDB", &log, clock);
  auto text = [&] {
    std::string all(4096, '\0');
    std::FILE* file = std::fopen(path.c_str(), "r");
    all.resize(file ? std::fread(all.data(), 1, all.size(), file) : 0);
    if (file) std::fclose(file);
    return all;
  };
  clock.AdvanceMillis(LoadProgress::kTellEveryMs - 1);
  progress.Tell(1'000'000, 40'000'000, 10, "keys");
  EXPECT_EQ(text(), "");
  clock.AdvanceMillis(1);
  progress.Tell(10'000'000, 40'000'000, 1000, "keys");
  EXPECT_NE(text().find("Loading the RDB: 10000000 of 40000000 bytes, 1000 keys, 2.0 MB/s, about 15 seconds left"), std::string::npos)
      << text();
  const size_t size = text().size();
  progress.Tell(11'000'000, 40'000'000, 1100, "keys");
  EXPECT_EQ(text().size(), size);
}

}  // namespace
}  // namespace tusk::persist
