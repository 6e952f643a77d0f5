#include "main/replica_wait.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "engine/config.h"
#include "engine/engine.h"

namespace tusk::main {
namespace {

constexpr int64_t kMillis = 1000;
// Over shutdown-timeout: the wait ends by itself, the pause only if that went wrong.
constexpr int64_t kPauseSpareMs = 60'000;

}  // namespace

bool ReplicaWait::InSync() {
  repl::Feed& feed = engine_.feed();
  const std::vector<repl::ReplicaInfo> replicas = feed.Replicas();
  if (replicas.empty()) return true;
  const uint64_t offset = feed.OffsetOf(engine_.keyspace().last_commit());
  return std::ranges::all_of(replicas, [offset](const repl::ReplicaInfo& replica) { return replica.acked_offset >= offset; });
}

void ReplicaWait::HoldWrites(bool hold) {
  command::Clients* clients = engine_.services().clients;
  command::PauseState& pause = engine_.pause();
  const int64_t now_ms = engine_.clock().MonotonicMillis();
  DCHECK(clients != nullptr);
  if (hold) {
    pause_until_ms_ = pause.until_ms.load(std::memory_order_relaxed);
    pause_writes_only_ = pause.writes_only.load(std::memory_order_relaxed);
    return clients->Pause(now_ms + engine_.config().Number("shutdown-timeout") * kMillis + kPauseSpareMs, true);
  }
  clients->Unpause();
  if (pause_until_ms_ > now_ms) clients->Pause(pause_until_ms_, pause_writes_only_);
}

void ReplicaWait::Report() {
  const std::vector<repl::ReplicaInfo> replicas = engine_.feed().Replicas();
  if (replicas.empty()) return;
  const uint64_t offset = engine_.feed().OffsetOf(engine_.keyspace().last_commit());
  size_t in_sync = 0;
  for (const repl::ReplicaInfo& replica : replicas) {
    if (replica.acked_offset >= offset) {
      ++in_sync;
      continue;
    }
    log_.Notice("Lagging replica {}:{} reported offset {} behind master, lag={}, state={}.", replica.address, replica.port,
                offset - replica.acked_offset, replica.lag_seconds, repl::PhaseName(replica.phase));
  }
  log_.Notice("{} of {} replicas are in sync when shutting down.", in_sync, replicas.size());
}

}  // namespace tusk::main
