// Stripe: one of the parts into which the keys are divided, with everything that belongs to them under one lock.
//
// Threads: stripe-guarded: every field but `lock` and the atomics needs the lock. Owns: shards, queues of waiters.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/shard.h"
#include "store/stripe_lock.h"
#include "store/tracked_keys.h"
#include "store/waiter.h"

namespace tusk::store {

// Names a key in a database within the stripe's maps of waiters and watchers.
struct DbKey {
  DbIndex db;
  std::string key;
  bool operator==(const DbKey&) const = default;
};
struct DbKeyHash {
  size_t operator()(const DbKey& k) const noexcept { return base::KeyHash(k.key) + k.db; }
};

using WaiterQueue = std::deque<std::shared_ptr<Waiter>>;
using WatcherList = std::vector<std::shared_ptr<WatchState>>;

struct alignas(128) Stripe {
  StripeLock lock;
  // The counts are the sizes of the maps below, here so that a write that nobody waits for looks at one cache line.
  uint32_t waited_keys = 0;
  uint32_t watched_keys = 0;
  uint32_t tracked_keys = 0;
  // The commit number of the last change; see ChangeObserver.
  uint64_t last_commit = 0;
  // Database 0 lies in the stripe itself, one cache miss nearer.
  Shard first;
  // [db - 1]; null until the database is used, then there for good, since INFO and DBSIZE read sizes without the lock:
  // the release store in ShardFor() publishes the shard to their acquire load.
  std::unique_ptr<std::atomic<Shard*>[]> others;

  std::unordered_map<DbKey, WaiterQueue, DbKeyHash> waiters;
  std::unordered_map<DbKey, WatcherList, DbKeyHash> watchers;
  TrackedKeys tracked;

  // Null when the database was never used in this stripe. `db` is in range. May be called without the lock.
  Shard* FindShard(DbIndex db) noexcept {
    if (db == 0) return &first;
    return others[db - 1].load(std::memory_order_acquire);
  }
  Shard& ShardFor(DbIndex db) {
    Shard* shard = FindShard(db);
    return shard ? *shard : AddShard(db);
  }

  Stripe() = default;
  ~Stripe();
  void SetDatabases(size_t count);

 private:
  Shard& AddShard(DbIndex db);
  size_t other_count_ = 0;
};

}  // namespace tusk::store
