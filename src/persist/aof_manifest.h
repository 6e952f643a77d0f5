// AofManifest: which files make up the append log, in Redis' format: one line a file,
//
//   file appendonly.aof.2.base.rdb seq 2 type b     the dataset at the moment of the last rewrite; at most one
//   file appendonly.aof.2.incr.aof seq 2 type i     what was written since; executed in this order
//   file appendonly.aof.1.base.rdb seq 1 type h     history: replaced, to be deleted
//
// A name that holds blanks or control characters is quoted. Fields that are unknown are passed over.
// Threads: a value. Owns: its texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace tusk::persist {

struct AofFile {
  std::string name;  // Within the log's directory.
  uint64_t sequence = 0;
  bool operator==(const AofFile&) const = default;
};

class AofManifest {
 public:
  // The message of an error is the reason alone, in Redis' words. O(bytes).
  static base::Result<AofManifest> Parse(std::string_view text);
  std::string Format() const;

  const std::optional<AofFile>& base() const noexcept { return base_; }
  const std::vector<AofFile>& increments() const noexcept { return increments_; }
  const std::vector<AofFile>& history() const noexcept { return history_; }
  bool empty() const noexcept { return !base_ && increments_.empty(); }

  // The next base or increment, numbered and named after `stem` ("appendonly.aof"). What it replaces turns to history.
  const AofFile& AddBase(std::string_view stem, bool rdb);
  const AofFile& AddIncrement(std::string_view stem);
  // A file as it is, for a log of one file that an old version wrote.
  void SetBase(AofFile base);
  // All increments but the last `kept` are in the base: they turn to history.
  void RetireIncrements(size_t kept);
  // Increments count from 1 again: nothing was appended since the base.
  void RestartIncrements() noexcept { increment_sequence_ = 0; }
  void ForgetHistory() noexcept { history_.clear(); }

  // A line may not be longer, its end included.
  static constexpr size_t kLineBytesMax = 1024;

 private:
  base::Status ParseLine(std::string_view line);

  std::optional<AofFile> base_;
  std::vector<AofFile> increments_;  // Ascending by sequence.
  std::vector<AofFile> history_;     // The newest first.
  uint64_t base_sequence_ = 0;
  uint64_t increment_sequence_ = 0;
};

}  // namespace tusk::persist
