// Checksum, lengths, texts, numbers; and what a reader says to bytes that lie.
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "codec/crc64.h"
#include "codec/reader.h"
#include "codec/writer.h"

namespace tusk::codec {
namespace {

// Gives its bytes a few at a time.
class DripSource final : public ByteSource {
 public:
  DripSource(std::string bytes, size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  base::Result<size_t> Read(char* out, size_t size) override {
    size_t count = std::min({size, piece_, bytes_.size() - at_});
    bytes_.copy(out, count, at_);
    at_ += count;
    return count;
  }

 private:
  std::string bytes_;
  size_t piece_;
  size_t at_ = 0;
};

class FailingSink final : public ByteSink {
 public:
  base::Status Write(std::string_view) override {
    ++calls;
    return base::Status::Unavailable("disk full");
  }
  int calls = 0;
};

TEST(Crc64, KnownValues) {
  EXPECT_EQ(Crc64(0, "123456789"), 0xe9c6d914c4b8d9ca);
  EXPECT_EQ(Crc64(0, ""), 0u);
}

TEST(Crc64, IsTheSameInPieces) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text.push_back(static_cast<char>(i * 7));
  uint64_t whole = Crc64(0, text);
  for (size_t cut : {1, 7, 8, 9, 500}) EXPECT_EQ(Crc64(Crc64(0, text.substr(0, cut)), text.substr(cut)), whole);
}

TEST(Primitives, LengthsTakeTheShortestForm) {
  struct Case { uint64_t length; size_t bytes; };
  for (Case c : {Case{0, 1}, {63, 1}, {64, 2}, {16383, 2}, {16384, 5}, {UINT32_MAX, 5}, {uint64_t{UINT32_MAX} + 1, 9}, {UINT64_MAX, 9}}) {
    StringSink sink;
    Writer writer(sink);
    writer.Length(c.length);
    ASSERT_TRUE(writer.Flush().ok());
    EXPECT_EQ(sink.text().size(), c.bytes);
    Reader reader(sink.text());
    EXPECT_EQ(reader.Length(), c.length);
    EXPECT_TRUE(reader.ok() && reader.at_end());
  }
}

TEST(Primitives, TextsComeBackWhateverTheirFormAndTheCuts) {
  std::vector<std::string> texts = {"", "0", "-1", "127", "128", "-32769", "2147483647", "2147483648", "007", "1.5", "abc",
                                    std::string(50, 'x'), std::string(20'000, 'y'), std::string("\0\xff", 2)};
  std::mt19937_64 random(7);
  std::string noise(700'000, 0);
  for (char& c : noise) c = static_cast<char>(random());
  texts.push_back(noise);
  for (bool compress : {false, true}) {
    StringSink sink;
    Writer writer(sink, {.compress = compress, .checksum = true});
    for (const std::string& text : texts) writer.Text(text);
    writer.Double(-0.25);
    uint64_t checksum = writer.Checksum();
    ASSERT_TRUE(writer.Flush().ok());
    EXPECT_EQ(writer.bytes_written(), sink.text().size());
    for (size_t piece : {1000u, 65'537u, 10'000'000u}) {
      DripSource source(sink.text(), piece);
      Reader reader(source, sink.text().size());
      reader.EnableChecksum();
      for (const std::string& text : texts) EXPECT_EQ(reader.Text(), text);
      EXPECT_EQ(reader.Double(), -0.25);
      EXPECT_TRUE(reader.ok());
      EXPECT_EQ(reader.left(), 0u);
      EXPECT_EQ(reader.Checksum(), checksum);
    }
  }
}

TEST(Primitives, SmallIntegersTakeFewBytes) {
  auto size_of = [](std::string_view text) {
    StringSink sink;
    Writer writer(sink);
    writer.Text(text);
    EXPECT_TRUE(writer.Flush().ok());
    return sink.text().size();
  };
  EXPECT_EQ(size_of("12"), 2u);
  EXPECT_EQ(size_of("-1200"), 3u);
  EXPECT_EQ(size_of("1200000000"), 5u);
  EXPECT_EQ(size_of("12000000000"), 12u);
  EXPECT_EQ(size_of("+1"), 3u);
}

TEST(Reader, OldDoublesAreText) {
  std::string bytes("\x03" "1.5" "\xfe\xff\xfd\x02zz", 9);
  Reader reader(bytes);
  EXPECT_EQ(reader.TextDouble(), 1.5);
  EXPECT_EQ(reader.TextDouble(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(reader.TextDouble(), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(reader.TextDouble()));
  EXPECT_TRUE(reader.ok());
  reader.TextDouble();
  EXPECT_FALSE(reader.ok());
}

TEST(Reader, RefusesLengthsThatTheBytesDoNotBear) {
  for (std::string bytes : {std::string("\x05" "abc"), std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff"), std::string("\xc3\x02\x80\xff\xff\xff\xff" "ab"),
                            std::string("\xc4"), std::string("\x82"), std::string("\xc1" "a"), std::string()}) {
    Reader reader(bytes);
    EXPECT_EQ(reader.Text(), "");
    EXPECT_FALSE(reader.ok()) << testing::PrintToString(bytes);
    DripSource source(bytes, 1);
    Reader unsized(source);
    EXPECT_EQ(unsized.Text(), "");
    EXPECT_FALSE(unsized.ok()) << testing::PrintToString(bytes);
  }
}

// A source in which something else follows the promised bytes, as a replication stream follows a copy.
TEST(Reader, LeavesWhatFollowsItsTotalInTheSource) {
  const std::string mine(300 << 10, 'm');
  for (size_t piece : {size_t{1000}, size_t{1} << 20}) {
    DripSource source(mine + "yours", piece);
    Reader reader(source, mine.size());
    for (size_t read = 0; read < mine.size(); read += 1024) ASSERT_EQ(reader.Bytes(1024).size(), 1024u);
    EXPECT_EQ(reader.left(), 0u);
    EXPECT_EQ(reader.Byte(), 0);
    EXPECT_FALSE(reader.ok());
    char rest[16];
    base::Result<size_t> left = source.Read(rest, sizeof rest);
    ASSERT_TRUE(left.has_value());
    EXPECT_EQ(std::string_view(rest, *left), "yours");
  }
}

TEST(Reader, TheFirstErrorSticksAndNamesItsPlace) {
  Reader reader(std::string_view("\x01" "a" "\x09" "b", 4));
  EXPECT_EQ(reader.Text(), "a");
  reader.Text();
  reader.Fail("something else");
  EXPECT_EQ(reader.status().message(), "unexpected end at byte 3");
  EXPECT_EQ(reader.Byte(), 0);
}

TEST(Reader, CountsAreBoundedByWhatIsLeft) {
  Reader reader(std::string_view("\x03" "ab", 3));
  EXPECT_EQ(reader.Count(), 0u);
  EXPECT_FALSE(reader.ok());
}

TEST(Writer, TheFirstErrorOfTheSinkSticks) {
  FailingSink sink;
  Writer writer(sink);
  for (int i = 0; i < 10; ++i) writer.Raw(std::string(Writer::kBufferBytes, 'x'));
  EXPECT_EQ(writer.Flush().message(), "disk full");
  EXPECT_EQ(sink.calls, 1);
}

}  // namespace
}  // namespace tusk::codec
