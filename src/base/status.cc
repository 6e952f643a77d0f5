#include "base/status.h"

#include <cstring>

namespace tusk::base {

Status Status::Errno(std::string_view context, int error_number) {
  char buffer[128];
  const char* text = strerror_r(error_number, buffer, sizeof buffer);
  return {Code::kIo, std::string(context) + ": " + text};
}

}  // namespace tusk::base
