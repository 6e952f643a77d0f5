// DBSIZE, FLUSHDB, FLUSHALL, SWAPDB: what concerns whole databases.
//
// Flushing exchanges the shards for empty ones while all stripes are held, which takes microseconds, and leaves the
// freeing to the background thread, with SYNC as well: after either, no key of old is there for anybody, which is what
// SYNC promises, and nobody should have to wait for the allocator. Only ASYNC counts as lazy freeing in INFO.
#include "families/keyspace.h"

#include <memory>
#include <vector>

#include "base/check.h"
#include "base/numbers.h"
#include "command/context.h"

namespace tusk::families {
namespace {

using command::Context;
using store::DbIndex;
using store::DbKey;
using store::Key;
using store::Shard;
using store::Stripe;

using Trash = std::vector<std::unique_ptr<Shard>>;

// True for lazy. Replies the error.
std::optional<bool> FlushMode(Context& ctx) {
  if (ctx.argc() == 1) return ctx.settings().lazyfree_lazy_user_flush;
  if (ctx.argc() == 2 && ctx.ArgIs(1, "async")) return true;
  if (ctx.argc() == 2 && ctx.ArgIs(1, "sync")) return false;
  ctx.reply().Error(command::kSyntaxError);
  return {};
}

// Calls visit(key) for every key of the database in this stripe that somebody waits for.
template <typename Visit>
void ForEachAwaited(Stripe& stripe, DbIndex db, Visit&& visit) {
  if (stripe.waited_keys == 0) return;
  for (const auto& [name, queue] : stripe.waiters) {
    if (name.db == db) visit(Key::Of(name.key));
  }
}

// The same of watched keys.
template <typename Visit>
void ForEachWatched(Stripe& stripe, DbIndex db, Visit&& visit) {
  if (stripe.watched_keys == 0) return;
  for (const auto& [name, watchers] : stripe.watchers) {
    if (name.db == db) visit(Key::Of(name.key));
  }
}

// Takes all keys of the database out of their stripes. Returns how many there were.
uint64_t Detach(Context& ctx, DbIndex db, Trash& trash) {
  uint64_t count = 0;
  for (size_t i = 0; i < store::kStripeCount; ++i) {
    Stripe& stripe = ctx.keyspace().stripe(i);
    Shard* shard = stripe.FindShard(db);
    if (!shard || shard->empty()) continue;
    ForEachWatched(stripe, db, [&](const Key& key) {
      if (shard->Find(key)) ctx.transaction().FailWatchers(db, key);
    });
    ForEachAwaited(stripe, db, [&](const Key& key) {
      if (shard->Find(key)) ctx.transaction().MarkReady(db, key.text);
    });
    count += shard->size();
    auto empty = std::make_unique<Shard>();
    shard->Swap(*empty);
    // A running snapshot has still to write what it had not reached.
    if (store::SnapshotHook* hook = ctx.keyspace().snapshot_hook()) {
      hook->Adopt(db, std::move(empty));
    } else {
      trash.push_back(std::move(empty));
    }
    ctx.keyspace().PublishDeadline(i);
  }
  return count;
}

// False when the arguments are wrong.
bool Flush(Context& ctx, DbIndex first, size_t end, std::string_view record) {
  std::optional<bool> lazy = FlushMode(ctx);
  if (!lazy) return false;
  EmptyDatabases(ctx, first, end, *lazy);
  ctx.RecordAs({record});
  ctx.reply().Ok();
  return true;
}

std::optional<int64_t> DatabaseNumber(Context& ctx, size_t i, std::string_view error) {
  return ctx.IntegerInRange(i, INT32_MIN, INT32_MAX, error);
}

// Watchers fail when the key is in either database: before, after, or both. One that comes with the swap but has expired
// is none; it is deleted here, lest its late deletion look like a change. (One that was here and has expired since was
// there when it was watched, because WATCH deletes what has expired.)
void FailWatchersOfSwap(Context& ctx, Stripe& stripe, DbIndex a, DbIndex b) {
  auto fail = [&ctx, &stripe](DbIndex here, DbIndex there) {
    ForEachWatched(stripe, here, [&](const Key& key) {
      bool comes = ctx.transaction().Find(there, key, store::Access::kPeek) != nullptr;
      Shard* shard = stripe.FindShard(here);
      if (comes || (shard && shard->Find(key))) ctx.transaction().FailWatchers(here, key);
    });
  };
  fail(a, b);
  fail(b, a);
}

// Clients that wait for a key which the swap brought, or took away.
void MarkReadyAfterSwap(Context& ctx, Stripe& stripe, DbIndex a, DbIndex b) {
  for (DbIndex db : {a, b}) {
    ForEachAwaited(stripe, db, [&](const Key& key) { ctx.transaction().MarkReady(db, key.text); });
  }
}

void SwapDatabases(Context& ctx, DbIndex a, DbIndex b) {
  for (size_t i = 0; i < store::kStripeCount; ++i) {
    Stripe& stripe = ctx.keyspace().stripe(i);
    if (!stripe.FindShard(a) && !stripe.FindShard(b)) continue;
    FailWatchersOfSwap(ctx, stripe, a, b);
    stripe.ShardFor(a).Swap(stripe.ShardFor(b));
    MarkReadyAfterSwap(ctx, stripe, a, b);
  }
  if (store::SnapshotHook* hook = ctx.keyspace().snapshot_hook()) hook->OnSwap(a, b);
}

}  // namespace

uint64_t EmptyDatabases(Context& ctx, DbIndex first, size_t end, bool lazy) {
  DCHECK(ctx.transaction().holds_all());
  Trash trash;
  uint64_t count = 0;
  for (size_t db = first; db < end; ++db) count += Detach(ctx, static_cast<DbIndex>(db), trash);
  ctx.transaction().AddDirty(count);
  ctx.transaction().FlushTracked();
  if (!trash.empty()) ctx.keyspace().reclaimer().Run([owned = std::move(trash)] {}, lazy ? count : 0);
  return count;
}

void CmdDbsize(Context& ctx) { ctx.reply().Integer(static_cast<int64_t>(ctx.keyspace().Size(ctx.db()))); }

// Recorded even when nothing was there, so that followers which hold more than we do end up alike.
void CmdFlushdb(Context& ctx) { Flush(ctx, ctx.db(), size_t{ctx.db()} + 1, "FLUSHDB"); }

void CmdFlushall(Context& ctx) {
  if (!Flush(ctx, 0, ctx.keyspace().databases(), "FLUSHALL")) return;
  if (command::Persistence* persistence = ctx.services().persistence) persistence->OnFlushAll(ctx.transaction());
}

void CmdSwapdb(Context& ctx) {
  std::optional<int64_t> a = DatabaseNumber(ctx, 1, "ERR invalid first DB index");
  if (!a) return;
  std::optional<int64_t> b = DatabaseNumber(ctx, 2, "ERR invalid second DB index");
  if (!b) return;
  auto end = static_cast<int64_t>(ctx.keyspace().databases());
  if (*a < 0 || *a >= end || *b < 0 || *b >= end) return ctx.reply().Error("ERR DB index is out of range");
  if (*a != *b) SwapDatabases(ctx, static_cast<DbIndex>(*a), static_cast<DbIndex>(*b));
  ctx.transaction().AddDirty(1);
  ctx.reply().Ok();
}

}  // namespace tusk::families
