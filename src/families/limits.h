// The encoding limits of each value type, under the names that commands use.
// Threads: any. Owns: nothing.
#pragma once

#include "store/limits.h"

namespace tusk::families {

using store::HashLimitsOf;
using store::ListLimitsOf;
using store::SetLimitsOf;
using store::ZSetLimitsOf;

}  // namespace tusk::families
