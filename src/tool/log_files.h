// The files of an append log in the order in which a server reads them: those that a manifest names, or one file of before 7.0.
// Threads: any; calls block. Owns: nothing.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "io/file_system.h"

namespace tusk::tool {

struct LogFiles {
  std::string manifest;             // Its path; empty: a log of one file.
  std::vector<std::string> paths;   // Base and increments.
  std::vector<std::string> strangers;  // Names beside the manifest that it does not name, history apart.

  // `path`: the log's directory, its manifest, or the file itself. kNotFound: a directory without a manifest. Bounded by the size
  // that a manifest may have.
  static base::Result<LogFiles> Find(io::FileSystem& files, const std::string& path);
};

// Is this directory one that holds an append log's manifest?
bool HoldsManifest(io::FileSystem& files, const std::string& directory);

// All bytes, synced; the name is for the caller to sync.
base::Status CopyFile(io::FileSystem& files, const std::string& from, const std::string& to);

}  // namespace tusk::tool
