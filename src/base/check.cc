#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tusk::base {

void CheckFailed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "=== TUSK BUG: CHECK failed: %s at %s:%d ===\n", expression, file, line);
  std::abort();
}

}  // namespace tusk::base
