// Batches in room made ahead, as they are read back: whole, torn, damaged, and cut by another program.
#include "persist/batch_mark.h"

#include <gtest/gtest.h>

#include <memory>

#include "io/faulty_file_system.h"
#include "persist/aof_reader.h"

namespace tusk::persist {
namespace {

using Item = AofReader::Item;

std::string Set(int value) {
  const std::string text = std::to_string(value);
  return "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// A file under construction: commands as ever, then a room with batches.
struct Built {
  std::string bytes;
  uint64_t room_end = 0;

  void OpenRoom(uint64_t lines) {
    BatchMark mark{.at = bytes.size(), .size = 0, .synced = bytes.size()};
    room_end = mark.room = mark.end() + lines * BatchMark::kLineBytes;
    bytes += mark.Spell({});
    at = bytes.size();
    synced = at;
    bytes += BatchMark::Room(lines * BatchMark::kLineBytes);
  }
  // Where it stands.
  uint64_t Put(const std::string& commands) {
    const BatchMark mark{.at = at, .size = commands.size(), .synced = synced, .room = room_end};
    const std::string text = mark.Spell(commands);
    EXPECT_EQ(text.size() % BatchMark::kLineBytes, 0u);
    EXPECT_EQ(text.size(), mark.end() - mark.at);
    bytes.replace(at, text.size(), text);
    at += text.size();
    return mark.at;
  }
  uint64_t at = 0;
  uint64_t synced = 0;
};

struct Reading {
  std::string values;  // Of the SETs, in order.
  Item end{};
  uint64_t place = 0;
  uint64_t content_end = 0;
  bool closes = false;
};

Reading Read(const std::string& bytes) {
  io::FaultyFileSystem disk;
  disk.Put("a.aof", bytes);
  auto file = disk.OpenRead("a.aof");
  EXPECT_TRUE(file.has_value());
  AofReader reader(**file);
  Reading reading;
  Item item = reader.Next();
  for (; item == Item::kCommand || item == Item::kAnnotation; item = reader.Next()) {
    if (item == Item::kCommand) reading.values += std::string(reader.argv()[2]) + " ";
  }
  reading.end = item;
  reading.place = reader.begin();
  reading.content_end = reader.content_end();
  reading.closes = !reader.ClosingMark().empty();
  return reading;
}

// 1 as ever, then batches of one and of two commands.
Built Sample(uint64_t* third = nullptr, uint64_t* second = nullptr) {
  Built file;
  file.bytes = Set(1);
  file.OpenRoom(64);
  file.Put(Set(2) + Set(3));
  const uint64_t at = file.Put(Set(4));
  if (second != nullptr) *second = at;
  const uint64_t last = file.Put(Set(5) + Set(6));
  if (third != nullptr) *third = last;
  return file;
}

TEST(BatchMark, IsReadAsItWasWritten) {
  const BatchMark mark{.at = 0x1a40, .size = 5, .synced = 0x19, .room = UINT64_MAX};
  const std::string text = mark.Spell("hello");
  EXPECT_TRUE(text.ends_with(" \nhello"));
  const auto read = BatchMark::Parse(text.substr(0, text.find('\n')));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at, mark.at);
  EXPECT_EQ(read->size, 5u);
  EXPECT_EQ(read->room, UINT64_MAX);
  EXPECT_EQ(read->sum, mark.SumOf("hello"));
  EXPECT_NE(read->sum, mark.SumOf("hellp"));
  for (const char* none : {"#", "#BATCH", "#BATCH at=1 size=2 synced=3 room=4", "#BATCH at=1 size=2 synced=3 room=4 sum=5x", "#TS:1"}) {
    EXPECT_FALSE(BatchMark::Parse(none)) << none;
  }
}

TEST(BatchMark, BatchesAndRoomAreRead) {
  const Built file = Sample();
  const Reading reading = Read(file.bytes);
  EXPECT_EQ(reading.values, "1 2 3 4 5 6 ");
  EXPECT_EQ(reading.end, Item::kEnd);
  EXPECT_EQ(reading.content_end, file.at);
  EXPECT_TRUE(reading.closes);
}

// Whatever lines of the last batch are missing.
TEST(BatchMark, ATornBatchEndsTheFile) {
  uint64_t third = 0;
  const Built whole = Sample(&third);
  const uint64_t lines = (whole.at - third) / BatchMark::kLineBytes;
  for (unsigned missing = 1; missing < 1u << lines; ++missing) {
    std::string bytes = whole.bytes;
    for (uint64_t line = 0; line < lines; ++line) {
      if ((missing >> line & 1) == 0) continue;
      bytes.replace(third + line * BatchMark::kLineBytes, BatchMark::kLineBytes, BatchMark::Room(BatchMark::kLineBytes));
    }
    const Reading reading = Read(bytes);
    EXPECT_EQ(reading.values, "1 2 3 4 ") << missing;
    EXPECT_EQ(reading.content_end, third) << missing;
    // With all of them gone nothing is torn.
    EXPECT_EQ(reading.end, missing + 1 == 1u << lines ? Item::kEnd : Item::kTruncated) << missing;
    EXPECT_TRUE(reading.end == Item::kEnd || reading.place == third);
  }
}

// Batches go to the disk side by side: what came behind a missing one does not count.
TEST(BatchMark, ABatchBehindAGapDoesNotCount) {
  uint64_t second = 0;
  uint64_t third = 0;
  const Built whole = Sample(&third, &second);
  std::string bytes = whole.bytes;
  bytes.replace(second, third - second, BatchMark::Room(third - second));
  const Reading reading = Read(bytes);
  EXPECT_EQ(reading.values, "1 2 3 ");
  EXPECT_EQ(reading.end, Item::kTruncated);
  EXPECT_EQ(reading.place, second);
}

TEST(BatchMark, ABatchThatWasSyncedAndIsNotWholeIsDamage) {
  uint64_t second = 0;
  Built file = Sample(nullptr, &second);
  file.synced = file.at;
  file.Put(Set(7));
  file.bytes[second + BatchMark::kBytesMin + 20] ^= 1;
  const Reading reading = Read(file.bytes);
  EXPECT_EQ(reading.values, "1 2 3 ");
  EXPECT_EQ(reading.end, Item::kDamaged);
  EXPECT_EQ(reading.place, second);
}

TEST(BatchMark, BehindAClosedRoomTheFileGoesOnAsEver) {
  Built file = Sample();
  BatchMark closing{.at = file.at, .size = 0, .synced = file.at};
  closing.room = closing.end();
  file.bytes.resize(file.at);
  file.bytes += closing.Spell({}) + Set(7);
  while (file.bytes.size() < file.room_end + 100) file.bytes += Set(8);
  const Reading reading = Read(file.bytes);
  EXPECT_TRUE(reading.values.starts_with("1 2 3 4 5 6 7 8 "));
  EXPECT_EQ(reading.end, Item::kEnd);
  EXPECT_FALSE(reading.closes);
}

// redis-server appends behind the room, or where redis-check-aof has cut it off.
TEST(BatchMark, WhatAnotherProgramAppendsCounts) {
  const Built file = Sample();
  EXPECT_EQ(Read(file.bytes + Set(7)).values, "1 2 3 4 5 6 7 ");
  const Reading cut = Read(file.bytes.substr(0, file.at) + Set(7));
  EXPECT_EQ(cut.values, "1 2 3 4 5 6 7 ");
  EXPECT_EQ(cut.end, Item::kEnd);
  std::string longer = file.bytes.substr(0, file.at);
  while (longer.size() < file.room_end + 100) longer += Set(8);
  EXPECT_EQ(Read(longer).end, Item::kEnd);
}

}  // namespace
}  // namespace tusk::persist
