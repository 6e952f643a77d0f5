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

// An append log: its base key by key, then its commands. What a crash cut off at its end is left out, as a server does; `note` says
// so. Commands build on each other: the target should be empty.
base::Status TransferLog(io::FileSystem& files, const std::string& path, Target& target, Summary& summary, std::string& note);
// Does the path name an append log (a directory with a manifest, a manifest, an append file) rather than an RDB file?
bool IsLog(io::FileSystem& files, const std::string& path);
// The files of a log as they are, into a server's directory: `appendonlydir` in it, or an append file of before 7.0. Damage is
// refused, and so is a log that is there already.
base::Status CopyLog(io::FileSystem& files, const std::string& path, const std::string& directory);

enum class Way : uint8_t { kAny, kSync, kScan };
// A database in `url` leaves the others out.
base::Status TransferServer(const Url& url, Way way, Target& target, Summary& summary);

}  // namespace tusk::tool
