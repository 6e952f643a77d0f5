#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tusk::base {

void CheckFailed(const char* expression, const char* file, int line) noexcept {
  // On standard output, too, where the log goes unless it has a file: tools look for it there.
  std::FILE* const outs[] = {stderr, stdout};
  for (std::FILE* out : outs) {
    std::fprintf(out, "=== ASSERTION FAILED ===\n==> %s:%d '%s' is not true\n", file, line, expression);
    std::fflush(out);
  }
  std::abort();
}

}  // namespace tusk::base
