// One RDB stream under examination: an RDB file, or the preamble of an append file.
// Threads: caller-synchronised; blocks. Owns: nothing.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "io/file_system.h"
#include "tool/summary.h"

namespace tusk::tool {

struct RdbFindings {
  base::Status status;      // Of the reading; its message names the byte.
  uint64_t end = 0;         // Where reading stopped.
  std::string written_by;   // "redis 7.0.15"; empty: it does not say.
  std::string last_key;     // The last one that was whole, quoted.
  bool has_checksum = true;
};
RdbFindings ExamineRdb(io::File& file, const std::string& name, Summary& summary);
// "REDIS" and four digits.
bool BeginsLikeRdb(io::File& file);

}  // namespace tusk::tool
