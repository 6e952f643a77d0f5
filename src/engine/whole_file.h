// Small text files that are read and replaced as a whole: configuration, users.
// Threads: any. Owns: nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace tusk::engine {

// At most `bytes_max`; the message of a failure is the reason alone ("No such file or directory").
base::Result<std::string> ReadWholeFile(const std::string& path, size_t bytes_max);
// Through a temporary file beside it, synced, so that a crash leaves either the old or the new content
// (io::ReplaceFile). `context` begins the message of a failure. May block for long.
base::Status ReplaceWholeFile(const std::string& path, std::string_view text, std::string_view context);

}  // namespace tusk::engine
