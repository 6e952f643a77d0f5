// Mover: gives memory back that deletes left scattered. It counts how well the pages of cells (base/cells.h) are used; where too much of
// them is empty it marks those with the fewest cells, walks over all keys, moves what lies in marked pages into the others, and hands
// empty pages back to the system. Redis' activedefrag and active-defrag-* settings steer it.
//
// Every loop calls Step() from its timer: a slice of kSliceMicros at most, of which there are as many as the settings allow of a loop's
// time. Whoever comes first does the counting and marking; each walks its own share of the stripes, one at a time, whose locks it
// tries only: a busy stripe is left for later. Keys are found again by their place in the table's order, so that nothing is
// remembered between two slices but a cursor.
//
//   rest -> count pages -> (worth it?) mark pages -> all shares walked -> rest
//
// Threads: thread-safe; a Share is its loop's. Owns: the count and the round.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/annotations.h"
#include "base/mutex.h"
#include "store/key.h"

namespace tusk::base {
class CellCensus;
}  // namespace tusk::base

namespace tusk::store {

class Keyspace;
class Transaction;
struct Settings;

class Mover {
 public:
  explicit Mover(Keyspace& keyspace) noexcept;
  ~Mover();
  Mover(const Mover&) = delete;
  Mover& operator=(const Mover&) = delete;

  // One loop's part of the walk: the stripes i with i % shares == share.
  class Share {
   public:
    Share(size_t share, size_t shares) noexcept : share_(share), shares_(shares), stripe_(share) {}

   private:
    friend class Mover;
    size_t share_;
    size_t shares_;
    uint32_t round_ = 0;  // The one that it walked, or walks.
    bool walked_ = true;
    size_t stripe_;
    DbIndex db_ = 0;
    uint64_t cursor_ = 0;
    int busy_ = 0;  // How often the stripe was busy.
    uint32_t purge_ = 0;     // The last round that it has seen end,
    int collects_left_ = 0;  // and how often it still asks mimalloc for what that gave back.
  };

  // A slice of work. `transaction` must hold nothing. Returns microseconds until the next one.
  int64_t Step(Share& share, Transaction& transaction, int64_t now_us);
  // MEMORY PURGE: gives back what is free, now, and begins to count at the next step, whatever the last count found. Blocks for
  // some microseconds per page.
  void Hurry();

  // For INFO. Relaxed: each stands for itself.
  struct Counters {
    std::atomic<uint64_t> blocks_moved{0};
    std::atomic<uint64_t> blocks_left{0};  // Of keys that were looked at.
    std::atomic<uint64_t> keys_moved{0};
    std::atomic<uint64_t> keys_left{0};
    std::atomic<uint64_t> micros{0};       // Spent in slices of rounds.
    std::atomic<uint64_t> rounds{0};
    std::atomic<uint32_t> percent{0};      // Of a loop's time that the round may take; 0: none goes on.
    std::atomic<int64_t> round_began_us{0};
  };
  Counters& counters() noexcept { return counters_; }

  // Percent of a loop's time for a round when so many bytes of pages are in use, of which `spare` could be emptied: 0 when it
  // is not worth a round. A pure function, linear between the two thresholds as Redis has it.
  static uint32_t EffortFor(size_t in_use, size_t spare, const Settings& settings) noexcept;

  static constexpr int64_t kSliceMicros = 500;
  static constexpr int64_t kRestMicros = 1'000'000;
  static constexpr int64_t kTickMicros = 100'000;  // Between looks at free pages.

 private:
  enum class Phase : uint8_t { kRest, kCount, kMark, kWalk };

  // What one caller at a time does: count, mark, give back.
  // Returns microseconds until there is more to do.
  int64_t Advance(int64_t now_us) REQUIRES(mutex_);
  void BeginOrRest(int64_t now_us) REQUIRES(mutex_);
  void EndRound(int64_t now_us) REQUIRES(mutex_);
  // Walks on; true when the share is through.
  bool Walk(Share& share, Transaction& transaction, int64_t until_us);
  bool WalkStripe(Share& share, Transaction& transaction, int64_t until_us);
  static bool NextStripe(Share& share) noexcept;

  static constexpr size_t kPagesPerStep = 1000;  // Counted or marked.
  static constexpr size_t kPurgesPerStep = 32;   // A chunk's.
  static constexpr int kBusyMax = 20;
  static constexpr int kCollectsPerPurge = 5;  // mimalloc gives back with a delay, and only when it is asked again.

  static void CollectSometimes(Share& share, uint32_t purge) noexcept;

  Keyspace& keyspace_;
  Counters counters_;
  base::Mutex mutex_;
  std::unique_ptr<base::CellCensus> census_ GUARDED_BY(mutex_);
  Phase phase_ GUARDED_BY(mutex_) = Phase::kRest;
  int64_t next_count_us_ GUARDED_BY(mutex_) = 0;
  size_t shares_walked_ GUARDED_BY(mutex_) = 0;
  // The round that is walked, 0: none. Written under the mutex, read by shares without: relaxed, a step late does no harm.
  std::atomic<uint32_t> walking_{0};
  std::atomic<bool> hurry_{false};
  std::atomic<uint32_t> purges_{0};  // Rounds that ended, for the shares: relaxed.
};

}  // namespace tusk::store
