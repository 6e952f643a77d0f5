// The port's error texts, which its clients know. Threads: any. Owns: nothing.
#pragma once

#include <string_view>

namespace tusk::miniredis {

inline constexpr std::string_view kWrongRequest = "Unrecognized request type.";
inline constexpr std::string_view kNoName = "First parameter must be command name.";
inline constexpr std::string_view kUnknownCommand = "Unrecognized command: ";
inline constexpr std::string_view kWrongKeyType = "Operation against wrong key type.";
inline constexpr std::string_view kWrongValueType = "Operation against wrong value type.";
inline constexpr std::string_view kCannotAppend = "Incompatible data-types";
inline constexpr std::string_view kWrongTimestamp = "Timestamp must be formatted Y-m-d H:M:S";
// Wrong number of arguments, something else where a number is needed, a container as key or member.
inline constexpr std::string_view kUnhandled = "Unhandled server error";

// Ours.
inline constexpr std::string_view kMalformed = "Protocol error: ";
inline constexpr std::string_view kHttp = "Protocol error: HTTP is not spoken here";
inline constexpr std::string_view kWrongPath = "Path must name a file inside the server's data directory.";
inline constexpr std::string_view kNotOurFile = "Path names a file that is no saved state.";

}  // namespace tusk::miniredis
