#include "store/keyspace.h"

#include "base/check.h"

namespace tusk::store {

Stripe::~Stripe() {
  for (size_t i = 0; i < other_count_; ++i) std::unique_ptr<Shard> owned(others[i].load(std::memory_order_relaxed));
}

void Stripe::SetDatabases(size_t count) {
  other_count_ = count - 1;
  others = std::make_unique<std::atomic<Shard*>[]>(other_count_);
}

Shard& Stripe::AddShard(DbIndex db) {
  CHECK(db <= other_count_);
  auto shard = std::make_unique<Shard>();
  others[db - 1].store(shard.get(), std::memory_order_release);
  return *shard.release();
}

Keyspace::Keyspace(const Options& options)
    : stripes_(std::make_unique<Stripe[]>(kStripeCount)),
      next_deadline_(std::make_unique<std::atomic<int64_t>[]>(kStripeCount)),
      databases_(options.databases),
      clock_(options.clock),
      settings_(options.settings) {
  CHECK(clock_ && settings_ && databases_ >= 1);
  for (size_t i = 0; i < kStripeCount; ++i) {
    stripes_[i].SetDatabases(databases_);
    next_deadline_[i].store(INT64_MAX, std::memory_order_relaxed);
  }
}

Keyspace::~Keyspace() = default;

uint64_t Keyspace::Size(DbIndex db) const noexcept {
  uint64_t sum = 0;
  for (size_t i = 0; i < kStripeCount; ++i) {
    if (const Shard* shard = stripes_[i].FindShard(db)) sum += shard->size();
  }
  return sum;
}

uint64_t Keyspace::VolatileSize(DbIndex db) const noexcept {
  uint64_t sum = 0;
  for (size_t i = 0; i < kStripeCount; ++i) {
    if (const Shard* shard = stripes_[i].FindShard(db)) sum += shard->volatile_size();
  }
  return sum;
}

Keyspace::DeadlineFigures Keyspace::Deadlines(DbIndex db) noexcept {
  DeadlineFigures figures;
  int64_t now = clock_->UnixMillis();
  double sum = 0;
  uint64_t count = 0;
  for (size_t i = 0; i < kStripeCount; ++i) {
    Stripe& stripe = stripes_[i];
    Shard* shard = stripe.FindShard(db);
    if (!shard || shard->size() == 0 || !stripe.lock.TryLock()) continue;
    figures.hashes += shard->field_expiry().size();
    count += shard->expiry().size();
    sum += static_cast<double>(shard->expiry().deadline_sum()) -
           static_cast<double>(now) * static_cast<double>(shard->expiry().size());
    if (stripe.lock.Unlock()) parking_.WakeAll(i);
  }
  if (count != 0 && sum > 0) figures.average_ttl_ms = static_cast<int64_t>(sum / static_cast<double>(count));
  return figures;
}

void Keyspace::PublishDeadline(size_t stripe_index) noexcept {
  Stripe& stripe = stripes_[stripe_index];
  int64_t earliest = stripe.first.first_deadline_ms();
  for (size_t db = 1; db < databases_; ++db) {
    if (const Shard* shard = stripe.FindShard(static_cast<DbIndex>(db))) {
      int64_t deadline = shard->first_deadline_ms();
      if (deadline < earliest) earliest = deadline;
    }
  }
  next_deadline_[stripe_index].store(earliest, std::memory_order_relaxed);
}

}  // namespace tusk::store
