// The marks that stand before batches which were written into room made ahead (persist/log_room.h), and that room's bytes.
//
//   #BATCH at=1a40 size=c7 synced=1900 room=101a40 sum=9f3c0c1b5e6d7a88   \n     one line, spaces up to a multiple of kLineBytes
//   *3\r\n$3\r\nSET ...                                                        `size` bytes of commands
//   #                                                             \n          room: lines of kLineBytes, '#', spaces
//
// All of it is annotations to Redis, which skips them, so a file with marks and room loads there at any moment. Numbers are
// hexadecimal and count bytes of the file. A power failure may leave any of the blocks of the batches that were under way,
// which the file's length does not tell then: hence the sum, and `synced`, before which everything was on disk when the mark
// was written, so that what is missing there is damage. Marks end to end cover the file from the first one to the room.
// Threads: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tusk::persist {

struct BatchMark {
  uint64_t at = 0;      // Where it stands.
  uint64_t size = 0;    // Of the commands behind it; 0 opens a room, or closes it.
  uint64_t synced = 0;
  uint64_t room = 0;    // The end of the room that it lies in. The last line before it is never written to.
  uint64_t sum = 0;     // Over the other four and the commands.

  static constexpr size_t kLineBytes = 64;
  // Of a mark: more than its numbers take.
  static constexpr size_t kBytesMin = 128;
  static constexpr size_t kBytesMax = kBytesMin + kLineBytes - 1;

  // Of a batch with so many bytes of commands, mark included: a multiple of kLineBytes.
  static constexpr uint64_t Footprint(uint64_t size) noexcept {
    return (size + kBytesMin + kLineBytes - 1) / kLineBytes * kLineBytes;
  }
  uint64_t end() const noexcept { return at + Footprint(size); }

  // The mark and the commands. O(their bytes).
  std::string Spell(std::string_view commands) const;
  // The mark of a line as AofReader gives it; nothing where it is none.
  static std::optional<BatchMark> Parse(std::string_view line);
  uint64_t SumOf(std::string_view commands) const noexcept;

  static bool IsRoom(std::string_view line) noexcept;
  // `bytes` is a multiple of kLineBytes.
  static std::string Room(uint64_t bytes);
};

}  // namespace tusk::persist
