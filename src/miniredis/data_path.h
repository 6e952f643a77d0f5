// Which files SAVE, RESTORE and MERGE may name: those inside the data directory, which is the process' current one.
// Threads: any. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace tusk::miniredis {

// An absolute path without links for a relative or absolute one that names a file, there or not, inside the data directory. The
// directory that holds it is there, and is not one with an append log. Blocks as the disk does.
base::Result<std::string> PathInDataDirectory(std::string_view path);

// May SAVE write there: is there nothing, or what a SAVE has written?
bool IsFreeOrSaved(const std::string& path);

}  // namespace tusk::miniredis
