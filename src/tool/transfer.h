// Sources of datasets: an RDB file, or a server that runs, read once from the beginning to the end into a Target.
//
// A server is read as a replica would (SYNC): one moment of time, functions included, at the price of one snapshot there. Where
// SYNC is refused (managed services do), keys are walked (SCAN, DUMP): every key that is there all the time comes, with its
// value of some moment during the walk.
// Threads: caller-synchronised; calls block. Owns: nothing.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "io/file_system.h"
#include "tool/summary.h"
#include "tool/target.h"
#include "tool/url.h"

namespace tusk::tool {

// More than any server has.
inline constexpr size_t kDatabasesMax = 65536;

base::Status TransferFile(io::FileSystem& files, const std::string& path, Target& target, Summary& summary);

enum class Way : uint8_t { kAny, kSync, kScan };
// A database in `url` leaves the others out.
base::Status TransferServer(const Url& url, Way way, Target& target, Summary& summary);

}  // namespace tusk::tool
