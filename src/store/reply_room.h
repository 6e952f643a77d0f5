// A value of Settings::reply_peak_reset_ms beside those that are times: connections keep the room for replies that they
// have. DEBUG REPLYBUFFER RESIZING 0, for tests that count their memory.
// Threads: none. Owns: nothing.
#pragma once

#include <cstdint>

namespace tusk::store {

inline constexpr int64_t kReplyRoomFixed = INT64_MIN;

}  // namespace tusk::store
