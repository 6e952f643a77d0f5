// An RDB stream into a target, counted while it goes by.
// Threads: caller-synchronised; blocks. Owns: nothing.
#pragma once

#include <optional>

#include "base/status.h"
#include "codec/dataset_reader.h"
#include "persist/file_source.h"
#include "tool/summary.h"
#include "tool/target.h"

namespace tusk::tool {

// `database`: the only one that goes. Keys that have expired stay behind.
base::Status MoveStream(codec::Reader& reader, std::optional<int> database, Target& target, Summary& summary, Progress& progress);

}  // namespace tusk::tool
