// Is it UTF-8? Threads: any. Owns: nothing.
#pragma once

#include <string_view>

namespace tusk::types {

bool IsUtf8(std::string_view bytes) noexcept;

}  // namespace tusk::types
