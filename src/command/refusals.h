// What the server's state refuses, whatever the command's own rights: errors that are said in the same words to clients
// and to scripts.
// Threads: any. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

#include "command/session.h"
#include "store/settings.h"

namespace tusk::command {

inline constexpr std::string_view kReadOnlyReplicaError = "READONLY You can't write against a read only replica.";
inline constexpr std::string_view kStaleReplicaError =
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
inline constexpr std::string_view kNoReplicasError = "NOREPLICAS Not enough good replicas to write.";
inline constexpr std::string_view kLoadingError = "LOADING Redis is loading the dataset in memory";
inline constexpr std::string_view kSnapshotFailedError =
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may "
    "modify the data set are disabled, because this instance is configured to report errors during writes if RDB "
    "snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.";
inline constexpr std::string_view kOutOfMemoryError = "OOM command not allowed when used memory > 'maxmemory'.";

// Each: the error reply, or empty. What the master sends is never refused: it has happened already.

// A disk that takes nothing. PING hears of it, too, so that health checks notice.
inline std::string_view DiskRefusal(const store::Settings& settings, const Session& session) {
  if (session.from_master) return {};
  if (settings.writes_need_snapshot) return kSnapshotFailedError;
  const std::string* log_failure = settings.log_failure;
  return log_failure ? *log_failure : std::string_view();
}

// In Redis' order, where more than one holds.
inline std::string_view WriteRefusal(const store::Settings& settings, const Session& session) {
  if (session.from_master) return {};
  if (const std::string_view error = DiskRefusal(settings, session); !error.empty()) return error;
  if (settings.writes_need_replicas) return kNoReplicasError;
  return settings.read_only_replica ? kReadOnlyReplicaError : std::string_view();
}

// For what is not marked as fit for old data.
inline std::string_view StaleRefusal(const store::Settings& settings, const Session& session) {
  return settings.replica_is_stale && !session.from_master ? kStaleReplicaError : std::string_view();
}

// For what is not marked as fit for a dataset that is still coming in.
inline std::string_view LoadingRefusal(const store::Settings& settings, const Session& session) {
  return settings.loading && !session.from_master ? kLoadingError : std::string_view();
}

}  // namespace tusk::command
