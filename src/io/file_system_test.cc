// The same behaviour of the real disk and of the one that tests break, and what the latter does when it breaks.
#include "io/file_system.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "io/faulty_file_system.h"
#include "io/replacement.h"

namespace tusk::io {
namespace {

using base::Code;
using base::Status;
using Loss = FaultyFileSystem::Loss;

std::string ReadAll(FileSystem& files, const std::string& path) {
  base::Result<std::string> text = ReadFile(files, path, 1 << 20);
  return text ? *text : "<" + text.error().message() + ">";
}

// ---- What both do ----

class EitherDisk : public testing::TestWithParam<bool> {
 protected:
  EitherDisk() {
    if (!real()) return;
    folder_ = std::filesystem::temp_directory_path() / ("tusk-files-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~EitherDisk() override {
    if (real()) std::filesystem::remove_all(folder_);
  }
  static bool real() { return GetParam(); }
  FileSystem& files() { return real() ? RealFileSystem() : faulty_; }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
  FaultyFileSystem faulty_;
};

INSTANTIATE_TEST_SUITE_P(Disks, EitherDisk, testing::Bool(),
                         [](const auto& info) { return info.param ? "Real" : "Faulty"; });

TEST_P(EitherDisk, AppendsReadsAndCuts) {
  auto file = files().Create(Path("a")).value();
  ASSERT_TRUE(file->Append("hello ").ok());
  ASSERT_TRUE(file->Append("world").ok());
  EXPECT_EQ(file->size(), 11u);
  char piece[8] = {};
  EXPECT_EQ(file->Read(6, piece, sizeof piece).value(), 5u);
  EXPECT_STREQ(piece, "world");
  EXPECT_EQ(file->Read(11, piece, sizeof piece).value(), 0u);
  ASSERT_TRUE(file->Truncate(5).ok());
  EXPECT_EQ(file->size(), 5u);
  // The next byte goes to the new end, with no hole.
  ASSERT_TRUE(file->Append("!").ok());
  file->SyncRangeHint(0, 6);
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(ReadAll(files(), Path("a")), "hello!");
}

TEST_P(EitherDisk, OverwritesWhatIsThere) {
  auto file = files().Create(Path("a"));
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE((*file)->Append("0123456789").ok());
  ASSERT_TRUE((*file)->Sync().ok());
  auto other = (*file)->Reopen();
  ASSERT_TRUE(other.has_value());
  EXPECT_TRUE((*other)->Overwrite(3, "abc").ok());
  EXPECT_TRUE((*other)->Overwrite(8, "xy").ok());
  EXPECT_TRUE((*file)->Append("!").ok());
  EXPECT_EQ(ReadAll(files(), Path("a")), "012abc67xy!");
}

TEST_P(EitherDisk, OpenAppendGoesOnWhereTheFileEndsAndCreatesAMissingOne) {
  ASSERT_TRUE(files().OpenAppend(Path("a")).value()->Append("one").ok());
  auto file = files().OpenAppend(Path("a")).value();
  EXPECT_EQ(file->size(), 3u);
  ASSERT_TRUE(file->Append("two").ok());
  EXPECT_EQ(ReadAll(files(), Path("a")), "onetwo");
  EXPECT_EQ(files().Create(Path("a")).value()->size(), 0u);
}

TEST_P(EitherDisk, NamesAreListedRenamedAndRemoved) {
  ASSERT_TRUE(files().MakeDirectory(Path("d")).ok());
  EXPECT_TRUE(files().MakeDirectory(Path("d")).ok()) << "it is there already";
  for (const char* name : {"d/b", "d/a"}) ASSERT_TRUE(files().Create(Path(name)).value()->Append(name).ok());
  EXPECT_EQ(files().List(Path("d")).value(), (std::vector<std::string>{"a", "b"}));
  ASSERT_TRUE(files().Rename(Path("d/a"), Path("d/b")).ok());
  EXPECT_EQ(files().List(Path("d")).value(), (std::vector<std::string>{"b"}));
  EXPECT_EQ(ReadAll(files(), Path("d/b")), "d/a");
  EXPECT_TRUE(files().SyncDirectory(Path("d")).ok());
  EXPECT_TRUE(files().Exists(Path("d/b")));
  ASSERT_TRUE(files().Remove(Path("d/b")).ok());
  EXPECT_FALSE(files().Exists(Path("d/b")));
  EXPECT_EQ(files().Remove(Path("d/b")).code(), Code::kNotFound);
}

TEST_P(EitherDisk, FailuresSayTheReasonAlone) {
  auto missing = files().OpenRead(Path("none"));
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
  EXPECT_EQ(missing.error().message(), "No such file or directory");
  EXPECT_EQ(Explain("Reading x", missing.error()).message(), "Reading x: No such file or directory");
  EXPECT_EQ(files().Create(Path("none/x")).error().code(), Code::kNotFound);
  EXPECT_EQ(files().Rename(Path("none"), Path("x")).code(), Code::kNotFound);
  EXPECT_EQ(files().List(Path("none")).error().code(), Code::kNotFound);
  EXPECT_EQ(files().SyncDirectory(Path("none")).code(), Code::kNotFound);
  ASSERT_TRUE(files().MakeDirectory(Path("d")).ok());
  EXPECT_EQ(files().OpenRead(Path("d")).error().message(), "Is a directory");
  ASSERT_TRUE(files().Create(Path("f")).has_value());
  EXPECT_EQ(files().MakeDirectory(Path("f")).message(), "Not a directory");
}

TEST_P(EitherDisk, AReplacementIsWholeAndKeepsThePermissions) {
  { ASSERT_TRUE(files().Create(Path("conf"), 0600).value()->Append("old").ok()); }
  {
    auto abandoned = Replacement::Create(files(), Path("conf"), Path("temp")).value();
    ASSERT_TRUE(abandoned.Append("half").ok());
  }
  EXPECT_FALSE(files().Exists(Path("temp")));
  EXPECT_EQ(ReadAll(files(), Path("conf")), "old");
  ASSERT_TRUE(ReplaceFile(files(), Path("conf"), "new").ok());
  EXPECT_EQ(ReadAll(files(), Path("conf")), "new");
  EXPECT_EQ(files().Stat(Path("conf")).value().mode, 0600u);
  EXPECT_EQ(ReadFile(files(), Path("conf"), 2).error().code(), Code::kExhausted);
}

// The kernel's own bound on the size of a file stands for a full disk.
TEST(RealDisk, AShortWriteIsAnErrorAndSizeSaysHowMuchWentIn) {
  const std::string path = std::filesystem::temp_directory_path() / ("tusk-short-" + std::to_string(::getpid()));
  auto file = RealFileSystem().Create(path).value();
  struct rlimit old {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small {.rlim_cur = 1000, .rlim_max = old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Status status = file->Append(std::string(1500, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.message(), "File too large");
  EXPECT_EQ(file->size(), 1000u);
  EXPECT_TRUE(file->Truncate(0).ok());
  ::unlink(path.c_str());
}

// ---- What only the faulty one does ----

TEST(FaultyDisk, ForgetsBytesThatWereNotSynced) {
  FaultyFileSystem disk;
  auto file = disk.Create("a", 0644).value();
  ASSERT_TRUE(disk.SyncDirectory(".").ok());
  ASSERT_TRUE(file->Append("kept").ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(file->Append(" lost").ok());
  disk.Crash(Loss::kForget);
  EXPECT_EQ(disk.Content("a"), "kept");
  EXPECT_FALSE(file->Append("x").ok()) << "a file of before the crash";
  EXPECT_FALSE(file->Sync().ok());
}

TEST(FaultyDisk, ForgetsNamesThatWereNotSynced) {
  FaultyFileSystem disk;
  auto synced = [&](const std::string& path, std::string_view text) {
    auto file = disk.Create(path, 0644).value();
    ASSERT_TRUE(file->Append(text).ok());
    ASSERT_TRUE(file->Sync().ok());
  };
  synced("a", "old");
  ASSERT_TRUE(disk.SyncDirectory(".").ok());
  synced("temp", "new");
  ASSERT_TRUE(disk.Rename("temp", "a").ok());
  EXPECT_EQ(disk.Content("a"), "new");
  disk.Crash(Loss::kForget);
  EXPECT_EQ(disk.Content("a"), "old");
  EXPECT_EQ(disk.Content("temp"), std::nullopt);
  // Synced bytes of a file whose name is not: gone. A directory that is not on the disk takes all with it.
  ASSERT_TRUE(disk.MakeDirectory("d", 0755).ok());
  synced("d/f", "x");
  ASSERT_TRUE(disk.SyncDirectory("d").ok());
  disk.Crash(Loss::kForget);
  EXPECT_FALSE(disk.Exists("d/f"));
  EXPECT_FALSE(disk.Exists("d"));
  // A removed file comes back.
  ASSERT_TRUE(disk.Remove("a").ok());
  disk.Crash(Loss::kForget);
  EXPECT_EQ(disk.Content("a"), "old");
}

TEST(FaultyDisk, AKilledProcessLosesNothingButThePowerStillDoes) {
  FaultyFileSystem disk;
  ASSERT_TRUE(disk.Create("a", 0644).value()->Append("text").ok());
  disk.Crash(Loss::kNothing);
  EXPECT_EQ(disk.Content("a"), "text");
  disk.Crash(Loss::kForget);
  EXPECT_NE(disk.Content("a"), "text");
}

TEST(FaultyDisk, ARandomCrashKeepsWhatWasSyncedAndSometimesMore) {
  bool longer = false;
  bool shorter = false;
  bool torn = false;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    FaultyFileSystem disk(seed);
    auto file = disk.Create("a", 0644).value();
    ASSERT_TRUE(file->Append("synced").ok());
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(disk.SyncDirectory(".").ok());
    ASSERT_TRUE(file->Append("-and-not").ok());
    disk.Crash(Loss::kRandom);
    const std::string text = disk.Content("a").value();
    ASSERT_TRUE(text.starts_with("synced")) << "seed " << seed;
    longer |= text == "synced-and-not";
    shorter |= text.size() < 10;
    torn |= text.find('\0') != std::string::npos;
  }
  EXPECT_TRUE(longer && shorter && torn);
}

TEST(FaultyDisk, TheChosenStepFailsOnceAndAWriteIsTorn) {
  FaultyFileSystem disk;
  auto file = disk.Create("a", 0644).value();
  disk.FailAt(2, ENOSPC);
  ASSERT_TRUE(file->Append("first").ok());
  Status status = file->Append("second");
  EXPECT_EQ(status.code(), Code::kIo);
  EXPECT_EQ(status.message(), "No space left on device");
  EXPECT_TRUE(std::string("firstsecond").starts_with(disk.Content("a").value()));
  EXPECT_EQ(file->size(), disk.Content("a")->size());
  EXPECT_TRUE(file->Truncate(5).ok());
  EXPECT_TRUE(file->Append("third").ok());
  EXPECT_EQ(disk.Content("a"), "firstthird");
  EXPECT_EQ(disk.steps().size(), 5u);
  EXPECT_EQ(FaultyFileSystem::Name(disk.steps().back().operation), "append");
}

TEST(FaultyDisk, AFailedSyncLosesBytesThatALaterOneDoesNotBringBack) {
  FaultyFileSystem disk;
  auto file = disk.Create("a", 0644).value();
  ASSERT_TRUE(disk.SyncDirectory(".").ok());
  ASSERT_TRUE(file->Append("one").ok());
  disk.FailAt(1, EIO);
  EXPECT_FALSE(file->Sync().ok());
  ASSERT_TRUE(file->Append("two").ok());
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_EQ(disk.Content("a"), "onetwo") << "the process does not see the loss";
  disk.Crash(Loss::kForget);
  EXPECT_EQ(disk.Content("a"), std::string(3, '\0') + "two");
}

TEST(FaultyDisk, AFullDiskTakesWhatFits) {
  FaultyFileSystem disk;
  disk.Put("big", std::string(90, 'b'));
  disk.SetCapacity(100);
  auto file = disk.Create("a", 0644).value();
  EXPECT_EQ(file->Append(std::string(30, 'a')).message(), "No space left on device");
  EXPECT_EQ(file->size(), 10u);
  ASSERT_TRUE(disk.Remove("big").ok());
  EXPECT_TRUE(file->Append(std::string(30, 'a')).ok());
}

// The law of every whole file of the server: at each step, a failure leaves the old file and a crash the old or the new.
TEST(FaultyDisk, AReplacementStoppedAtEveryStepLeavesTheOldOrTheNewFile) {
  auto begin = [](FaultyFileSystem& disk) { disk.Put("conf", "old"); };
  FaultyFileSystem clean;
  begin(clean);
  ASSERT_TRUE(ReplaceFile(clean, "conf", "brand new").ok());
  const size_t steps = clean.steps().size();
  ASSERT_EQ(steps, 5u) << "create, append, sync, rename, sync directory";
  bool kept_old = false;
  for (uint64_t step = 1; step <= steps; ++step) {
    FaultyFileSystem disk;
    begin(disk);
    disk.FailAt(step, EIO);
    EXPECT_EQ(ReplaceFile(disk, "conf", "brand new").message(), "Input/output error") << "step " << step;
    EXPECT_EQ(disk.Content("conf"), step == steps ? "brand new" : "old") << "step " << step;
    EXPECT_EQ(disk.List(".").value().size(), 1u) << "nothing is left behind";
    EXPECT_TRUE(ReplaceFile(disk, "conf", "brand new").ok());
    for (uint64_t seed = 1; seed <= 50; ++seed) {
      FaultyFileSystem stopped(seed);
      begin(stopped);
      stopped.StopAt(step);
      EXPECT_FALSE(ReplaceFile(stopped, "conf", "brand new").ok());
      stopped.Crash(seed % 2 == 0 ? Loss::kForget : Loss::kRandom);
      const std::string text = stopped.Content("conf").value_or("<none>");
      ASSERT_TRUE(text == "old" || text == "brand new") << text << " at step " << step << ", seed " << seed;
      kept_old |= text == "old";
    }
  }
  EXPECT_TRUE(kept_old);
  FaultyFileSystem done;
  begin(done);
  ASSERT_TRUE(ReplaceFile(done, "conf", "brand new").ok());
  done.Crash(Loss::kForget);
  EXPECT_EQ(done.Content("conf"), "brand new");
}

}  // namespace
}  // namespace tusk::io
