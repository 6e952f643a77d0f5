// SAVE and BGSAVE on a disk that fails: every step failed once, the machine stopped at every step, a disk that fills up.
// Method: a clean run says which steps there are; each of them is then the one that goes wrong.
#include <gtest/gtest.h>

#include <cerrno>

#include "base/clock.h"
#include "io/faulty_file_system.h"
#include "persist/loader.h"
#include "persist/saver.h"

namespace tusk::persist {
namespace {

using io::FaultyFileSystem;
using Loss = FaultyFileSystem::Loss;

constexpr const char* kPath = "data/dump.rdb";
constexpr uint64_t kOldKeys = 3;
constexpr uint64_t kNewKeys = 50;

// A server's keyspace and saver over a disk that stays when the server dies. Its file holds kOldKeys, memory kNewKeys.
class Rig {
 public:
  Rig(bool background, uint64_t seed)
      : disk_(seed), background_(background),
        keyspace_({.databases = 2, .clock = &clock_, .settings = &settings_}),
        saver_(keyspace_, [this] { return codec::DatasetOptions{.redis_version = "7.2.0", .now_ms = clock_.UnixMillis()}; },
               disk_) {
    EXPECT_TRUE(disk_.MakeDirectory("data", 0755).ok());
    EXPECT_TRUE(disk_.SyncDirectory(".").ok());
    saver_.SetPath(kPath);
    saver_.SetRules("3600 1");
    SetKeys(kOldKeys);
    EXPECT_TRUE(Save().ok());
    SetKeys(kNewKeys);
  }
  ~Rig() { saver_.WaitForBackground(); }

  // Of BGSAVE the outcome in the end.
  base::Status Save() {
    store::Transaction transaction(keyspace_);
    transaction.Begin(clock_.UnixMillis());
    transaction.EnterLaneBlocking();
    transaction.LockAllInLane();
    if (!background_) return saver_.Save(transaction);
    base::Status status = saver_.SaveInBackground(transaction);
    transaction.Unlock();
    saver_.WaitForBackground();
    if (!status.ok() || saver_.state().last_background_ok) return status;
    return base::Status::Unavailable("the background save failed");
  }
  void SetKeys(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      store::Transaction transaction(keyspace_);
      transaction.Begin(clock_.UnixMillis());
      const std::string name = "key:" + std::to_string(i);
      store::Key key = store::Key::Of(name);
      transaction.LockOneBlocking(key.stripe());
      // Long and without repetitions: the file takes several writes.
      std::string value;
      for (uint64_t j = 0; j < 300; ++j) value += std::to_string(i * 7919 + j * j * 104729) + ',';
      transaction.PutString(0, key, transaction.Find(0, key, store::Access::kWrite), value);
      transaction.Touch(0, key);
      transaction.Commit();
    }
  }
  // What a server that starts now would hold; an error when it would refuse.
  base::Result<uint64_t> KeysOnDisk() {
    std::optional<std::string> bytes = disk_.Content(kPath);
    if (!bytes) return base::Error(base::Status::NotFound("no file"));
    store::Keyspace other({.databases = 2, .clock = &clock_, .settings = &settings_});
    store::Transaction transaction(other);
    Loader loader({.keyspace = &other});
    codec::Reader reader(*bytes);
    RETURN_IF_ERROR(loader.LoadFrom(reader, transaction));
    return other.Size(0);
  }
  uint64_t dirty() { return keyspace_.change_counts().Unsaved(); }
  bool writes_refused() { return settings_.writes_need_snapshot; }
  FaultyFileSystem& disk() { return disk_; }
  Saver& saver() { return saver_; }

 private:
  FaultyFileSystem disk_;
  const bool background_;
  base::FakeClock clock_;
  store::Settings settings_;
  store::Keyspace keyspace_;
  Saver saver_;
};

class SaverFaults : public testing::TestWithParam<bool> {
 protected:
  // The steps of the second save, which is the one that goes wrong.
  std::vector<FaultyFileSystem::Step> CleanSteps() {
    Rig rig(GetParam(), 1);
    const size_t before = rig.disk().steps().size();
    EXPECT_TRUE(rig.Save().ok());
    EXPECT_EQ(rig.KeysOnDisk().value(), kNewKeys);
    auto steps = rig.disk().steps();
    steps.erase(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(before));
    return steps;
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, SaverFaults, testing::Bool(),
                         [](const auto& info) { return info.param ? "InTheBackground" : "InTheForeground"; });

TEST_P(SaverFaults, EveryStepFailedOnceLeavesTheOldFileAndTheNextSaveWorks) {
  const auto steps = CleanSteps();
  ASSERT_GE(steps.size(), 6u) << "create, two writes at least, sync, rename, sync of the directory";
  for (uint64_t step = 1; step <= steps.size(); ++step) {
    const bool is_last = step == steps.size();
    SCOPED_TRACE(std::string(FaultyFileSystem::Name(steps[step - 1].operation)) + ", step " + std::to_string(step));
    Rig rig(GetParam(), step);
    const uint64_t dirty = rig.dirty();
    rig.disk().FailAt(step, ENOSPC);
    base::Status status = rig.Save();
    ASSERT_FALSE(status.ok());
    // BGSAVE's reason goes to the log.
    EXPECT_TRUE(GetParam() || status.message().ends_with("No space left on device")) << status.message();
    EXPECT_EQ(rig.dirty(), dirty) << "nothing counts as saved";
    EXPECT_EQ(rig.writes_refused(), GetParam()) << "stop-writes-on-bgsave-error";
    // Once the name is new, the file is whole; only its being on the disk for good is in doubt.
    EXPECT_EQ(rig.KeysOnDisk().value(), is_last ? kNewKeys : kOldKeys);
    EXPECT_EQ(rig.disk().List("data").value().size(), 1u) << "no temporary file stays";
    EXPECT_TRUE(rig.Save().ok());
    EXPECT_EQ(rig.KeysOnDisk().value(), kNewKeys);
    EXPECT_FALSE(rig.writes_refused());
    EXPECT_EQ(rig.dirty(), 0u);
    rig.disk().Crash(Loss::kForget);
    EXPECT_EQ(rig.KeysOnDisk().value(), kNewKeys) << "what was said to be saved";
  }
}

TEST_P(SaverFaults, AStopAtEveryStepLeavesTheOldOrTheNewFile) {
  const size_t steps = CleanSteps().size();
  for (uint64_t step = 1; step <= steps; ++step) {
    for (uint64_t seed = 1; seed <= 12; ++seed) {
      SCOPED_TRACE("step " + std::to_string(step) + ", seed " + std::to_string(seed));
      Rig rig(GetParam(), seed);
      rig.disk().StopAt(step);
      ASSERT_FALSE(rig.Save().ok());
      rig.disk().Crash(seed % 3 == 0 ? Loss::kForget : seed % 3 == 1 ? Loss::kRandom : Loss::kNothing);
      base::Result<uint64_t> keys = rig.KeysOnDisk();
      ASSERT_TRUE(keys.has_value()) << keys.error().message();
      EXPECT_TRUE(*keys == kOldKeys || *keys == kNewKeys) << *keys;
    }
  }
}

TEST_P(SaverFaults, AFullDiskFailsTheSaveAndRoomMakesItWorkAgain) {
  Rig rig(GetParam(), 1);
  const uint64_t used = rig.disk().Content(kPath)->size();
  rig.disk().SetCapacity(used + 10'000);
  ASSERT_FALSE(rig.Save().ok());
  EXPECT_EQ(rig.KeysOnDisk().value(), kOldKeys);
  EXPECT_EQ(rig.disk().List("data").value().size(), 1u) << "the half file gives its room back";
  rig.disk().Heal();
  EXPECT_TRUE(rig.Save().ok());
  EXPECT_EQ(rig.KeysOnDisk().value(), kNewKeys);
}

TEST(SaverFaultsInTheLog, TheWordsNameTheStep) {
  Rig rig(false, 1);
  const char* const kExpected[] = {"Failed opening the temp RDB file data/temp-", "Write error saving DB on disk: "};
  for (uint64_t step : {1, 2}) {
    rig.disk().FailAt(step, EIO);
    const std::string message = rig.Save().message();
    EXPECT_TRUE(message.starts_with(kExpected[step - 1])) << message;
  }
}

}  // namespace
}  // namespace tusk::persist
