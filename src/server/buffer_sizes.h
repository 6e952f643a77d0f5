// BufferSizes: how much room a connection keeps for its replies. A pure rule, so that it can be told from the outside
// (CLIENT LIST's rbs) and tested alone.
//
// Redis' way, for readers of those fields: between 1 KB and 16 KB, grown at once by who needs it and shrunk when the
// largest output since the last reset of the peak (five seconds, DEBUG REPLYBUFFER PEAK-RESET-TIME) took little of it.
// Threads: none. Owns: nothing.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

namespace tusk::server {

inline constexpr size_t kReplyRoomMin = 1024;
inline constexpr size_t kReplyRoomMax = 16 * 1024;

// Bytes of room for who has `room` bytes now and had to send `peak` bytes at once at the most. Room beyond kReplyRoomMax
// is a burst's: it is not given, but stays while it is used.
constexpr size_t ReplyRoom(size_t room, size_t peak) noexcept {
  if (peak > room) return std::max(room, std::min(std::bit_ceil(peak), kReplyRoomMax));
  // A quarter, not half: room for twice the peak is left, and who hovers about a size does not grow and shrink in turn.
  if (peak <= room / 4) return std::max(std::bit_ceil(std::max<size_t>(peak * 2, 1)), kReplyRoomMin);
  return room;
}

}  // namespace tusk::server
