// The append log on a disk that fails, stops and forgets at every step (io/faulty_file_system.h): whatever happens, what
// the disk holds afterwards loads, and holds at least what was said to be on disk, in order.
#include "persist/log_keeper.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <thread>
#include <tuple>

#include "base/clock.h"
#include "base/random.h"
#include "io/faulty_file_system.h"
#include "io/replacement.h"
#include "persist/aof_reader.h"
#include "persist/file_source.h"
#include "persist/loader.h"

namespace tusk::persist {
namespace {

using base::Status;
using io::FaultyFileSystem;
using Data = std::map<std::string, std::string>;

// The base, then the increments; SET is all that these tests write. Nothing: the log does not load.
std::optional<Data> Load(io::FileSystem& disk, std::string& why) {
  AofFiles files(disk);
  if (Status status = files.Read(); !status.ok()) return why = status.message(), std::nullopt;
  Data data;
  base::FakeClock clock;
  store::Settings settings;
  if (const auto& base = files.manifest().base()) {
    auto file = disk.OpenRead(files.PathOf(base->name));
    if (!file) return why = base->name, std::nullopt;
    store::Keyspace keyspace({.databases = 1, .clock = &clock, .settings = &settings});
    FileSource source(**file);
    codec::Reader reader(source, (*file)->size());
    store::Transaction transaction(keyspace);
    Loader loader({.keyspace = &keyspace});
    if (Status status = loader.LoadFrom(reader, transaction); !status.ok()) return why = status.message(), std::nullopt;
    for (size_t i = 0; i < store::kStripeCount; ++i) {
      keyspace.stripe(i).first.table().ForEach([&](const store::Entry* entry) {
        store::Entry::TextBuffer buffer;
        data[std::string(entry->key())] = entry->text(buffer);
      });
    }
  }
  bool ended = false;
  for (const AofFile& part : files.manifest().increments()) {
    auto file = disk.OpenRead(files.PathOf(part.name));
    if (!file) return why = part.name, std::nullopt;
    if ((*file)->size() != 0 && ended) return why = "bytes behind a torn tail", std::nullopt;
    AofReader reader(**file);
    AofReader::Item item = reader.Next();
    for (; item == AofReader::Item::kCommand || item == AofReader::Item::kAnnotation; item = reader.Next()) {
      if (item == AofReader::Item::kAnnotation) continue;
      if (reader.argv()[0] == "SET") data[std::string(reader.argv()[1])] = reader.argv()[2];
    }
    ended = item != AofReader::Item::kEnd;
    if (item == AofReader::Item::kDamaged) return why = "damage in " + part.name, std::nullopt;
  }
  return data;
}

// A keyspace with its log. Values are numbers that only grow, all under the same few keys in turn, so that any beginning
// of the history is told by its last number.
class Rig {
 public:
  Rig(FaultyFileSystem& disk, SyncPolicy policy, uint64_t waits_before_room = AppendLog::kWaitsBeforeRoom)
      : keyspace_({.databases = 1, .clock = &clock_, .settings = &settings_}),
        log_({.keyspace = &keyspace_, .changes = &changes_, .retry_ms = 1, .waits_before_room = waits_before_room,
              .on_fatal = [this](std::string_view) { died_.store(true); }}),
        keeper_({.keyspace = &keyspace_,
                 .changes = &changes_,
                 .log = &log_,
                 .files = &disk,
                 .describe = [this] { return codec::DatasetOptions{.redis_version = "7.2.0", .now_ms = clock_.UnixMillis()}; }}) {
    keyspace_.SetObserver(&changes_);
    log_.SetPolicy(policy);
  }
  ~Rig() {
    keeper_.Stop();
    log_.End();
  }

  Status Open() {
    RETURN_IF_ERROR(keeper_.Read(false));
    return keeper_.Open();
  }
  void Set() {
    ++last_;
    Put("k" + std::to_string(last_ % kKeys), std::to_string(last_));
  }
  void Put(const std::string& name, const std::string& value) {
    store::Transaction transaction(keyspace_);
    transaction.Begin(clock_.UnixMillis());
    store::Key key = store::Key::Of(name);
    transaction.LockOneBlocking(key.stripe());
    transaction.PutString(0, key, transaction.Find(0, key, store::Access::kWrite), value);
    if (transaction.wants_changes()) transaction.AddChange(0, {"SET", name, value});
    transaction.Commit();
  }
  // What has been set so far is on disk, or an error.
  Status Flush() {
    RETURN_IF_ERROR(log_.Flush());
    safe_ = last_;
    return {};
  }
  bool Rewrite() {
    keeper_.Rewrite(false);
    keeper_.WaitForRewrite();
    return keeper_.state().last_ok;
  }
  int last() const { return last_; }
  int safe() const { return safe_; }
  bool died() const { return died_.load(); }
  AppendLog& log() { return log_; }
  LogKeeper& keeper() { return keeper_; }
  store::Keyspace& keyspace() { return keyspace_; }
  store::ChangeLog& changes() { return changes_; }
  store::Settings& settings() { return settings_; }

  static constexpr int kKeys = 5;
  // The data after the first `count` calls of Set().
  static Data After(int count) {
    Data data;
    for (int i = std::max(1, count - kKeys + 1); i <= count; ++i) data["k" + std::to_string(i % kKeys)] = std::to_string(i);
    return data;
  }

 private:
  base::FakeClock clock_;
  store::Settings settings_;
  store::Keyspace keyspace_;
  store::ChangeLog changes_{keyspace_.passing()};
  std::atomic<bool> died_{false};
  AppendLog log_;
  LogKeeper keeper_;
  int last_ = 0;
  int safe_ = 0;
};

// Fails the test unless the disk holds what some beginning of the history left, and at least `safe` of it.
void ExpectABeginning(FaultyFileSystem& disk, int safe, int last, const std::string& where) {
  std::string why;
  std::optional<Data> data = Load(disk, why);
  ASSERT_TRUE(data) << where << ": does not load: " << why;
  for (int count = safe; count <= last; ++count) {
    if (*data == Rig::After(count)) return;
  }
  std::string content;
  for (const auto& [key, value] : *data) content += key + "=" + value + " ";
  FAIL() << where << ": holds " << content << ", should hold " << safe << ".." << last;
}

// A life of the log: opened, written to, rewritten twice, written to. Stops where it must.
void Live(Rig& rig) {
  if (!rig.Open().ok()) return;
  auto write = [&rig](int count) {
    for (int i = 0; i < count && !rig.died(); ++i) rig.Set();
    return rig.Flush().ok();
  };
  write(7);
  rig.Rewrite();
  write(3);
  rig.Rewrite();
  write(7);
}

TEST(LogKeeper, WhatIsWrittenIsThere) {
  FaultyFileSystem disk;
  {
    Rig rig(disk, SyncPolicy::kEverySecond);
    Live(rig);
    EXPECT_EQ(rig.safe(), 17);
    EXPECT_EQ(disk.Content("appendonlydir/appendonly.aof.manifest"),
              "file appendonly.aof.3.base.rdb seq 3 type b\nfile appendonly.aof.3.incr.aof seq 3 type i\n");
    EXPECT_EQ(disk.List("appendonlydir")->size(), 3u);  // History has gone.
  }
  disk.Crash(FaultyFileSystem::Loss::kForget);
  ExpectABeginning(disk, 17, 17, "after all");
}

TEST(LogKeeper, EveryStepFailedOnceLeavesALogThatLoadsAndGoesOn) {
  size_t steps = 0;
  {
    FaultyFileSystem disk;
    Rig rig(disk, SyncPolicy::kNever);
    Live(rig);
    steps = disk.steps().size();
  }
  ASSERT_GT(steps, 30u);
  for (size_t n = 1; n <= steps; ++n) {
    FaultyFileSystem disk(n);
    disk.FailAt(n, EIO);
    int safe = 0;
    int last = 0;
    {
      Rig rig(disk, SyncPolicy::kNever);
      Live(rig);
      // Refused at the start, or mended in the end: by itself, or by the rewrite that a lost sync asks for.
      if (rig.log().state().on) {
        disk.Heal();  // How many steps a life takes depends on how writes meet: this one may have ended before step n.
        if (!rig.log().state().sync_ok) {
          EXPECT_TRUE(rig.Rewrite()) << n;
        }
        rig.Set();
        EXPECT_TRUE(rig.Flush().ok()) << "step " << n << ": " << rig.log().state().error;
        EXPECT_EQ(rig.settings().log_failure.get(), nullptr) << n;
      }
      safe = rig.safe();
      last = rig.last();
    }
    disk.Crash(FaultyFileSystem::Loss::kForget);
    ExpectABeginning(disk, safe, last, "step " + std::to_string(n));
  }
}

TEST(LogKeeper, AMachineThatStopsAnywhereFindsWhatWasSafe) {
  // By its end: the loss, and whether batches go into room made ahead from the first one on.
  for (const unsigned end : {0u, 1u, 2u, 3u}) {
    const auto loss = end % 2 == 0 ? FaultyFileSystem::Loss::kNothing : FaultyFileSystem::Loss::kForget;
    for (size_t n = 1; n <= 90; ++n) {
      FaultyFileSystem disk(n);
      int safe = 0;
      int last = 0;
      {
        Rig rig(disk, SyncPolicy::kAlways, end < 2 ? AppendLog::kWaitsBeforeRoom : 0);  // Dies of the first failed write, as it should.
        disk.StopAt(n);
        Live(rig);
        safe = rig.safe();
        last = rig.last();
      }
      disk.Crash(loss);
      ExpectABeginning(disk, safe, last, "stop at " + std::to_string(n));
    }
  }
}

// ---- Batches in room made ahead (log_room.h) ----

constexpr std::string_view kIncrement = "appendonlydir/appendonly.aof.1.incr.aof";

// Many batches, several of them on their way to the disk at once.
void WriteIntoRoom(Rig& rig, int count) {
  if (!rig.Open().ok()) return;
  for (int i = 0; i < count && !rig.died(); ++i) {
    rig.Set();
    if (i % 3 != 0) rig.changes().Deliver();
  }
  std::ignore = rig.Flush();
}

TEST(LogKeeper, RoomMadeAheadIsGoneWhenTheLogIsClosed) {
  FaultyFileSystem disk;
  bool was_in_room = false;
  {
    Rig rig(disk, SyncPolicy::kAlways, 0);
    WriteIntoRoom(rig, 100);
    was_in_room = rig.log().state().in_room;
    EXPECT_EQ(rig.keyspace().gate().synced.load(), rig.keyspace().last_commit());
    const std::string content = disk.Content(std::string(kIncrement)).value_or("");
    EXPECT_GT(content.size(), LogRoom::kFirstBytes);
    EXPECT_TRUE(content.ends_with(BatchMark::Room(LogRoom::kSliceBytes)));
  }
  EXPECT_TRUE(was_in_room);
  const std::string content = disk.Content(std::string(kIncrement)).value_or("");
  EXPECT_LT(content.size(), LogRoom::kFirstBytes);
  EXPECT_NE(content.find("#BATCH"), std::string::npos);
  disk.Crash(FaultyFileSystem::Loss::kNothing);
  ExpectABeginning(disk, 100, 100, "after all");
}

TEST(LogKeeper, AMachineThatStopsWhileBatchesGoIntoRoomLosesNothingThatWasAcknowledged) {
  size_t steps = 0;
  {
    FaultyFileSystem disk;
    Rig rig(disk, SyncPolicy::kAlways, 0);
    WriteIntoRoom(rig, 60);
    steps = disk.steps().size();
  }
  for (auto loss : {FaultyFileSystem::Loss::kNothing, FaultyFileSystem::Loss::kForget}) {
    for (size_t n = 1; n <= steps + 5; ++n) {
      FaultyFileSystem disk(n);
      int safe = 0;
      int last = 0;
      {
        Rig rig(disk, SyncPolicy::kAlways, 0);
        disk.StopAt(n);
        WriteIntoRoom(rig, 60);
        safe = static_cast<int>(rig.keyspace().gate().synced.load());
        last = rig.last();
      }
      disk.Crash(loss);
      ExpectABeginning(disk, safe, last, "stop at " + std::to_string(n));
    }
  }
}

TEST(LogKeeper, EveryStepFailedOnceInRoomEndsTheProcessOrChangesNothing) {
  for (const int error : {EIO, ENOSPC}) {
    for (size_t n = 1; n <= 80; ++n) {
      FaultyFileSystem disk(n);
      disk.FailAt(n, error);
      int safe = 0;
      int last = 0;
      {
        Rig rig(disk, SyncPolicy::kAlways, 0);
        WriteIntoRoom(rig, 60);
        safe = static_cast<int>(rig.keyspace().gate().synced.load());
        last = rig.last();
        if (rig.log().state().on && !rig.died()) {
          EXPECT_EQ(safe, 60) << n;
          EXPECT_EQ(rig.settings().log_failure.get(), nullptr) << n;
        }
      }
      disk.Crash(FaultyFileSystem::Loss::kForget);
      ExpectABeginning(disk, safe, last, "failure at " + std::to_string(n));
    }
  }
}

TEST(LogKeeper, EveryStepFailedOnceWithRewritesBetweenRooms) {
  for (size_t n = 1; n <= 90; ++n) {
    FaultyFileSystem disk(n);
    disk.FailAt(n, EIO);
    int safe = 0;
    int last = 0;
    {
      Rig rig(disk, SyncPolicy::kAlways, 0);
      Live(rig);
      disk.Heal();
      if (rig.log().state().on && !rig.died()) {
        rig.Set();
        EXPECT_TRUE(rig.Flush().ok()) << n;
        EXPECT_TRUE(rig.Rewrite()) << n;
      }
      safe = rig.safe();
      last = rig.last();
    }
    disk.Crash(FaultyFileSystem::Loss::kForget);
    ExpectABeginning(disk, safe, last, "failure at " + std::to_string(n));
  }
}

TEST(LogKeeper, RoomIsLeftForAnotherFileAndAnotherPolicy) {
  FaultyFileSystem disk;
  {
    Rig rig(disk, SyncPolicy::kAlways, 0);
    WriteIntoRoom(rig, 20);
    ASSERT_TRUE(rig.log().state().in_room);
    EXPECT_TRUE(rig.Rewrite());
    EXPECT_LT(disk.Content(std::string(kIncrement)).value_or("").size(), LogRoom::kFirstBytes);
    rig.Set();
    ASSERT_TRUE(rig.Flush().ok());
    rig.log().SetPolicy(SyncPolicy::kEverySecond);
    rig.Set();
    ASSERT_TRUE(rig.Flush().ok());
    EXPECT_FALSE(rig.log().state().in_room);
    EXPECT_LT(disk.Content("appendonlydir/appendonly.aof.2.incr.aof").value_or("").size(), LogRoom::kFirstBytes);
    rig.log().SetPolicy(SyncPolicy::kAlways);
    rig.Set();
    ASSERT_TRUE(rig.Flush().ok());
  }
  disk.Crash(FaultyFileSystem::Loss::kForget);
  ExpectABeginning(disk, 23, 23, "after all");
}

// The process was killed when its rewrite had named an increment and not used it yet. Its last writes were never synced; what
// the next process appends goes to the new increment.
TEST(LogKeeper, WhatAKilledProcessLeftIsOnDiskBeforeMoreIsAppended) {
  FaultyFileSystem disk;
  {
    Rig rig(disk, SyncPolicy::kNever);
    ASSERT_TRUE(rig.Open().ok());
    rig.Set();
    rig.Set();
    while (rig.keyspace().gate().open_to.load() < rig.keyspace().last_commit()) std::this_thread::yield();
    AofFiles files(disk);
    ASSERT_TRUE(files.Read().ok());
    AofManifest manifest = files.manifest();
    ASSERT_TRUE(files.Create(manifest.AddIncrement(files.stem()).name).has_value());
    ASSERT_TRUE(files.Save(manifest).ok());
    disk.StopAt(1);
  }
  disk.Crash(FaultyFileSystem::Loss::kNothing);
  {
    Rig rig(disk, SyncPolicy::kNever);
    ASSERT_TRUE(rig.Open().ok());
    rig.Set();
    ASSERT_TRUE(rig.Flush().ok());
  }
  disk.Crash(FaultyFileSystem::Loss::kForget);
  ExpectABeginning(disk, 2, 2, "after the power failure");
}

// Replies wait for the gate: from the first write on, also while the file is still being taken up.
TEST(LogKeeper, WithEverySecondTheGateOpensOnceTheFileHasTheWrite) {
  for (const SyncPolicy policy : {SyncPolicy::kEverySecond, SyncPolicy::kNever}) {
    FaultyFileSystem disk;
    Rig rig(disk, policy);
    ASSERT_TRUE(rig.Open().ok());
    store::CommitGate& gate = rig.keyspace().gate();
    EXPECT_TRUE(gate.holds.load());
    for (int i = 0; i < 50; ++i) {
      rig.Set();
      const uint64_t commit = rig.keyspace().last_commit();
      if (i % 2 == 0) rig.changes().Deliver();
      while (gate.open_to.load() < commit) std::this_thread::yield();
      const std::string file = disk.Content("appendonlydir/appendonly.aof.1.incr.aof").value_or("none");
      EXPECT_TRUE(file.ends_with("\r\n" + std::to_string(rig.last()) + "\r\n")) << file;
    }
    EXPECT_TRUE(gate.holds.load());
  }
}

// Otherwise clients would wait for as long as the disk is full; what they wrote is kept for later, and they write no more.
TEST(LogKeeper, WithEverySecondRepliesDoNotWaitForRoomOnTheDisk) {
  FaultyFileSystem disk;
  Rig rig(disk, SyncPolicy::kEverySecond);
  ASSERT_TRUE(rig.Open().ok());
  disk.FailAt(1, ENOSPC, FaultyFileSystem::kForever);
  rig.Set();
  rig.changes().Deliver();
  while (rig.keyspace().gate().holds.load()) std::this_thread::yield();
  EXPECT_NE(rig.settings().log_failure.get(), nullptr);
  disk.Heal();
  while (!rig.Flush().ok()) {
  }
  EXPECT_TRUE(rig.keyspace().gate().holds.load());
  disk.Crash(FaultyFileSystem::Loss::kForget);
  ExpectABeginning(disk, 1, 1, "after the disk was full");
}

TEST(LogKeeper, AFullDiskRefusesWritesUntilThereIsRoom) {
  FaultyFileSystem disk;
  Rig rig(disk, SyncPolicy::kEverySecond);
  ASSERT_TRUE(rig.Open().ok());
  rig.Set();
  ASSERT_TRUE(rig.Flush().ok());
  disk.FailAt(1, ENOSPC, FaultyFileSystem::kForever);
  rig.Set();
  EXPECT_FALSE(rig.Flush().ok());
  ASSERT_NE(rig.settings().log_failure.get(), nullptr);
  EXPECT_EQ(*rig.settings().log_failure.get(), "MISCONF Errors writing to the AOF file: No space left on device");
  EXPECT_FALSE(rig.log().state().write_ok);
  disk.Heal();
  while (!rig.Flush().ok()) {
  }
  EXPECT_EQ(rig.settings().log_failure.get(), nullptr);
  disk.Crash(FaultyFileSystem::Loss::kForget);
  ExpectABeginning(disk, 2, 2, "after the disk was full");
}

TEST(LogKeeper, WithAlwaysAFailureEndsTheProcessAndNothingCountsAsSynced) {
  for (const bool at_sync : {false, true}) {
    FaultyFileSystem disk;
    Rig rig(disk, SyncPolicy::kAlways);
    ASSERT_TRUE(rig.Open().ok());
    rig.Set();
    ASSERT_TRUE(rig.Flush().ok());
    EXPECT_TRUE(rig.keyspace().gate().holds.load());
    const uint64_t synced = rig.keyspace().gate().synced.load();
    disk.FailAt(at_sync ? 2 : 1, EIO, FaultyFileSystem::kForever);
    rig.Set();
    EXPECT_FALSE(rig.Flush().ok());
    EXPECT_TRUE(rig.died());
    disk.Heal();
    rig.Set();
    EXPECT_FALSE(rig.Flush().ok());
    EXPECT_EQ(rig.keyspace().gate().synced.load(), synced);
    EXPECT_TRUE(rig.keyspace().gate().holds.load());
  }
}

TEST(LogKeeper, ALostSyncIsMendedByARewriteOnly) {
  FaultyFileSystem disk;
  Rig rig(disk, SyncPolicy::kEverySecond);
  ASSERT_TRUE(rig.Open().ok());
  rig.Set();
  ASSERT_TRUE(rig.Flush().ok());
  disk.FailAt(2, EIO);  // The write works, its sync does not.
  rig.Set();
  EXPECT_FALSE(rig.Flush().ok());
  // A sync that works says nothing about what the failed one lost.
  EXPECT_FALSE(rig.Flush().ok());
  EXPECT_NE(rig.settings().log_failure.get(), nullptr);
  EXPECT_TRUE(rig.Rewrite());
  EXPECT_EQ(rig.settings().log_failure.get(), nullptr);
  EXPECT_TRUE(rig.Flush().ok());
  disk.Crash(FaultyFileSystem::Loss::kForget);
  ExpectABeginning(disk, 2, 2, "after the rewrite");
}

TEST(LogKeeper, TurnedOnAtRunTimeItBeginsWithARewrite) {
  FaultyFileSystem disk;
  Rig rig(disk, SyncPolicy::kAlways);
  ASSERT_TRUE(rig.keeper().Read(false).ok());
  rig.Set();  // Before the log: only the base has it.
  ASSERT_TRUE(rig.keeper().TurnOn().ok());
  rig.keeper().WaitForRewrite();
  EXPECT_EQ(rig.keeper().state().mode, LogKeeper::Mode::kOn);
  EXPECT_TRUE(rig.keyspace().gate().holds.load());
  rig.Set();
  ASSERT_TRUE(rig.Flush().ok());
  EXPECT_EQ(disk.Content("appendonlydir/appendonly.aof.manifest"),
            "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n");
  rig.keeper().TurnOff();
  EXPECT_FALSE(rig.keyspace().recording());
  rig.Set();  // Nobody writes it down.
  EXPECT_TRUE(rig.Rewrite());
  EXPECT_EQ(disk.Content("appendonlydir/appendonly.aof.manifest"), "file appendonly.aof.2.base.rdb seq 2 type b\n");
  disk.Crash(FaultyFileSystem::Loss::kForget);
  ExpectABeginning(disk, 3, 3, "a base alone");
}

TEST(LogKeeper, TheDiskBeginsWithABaseEarlyIfItShall) {
  base::Random random(1);
  std::string value(io::Replacement::kSyncStepBytes + 100, '\0');
  for (char& c : value) c = static_cast<char>(random.Below(256));
  for (const bool in_steps : {true, false}) {
    FaultyFileSystem disk;
    Rig rig(disk, SyncPolicy::kNever);
    ASSERT_TRUE(rig.Open().ok());
    rig.keeper().SetSettings({.base_in_steps = in_steps});
    rig.Put("large", value);
    EXPECT_TRUE(rig.Rewrite());
    EXPECT_EQ(disk.hints() > 0, in_steps);
  }
}

TEST(LogKeeper, AnOldLogOfOneFileBecomesTheBase) {
  FaultyFileSystem disk;
  disk.Put("appendonly.aof", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
  AofFiles files(disk);
  ASSERT_TRUE(files.Read().ok());
  ASSERT_TRUE(files.Upgrade().ok());
  disk.Crash(FaultyFileSystem::Loss::kForget);
  EXPECT_EQ(disk.Content("appendonlydir/appendonly.aof.manifest"), "file appendonly.aof seq 1 type b\n");
  EXPECT_TRUE(disk.Exists("appendonlydir/appendonly.aof"));
  EXPECT_FALSE(disk.Exists("appendonly.aof"));
}

TEST(RewritePolicy, WaitsLongerAfterEachFailureOfARow) {
  RewritePolicy policy;
  int64_t told = 0;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(policy.Allows(0, told));
    policy.NoteResult(false);
  }
  EXPECT_FALSE(policy.Allows(0, told));
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(policy.Allows(59, told));
  EXPECT_EQ(told, 0);
  EXPECT_TRUE(policy.Allows(60, told));
  policy.NoteResult(false);
  EXPECT_FALSE(policy.Allows(60, told));
  EXPECT_EQ(told, 2);
  policy.NoteResult(true);
  EXPECT_TRUE(policy.Allows(61, told));
}

TEST(RewritePolicy, GrowthCountsFromTheBaseAndFromASize) {
  EXPECT_EQ(RewritePolicy::Due({.bytes = 300, .base_bytes = 100, .percent_wanted = 100, .bytes_min = 10}), 200);
  EXPECT_EQ(RewritePolicy::Due({.bytes = 199, .base_bytes = 100, .percent_wanted = 100, .bytes_min = 10}), 0);
  EXPECT_EQ(RewritePolicy::Due({.bytes = 300, .base_bytes = 100, .percent_wanted = 100, .bytes_min = 300}), 0);
  EXPECT_EQ(RewritePolicy::Due({.bytes = 300, .base_bytes = 100, .percent_wanted = 0, .bytes_min = 10}), 0);
  EXPECT_GT(RewritePolicy::Due({.bytes = 300, .base_bytes = 0, .percent_wanted = 100, .bytes_min = 10}), 0);
}

}  // namespace
}  // namespace tusk::persist
