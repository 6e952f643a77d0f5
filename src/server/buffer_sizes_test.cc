#include "server/buffer_sizes.h"

#include <gtest/gtest.h>

namespace tusk::server {
namespace {

TEST(BufferSizesTest, WhoSendsLittleKeepsTheLeast) {
  EXPECT_EQ(ReplyRoom(4096, 5), kReplyRoomMin);
  EXPECT_EQ(ReplyRoom(kReplyRoomMin, 0), kReplyRoomMin);
  EXPECT_EQ(ReplyRoom(64 * 1024, 3000), 8192u);
}

TEST(BufferSizesTest, WhoNeedsMoreGetsItUpToTheMost) {
  EXPECT_EQ(ReplyRoom(kReplyRoomMin, kReplyRoomMin + 1), 2 * kReplyRoomMin);
  EXPECT_EQ(ReplyRoom(kReplyRoomMin, 1 << 20), kReplyRoomMax);
  // What a burst has taken already is not taken away from who still needs it.
  EXPECT_EQ(ReplyRoom(64 * 1024, 100 * 1024), 64u * 1024);
}

TEST(BufferSizesTest, EveryPeakSettlesAtOnce) {
  for (size_t peak = 0; peak <= 2 * kReplyRoomMax; peak += 7) {
    for (size_t room = kReplyRoomMin; room <= 4 * kReplyRoomMax; room *= 2) {
      const size_t next = ReplyRoom(room, peak);
      EXPECT_EQ(ReplyRoom(next, peak), next) << "room " << room << " peak " << peak;
      EXPECT_GE(next, kReplyRoomMin);
    }
  }
}

}  // namespace
}  // namespace tusk::server
