#include "store/mover.h"

#include <algorithm>

#include "base/cell_census.h"
#include "base/memory.h"
#include "store/keyspace.h"
#include "store/transaction.h"

namespace tusk::store {

namespace {

constexpr uint32_t kDoublingsMax = 9;  // Of the time between rounds in vain: some eight minutes.

}  // namespace

Mover::Mover(Keyspace& keyspace) noexcept : keyspace_(keyspace) {}
Mover::~Mover() = default;

uint32_t Mover::EffortFor(size_t in_use, size_t spare, const Settings& settings) noexcept {
  if (spare < settings.active_defrag_ignore_bytes || in_use <= spare) return 0;
  const auto percent = static_cast<int64_t>(spare * 100 / (in_use - spare));
  const int64_t lower = settings.active_defrag_threshold_lower;
  const int64_t upper = std::max<int64_t>(settings.active_defrag_threshold_upper, lower + 1);
  if (percent < lower) return 0;
  const int64_t least = settings.active_defrag_cycle_min;
  const int64_t most = std::max<int64_t>(settings.active_defrag_cycle_max, least);
  return static_cast<uint32_t>(least + (std::min(percent, upper) - lower) * (most - least) / (upper - lower));
}

int64_t Mover::Step(Share& share, Transaction& transaction, int64_t now_us) {
  base::DrainCells();
  if (!base::Cells()) return kRestMicros;
  const uint32_t walking = walking_.load(std::memory_order_relaxed);
  if (walking != 0 && (share.round_ != walking || !share.walked_)) {
    if (share.round_ != walking) {
      share.round_ = walking;
      share.walked_ = false;
      share.stripe_ = share.share_;
      share.db_ = 0;
      share.cursor_ = 0;
      share.busy_ = 0;
    }
    share.walked_ = Walk(share, transaction, now_us + kSliceMicros);
    const int64_t spent = keyspace_.clock().MonotonicMicros() - now_us;
    counters_.micros.fetch_add(static_cast<uint64_t>(std::max<int64_t>(spent, 0)), std::memory_order_relaxed);
    if (!share.walked_) {
      const uint32_t percent = std::max(1u, counters_.percent.load(std::memory_order_relaxed));
      return std::max<int64_t>(spent * 100 / percent - spent, kSliceMicros);
    }
    base::MutexLock hold(mutex_);
    if (walking_.load(std::memory_order_relaxed) == walking && ++shares_walked_ == share.shares_) EndRound(now_us);
    return kTickMicros;
  }
  CollectSometimes(share, purges_.load(std::memory_order_relaxed));
  if (!mutex_.TryLock()) return kTickMicros;
  const int64_t wait_us = Advance(now_us);
  mutex_.Unlock();
  return wait_us;
}

// Where cells came free, so did blocks of other sizes, the tables' segments above all.
void Mover::CollectSometimes(Share& share, uint32_t purge) noexcept {
  if (share.purge_ != purge) {
    share.purge_ = purge;
    share.collects_left_ = kCollectsPerPurge;
  }
  if (share.collects_left_ == 0) return;
  --share.collects_left_;
  base::CollectFree();
}

int64_t Mover::Advance(int64_t now_us) {
  constexpr int64_t kSoon = kSliceMicros * 4;
  base::CellSpace& space = *base::Cells();
  const bool purged = space.Purge(kPurgesPerStep) > 0;
  const int64_t wait_us = purged ? kSoon : kTickMicros;
  switch (phase_) {
    case Phase::kRest:
      if (now_us < next_count_us_ && !hurry_.load(std::memory_order_relaxed)) return wait_us;
      if (!keyspace_.settings().active_defrag) return wait_us;
      // All of it would be too little, so that a small server pays nothing for the count, not even its memory.
      if (space.figures().pages_used * base::CellPage::kBytes < keyspace_.settings().active_defrag_ignore_bytes) return wait_us;
      if (!census_) census_ = std::make_unique<base::CellCensus>(space);
      space.DrainLeft();
      phase_ = Phase::kCount;
      return kSoon;
    case Phase::kCount:
      if (census_->Count(kPagesPerStep)) BeginOrRest(now_us);
      return kSoon;
    case Phase::kMark:
      if (!census_->Mark(kPagesPerStep)) return kSoon;
      phase_ = Phase::kWalk;
      shares_walked_ = 0;
      walking_.store(space.round(), std::memory_order_relaxed);
      return kSoon;
    case Phase::kWalk:
      // Switched off meanwhile, which leaves the rest where it is.
      if (!keyspace_.settings().active_defrag) EndRound(now_us);
      return wait_us;
  }
  return wait_us;
}

void Mover::BeginOrRest(int64_t now_us) {
  const uint32_t percent = EffortFor(census_->figures().in_use, census_->figures().spare, keyspace_.settings());
  const bool hurried = hurry_.exchange(false, std::memory_order_relaxed);
  next_count_us_ = now_us + kRestMicros;
  // What the last rounds left, nobody could move: looked at ever more rarely, until it is more or less of it.
  const int64_t gap_us = kRestMicros << std::min(census_->rounds_in_vain(), kDoublingsMax);
  const bool too_soon = !hurried && now_us < counters_.round_began_us.load(std::memory_order_relaxed) + gap_us;
  phase_ = percent == 0 || (census_->rounds_in_vain() > 0 && too_soon) ? Phase::kRest : Phase::kMark;
  if (phase_ == Phase::kRest) return;
  counters_.percent.store(percent, std::memory_order_relaxed);
  counters_.rounds.fetch_add(1, std::memory_order_relaxed);
  counters_.round_began_us.store(now_us, std::memory_order_relaxed);
}

void Mover::EndRound(int64_t now_us) {
  walking_.store(0, std::memory_order_relaxed);
  purges_.fetch_add(1, std::memory_order_relaxed);
  census_->EndRound();
  counters_.percent.store(0, std::memory_order_relaxed);
  phase_ = Phase::kRest;
  next_count_us_ = now_us + kRestMicros;
}

bool Mover::NextStripe(Share& share) noexcept {
  share.stripe_ += share.shares_;
  share.db_ = 0;
  share.cursor_ = 0;
  share.busy_ = 0;
  return share.stripe_ < kStripeCount;
}

bool Mover::Walk(Share& share, Transaction& transaction, int64_t until_us) {
  if (share.stripe_ >= kStripeCount) return true;
  transaction.Begin(keyspace_.clock().UnixMillis());
  do {
    if (!transaction.TryLockOne(share.stripe_)) {
      // Somebody works there; another slice may find it free. One that never is keeps its memory until the next round.
      if (++share.busy_ < kBusyMax) return false;
      if (!NextStripe(share)) return true;
      continue;
    }
    const bool through = WalkStripe(share, transaction, until_us);
    transaction.Unlock();
    if (through && !NextStripe(share)) return true;
  } while (keyspace_.clock().MonotonicMicros() < until_us);
  return false;
}

// True when all of the stripe's keys were looked at.
bool Mover::WalkStripe(Share& share, Transaction& transaction, int64_t until_us) {
  constexpr int kStepsPerLook = 4;  // At the clock.
  DCHECK(transaction.Holds(share.stripe_));
  const auto elements_max = static_cast<size_t>(keyspace_.settings().active_defrag_max_scan_fields);
  Shard::Moved moved;
  bool in_time = true;
  for (; share.db_ < keyspace_.databases(); ++share.db_, share.cursor_ = 0) {
    Shard* shard = keyspace_.stripe(share.stripe_).FindShard(share.db_);
    if (!shard || shard->empty()) continue;
    for (int steps = 1; in_time; ++steps) {
      share.cursor_ = shard->MoveSome(share.cursor_, elements_max, moved);
      if (share.cursor_ == 0) break;
      if (steps % kStepsPerLook == 0) in_time = keyspace_.clock().MonotonicMicros() < until_us;
    }
    if (!in_time) break;
  }
  counters_.blocks_moved.fetch_add(moved.blocks, std::memory_order_relaxed);
  counters_.keys_moved.fetch_add(moved.keys, std::memory_order_relaxed);
  counters_.keys_left.fetch_add(moved.looked_at - moved.keys, std::memory_order_relaxed);
  counters_.blocks_left.fetch_add(moved.looked_at - moved.keys, std::memory_order_relaxed);
  return in_time;
}

void Mover::Hurry() {
  base::DrainCells();
  base::CollectFree();
  if (base::CellSpace* space = base::Cells()) space->Purge(SIZE_MAX, true);
  hurry_.store(true, std::memory_order_relaxed);
}

}  // namespace tusk::store
