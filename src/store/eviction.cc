#include "store/eviction.h"

#include <chrono>
#include <limits>
#include <string>

#include "base/free_pace.h"
#include "base/random.h"
#include "store/transaction.h"

namespace tusk::store {
namespace {

// One call evicts no longer than this: a command that comes while a lot must go pays its part, not all of it.
constexpr int64_t kMakeRoomMicrosMax = 20'000;
constexpr std::chrono::milliseconds kHurry{100};

uint32_t Minutes(int64_t now_ms) noexcept { return static_cast<uint32_t>(now_ms / 60'000) & 0xffff; }

struct Candidate {
  bool found = false;
  uint64_t score = 0;  // The highest goes first.
  DbIndex db = 0;
  std::string key;
};

uint64_t Score(const Entry& entry, EvictionPolicy policy, int64_t now_ms, const Settings& settings) noexcept {
  switch (policy) {
    case EvictionPolicy::kAllKeysLru:
    case EvictionPolicy::kVolatileLru:
      return LruIdleSeconds(entry.access(), now_ms);
    case EvictionPolicy::kAllKeysLfu:
    case EvictionPolicy::kVolatileLfu:
      return 255u - LfuCounter(entry.access(), now_ms, settings);
    case EvictionPolicy::kVolatileTtl:
      return std::numeric_limits<uint64_t>::max() - static_cast<uint64_t>(entry.deadline_ms());
    default:
      return base::ThreadRandom().Next();
  }
}

class Evictor {
 public:
  Evictor(Transaction& transaction, const std::function<void()>& serve) noexcept
      : transaction_(transaction),
        serve_(serve),
        keyspace_(transaction.keyspace()),
        policy_(keyspace_.settings().maxmemory_policy) {}

  // Samples keys, evicts the best of them. False when no key qualifies.
  bool EvictOne() {
    best_.found = false;
    int64_t wanted = keyspace_.settings().maxmemory_samples;
    size_t start = base::ThreadRandom().Below(kStripeCount);
    int64_t sampled = 0;
    for (size_t i = 0; i < kStripeCount && sampled < wanted; ++i) sampled += SampleStripe((start + i) % kStripeCount);
    return best_.found && Evict();
  }
  // Bytes of what was evicted, whether the background thread has freed them yet or not.
  uint64_t freed() const noexcept { return freed_; }

 private:
  int64_t SampleStripe(size_t index) {
    Stripe& stripe = keyspace_.stripe(index);
    int64_t sampled = 0;
    bool locked = false;
    for (size_t db = 0; db < keyspace_.databases(); ++db) {
      Shard* shard = stripe.FindShard(static_cast<DbIndex>(db));
      if (!shard || (IsVolatile(policy_) ? shard->volatile_size() : shard->size()) == 0) continue;
      if (!locked && !transaction_.TryLockOne(index)) return sampled;
      locked = true;
      if (Entry* entry = Pick(*shard)) {
        Consider(*entry, static_cast<DbIndex>(db));
        ++sampled;
      }
    }
    if (locked) transaction_.Unlock();
    return sampled;
  }

  Entry* Pick(Shard& shard) {
    base::Random& random = base::ThreadRandom();
    if (!IsVolatile(policy_)) return shard.empty() ? nullptr : shard.table().RandomItem(random);
    if (shard.expiry().empty()) return nullptr;
    if (policy_ == EvictionPolicy::kVolatileTtl) return &shard.expiry().first();
    return &shard.expiry().at(random.Below(shard.expiry().size()));
  }

  void Consider(const Entry& entry, DbIndex db) {
    uint64_t score = Score(entry, policy_, transaction_.now_ms(), keyspace_.settings());
    if (best_.found && score <= best_.score) return;
    best_.found = true;
    best_.score = score;
    best_.db = db;
    best_.key.assign(entry.key());
  }

  bool Evict() {
    Key key = Key::Of(best_.key);
    if (!transaction_.TryLockOne(key.stripe())) return true;  // Busy: another sample will do.
    if (Entry* entry = transaction_.Find(best_.db, key, Access::kPeek)) {
      transaction_.Event(kEventEvicted, "evicted", key, best_.db);
      const bool lazy = keyspace_.settings().lazyfree_lazy_eviction;
      if (transaction_.wants_changes()) {
        transaction_.AddChange(best_.db, {lazy ? "UNLINK" : "DEL", key.text});
      }
      freed_ += entry->MemoryBytes(kMemorySamples);
      transaction_.Touch(best_.db, key);
      transaction_.Delete(best_.db, key, *entry, lazy || !keyspace_.settings().classic_freeing);
      keyspace_.counters().evicted_keys.fetch_add(1, std::memory_order_relaxed);
    }
    transaction_.Commit();
    if (serve_ && !transaction_.ready_keys().empty()) serve_();
    transaction_.Unlock();
    return true;
  }

  static constexpr size_t kMemorySamples = 5;  // Elements looked at to tell a collection's size.

  Transaction& transaction_;
  const std::function<void()>& serve_;
  Keyspace& keyspace_;
  EvictionPolicy policy_;
  Candidate best_;
  uint64_t freed_ = 0;
};

}  // namespace

uint64_t LruIdleSeconds(uint32_t access, int64_t now_ms) noexcept { return (LruClock(now_ms) - access) & kAccessMax; }

uint8_t LfuCounter(uint32_t access, int64_t now_ms, const Settings& settings) noexcept {
  int64_t decay = settings.lfu_decay_time;
  uint8_t counter = access & 0xff;
  if (decay == 0) return counter;
  uint64_t idle_minutes = (Minutes(now_ms) - (access >> 8)) & 0xffff;
  uint64_t periods = idle_minutes / static_cast<uint64_t>(decay);
  return periods >= counter ? 0 : static_cast<uint8_t>(counter - periods);
}

uint32_t LfuTouched(uint32_t access, int64_t now_ms, const Settings& settings) noexcept {
  uint8_t counter = LfuCounter(access, now_ms, settings);
  if (counter < 255) {
    double above = counter > kLfuInitial ? counter - kLfuInitial : 0;
    double probability = 1.0 / (above * static_cast<double>(settings.lfu_log_factor.get()) + 1);
    if (base::ThreadRandom().Unit() < probability) ++counter;
  }
  return Minutes(now_ms) << 8 | counter;
}

uint32_t FreshAccess(int64_t now_ms, const Settings& settings) noexcept {
  return IsLfu(settings.maxmemory_policy) ? Minutes(now_ms) << 8 | kLfuInitial : LruClock(now_ms);
}

uint32_t RestoredAccess(int64_t idle_seconds, int frequency, int64_t now_ms, const Settings& settings) noexcept {
  if (IsLfu(settings.maxmemory_policy)) {
    return frequency < 0 ? FreshAccess(now_ms, settings) : Minutes(now_ms) << 8 | static_cast<uint32_t>(frequency & 255);
  }
  if (idle_seconds < 0) return FreshAccess(now_ms, settings);
  return LruClock(now_ms) - static_cast<uint32_t>(idle_seconds & kAccessMax);
}

bool MakeRoom(Transaction& transaction, const std::function<void()>& serve) {
  Keyspace& keyspace = transaction.keyspace();
  uint64_t limit = keyspace.settings().maxmemory;
  if (limit == 0 || keyspace.CountedMemory() <= limit) return true;
  // What is on its way out shall neither cost other keys their place nor refuse writes for longer than it must.
  base::FreePace::HurryFor(kHurry);
  if (keyspace.settings().maxmemory_policy == EvictionPolicy::kNoEviction) return false;
  Evictor evictor(transaction, serve);
  // As much as was too much at the start: what goes out to tell of the evicted keys may take memory as well, and counting
  // it would evict ever more.
  const uint64_t counted = keyspace.CountedMemory();
  const uint64_t excess = counted > limit ? counted - limit : 0;
  int64_t start = keyspace.clock().MonotonicMicros();
  while (evictor.freed() < excess && keyspace.CountedMemory() > limit) {
    if (!evictor.EvictOne()) {
      // What the background thread still has to free counts as memory, but it is on its way out.
      if (keyspace.reclaimer().pending_objects() == 0) return false;
      keyspace.reclaimer().Drain();
      continue;
    }
    if (keyspace.clock().MonotonicMicros() - start > kMakeRoomMicrosMax) break;
  }
  return true;
}

}  // namespace tusk::store
