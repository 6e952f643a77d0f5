#include "store/transaction.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "store/eviction.h"
#include "types/hash.h"

namespace tusk::store {
namespace {

int64_t FirstFieldDeadline(const Entry& hash) noexcept { return hash.object<types::Hash>().first_deadline_ms(); }

}  // namespace

size_t Transaction::TryLock(std::span<const uint16_t> stripes) noexcept {
  DCHECK(held_.empty());
  for (uint16_t stripe : stripes) {
    if (TryLockOne(stripe)) continue;
    for (uint16_t taken : held_) ReleaseStripe(taken);
    held_.clear();
    return stripe;
  }
  return kNothingBusy;
}

bool Transaction::TryEnterLane() noexcept {
  DCHECK(held_.empty() && !in_lane_);
  in_lane_ = keyspace_.lane().TryLock();
  return in_lane_;
}

void Transaction::EnterLaneBlocking() noexcept {
  DCHECK(held_.empty() && !in_lane_);
  keyspace_.lane().LockBlocking();
  in_lane_ = true;
}

void Transaction::LockInLane(size_t stripe) noexcept {
  DCHECK(in_lane_);
  auto place = std::lower_bound(held_.begin(), held_.end(), stripe);
  if (place != held_.end() && *place == stripe) return;
  keyspace_.stripe(stripe).lock.LockBlocking();
  held_.insert(place, static_cast<uint16_t>(stripe));
}

void Transaction::LockAllInLane() noexcept {
  for (size_t stripe = 0; stripe < kStripeCount; ++stripe) LockInLane(stripe);
}

void Transaction::LockOneBlocking(size_t stripe) noexcept {
  CHECK(held_.empty());
  keyspace_.stripe(stripe).lock.LockBlocking();
  held_.push_back(static_cast<uint16_t>(stripe));
}

bool Transaction::Holds(size_t stripe) const noexcept { return std::binary_search(held_.begin(), held_.end(), stripe); }

bool Transaction::ReachSlow(size_t stripe) noexcept {
  if (Holds(stripe)) return true;
  if (!in_lane_) return false;
  LockInLane(stripe);
  return true;
}

void Transaction::LeaveLane() noexcept {
  in_lane_ = false;
  if (keyspace_.lane().Unlock()) keyspace_.parking().WakeAll(ParkingLot::kLaneSlot);
}

void Transaction::MarkUsedOnceMore(Entry& entry) noexcept {
  entry.set_access(LfuTouched(entry.access(), now_ms_, keyspace_.settings()));
}

Entry* Transaction::FindVolatile(DbIndex db, const Key& key, Entry& entry) {
  if (entry.ExpiredAt(now_ms_)) {
    const Settings& settings = keyspace_.settings();
    const bool keeps = keep_expired_ || silent_ || settings.read_only_replica || settings.import_mode;
    if (!keeps) Expire(db, key, entry);
    if (!keeps || !(from_master_ || sees_expired_)) return nullptr;
  }
  if (entry.type() != Type::kHash || FirstFieldDeadline(entry) > now_ms_) return &entry;
  if (from_master_) return &entry;
  // On a replica the master's HDEL takes them; while writes rest nobody does.
  if (keep_expired_ || keyspace_.settings().read_only_replica) return WithoutDueFields(db, key, entry);
  return ExpireFields(db, key, entry, SIZE_MAX).alive ? &entry : nullptr;
}

Entry* Transaction::WithoutDueFields(DbIndex db, const Key& key, const Entry& entry) {
  Shard& shown = views_[db];
  // Found before in this unit: what was handed out stays good.
  if (Entry* before = shown.Find(key)) return before;
  types::Hash copy = entry.object<types::Hash>().Clone();
  while (copy.first_deadline_ms() <= now_ms_) {
    const bool deleted = copy.Delete(std::string(copy.deadlines()->first_field()));
    DCHECK(deleted);
  }
  if (copy.size() == 0) return nullptr;
  return &shown.Put(key, nullptr, Value::Object(std::make_unique<types::Hash>(std::move(copy))), nullptr);
}

void Transaction::PreserveSlow(DbIndex db, Entry& entry) {
  SnapshotHook* hook = keyspace_.snapshot_hook();
  DCHECK(hook != nullptr);
  if (hook) hook->Preserve(db, entry);
  entry.set_snapshot_mark(keyspace_.snapshot_mark());
}

bool Transaction::IsPreserved(DbIndex db, const Key& key) {
  if (!keyspace_.snapshot_hook()) return true;
  Entry* entry = shard(db, key).Find(key);
  return !entry || entry->snapshot_mark() == keyspace_.snapshot_mark();
}

void Transaction::MarkNew(DbIndex db, const Key& key, Entry& entry) {
  entry.set_snapshot_mark(keyspace_.snapshot_mark());
  entry.set_access(FreshAccess(now_ms_, keyspace_.settings()));
  Event(kEventNew, "new", key, db);
}

Entry& Transaction::PutString(DbIndex db, const Key& key, Entry* entry, std::string_view bytes) {
  if (entry) Preserve(db, *entry);
  Entry& result = shard(db, key).PutString(key, entry, bytes, &keyspace_.reclaimer());
  if (!entry) MarkNew(db, key, result);
  return result;
}

Entry& Transaction::PutText(DbIndex db, const Key& key, Entry* entry, std::string_view bytes) {
  if (entry) Preserve(db, *entry);
  Entry& result = shard(db, key).PutText(key, entry, bytes, &keyspace_.reclaimer());
  if (!entry) MarkNew(db, key, result);
  return result;
}

Entry& Transaction::PutInteger(DbIndex db, const Key& key, Entry* entry, int64_t value) {
  if (entry) Preserve(db, *entry);
  Entry& result = shard(db, key).PutInteger(key, entry, value, &keyspace_.reclaimer());
  if (!entry) MarkNew(db, key, result);
  return result;
}

Entry& Transaction::Put(DbIndex db, const Key& key, Entry* entry, Value value) {
  if (entry) Preserve(db, *entry);
  Entry& result = shard(db, key).Put(key, entry, std::move(value), &keyspace_.reclaimer());
  if (!entry) MarkNew(db, key, result);
  if (result.type() == Type::kHash && FirstFieldDeadline(result) != INT64_MAX) keyspace_.PublishDeadline(key.stripe());
  return result;
}

char* Transaction::MutableString(DbIndex db, const Key& key, Entry*& entry, size_t size) {
  Preserve(db, *entry);
  return shard(db, key).MutableString(key, entry, size);
}

Value Transaction::Take(DbIndex db, const Key& key, Entry& entry) {
  bool was_volatile = entry.has_deadline();
  Preserve(db, entry);
  Value value = shard(db, key).Take(key, entry);
  if (was_volatile) keyspace_.PublishDeadline(key.stripe());
  return value;
}

void Transaction::Delete(DbIndex db, const Key& key, Entry& entry, bool background) {
  bool was_volatile = entry.has_deadline();
  Preserve(db, entry);
  shard(db, key).Delete(key, entry, background ? &keyspace_.reclaimer() : nullptr);
  if (was_volatile) keyspace_.PublishDeadline(key.stripe());
}

Entry& Transaction::SetDeadline(DbIndex db, const Key& key, Entry& entry, int64_t deadline_ms) {
  Preserve(db, entry);
  Entry& result = shard(db, key).SetDeadline(key, entry, deadline_ms);
  keyspace_.PublishDeadline(key.stripe());
  return result;
}

Entry& Transaction::ClearDeadline(DbIndex db, const Key& key, Entry& entry) {
  Preserve(db, entry);
  Entry& result = shard(db, key).ClearDeadline(key, entry);
  keyspace_.PublishDeadline(key.stripe());
  return result;
}

void Transaction::Expire(DbIndex db, const Key& key, Entry& entry) {
  // The event carries the key, whose bytes may be the entry's own: raise it before they go.
  Event(kEventExpired, "expired", key, db);
  const bool lazy = keyspace_.settings().lazyfree_lazy_expire;
  if (wants_changes()) AddChange(db, {lazy ? "UNLINK" : "DEL", key.text});
  Stripe& stripe = keyspace_.StripeOf(key);
  if (Concerns(stripe)) {
    if (stripe.watched_keys != 0) FailWatchers(db, key);
    Invalidate(stripe, key, 0);
    MarkAwaited(stripe, db, key);
  }
  keyspace_.counters().expired_keys.fetch_add(1, std::memory_order_relaxed);
  Delete(db, key, entry, lazy || !keyspace_.settings().classic_freeing);
}

void Transaction::FieldDeadlineSet(DbIndex db, const Key& key, Entry& entry) {
  DCHECK(entry.type() == Type::kHash);
  shard(db, key).SettleFieldDeadline(entry);
  keyspace_.PublishDeadline(key.stripe());
}

Transaction::FieldsExpired Transaction::ExpireFields(DbIndex db, const Key& key, Entry& entry, size_t count) {
  Preserve(db, entry);
  auto& hash = entry.object<types::Hash>();
  size_t expired = 0;
  for (; expired < count && hash.first_deadline_ms() <= now_ms_; ++expired) {
    std::string field(hash.deadlines()->first_field());
    bool deleted = hash.Delete(field);
    DCHECK(deleted);
    if (wants_changes()) AddChange(db, {"HDEL", key.text, field});
  }
  bool alive = hash.size() != 0;
  if (expired != 0) {
    keyspace_.counters().expired_subkeys.fetch_add(expired, std::memory_order_relaxed);
    Event(kEventHash, "hexpired", key, db);
    Stripe& stripe = keyspace_.StripeOf(key);
    if (Concerns(stripe)) {
      if (stripe.watched_keys != 0) FailWatchers(db, key);
      Invalidate(stripe, key, 0);
    }
  }
  if (alive) {
    FieldDeadlineSet(db, key, entry);
  } else {
    Event(kEventGeneric, "del", key, db);
    Delete(db, key, entry, true);
  }
  return {expired, alive};
}

void Transaction::TouchSlow(Stripe& stripe, DbIndex db, const Key& key) {
  if (stripe.watched_keys != 0) FailWatchers(db, key);
  Invalidate(stripe, key, source_);
  MarkAwaited(stripe, db, key);
}

void Transaction::MarkAwaited(Stripe& stripe, DbIndex db, const Key& key) {
  if (stripe.waited_keys == 0) return;
  if (!stripe.waiters.contains(DbKey{db, std::string(key.text)})) return;
  for (const ReadyKey& ready : ready_) {
    if (ready.db == db && ready.key == key.text) return;
  }
  MarkReady(db, key.text);
}

void Transaction::Invalidate(Stripe& stripe, const Key& key, uint64_t source) {
  TrackingCounters& counters = keyspace_.tracking();
  const bool broadcast = counters.broadcasts.load(std::memory_order_relaxed) != 0;
  if (stripe.tracked_keys == 0 && !broadcast) return;
  ReaderList readers = stripe.tracked.Take(key.text);
  if (!readers.empty()) {
    stripe.tracked_keys = static_cast<uint32_t>(stripe.tracked.size());
    counters.keys.fetch_sub(1, std::memory_order_relaxed);
    counters.items.fetch_sub(readers.size(), std::memory_order_relaxed);
  } else if (!broadcast) {
    return;
  }
  invalidated_.push_back({std::string(key.text), std::move(readers), source, broadcast});
}

void Transaction::Track(const Key& key, uint64_t session_id) {
  DCHECK(Holds(key.stripe()));
  Stripe& stripe = keyspace_.StripeOf(key);
  bool first = false;
  if (!stripe.tracked.Add(key.text, session_id, first)) return;
  TrackingCounters& counters = keyspace_.tracking();
  counters.items.fetch_add(1, std::memory_order_relaxed);
  if (!first) return;
  stripe.tracked_keys = static_cast<uint32_t>(stripe.tracked.size());
  const uint64_t keys = counters.keys.fetch_add(1, std::memory_order_relaxed) + 1;
  const uint64_t keys_max = keyspace_.settings().tracking_table_max_keys;
  if (keys_max != 0 && keys > keys_max) counters.trim_wanted.store(true, std::memory_order_relaxed);
}

void Transaction::FlushTracked() noexcept {
  DCHECK(holds_all());
  for (size_t i = 0; i < kStripeCount; ++i) {
    keyspace_.stripe(i).tracked.Clear();
    keyspace_.stripe(i).tracked_keys = 0;
  }
  keyspace_.tracking().keys.store(0, std::memory_order_relaxed);
  keyspace_.tracking().items.store(0, std::memory_order_relaxed);
  flushed_ = true;
}

void Transaction::TrimTracked() {
  // One call takes no longer than this many keys: whoever comes next goes on.
  constexpr int kKeysPerCallMax = 1000;
  DCHECK(held_.empty());
  TrackingCounters& counters = keyspace_.tracking();
  const uint64_t keys_max = keyspace_.settings().tracking_table_max_keys;
  auto too_many = [&] { return keys_max != 0 && counters.keys.load(std::memory_order_relaxed) > keys_max; };
  const size_t start = base::ThreadRandom().Below(kStripeCount);
  int left = kKeysPerCallMax;
  for (size_t i = 0; i < kStripeCount && left > 0 && too_many(); ++i) {
    const size_t index = (start + i) % kStripeCount;
    if (!TryLockOne(index)) continue;
    Stripe& stripe = keyspace_.stripe(index);
    for (; left > 0 && stripe.tracked_keys != 0 && too_many(); --left) {
      invalidated_.push_back(stripe.tracked.TakeAny());
      stripe.tracked_keys = static_cast<uint32_t>(stripe.tracked.size());
      counters.keys.fetch_sub(1, std::memory_order_relaxed);
      counters.items.fetch_sub(invalidated_.back().readers.size(), std::memory_order_relaxed);
    }
    Commit();
    Unlock();
  }
  if (!too_many()) counters.trim_wanted.store(false, std::memory_order_relaxed);
}

void Transaction::FailWatchers(DbIndex db, const Key& key) noexcept {
  Stripe& stripe = keyspace_.StripeOf(key);
  auto found = stripe.watchers.find(DbKey{db, std::string(key.text)});
  if (found == stripe.watchers.end()) return;
  // Watches that ended while this stripe was busy are still listed: here they go.
  std::erase_if(found->second, [](const auto& watcher) { return !watcher->alive.load(std::memory_order_relaxed); });
  for (const std::shared_ptr<WatchState>& watcher : found->second) watcher->dirty.store(true, std::memory_order_release);
}

void Transaction::EventSlow(EventClass event_class, std::string_view event, const Key& key, DbIndex db) {
  if (EventSink* sink = keyspace_.event_sink()) sink->OnKeyEvent(event_class, event, key.text, db);
}

void Transaction::AddChange(DbIndex db, std::initializer_list<std::string_view> argv, uint8_t targets) {
  AddChange(db, std::span<const std::string_view>(argv.begin(), argv.size()), targets);
}

void Transaction::AddChange(DbIndex db, std::span<const std::string_view> argv, uint8_t targets) {
  DCHECK(keyspace_.observer() != nullptr && !argv.empty());
  targets &= targets_;
  if (targets == kToNobody) return;
  changes_.Add(db, argv, targets);
}

uint64_t Transaction::CommitRecord() {
  const uint64_t number = keyspace_.NextCommit();
  for (uint16_t stripe : held_) keyspace_.stripe(stripe).last_commit = number;
  if (!writer_) [[unlikely]] {
    writer_ = keyspace_.observer()->NewWriter();
    writer_->set_delivers(delivers_);
  }
  writer_->Write(changes_.Unit(number));
  changes_.Clear();
  return number;
}

void Transaction::SetDelivers(bool delivers) noexcept {
  delivers_ = delivers;
  if (writer_) writer_->set_delivers(delivers);
}

void Transaction::TellInvalidated() {
  InvalidationSink* sink = keyspace_.invalidation_sink();
  // What was flushed includes what changed before.
  if (sink && std::exchange(flushed_, false)) sink->OnFlushed(direct_);
  if (sink && !invalidated_.empty()) sink->OnInvalidated(invalidated_, direct_);
  invalidated_.clear();
  flushed_ = false;
}

void Transaction::Reset() noexcept {
  ready_.clear();
  changes_.Clear();
  invalidated_.clear();
  flushed_ = false;
  dirty_ = 0;
}

}  // namespace tusk::store
