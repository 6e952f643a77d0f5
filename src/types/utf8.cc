#include "types/utf8.h"

#include <simdjson.h>

namespace tusk::types {

bool IsUtf8(std::string_view bytes) noexcept { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

}  // namespace tusk::types
