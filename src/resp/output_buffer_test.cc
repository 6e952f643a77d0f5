#include "resp/output_buffer.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/random.h"

namespace tusk::resp {
namespace {

std::string Gathered(const OutputBuffer& buffer) {
  std::vector<iovec> vectors(1000);
  size_t count = buffer.Gather(vectors.data(), vectors.size());
  std::string text;
  for (size_t i = 0; i < count; ++i) text.append(static_cast<char*>(vectors[i].iov_base), vectors[i].iov_len);
  return text;
}

TEST(OutputBuffer, AWarmBufferNeverAllocates) {
  OutputBuffer buffer;
  buffer.Append("x");
  buffer.Clear();
  uint64_t before = base::UsedMemory();
  for (int i = 0; i < 1000; ++i) {
    buffer.Append("some reply\r\n");
    buffer.Consume(buffer.size());
  }
  EXPECT_EQ(before, base::UsedMemory());
  buffer.Trim();
  EXPECT_LT(base::UsedMemory(), before);
}

TEST(OutputBuffer, ALargeBlobIsReferredToAndReleasedWhenSent) {
  auto blob = std::make_shared<std::string>(kSharedBytesMin, 'b');
  OutputBuffer buffer;
  buffer.Append("head ");
  buffer.AppendShared(blob, *blob);
  buffer.Append(" tail");
  EXPECT_EQ(2, blob.use_count());
  EXPECT_GE(buffer.chunk_bytes(), kChunkBytes);
  EXPECT_LT(buffer.chunk_bytes(), 2 * kChunkBytes);
  iovec vectors[3];
  ASSERT_EQ(3u, buffer.Gather(vectors, 3));
  EXPECT_EQ(blob->data(), vectors[1].iov_base);
  EXPECT_EQ("head " + *blob + " tail", buffer.ToString());
  buffer.Consume(5 + blob->size());
  EXPECT_EQ(1, blob.use_count());
  EXPECT_EQ(" tail", buffer.ToString());
}

TEST(OutputBuffer, AHeaderGoesInFrontOfWhatWasWrittenSinceItsMark) {
  OutputBuffer buffer;
  buffer.Append("before ");
  auto outer = buffer.OpenMark();
  buffer.Append("a");
  auto inner = buffer.OpenMark();
  buffer.Append("b");
  buffer.CloseMark(inner, "[inner]");
  auto dropped = buffer.OpenMark();
  buffer.Append("dropped");
  buffer.CancelMark(dropped);
  buffer.Append("c");
  buffer.CloseMark(outer, "[outer]");
  EXPECT_EQ("before [outer]a[inner]bc", buffer.ToString());
}

TEST(OutputBuffer, AppendsAnotherBufferWithAndWithoutItsChunks) {
  for (size_t bytes : {10u, 100'000u}) {
    OutputBuffer first;
    first.Append("first ");
    OutputBuffer second;
    second.Append(std::string(bytes, 's'));
    first.AppendBuffer(std::move(second));
    first.Append(" end");
    EXPECT_EQ("first " + std::string(bytes, 's') + " end", first.ToString());
    second.Append("usable");
    EXPECT_EQ("usable", second.ToString());
  }
}

// Random appends, blobs, marks and consumption against one std::string.
TEST(OutputBuffer, BehavesLikeAString) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    OutputBuffer buffer;
    std::string model;
    std::vector<std::pair<OutputBuffer::Mark, size_t>> marks;
    for (int step = 0; step < 600; ++step) {
      size_t length = random.Below(4) == 0 ? random.Below(60'000) : random.Below(100);
      switch (random.Below(8)) {
        case 0: {
          auto blob = std::make_shared<std::string>(length, 'B');
          buffer.AppendShared(blob, *blob);
          model += *blob;
          break;
        }
        case 1:
          if (marks.size() < 5) marks.push_back({buffer.OpenMark(), model.size()});
          break;
        case 2:
          if (!marks.empty()) {
            buffer.CloseMark(marks.back().first, "<header>");
            model.insert(marks.back().second, "<header>");
            marks.pop_back();
          }
          break;
        case 3:
          if (!marks.empty() && random.Below(4) == 0) {
            buffer.CancelMark(marks.back().first);
            model.resize(marks.back().second);
            marks.pop_back();
          }
          break;
        case 4:
          if (marks.empty()) {
            size_t consumed = random.Below(3) == 0 ? model.size() : random.Below(model.size() + 1);
            buffer.Consume(consumed);
            model.erase(0, consumed);
          }
          break;
        default: {
          std::string text(length, static_cast<char>('a' + random.Below(26)));
          buffer.Append(text);
          model += text;
        }
      }
      ASSERT_EQ(model.size(), buffer.size());
    }
    ASSERT_EQ(model, buffer.ToString());
    ASSERT_EQ(model, Gathered(buffer));
    while (!marks.empty()) {
      buffer.CancelMark(marks.back().first);
      marks.pop_back();
    }
    buffer.Clear();
    buffer.Trim();
    ASSERT_EQ(0u, buffer.chunk_bytes());
  }
}

TEST(OutputBuffer, ResizesOnlyWhileEmpty) {
  OutputBuffer buffer;
  buffer.Resize(1024);
  EXPECT_EQ(0u, buffer.room_bytes()) << "it had none";
  buffer.Append("abc");
  buffer.Resize(1024);
  EXPECT_EQ(kChunkBytes, buffer.room_bytes());
  buffer.Clear();
  buffer.Resize(1024);
  EXPECT_EQ(1024u, buffer.room_bytes());
  EXPECT_EQ(1024u, buffer.memory_bytes());
  buffer.Append(std::string(5000, 'x'));
  EXPECT_EQ(std::string(5000, 'x'), buffer.ToString());
}

}  // namespace
}  // namespace tusk::resp
