// MULTI, EXEC, DISCARD, WATCH, UNWATCH. What EXEC has to lock is the executor's business (Locks::kExec); here is what
// happens once it is locked.
#include "engine/transactions.h"

#include <algorithm>

#include "command/executor.h"

namespace tusk::engine {
namespace {

using command::Context;
using command::Session;

void LeaveMulti(Session& session) {
  session.in_multi = false;
  session.multi_failed = false;
  session.queue.clear();
  session.queue_bytes = 0;
}

// Deletes watched keys whose time has come, which fails their watchers like any other change.
bool WatchedKeyChanged(Context& ctx) {
  Session& session = ctx.session();
  if (!session.watch) return false;
  for (const command::WatchedKey& watched : session.watched) {
    ctx.transaction().Find(watched.db, store::Key::Of(watched.key), store::Access::kPeek);
  }
  // Acquire pairs with the writer's release, though the stripes' locks order them already.
  return session.watch->dirty.load(std::memory_order_acquire);
}

}  // namespace

void CmdMulti(Context& ctx) {
  Session& session = ctx.session();
  if (session.in_multi) return ctx.reply().Error("ERR MULTI calls can not be nested");
  session.in_multi = true;
  session.multi_failed = false;
  ctx.reply().Ok();
}

void CmdDiscard(Context& ctx) {
  Session& session = ctx.session();
  if (!session.in_multi) return ctx.reply().Error("ERR DISCARD without MULTI");
  LeaveMulti(session);
  ForgetWatchesOrLeave(ctx);
  ctx.reply().Ok();
}

void CmdExec(Context& ctx) {
  Session& session = ctx.session();
  if (!session.in_multi) return ctx.reply().Error("ERR EXEC without MULTI");
  bool changed = WatchedKeyChanged(ctx);
  bool failed = session.multi_failed;
  ForgetWatchesOrLeave(ctx);
  if (failed || changed) {
    LeaveMulti(session);
    if (failed) return ctx.reply().Error("EXECABORT Transaction discarded because of previous errors.");
    return ctx.reply().NullArray();
  }
  ctx.services().executor->RunQueue(ctx);
  LeaveMulti(session);
}

void CmdWatch(Context& ctx) {
  Session& session = ctx.session();
  if (session.in_multi) return ctx.reply().Error("ERR WATCH inside MULTI is not allowed");
  if (!session.watch) session.watch = std::make_shared<store::WatchState>();
  for (size_t i = 1; i < ctx.argc(); ++i) {
    store::Key key = ctx.key(i);
    bool known = std::any_of(session.watched.begin(), session.watched.end(), [&](const command::WatchedKey& watched) {
      return watched.db == session.db && watched.key == key.text;
    });
    if (known) continue;
    // A key that has expired already counts as absent from the start.
    ctx.transaction().Find(session.db, key, store::Access::kPeek);
    store::Stripe& stripe = ctx.keyspace().StripeOf(key);
    stripe.watchers[store::DbKey{session.db, std::string(key.text)}].push_back(session.watch);
    stripe.watched_keys = static_cast<uint32_t>(stripe.watchers.size());
    session.watched.push_back({session.db, std::string(key.text)});
  }
  ctx.reply().Ok();
}

void CmdUnwatch(Context& ctx) {
  ForgetWatchesOrLeave(ctx);
  ctx.reply().Ok();
}

void ForgetWatchesOrLeave(Context& ctx) {
  Session& session = ctx.session();
  if (!session.watch) return;
  // Once more than enough: a busy stripe keeps a state that is no longer alive, and the next sweep of that key's
  // watchers, or the next WATCH of it, drops it.
  ctx.services().executor->ForgetWatches(ctx.worker(), session);
  session.watched.clear();
  session.watch.reset();
}

}  // namespace tusk::engine
