#include "persist/aof_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "store/change_log.h"

namespace tusk::persist {
namespace {

using Item = AofReader::Item;

// Gives `step` bytes at a time, so that items end anywhere in what has been read.
class PieceSource final : public codec::ByteSource {
 public:
  PieceSource(std::string_view bytes, size_t step) : bytes_(bytes), step_(step) {}
  base::Result<size_t> Read(char* out, size_t size) override {
    const size_t count = std::min({size, step_, bytes_.size()});
    bytes_.copy(out, count);
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
  size_t step_;
};

std::string Spell(const std::vector<std::string>& words) {
  std::string out;
  std::vector<std::string_view> argv(words.begin(), words.end());
  store::AppendCommand(out, argv);
  return out;
}

// What Next() says of the text, all items in one line.
std::string Read(std::string_view text, size_t step = SIZE_MAX) {
  PieceSource source(text, step);
  AofReader reader(source);
  std::string seen;
  for (;;) {
    switch (reader.Next()) {
      case Item::kCommand:
        for (std::string_view word : reader.argv()) seen += std::string(word) + ' ';
        seen += "| ";
        break;
      case Item::kAnnotation: seen += std::string(reader.annotation()) + " | "; break;
      case Item::kEnd: return seen + "end";
      case Item::kTruncated: return seen + "torn at " + std::to_string(reader.begin());
      case Item::kDamaged: return seen + "damaged at " + std::to_string(reader.begin());
      case Item::kUnread: return seen + "unread";
    }
  }
}

TEST(AofReader, ReadsCommandsAndAnnotations) {
  const std::string text = "#TS:17\r\n" + Spell({"SET", "k", "a\r\nb"}) + Spell({"DEL", ""});
  for (size_t step : {size_t{1}, size_t{7}, SIZE_MAX}) {
    EXPECT_EQ(Read(text, step), "#TS:17 | SET k a\r\nb | DEL  | end");
  }
  EXPECT_EQ(Read(""), "end");
}

TEST(AofReader, TellsATornTailFromDamage) {
  const std::string good = Spell({"SET", "k", "v"});
  const std::string place = std::to_string(good.size());
  EXPECT_EQ(Read(good + "!!!" + good), "SET k v | damaged at " + place);
  EXPECT_EQ(Read(good + "*0\r\n"), "SET k v | damaged at " + place);
  EXPECT_EQ(Read(good + "*x\r\n"), "SET k v | damaged at " + place);
  EXPECT_EQ(Read(good + "*1\r\n$-1\r\n"), "SET k v | damaged at " + place);
  EXPECT_EQ(Read(good + "*1\r\n$1\r\nabc\r\n"), "SET k v | damaged at " + place);
  EXPECT_EQ(Read(good + "#" + std::string(5000, 'x')), "SET k v | damaged at " + place);
  EXPECT_EQ(Read(good + "#TS:1"), "SET k v | torn at " + place);
  for (size_t cut = 1; cut < good.size(); ++cut) {
    EXPECT_EQ(Read(good + good.substr(0, cut)), "SET k v | torn at " + place) << cut;
  }
}

// A file system may give a file its length before its bytes.
TEST(AofReader, ZerosToTheEndAreATornTailAndZerosBeforeBytesAreDamage) {
  const std::string good = Spell({"SET", "k", "v"});
  const std::string zeros(1 << 20, '\0');
  const std::string place = std::to_string(good.size());
  EXPECT_EQ(Read(good + zeros), "SET k v | torn at " + place);
  EXPECT_EQ(Read(good + zeros, 1000), "SET k v | torn at " + place);
  EXPECT_EQ(Read(good + zeros + good), "SET k v | damaged at " + place);
}

TEST(AofReader, StaysWhereItIsAfterTheEnd) {
  const std::string text = Spell({"PING"}) + "!";
  PieceSource source(text, SIZE_MAX);
  AofReader reader(source, 100);
  EXPECT_EQ(reader.Next(), Item::kCommand);
  EXPECT_EQ(reader.begin(), 100u);
  EXPECT_EQ(reader.end(), 100 + text.size() - 1);
  EXPECT_EQ(reader.Next(), Item::kDamaged);
  EXPECT_EQ(reader.lines(), 3u);
  EXPECT_EQ(reader.Next(), Item::kDamaged);
  EXPECT_EQ(reader.begin(), 100 + text.size() - 1);
}

TEST(AofReader, ReadsAValueThatIsLargerThanItsBuffer) {
  const std::string value(3 * AofReader::kReadBytes + 5, 'x');
  EXPECT_EQ(Read(Spell({"SET", "k", value}), 10'000), "SET k " + value + " | end");
}

// Any flipped byte and any cut: the items before it come whole, and nothing crashes.
TEST(AofReader, TakesDamagedBytesWithoutHarm) {
  std::string whole;
  for (int i = 0; i < 20; ++i) whole += Spell({"SET", std::string(static_cast<size_t>(i), 'k'), "v"});
  base::Random random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = whole.substr(0, random.Below(whole.size() + 1));
    const size_t flipped = text.empty() ? 0 : random.Below(text.size());
    if (!text.empty()) text[flipped] = static_cast<char>(random.Below(256));
    PieceSource source(text, 1 + random.Below(50));
    AofReader reader(source);
    Item item = Item::kAnnotation;
    while (item == Item::kCommand || item == Item::kAnnotation) item = reader.Next();
    ASSERT_LE(reader.begin(), text.size());
    ASSERT_NE(item, Item::kUnread);
  }
}

}  // namespace
}  // namespace tusk::persist
