// Keyspace: all stripes, the lane, and what is counted about them.
//
// Threads: thread-safe as described per member; a stripe's content needs its lock. Owns: all data.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "store/change_counts.h"
#include "store/change_unit.h"
#include "store/events.h"
#include "store/mover.h"
#include "store/parking_lot.h"
#include "store/passing_bytes.h"
#include "store/reclaimer.h"
#include "store/settings.h"
#include "store/snapshot_hook.h"
#include "store/stripe.h"

namespace tusk::store {

// Counted where the thing happens, under different stripes' locks: relaxed additions, none on the path of a plain read
// or write.
struct KeyspaceCounters {
  std::atomic<uint64_t> expired_keys{0};
  std::atomic<uint64_t> expired_subkeys{0};  // Fields of hashes.
  std::atomic<uint64_t> evicted_keys{0};
  std::atomic<uint64_t> evicted_for_us{0};
};

// CLIENT TRACKING over all stripes. Relaxed: a reader that is only just beginning to follow may miss a change as if that
// had come first.
struct TrackingCounters {
  std::atomic<uint64_t> keys{0};
  std::atomic<uint64_t> items{0};        // Pairs of key and reader.
  std::atomic<uint32_t> broadcasts{0};   // Sessions that follow prefixes: then every change is told.
  std::atomic<bool> trim_wanted{false};  // The table is larger than tracking-table-max-keys allows.
};

// How far commits are in the append file. Written by the append log; read by whoever sends replies, and by WAITAOF.
struct CommitGate {
  // A reply leaves once the commits that it may tell of are `open_to`. Seen a command late when it begins to hold.
  std::atomic<bool> holds{false};
  // With appendfsync always the newest commit on disk, otherwise the newest one that the kernel has: it may go back when
  // the setting changes. Who is to wait says so somewhere, looks here again, and rests; the log writes here, then looks for
  // who waits: sequentially consistent, so that one of the two sees the other.
  std::atomic<uint64_t> open_to{0};
  // The newest commit on disk. The same holds for those who wait for it.
  std::atomic<uint64_t> synced{0};
};

class Keyspace {
 public:
  struct Options {
    size_t databases = 16;
    const base::Clock* clock = nullptr;
    Settings* settings = nullptr;
  };
  explicit Keyspace(const Options& options);
  ~Keyspace();

  Stripe& stripe(size_t index) noexcept { return stripes_[index]; }
  Stripe& StripeOf(const Key& key) noexcept { return stripes_[key.stripe()]; }
  size_t databases() const noexcept { return databases_; }
  const base::Clock& clock() const noexcept { return *clock_; }
  Settings& settings() noexcept { return *settings_; }
  const Settings& settings() const noexcept { return *settings_; }
  ParkingLot& parking() noexcept { return parking_; }
  Reclaimer& reclaimer() noexcept { return reclaimer_; }
  Mover& mover() noexcept { return mover_; }
  KeyspaceCounters& counters() noexcept { return counters_; }
  ChangeCounts& change_counts() noexcept { return change_counts_; }
  // The lane (DESIGN 2.4): whoever holds it may wait for stripes while holding others.
  StripeLock& lane() noexcept { return lane_; }

  // Keys in a database, and those with a deadline. No lock: a sum of counters that move meanwhile.
  uint64_t Size(DbIndex db) const noexcept;
  uint64_t VolatileSize(DbIndex db) const noexcept;
  struct DeadlineFigures {
    int64_t average_ttl_ms = 0;  // Of the keys with a deadline; 0 without any.
    uint64_t hashes = 0;         // With fields that have one.
  };
  // Takes the stripes one at a time, skipping busy ones: an estimate for INFO.
  DeadlineFigures Deadlines(DbIndex db) noexcept;

  // The observer of changes, fixed before the first command.
  void SetObserver(ChangeObserver* observer) noexcept { observer_ = observer; }
  ChangeObserver* observer() const noexcept { return observer_; }
  // Whoever needs records (the append file, the replication feed) is one recorder; without any a write makes none. The
  // first is added while every stripe is held, so that no unit is recorded in part; it may leave at any time.
  void AddRecorder() noexcept { recorders_.fetch_add(1, std::memory_order_relaxed); }
  void RemoveRecorder() noexcept { recorders_.fetch_sub(1, std::memory_order_relaxed); }
  bool recording() const noexcept { return recorders_.load(std::memory_order_relaxed) != 0; }
  void SetEventSink(EventSink* sink) noexcept { sink_ = sink; }
  EventSink* event_sink() const noexcept { return sink_; }
  // Who tells sessions that what they have read is out of date; fixed before the first command. Null: nobody.
  void SetInvalidationSink(InvalidationSink* sink) noexcept { invalidation_sink_ = sink; }
  InvalidationSink* invalidation_sink() const noexcept { return invalidation_sink_; }
  TrackingCounters& tracking() noexcept { return tracking_; }
  PassingBytes& passing() noexcept { return passing_; }
  // Bytes in use as maxmemory counts them.
  uint64_t CountedMemory() const noexcept {
    const uint64_t used = base::UsedMemory();
    const uint64_t passing = passing_.bytes();
    return used > passing ? used - passing : 0;
  }

  // One snapshot at a time: both with every stripe held, except that the end may come without, once no entry is left whose
  // mark differs. The hook outlives the snapshot.
  void BeginSnapshot(SnapshotHook& hook) noexcept {
    DCHECK(snapshot_hook() == nullptr);
    snapshot_hook_.store(&hook, std::memory_order_relaxed);
    snapshot_mark_.store(!snapshot_mark(), std::memory_order_relaxed);
  }
  void EndSnapshot() noexcept { snapshot_hook_.store(nullptr, std::memory_order_relaxed); }
  SnapshotHook* snapshot_hook() const noexcept { return snapshot_hook_.load(std::memory_order_relaxed); }
  bool snapshot_mark() const noexcept { return snapshot_mark_.load(std::memory_order_relaxed); }

  // Numbers have no gaps: whoever takes one hands it to the observer, since the log waits for every number.
  uint64_t last_commit() const noexcept { return commit_.load(std::memory_order_relaxed); }
  uint64_t NextCommit() noexcept { return commit_.fetch_add(1, std::memory_order_relaxed) + 1; }

  CommitGate& gate() noexcept { return gate_; }

  // Deadlines: the earliest of each stripe, for the timers (store/expirer.h). Written under the stripe's lock.
  void PublishDeadline(size_t stripe_index) noexcept;
  int64_t NextDeadline(size_t stripe_index) const noexcept {
    return next_deadline_[stripe_index].load(std::memory_order_relaxed);
  }

 private:
  std::unique_ptr<Stripe[]> stripes_;
  // Partner: the timers, which look here without the stripe's lock and take it before they act. Relaxed: a late look
  // is repeated soon.
  std::unique_ptr<std::atomic<int64_t>[]> next_deadline_;
  size_t databases_;
  const base::Clock* clock_;
  Settings* settings_;
  ChangeObserver* observer_ = nullptr;
  std::atomic<uint32_t> recorders_{0};  // Partner: the stripes' locks, under all of which it grows. Relaxed.
  EventSink* sink_ = nullptr;
  // Written while every stripe is held, read under any one: the stripes' locks publish them. Relaxed.
  std::atomic<SnapshotHook*> snapshot_hook_{nullptr};
  std::atomic<bool> snapshot_mark_{false};
  InvalidationSink* invalidation_sink_ = nullptr;
  TrackingCounters tracking_;
  PassingBytes passing_;
  std::atomic<uint64_t> commit_{0};  // Order among conflicting units comes from their common stripe's lock.
  CommitGate gate_;
  KeyspaceCounters counters_;
  ChangeCounts change_counts_;
  ParkingLot parking_;
  StripeLock lane_;
  Reclaimer reclaimer_;
  Mover mover_{*this};
};

}  // namespace tusk::store
