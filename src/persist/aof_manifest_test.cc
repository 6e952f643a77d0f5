#include "persist/aof_manifest.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tusk::persist {
namespace {

std::string Reason(std::string_view text) {
  base::Result<AofManifest> manifest = AofManifest::Parse(text);
  return manifest ? "fine" : manifest.error().message();
}

TEST(AofManifest, SaysWhatIsWrongInTheWordsOfRedis) {
  constexpr std::string_view kFormat = "Invalid AOF manifest file format";
  EXPECT_EQ(Reason(""), "Found an empty AOF manifest");
  EXPECT_EQ(Reason("\n"), kFormat);
  EXPECT_EQ(Reason("filx a.1.base.aof seq 1 type b\n"), kFormat);
  EXPECT_EQ(Reason("file a.1.incr.aof type i\n"), kFormat);
  EXPECT_EQ(Reason("file a.1.incr.aof seq 1 type i newkey\n"), kFormat);
  EXPECT_EQ(Reason("file a.1.incr.aof seq 0 type i\n"), kFormat);
  EXPECT_EQ(Reason("file a seq 1 type x\n"), "Unknown AOF file type");
  EXPECT_EQ(Reason("file ../a seq 1 type b\n"), "File can't be a path, just a filename");
  EXPECT_EQ(Reason("file a seq 1 type b\nfile b seq 2 type b\n"), "Found duplicate base file information");
  EXPECT_EQ(Reason("file a seq 2 type i\nfile b seq 1 type i\n"), "Found a non-monotonic sequence number");
  EXPECT_EQ(Reason("file " + std::string(2000, 'a') + " seq 1 type b\n"), "The AOF manifest file contains too long line");
  EXPECT_NE(Reason("file a seq 1 type b"), "fine");
}

TEST(AofManifest, PassesOverCommentsAndUnknownFields) {
  base::Result<AofManifest> manifest =
      AofManifest::Parse("# a comment\nfile a.1.base.rdb seq 1 type b newkey newvalue\nfile a.3.incr.aof seq 3 type i\n");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->Format(), "file a.1.base.rdb seq 1 type b\nfile a.3.incr.aof seq 3 type i\n");
}

TEST(AofManifest, QuotesNamesThatNeedIt) {
  AofManifest manifest;
  manifest.AddBase(" file seq \n\n.aof ", true);
  EXPECT_EQ(manifest.Format(), "file \" file seq \\n\\n.aof .1.base.rdb\" seq 1 type b\n");
  base::Result<AofManifest> again = AofManifest::Parse(manifest.Format());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->base()->name, " file seq \n\n.aof .1.base.rdb");
}

TEST(AofManifest, ARewriteTurnsWhatItReplacesToHistoryTheNewestFirst) {
  AofManifest manifest;
  manifest.AddBase("a", true);
  manifest.AddIncrement("a");
  for (int i = 0; i < 2; ++i) {
    manifest.AddIncrement("a");
    manifest.AddBase("a", true);
    manifest.RetireIncrements(1);
  }
  EXPECT_EQ(manifest.Format(),
            "file a.3.base.rdb seq 3 type b\n"
            "file a.2.incr.aof seq 2 type h\n"
            "file a.2.base.rdb seq 2 type h\n"
            "file a.1.incr.aof seq 1 type h\n"
            "file a.1.base.rdb seq 1 type h\n"
            "file a.3.incr.aof seq 3 type i\n");
  manifest.ForgetHistory();
  EXPECT_EQ(manifest.Format(), "file a.3.base.rdb seq 3 type b\nfile a.3.incr.aof seq 3 type i\n");
}

TEST(AofManifest, NumbersGoOnAfterItWasReadBack) {
  AofManifest manifest;
  manifest.AddBase("a", false);
  manifest.AddIncrement("a");
  AofManifest again = AofManifest::Parse(manifest.Format()).value();
  EXPECT_EQ(again.AddIncrement("a").name, "a.2.incr.aof");
  EXPECT_EQ(again.AddBase("a", true).name, "a.2.base.rdb");
  again.RetireIncrements(0);
  again.RestartIncrements();
  EXPECT_EQ(again.AddIncrement("a").name, "a.1.incr.aof");
}

// Flipped and cut bytes: a reason each time, or a manifest that can be written and read again.
TEST(AofManifest, TakesDamagedTextWithoutHarm) {
  AofManifest manifest;
  for (int i = 0; i < 4; ++i) manifest.AddIncrement("with blank");
  manifest.AddBase("a", true);
  const std::string whole = manifest.Format();
  base::Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = whole.substr(0, random.Below(whole.size() + 1));
    if (!text.empty()) text[random.Below(text.size())] = static_cast<char>(random.Below(256));
    base::Result<AofManifest> parsed = AofManifest::Parse(text);
    if (!parsed) continue;
    // Of comments alone nothing is left.
    if (parsed->Format().empty()) continue;
    ASSERT_TRUE(AofManifest::Parse(parsed->Format())) << text;
  }
}

}  // namespace
}  // namespace tusk::persist
