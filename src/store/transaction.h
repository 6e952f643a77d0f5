// Transaction: the stripes that one unit of work (a command, an EXEC, a script) holds, and the effects that it leaves:
// keys touched for watchers and waiters, keyspace events, change commands, the dirty count.
//
// Life: lock (all or nothing, in ascending order; or in the lane, where more may follow), act, then Commit(), which
// hands the change record over, and Unlock(). Effects survive Unlock() until Reset() so that waiters whose operation
// needs other stripes can be served afterwards.
//
// Threads: caller-synchronised; one per executing thread, reused so that a command allocates nothing.
// Owns: the locks it holds.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/annotations.h"
#include "store/change_unit.h"
#include "store/eviction.h"
#include "store/keyspace.h"

namespace tusk::store {

// Why a key is looked up.
enum class Access : uint8_t {
  kRead,   // Counts as hit or miss, moves the access clock.
  kWrite,  // Moves the access clock.
  kReadUntouched,  // Counts, but leaves the access clock: CLIENT NO-TOUCH.
  kPeek,   // Leaves no trace: OBJECT, TTL, DEBUG.
};

// A key that turned ready for somebody who waits for it.
struct ReadyKey {
  DbIndex db;
  std::string key;
};

class Transaction {
 public:
  explicit Transaction(Keyspace& keyspace) : keyspace_(keyspace), change_count_(keyspace.change_counts().Register()) {}
  ~Transaction() {
    Unlock();
    keyspace_.change_counts().Unregister(change_count_);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Begins a unit. Time stands still within it.
  void Begin(int64_t now_ms) noexcept {
    DCHECK(held_.empty() && !in_lane_);
    now_ms_ = now_ms;
    dirty_ = 0;
    targets_ = kToAll;
    source_ = 0;
    keep_expired_ = false;
    sees_expired_ = false;
    if (!views_.empty()) [[unlikely]] views_.clear();
  }
  int64_t now_ms() const noexcept { return now_ms_; }
  // What was asked for is done and waiters come next: a key that expired meanwhile is not for them.
  void MoveTime(int64_t now_ms) noexcept { now_ms_ = now_ms; }
  Keyspace& keyspace() noexcept { return keyspace_; }

  // ---- Locks ----
  // Which stripes are held is known at run time only, which Clang's analysis cannot follow: the functions that take and
  // give back are exempt from it, and held_ with its DCHECKs stands in.
  static constexpr size_t kNothingBusy = SIZE_MAX;
  bool TryLockOne(size_t stripe) noexcept NO_THREAD_SAFETY_ANALYSIS {
    if (!keyspace_.stripe(stripe).lock.TryLock()) return false;
    held_.push_back(static_cast<uint16_t>(stripe));
    return true;
  }
  // Ascending and unique. Returns kNothingBusy when all are held now, else the stripe that was busy, holding nothing.
  size_t TryLock(std::span<const uint16_t> stripes) noexcept;
  // The lane first, then anything, waiting as long as it takes (the lane's holder is the only one who may).
  bool TryEnterLane() noexcept NO_THREAD_SAFETY_ANALYSIS;
  void EnterLaneBlocking() noexcept NO_THREAD_SAFETY_ANALYSIS;
  bool in_lane() const noexcept { return in_lane_; }
  // Lane only. Blocks until the stripe is free.
  void LockInLane(size_t stripe) noexcept NO_THREAD_SAFETY_ANALYSIS;
  void LockAllInLane() noexcept;
  // Blocks. Only for a caller that holds nothing and whose worker goes on without it (detached).
  void LockOneBlocking(size_t stripe) noexcept NO_THREAD_SAFETY_ANALYSIS;
  bool Holds(size_t stripe) const noexcept;
  bool holds_all() const noexcept { return held_.size() == kStripeCount; }
  size_t held_count() const noexcept { return held_.size(); }
  // Ascending.
  std::span<const uint16_t> held() const noexcept { return held_; }
  // Keys whose time has come count as none but stay, for a unit that writes nothing. Ends with the unit.
  void KeepExpired(bool keep) noexcept { keep_expired_ = keep; }
  // Until the next Begin(): where keys past their deadline stay (a replica, import mode), they are found.
  void SeeExpired() noexcept { sees_expired_ = true; }
  // Makes sure that the key's stripe is held: in the lane by locking it, otherwise it must be already.
  // False: not held and not in the lane, the caller's key was not declared.
  bool Reach(const Key& key) noexcept {
    if (held_.size() == 1 && held_[0] == key.stripe()) return true;
    return ReachSlow(key.stripe());
  }
  void Unlock() noexcept NO_THREAD_SAFETY_ANALYSIS {
    for (uint16_t stripe : held_) ReleaseStripe(stripe);
    held_.clear();
    if (in_lane_) [[unlikely]] LeaveLane();
  }

  // ---- Keys. The stripe is held. ----
  // Null when there is none; an expired one is deleted and counts as none.
  Entry* Find(DbIndex db, const Key& key, Access access) {
    DCHECK(Holds(key.stripe()));
    Shard* shard = keyspace_.StripeOf(key).FindShard(db);
    Entry* entry = shard ? shard->Find(key) : nullptr;
    if (entry && entry->MayExpire()) [[unlikely]] entry = FindVolatile(db, key, *entry);
    if (access == Access::kRead || access == Access::kReadUntouched) ++(entry ? lookups_.hits : lookups_.misses);
    if (!entry) return nullptr;
    if (access <= Access::kWrite) MarkAccessed(*entry);
    if (access == Access::kWrite) Preserve(db, *entry);
    return entry;
  }
  Entry& PutString(DbIndex db, const Key& key, Entry* entry, std::string_view bytes);
  // The same, but bytes that spell an integer stay bytes.
  Entry& PutText(DbIndex db, const Key& key, Entry* entry, std::string_view bytes);
  Entry& PutInteger(DbIndex db, const Key& key, Entry* entry, int64_t value);
  Entry& Put(DbIndex db, const Key& key, Entry* entry, Value value);
  char* MutableString(DbIndex db, const Key& key, Entry*& entry, size_t size);
  Value Take(DbIndex db, const Key& key, Entry& entry);
  // `background`: big values are freed by the background thread.
  void Delete(DbIndex db, const Key& key, Entry& entry, bool background);
  Entry& SetDeadline(DbIndex db, const Key& key, Entry& entry, int64_t deadline_ms);
  Entry& ClearDeadline(DbIndex db, const Key& key, Entry& entry);
  // A running snapshot gets the entry as it was. Methods that change an entry, and Find() for kWrite, do it themselves.
  void Preserve(DbIndex db, Entry& entry) {
    if (__builtin_expect(entry.snapshot_mark() != keyspace_.snapshot_mark(), 0)) PreserveSlow(db, entry);
  }
  // Deletes an entry whose deadline has passed: event, change command, counter.
  void Expire(DbIndex db, const Key& key, Entry& entry);
  // A field of the hash got a deadline. (Find() takes due fields out, so no handler meets one.)
  void FieldDeadlineSet(DbIndex db, const Key& key, Entry& entry);
  // Deletes at most `count` fields of the hash whose deadlines have passed, then the key if that leaves none: events,
  // change commands, counter. Returns how many. `alive`: the key is still there.
  struct FieldsExpired {
    size_t count;
    bool alive;
  };
  FieldsExpired ExpireFields(DbIndex db, const Key& key, Entry& entry, size_t count);

  // ---- Effects ----
  // The key's value changed: watchers fail, waiters may be served, one more change since the last save.
  void Touch(DbIndex db, const Key& key) {
    ++dirty_;
    DCHECK(IsPreserved(db, key));
    Stripe& stripe = keyspace_.StripeOf(key);
    if (Concerns(stripe)) [[unlikely]] TouchSlow(stripe, db, key);
  }
  void Event(EventClass event_class, std::string_view event, const Key& key, DbIndex db) {
    if (keyspace_.settings().notify_keyspace_events != 0) EventSlow(event_class, event, key, db);
  }
  // The session on whose behalf things change from here on; 0: nobody's. Lasts until Begin().
  void set_source(uint64_t session_id) noexcept { source_ = session_id; }
  // The session has read the key and wants to hear when it changes. The stripe is held. O(readers of the key).
  void Track(const Key& key, uint64_t session_id);
  // Forgets all readers of all keys, who are told. All stripes are held.
  void FlushTracked() noexcept;
  // Holding nothing: forgets readers of some keys, who are told as if those had changed, until the table is as small as
  // tracking-table-max-keys asks or this call has done enough.
  void TrimTracked();
  // What the session hears while this is set goes there; see DirectDelivery. Null: to its host again.
  void set_direct(DirectDelivery* direct) noexcept { direct_ = direct; }
  void AddDirty(uint64_t changes) noexcept { dirty_ += changes; }
  uint64_t dirty() const noexcept { return dirty_; }
  bool wants_changes() const noexcept { return keyspace_.recording() && targets_ != kToNobody && !silent_; }
  // This thread runs what the append file holds already: it leaves no records.
  void SetSilent(bool silent) noexcept { silent_ = silent; }
  // This thread runs what a master sends: it sees keys past their deadline, which are the master's to delete.
  void SetFromMaster(bool from_master) noexcept { from_master_ = from_master; }
  // Who repeats the changes from here to the unit's end: a script's redis.set_repl(). ChangeTargets bits.
  void SetChangeTargets(uint8_t targets) noexcept { targets_ = targets; }
  // Only if wants_changes(). `targets` narrows who repeats it; one that is left with nobody is dropped.
  void AddChange(DbIndex db, std::initializer_list<std::string_view> argv, uint8_t targets = kToAll);
  void AddChange(DbIndex db, std::span<const std::string_view> argv, uint8_t targets = kToAll);
  size_t change_count() const noexcept { return changes_.size(); }
  // This thread has change records delivered after each round of its loop (ChangeWriter::set_delivers).
  void SetDelivers(bool delivers) noexcept;
  std::vector<ReadyKey>& ready_keys() noexcept { return ready_; }
  // Marks a key ready by hand, e.g. all waited keys of two databases that were swapped.
  void MarkReady(DbIndex db, std::string_view key) { ready_.push_back({db, std::string(key)}); }
  // Sets every watcher of the key dirty, in this stripe.
  void FailWatchers(DbIndex db, const Key& key) noexcept;

  // Hits and misses of kRead look-ups since TakeLookups().
  struct Lookups {
    uint64_t hits = 0;
    uint64_t misses = 0;
  };
  Lookups TakeLookups() noexcept { return std::exchange(lookups_, {}); }

  // Sends the change record to the observer. The stripes are still held.
  // Returns its commit number, 0 when there was nothing to record.
  uint64_t Commit() {
    if (dirty_ != 0) change_count_.Add(std::exchange(dirty_, 0));
    if (!invalidated_.empty() || flushed_) [[unlikely]] TellInvalidated();
    return changes_.empty() ? 0 : CommitRecord();
  }
  // Forgets effects that were left.
  void Reset() noexcept;

 private:
  bool ReachSlow(size_t stripe) noexcept;
  void LeaveLane() noexcept NO_THREAD_SAFETY_ANALYSIS;
  // Find() of something that has deadlines: takes out what is due. Null: that was all of it.
  Entry* FindVolatile(DbIndex db, const Key& key, Entry& entry);
  uint64_t CommitRecord();
  void PreserveSlow(DbIndex db, Entry& entry);
  // What changed in place was given to the snapshot before. For checks.
  bool IsPreserved(DbIndex db, const Key& key);
  void EventSlow(EventClass event_class, std::string_view event, const Key& key, DbIndex db);
  // For readers that may change nothing: the hash as it is without the fields whose time has come, a copy that lives until the
  // next Begin(). Null when no field is left.
  Entry* WithoutDueFields(DbIndex db, const Key& key, const Entry& entry);
  void TouchSlow(Stripe& stripe, DbIndex db, const Key& key);
  void MarkAwaited(Stripe& stripe, DbIndex db, const Key& key);
  // The readers of the key, and who follows its prefix, are to be told.
  void Invalidate(Stripe& stripe, const Key& key, uint64_t source);
  void TellInvalidated();
  bool Concerns(const Stripe& stripe) const noexcept {
    return (stripe.watched_keys + stripe.waited_keys + stripe.tracked_keys +
            keyspace_.tracking().broadcasts.load(std::memory_order_relaxed)) != 0;
  }
  void ReleaseStripe(size_t stripe) noexcept NO_THREAD_SAFETY_ANALYSIS {
    if (keyspace_.stripe(stripe).lock.Unlock()) [[unlikely]] keyspace_.parking().WakeAll(stripe);
  }
  void MarkAccessed(Entry& entry) noexcept {
    if (IsLfu(keyspace_.settings().maxmemory_policy)) [[unlikely]] return MarkUsedOnceMore(entry);
    // Written only when it differs: a key that many read stays in all their caches.
    const uint32_t clock = LruClock(now_ms_);
    if (entry.access() != clock) entry.set_access(clock);
  }
  void MarkUsedOnceMore(Entry& entry) noexcept;
  void MarkNew(DbIndex db, const Key& key, Entry& entry);
  Shard& shard(DbIndex db, const Key& key) { return keyspace_.StripeOf(key).ShardFor(db); }

  Keyspace& keyspace_;
  ChangeCounts::Count& change_count_;
  int64_t now_ms_ = 0;
  bool in_lane_ = false;
  std::vector<uint16_t> held_;  // Ascending.
  uint64_t dirty_ = 0;
  uint8_t targets_ = kToAll;
  bool from_master_ = false;
  bool silent_ = false;
  Lookups lookups_;
  std::map<DbIndex, Shard> views_;  // See WithoutDueFields; emptied by Begin().
  std::vector<ReadyKey> ready_;
  ChangeBuffer changes_;
  std::unique_ptr<ChangeWriter> writer_;  // From the first record on.
  bool delivers_ = false;
  bool keep_expired_ = false;
  bool sees_expired_ = false;
  uint64_t source_ = 0;
  std::vector<InvalidatedKey> invalidated_;
  bool flushed_ = false;
  DirectDelivery* direct_ = nullptr;
};

}  // namespace tusk::store
