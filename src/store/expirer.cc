#include "store/expirer.h"

#include <algorithm>
#include <string>

#include "store/transaction.h"

namespace tusk::store {

int Expirer::DrainStripe(Transaction& transaction, size_t index, int budget, const std::function<void()>& serve) {
  if (!transaction.TryLockOne(index)) return 0;
  Keyspace& keyspace = transaction.keyspace();
  Stripe& stripe = keyspace.stripe(index);
  int expired = 0;
  for (size_t db = 0; db < keyspace.databases() && expired < budget; ++db) {
    Shard* shard = stripe.FindShard(static_cast<DbIndex>(db));
    if (!shard) continue;
    while (expired < budget && shard->expiry().first_deadline_ms() <= transaction.now_ms()) {
      Entry& entry = shard->expiry().first();
      std::string key(entry.key());
      transaction.Expire(static_cast<DbIndex>(db), Key::Of(key), entry);
      ++expired;
    }
    while (expired < budget && shard->field_expiry().first_deadline_ms() <= transaction.now_ms()) {
      Entry& entry = shard->field_expiry().first();
      std::string key(entry.key());
      // Counts as one when the field that was due has gone before.
      auto fields = transaction.ExpireFields(static_cast<DbIndex>(db), Key::Of(key), entry,
                                             static_cast<size_t>(budget - expired));
      expired += std::max(static_cast<int>(fields.count), 1);
    }
  }
  keyspace.PublishDeadline(index);
  transaction.Commit();
  if (serve && !transaction.ready_keys().empty()) serve();
  transaction.Unlock();
  return expired;
}

int64_t Expirer::Run(Transaction& transaction, int64_t now_ms, const std::function<void()>& serve) {
  Keyspace& keyspace = transaction.keyspace();
  const Settings& settings = keyspace.settings();
  if (!settings.active_expire || settings.read_only_replica || settings.import_mode || settings.loading) {
    return kIdleMillisMax;
  }
  transaction.Begin(now_ms);
  int budget = kKeysPerRunMax;
  int64_t next = now_ms + kIdleMillisMax;
  for (size_t index = share_; index < kStripeCount; index += shares_) {
    int64_t deadline = keyspace.NextDeadline(index);
    if (deadline <= now_ms) {
      if (budget <= 0) return 0;
      budget -= DrainStripe(transaction, index, budget, serve);
      // A busy stripe, or one with more due keys than the budget, is looked at again right away.
      deadline = std::max(keyspace.NextDeadline(index), now_ms + 1);
    }
    next = std::min(next, deadline);
  }
  return next - now_ms;
}

}  // namespace tusk::store
