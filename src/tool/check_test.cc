// What `tusk check` says about whole and broken files, and what --fix makes of them. Method: files in memory, cut and changed at every byte.
#include "tool/check.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "base/random.h"
#include "codec/dataset_writer.h"
#include "io/faulty_file_system.h"
#include "tool/check_aof.h"
#include "tool/connection.h"

namespace tusk::tool {
namespace {

using io::FaultyFileSystem;
using State = AofFindings::State;

std::string Command(std::initializer_list<std::string_view> words) {
  std::string text;
  Connection::AppendCommand({words.begin(), words.size()}, text);
  return text;
}

std::string Rdb() {
  codec::StringSink sink;
  codec::DatasetWriter writer(sink, {.redis_version = "7.0.15"});
  writer.Head();
  EXPECT_TRUE(writer.End().ok());
  return sink.Take();
}

class CheckTest : public testing::Test {
 protected:
  bool Check(const std::string& path, bool fix = false) {
    Checker checker(disk_, {.fix = fix});
    const bool whole = checker.Check(path);
    report_ = checker.report();
    return whole;
  }
  bool Says(std::string_view text) const { return report_.find(text) != std::string::npos; }

  FaultyFileSystem disk_;
  std::string report_;
  const std::string set_ = Command({"SET", "k", "v"});
  const std::string transaction_ = Command({"MULTI"}) + Command({"SET", "a", "1"}) + Command({"SET", "b", "1"}) + Command({"EXEC"});
};

TEST_F(CheckTest, AWholeFileIsWhole) {
  disk_.Put("dump.rdb", Rdb());
  EXPECT_TRUE(Check("dump.rdb")) << report_;
  disk_.Put("a.aof", "#TS:1700000000\r\n" + set_ + transaction_);
  EXPECT_TRUE(Check("a.aof")) << report_;
  EXPECT_TRUE(Says("5 commands")) << report_;
  disk_.Put("mixed.aof", Rdb() + set_);
  EXPECT_TRUE(Check("mixed.aof")) << report_;
  EXPECT_TRUE(Says("with an RDB preamble")) << report_;
}

TEST_F(CheckTest, ASnapshotThatIsCutAnywhereIsDamagedAndCannotBeRepaired) {
  const std::string whole = Rdb();
  for (size_t size = 0; size < whole.size(); ++size) {
    disk_.Put("dump.rdb", whole.substr(0, size));
    ASSERT_FALSE(Check("dump.rdb", true)) << size;
    ASSERT_TRUE(Says("DAMAGED")) << report_;
    ASSERT_EQ(disk_.Content("dump.rdb")->size(), size) << "nothing is touched";
  }
}

TEST_F(CheckTest, ALogThatIsCutAnywhereIsTornAndRepairedToItsWholeCommands) {
  const std::string head = set_ + set_;
  const std::string whole = head + transaction_;
  for (size_t size = set_.size() + 1; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    const bool is_boundary = size == head.size();
    disk_.Put("a.aof", whole.substr(0, size));
    ASSERT_EQ(Check("a.aof"), is_boundary) << report_;
    if (is_boundary) continue;
    ASSERT_TRUE(Says("TORN")) << report_;
    ASSERT_TRUE(Check("a.aof", true)) << report_;
    ASSERT_EQ(disk_.Content("a.aof"), size < head.size() ? set_ : head) << "a transaction goes as a whole";
    ASSERT_EQ(disk_.Content("a.aof.damaged"), whole.substr(0, size));
    ASSERT_TRUE(Check("a.aof"));
    ASSERT_TRUE(disk_.Remove("a.aof.damaged").ok());
  }
}

TEST_F(CheckTest, DamageInTheMiddleIsTornFromNothingAndNamesItsByte) {
  disk_.Put("a.aof", set_ + "garbage\r\n" + set_);
  ASSERT_FALSE(Check("a.aof"));
  EXPECT_TRUE(Says("DAMAGED")) << report_;
  EXPECT_TRUE(Says("at byte " + std::to_string(set_.size()))) << report_;
  // Each repair keeps its own copy.
  ASSERT_TRUE(Check("a.aof", true)) << report_;
  EXPECT_EQ(disk_.Content("a.aof"), set_);
  disk_.Put("a.aof", set_ + "more");
  ASSERT_TRUE(Check("a.aof", true)) << report_;
  EXPECT_EQ(disk_.Content("a.aof.damaged-2"), set_ + "more");
}

TEST_F(CheckTest, TransactionsMustBeginAndEndInTurn) {
  disk_.Put("a.aof", set_ + Command({"EXEC"}));
  EXPECT_FALSE(Check("a.aof"));
  EXPECT_TRUE(Says("has not begun")) << report_;
  disk_.Put("a.aof", Command({"multi"}) + set_ + Command({"MULTI"}));
  EXPECT_FALSE(Check("a.aof"));
  EXPECT_TRUE(Says("within another one")) << report_;
}

class LogCheckTest : public CheckTest {
 protected:
  LogCheckTest() {
    EXPECT_TRUE(disk_.MakeDirectory("log", 0755).ok());
    EXPECT_TRUE(disk_.SyncDirectory(".").ok());
    disk_.Put("log/appendonly.aof.manifest",
              "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"
              "file appendonly.aof.2.incr.aof seq 2 type i\n");
    disk_.Put("log/appendonly.aof.1.base.rdb", Rdb());
    disk_.Put("log/appendonly.aof.1.incr.aof", set_);
    disk_.Put("log/appendonly.aof.2.incr.aof", set_ + set_);
  }
};

TEST_F(LogCheckTest, AWholeLogIsWholeByWhateverName) {
  EXPECT_TRUE(Check("log")) << report_;
  EXPECT_TRUE(Check(".")) << report_;
  EXPECT_TRUE(Check("log/appendonly.aof.manifest")) << report_;
  disk_.Put("log/stranger.aof", "?");
  EXPECT_TRUE(Check("log")) << report_;
  EXPECT_TRUE(Says("stranger.aof: note")) << report_;
}

TEST_F(LogCheckTest, AFileThatIsMissingIsDamage) {
  ASSERT_TRUE(disk_.Remove("log/appendonly.aof.1.incr.aof").ok());
  EXPECT_FALSE(Check("log", true));
  EXPECT_TRUE(Says("appendonly.aof.1.incr.aof: can't be read: No such file or directory")) << report_;
}

TEST_F(LogCheckTest, OnlyTheLastFileThatHoldsAnythingMayBeRepaired) {
  disk_.Put("log/appendonly.aof.1.incr.aof", set_ + "*2\r\n");
  EXPECT_FALSE(Check("log", true));
  EXPECT_TRUE(Says("cannot be repaired: the files after it")) << report_;
  EXPECT_EQ(disk_.Content("log/appendonly.aof.1.incr.aof"), set_ + "*2\r\n");
  disk_.Put("log/appendonly.aof.2.incr.aof", "");
  EXPECT_TRUE(Check("log", true)) << report_;
  EXPECT_EQ(disk_.Content("log/appendonly.aof.1.incr.aof"), set_);
}

TEST_F(LogCheckTest, AManifestThatIsNoneIsSaidSo) {
  disk_.Put("log/appendonly.aof.manifest", "nonsense\n");
  EXPECT_FALSE(Check("log", true));
  EXPECT_TRUE(Says("Invalid AOF manifest file format")) << report_;
}

// The file is never worse than before, and the copy is there before anything is cut.
TEST_F(CheckTest, ARepairThatFailsOrIsCutOffAtAnyStepLosesNothing) {
  const std::string torn = set_ + "*2\r\n";
  for (uint64_t step = 1; step < 30; ++step) {
    SCOPED_TRACE(step);
    FaultyFileSystem disk(step);
    disk.Put("a.aof", torn);
    disk.StopAt(step);
    Checker checker(disk, {.fix = true});
    if (checker.Check("a.aof")) break;
    disk.Crash(step % 2 == 0 ? FaultyFileSystem::Loss::kForget : FaultyFileSystem::Loss::kRandom);
    const std::string left = disk.Content("a.aof").value();
    ASSERT_TRUE(left == torn || (left == set_ && disk.Content("a.aof.damaged") == torn)) << left;
    Checker again(disk, {.fix = true});
    ASSERT_TRUE(again.Check("a.aof")) << again.report();
    ASSERT_EQ(disk.Content("a.aof"), set_);
  }
}

// Random bytes changed in a log: a finding each time or the same commands, and whatever comes, it ends.
TEST_F(CheckTest, ChangedBytesAreNeverMoreThanAFinding) {
  const uint64_t seed = base::SecureRandom64();
  base::Random random(seed);
  const std::string whole = set_ + transaction_ + set_;
  for (int i = 0; i < 3000; ++i) {
    std::string text = whole;
    for (uint64_t changes = 1 + random.Below(3); changes > 0; --changes) {
      text[random.Below(text.size())] = static_cast<char>(random.Below(256));
    }
    disk_.Put("a.aof", text);
    auto file = disk_.OpenRead("a.aof").value();
    const AofFindings found = ReadCommands(*file, 0, {});
    ASSERT_LE(found.good_end, text.size()) << "seed " << seed;
    ASSERT_EQ(found.state == State::kWhole, found.good_end == text.size()) << "seed " << seed;
    disk_.Put("cut.aof", text.substr(0, found.good_end));
    auto cut = disk_.OpenRead("cut.aof").value();
    ASSERT_EQ(ReadCommands(*cut, 0, {}).state, State::kWhole) << "what stands before the damage is whole; seed " << seed;
  }
}

}  // namespace
}  // namespace tusk::tool
