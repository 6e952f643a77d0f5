#include "persist/key_placer.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cstring>

#include "base/prefetch.h"
#include "store/eviction.h"

namespace tusk::persist {

base::Status PlaceKey(store::Transaction& transaction, const PlaceOptions& options, codec::LoadedKey& loaded,
                      const store::Key& key, uint64_t offset) {
  DCHECK(transaction.Holds(key.stripe()));
  store::Entry* old = transaction.Find(loaded.db, key, store::Access::kPeek);
  if (old && !options.replace) {
    return base::Status::Invalid(fmt::format("Internal error in RDB reading offset {}: RDB has duplicated key '{}' in DB {}",
                                             offset, loaded.key, loaded.db));
  }
  if (old) transaction.Delete(loaded.db, key, *old, true);
  store::Entry* entry = loaded.is_text ? &transaction.PutString(loaded.db, key, nullptr, loaded.text)
                                       : &transaction.Put(loaded.db, key, nullptr, std::move(loaded.value));
  entry->set_access(store::RestoredAccess(loaded.idle_seconds, loaded.frequency, options.now_ms,
                                          transaction.keyspace().settings()));
  if (loaded.deadline_ms != store::Entry::kNoDeadline) {
    transaction.SetDeadline(loaded.db, key, *entry, loaded.deadline_ms);
  }
  return {};
}

KeyPlacer::KeyPlacer(store::Keyspace& keyspace, PlaceOptions options, size_t helpers)
    : keyspace_(keyspace),
      options_(options),
      helpers_wanted_(helpers),
      transaction_(keyspace),
      filling_(std::make_unique<Batch>()) {
  CHECK(helpers <= kHelpersMax);
  transaction_.Begin(options.now_ms);
}

KeyPlacer::~KeyPlacer() {
  {
    base::MutexLock lock(mutex_);
    ended_ = true;
  }
  more_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

size_t KeyPlacer::HelpersHere() noexcept {
  return std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kHelpersMax + 1) - 1;
}

base::Status KeyPlacer::Add(codec::LoadedKey& loaded, uint64_t offset) {
  if (failed()) return Finish();
  const size_t bytes = loaded.key.size() + loaded.text.size();
  if (bytes > kBatchBytes) {
    Item item{std::move(loaded), offset};
    PlaceOne(transaction_, item, store::Key::Of(item.loaded.key));
    return {};
  }
  if (filling_->used + bytes > kBatchBytes) HandOver();
  Batch& batch = *filling_;
  auto keep = [&batch](std::string_view text) {
    char* at = batch.bytes.get() + batch.used;
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    batch.used += text.size();
    return std::string_view(at, text.size());
  };
  loaded.key = keep(loaded.key);
  loaded.text = keep(loaded.text);
  batch.items.push_back({std::move(loaded), offset});
  DCHECK(batch.used <= kBatchBytes && batch.items.size() <= kBatchKeys);
  if (batch.items.size() == kBatchKeys) HandOver();
  return {};
}

base::Status KeyPlacer::Finish() {
  Place(transaction_, *filling_);
  return WaitForHelpers();
}

base::Status KeyPlacer::WaitForHelpers() NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock lock(mutex_.native());
  fewer_.wait(lock, [this]() NO_THREAD_SAFETY_ANALYSIS { return under_way_ == 0; });
  return status_;
}

void KeyPlacer::HandOver() {
  if (++batches_ <= kBatchesAlone || helpers_wanted_ == 0) return Place(transaction_, *filling_);
  if (helpers_.empty()) StartHelpers();
  BatchPtr empty;
  bool handed_over = false;
  {
    base::MutexLock lock(mutex_);
    if (queue_.size() < kQueuedPerHelper * helpers_wanted_) {
      ++under_way_;
      queue_.push_back(std::move(filling_));
      handed_over = true;
      if (!spare_.empty()) {
        empty = std::move(spare_.back());
        spare_.pop_back();
      }
    }
  }
  // Everybody is busy: so am I.
  if (!handed_over) return Place(transaction_, *filling_);
  more_.notify_one();
  filling_ = empty ? std::move(empty) : std::make_unique<Batch>();
}

void KeyPlacer::StartHelpers() {
  for (size_t i = 0; i < helpers_wanted_; ++i) helpers_.emplace_back([this] { Help(); });
}

// Null: there will be none.
KeyPlacer::BatchPtr KeyPlacer::NextBatch() NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock lock(mutex_.native());
  more_.wait(lock, [this]() NO_THREAD_SAFETY_ANALYSIS { return !queue_.empty() || ended_; });
  if (queue_.empty()) return {};
  BatchPtr batch = std::move(queue_.back());
  queue_.pop_back();
  return batch;
}

void KeyPlacer::Help() {
  pthread_setname_np(pthread_self(), "tusk-loader");
  store::Transaction transaction(keyspace_);
  transaction.Begin(options_.now_ms);
  while (BatchPtr batch = NextBatch()) {
    Place(transaction, *batch);
    {
      base::MutexLock lock(mutex_);
      spare_.push_back(std::move(batch));
      if (--under_way_ != 0) continue;
    }
    fewer_.notify_one();
  }
}

void KeyPlacer::Place(store::Transaction& transaction, Batch& batch) {
  batch.keys.clear();
  for (const Item& item : batch.items) {
    batch.keys.push_back(store::Key::Of(item.loaded.key));
    base::Prefetch(&keyspace_.StripeOf(batch.keys.back()));
  }
  for (size_t i = 0; i < batch.items.size(); ++i) {
    const store::Shard* shard = keyspace_.StripeOf(batch.keys[i]).FindShard(batch.items[i].loaded.db);
    if (shard) shard->GlanceAtBuckets(batch.keys[i]);
  }
  for (size_t i = 0; i < batch.items.size() && !failed(); ++i) PlaceOne(transaction, batch.items[i], batch.keys[i]);
  batch.items.clear();
  batch.used = 0;
}

void KeyPlacer::PlaceOne(store::Transaction& transaction, Item& item, const store::Key& key) {
  transaction.LockOneBlocking(key.stripe());
  base::Status status = PlaceKey(transaction, options_, item.loaded, key, item.offset);
  transaction.Unlock();
  if (status.ok()) return;
  base::MutexLock lock(mutex_);
  if (status_.ok()) status_ = std::move(status);
  failed_.store(true, std::memory_order_relaxed);
}

}  // namespace tusk::persist
