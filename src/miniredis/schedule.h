// Timestamps of the schedule: "YYYY-MM-DD HH:MM:SS[.ffffff]", a time of day without a zone.
// Threads: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tusk::miniredis {

// Microseconds since 1970 as if it were UTC. As Python's strptime has it: numbers but the year's may have one digit, blanks may
// be several. Nothing: not such a time.
std::optional<int64_t> ParseTimestamp(std::string_view text) noexcept;

}  // namespace tusk::miniredis
