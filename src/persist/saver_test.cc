// Files on a real disk: written whole, loaded again, refused when damaged; and what the saver remembers.
#include "persist/saver.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "persist/loader.h"

namespace tusk::persist {
namespace {

class SaverTest : public testing::Test {
 protected:
  SaverTest()
      : folder_(std::filesystem::temp_directory_path() / ("tusk-saver-" + std::to_string(::getpid()))),
        keyspace_({.databases = 2, .clock = &clock_, .settings = &settings_}),
        saver_(keyspace_, [this] { return codec::DatasetOptions{.redis_version = "7.2.0", .now_ms = clock_.UnixMillis()}; }) {
    std::filesystem::create_directories(folder_);
    saver_.SetPath(Path());
  }
  ~SaverTest() override {
    saver_.WaitForBackground();
    std::filesystem::remove_all(folder_);
  }
  std::string Path() const { return folder_ / "dump.rdb"; }
  void Set(std::string_view name, std::string_view value) {
    store::Transaction transaction(keyspace_);
    transaction.Begin(clock_.UnixMillis());
    store::Key key = store::Key::Of(name);
    transaction.LockOneBlocking(key.stripe());
    transaction.PutString(0, key, transaction.Find(0, key, store::Access::kWrite), value);
    transaction.Touch(0, key);
    transaction.Commit();
  }
  template <typename Function>
  base::Status WithAll(Function function) {
    store::Transaction transaction(keyspace_);
    transaction.Begin(clock_.UnixMillis());
    transaction.EnterLaneBlocking();
    transaction.LockAllInLane();
    return function(transaction);
  }
  base::Status Save() {
    return WithAll([this](store::Transaction& held) { return saver_.Save(held); });
  }
  base::Status SaveInBackground() {
    return WithAll([this](store::Transaction& held) { return saver_.SaveInBackground(held); });
  }
  // Into a second keyspace; the number of keys.
  base::Result<uint64_t> LoadElsewhere() {
    store::Keyspace other({.databases = 2, .clock = &clock_, .settings = &settings_});
    store::Transaction transaction(other);
    Loader loader({.keyspace = &other});
    RETURN_IF_ERROR(loader.LoadFile(Path(), transaction));
    return other.Size(0);
  }
  uint64_t dirty() { return keyspace_.change_counts().Unsaved(); }

  base::FakeClock clock_;
  store::Settings settings_;
  std::filesystem::path folder_;
  store::Keyspace keyspace_;
  Saver saver_;
};

TEST_F(SaverTest, WhatIsSavedIsLoaded) {
  for (int i = 0; i < 100; ++i) Set("k" + std::to_string(i), std::string(static_cast<size_t>(i) * 10, 'v'));
  EXPECT_EQ(dirty(), 100u);
  ASSERT_TRUE(Save().ok());
  EXPECT_EQ(dirty(), 0u);
  EXPECT_EQ(LoadElsewhere().value(), 100u);
}

// For tests of what happens meanwhile: the delay holds in the foreground as well.
TEST_F(SaverTest, TheDelayPerKeySlowsEverySave) {
  for (int i = 0; i < 20; ++i) Set("k" + std::to_string(i), "v");
  settings_.rdb_key_save_delay.set(1000);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(Save().ok());
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(20));
}

TEST_F(SaverTest, InTheBackgroundTheMomentCountsNotTheEnd) {
  Set("a", "1");
  settings_.rdb_key_save_delay.set(1000);
  clock_.AdvanceMillis(5000);
  ASSERT_TRUE(SaveInBackground().ok());
  EXPECT_TRUE(saver_.state().in_progress);
  EXPECT_EQ(SaveInBackground().message(), "ERR Background save already in progress");
  EXPECT_EQ(Save().message(), "ERR Background save already in progress");
  Set("b", "2");
  saver_.WaitForBackground();
  EXPECT_EQ(dirty(), 1u);
  EXPECT_EQ(LoadElsewhere().value(), 1u);
  EXPECT_EQ(saver_.state().last_save_unix_seconds, clock_.UnixMillis() / 1000);
  EXPECT_EQ(saver_.state().saves, 1u);
}

TEST_F(SaverTest, AFailureKeepsTheOldFileAndStopsWritesUntilASaveWorks) {
  Set("a", "1");
  ASSERT_TRUE(Save().ok());
  Set("b", "2");
  saver_.SetRules("60 1");
  saver_.SetPath(folder_ / "nosuch" / "dump.rdb");
  ASSERT_TRUE(SaveInBackground().ok());
  saver_.WaitForBackground();
  EXPECT_FALSE(saver_.state().last_background_ok);
  EXPECT_TRUE(settings_.writes_need_snapshot);
  EXPECT_EQ(LoadElsewhere().value(), 1u);
  saver_.SetStopWritesOnError(false);
  EXPECT_FALSE(settings_.writes_need_snapshot);
  saver_.SetStopWritesOnError(true);
  saver_.SetPath(Path());
  ASSERT_TRUE(Save().ok());
  EXPECT_FALSE(settings_.writes_need_snapshot);
  EXPECT_EQ(LoadElsewhere().value(), 2u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator()), 1);
}

TEST_F(SaverTest, CancelledSavesLeaveNothing) {
  Set("a", "1");
  settings_.rdb_key_save_delay.set(10'000'000);
  ASSERT_TRUE(SaveInBackground().ok());
  saver_.CancelBackground();
  saver_.WaitForBackground();
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  EXPECT_TRUE(saver_.state().last_background_ok);
}

TEST_F(SaverTest, DamagedAndMissingFilesAreTold) {
  EXPECT_EQ(LoadElsewhere().error().code(), base::Code::kNotFound);
  Set("a", "some value");
  ASSERT_TRUE(Save().ok());
  std::fstream file(Path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-12, std::ios::end);
  file.put('X');
  file.close();
  EXPECT_FALSE(LoadElsewhere().has_value());
}

TEST(SaveRules, TheFirstRuleThatIsDueIsTold) {
  SaveRules rules("3600 1 300 100");
  EXPECT_FALSE(rules.Due(0, 10'000));
  EXPECT_FALSE(rules.Due(1, 3600));
  EXPECT_EQ(rules.Due(1, 3601)->seconds, 3600);
  EXPECT_EQ(rules.Due(100, 301)->changes, 100u);
  EXPECT_TRUE(SaveRules("").empty());
}

}  // namespace
}  // namespace tusk::persist
