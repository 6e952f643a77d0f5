// The part of the executor that deals with commands that wait: queueing them at their keys, serving them when a key
// turns ready, ending and forgetting them.
#include <algorithm>

#include "base/check.h"
#include "base/cycles.h"
#include "command/blocked_command.h"
#include "command/command_table.h"
#include "command/executor.h"

namespace tusk::command {
namespace {

// Tries of a deferred service before the waiter's own loop is asked to do it.
constexpr int kDeferredTries = 8;
// Queues shorter than this are not searched for ended waiters when one is added.
constexpr size_t kSweepQueueMin = 16;
constexpr std::string_view kUnblockedError = "UNBLOCKED client unblocked via CLIENT UNBLOCK";

void DropFinished(store::Stripe& stripe, const store::DbKey& name) {
  auto found = stripe.waiters.find(name);
  if (found == stripe.waiters.end()) return;
  std::erase_if(found->second, [](const std::shared_ptr<store::Waiter>& waiter) { return waiter->finished(); });
  if (!found->second.empty()) return;
  stripe.waiters.erase(found);
  stripe.waited_keys = static_cast<uint32_t>(stripe.waiters.size());
}

std::vector<uint16_t> StripesOf(const BlockedCommand& blocked) {
  std::vector<uint16_t> stripes;
  KeyPositions refs;
  std::vector<std::string_view> argv(blocked.argv.begin(), blocked.argv.end());
  if (FindKeys(*blocked.command, argv, refs)) {
    for (const KeyRef& ref : refs) stripes.push_back(static_cast<uint16_t>(store::Key::Of(argv[ref.position]).stripe()));
  }
  std::sort(stripes.begin(), stripes.end());
  stripes.erase(std::unique(stripes.begin(), stripes.end()), stripes.end());
  return stripes;
}

}  // namespace

void Executor::Block(Context& ctx) {
  auto blocked = std::make_shared<BlockedCommand>();
  Session& session = ctx.session();
  const Context::BlockWish& wish = *ctx.block_wish_;
  blocked->session = &session;
  blocked->host = session.host;
  blocked->session_id = session.id;
  blocked->command = &ctx.command();
  blocked->argv = wish.options.argv;
  if (blocked->argv.empty()) blocked->argv.assign(ctx.args().begin(), ctx.args().end());
  blocked->db = session.db;
  blocked->needs_all_keys = wish.options.needs_all_keys;
  blocked->serve_without_key = wish.options.serve_without_key;
  blocked->write_timeout = wish.options.write_timeout;
  if (wish.options.timeout_ms != 0) {
    blocked->deadline_ms = services_.keyspace->clock().MonotonicMillis() + wish.options.timeout_ms;
  }
  SetRetry(*blocked, wish.options);
  blocked->blocked_since_ticks = static_cast<int64_t>(base::CycleClock::Now());
  for (const store::Key& key : wish.keys) {
    std::string name(key.text);
    if (std::find(blocked->keys.begin(), blocked->keys.end(), name) != blocked->keys.end()) continue;
    store::Stripe& stripe = services_.keyspace->StripeOf(key);
    store::WaiterQueue& queue = stripe.waiters[store::DbKey{blocked->db, name}];
    while (!queue.empty() && queue.front()->finished()) queue.pop_front();
    if (queue.size() >= kSweepQueueMin && std::has_single_bit(queue.size())) {
      std::erase_if(queue, [](const std::shared_ptr<store::Waiter>& waiter) { return waiter->finished(); });
    }
    queue.push_back(blocked);
    stripe.waited_keys = static_cast<uint32_t>(stripe.waiters.size());
    blocked->keys.push_back(std::move(name));
  }
  session.blocked = std::move(blocked);
}

void Executor::SetRetry(BlockedCommand& blocked, const Context::BlockOptions& options) const noexcept {
  const int64_t after_ms = options.retry_after_ms;
  blocked.retry_ms.store(after_ms == 0 ? 0 : services_.keyspace->clock().MonotonicMillis() + after_ms, std::memory_order_relaxed);
}

void Executor::ServeReady(Worker& worker) {
  store::Transaction& txn = worker.transaction();
  txn.MoveTime(services_.keyspace->clock().UnixMillis());
  // Serving may make further keys ready (BLMOVE's destination): the list grows while it is walked.
  for (size_t i = 0; i < txn.ready_keys().size(); ++i) {
    store::ReadyKey ready = txn.ready_keys()[i];
    ServeKey(worker, ready);
  }
  txn.ready_keys().clear();
  txn.Commit();  // Keys that had expired.
}

void Executor::ServeKey(Worker& worker, const store::ReadyKey& ready) {
  store::Transaction& txn = worker.transaction();
  store::Key key = store::Key::Of(ready.key);
  if (!txn.Holds(key.stripe())) return;
  store::Stripe& stripe = services_.keyspace->StripeOf(key);
  store::DbKey name{ready.db, ready.key};
  auto found = stripe.waiters.find(name);
  if (found == stripe.waiters.end()) return;
  // Served in order; a copy, since serving edits the queue.
  std::vector<std::shared_ptr<store::Waiter>> waiting(found->second.begin(), found->second.end());
  for (const std::shared_ptr<store::Waiter>& waiter : waiting) {
    auto blocked = std::static_pointer_cast<BlockedCommand>(waiter);
    if (!blocked->serve_without_key && !txn.Find(ready.db, key, store::Access::kPeek)) continue;
    if (!waiter->Claim()) continue;
    if (blocked->needs_all_keys && !HoldsAll(txn, *blocked)) {
      // Stays claimed until it is served after the unlock; those behind it come after it.
      worker.deferred.push_back(std::move(blocked));
      break;
    }
    Serve(worker, blocked, &key);
  }
  DropFinished(stripe, name);
}

bool Executor::HoldsAll(const store::Transaction& transaction, const BlockedCommand& blocked) const {
  for (uint16_t stripe : StripesOf(blocked)) {
    if (!transaction.Holds(stripe)) return false;
  }
  return true;
}

bool Executor::Serve(Worker& worker, const std::shared_ptr<BlockedCommand>& blocked, const store::Key* ready_key) {
  resp::OutputBuffer out;
  resp::Reply reply(out, blocked->session->protocol);
  std::vector<std::string_view> argv(blocked->argv.begin(), blocked->argv.end());
  Context ctx({.worker = &worker,
               .session = blocked->session,
               .transaction = &worker.transaction(),
               .reply = &reply,
               .command = blocked->command,
               .argv = argv});
  ctx.ready_key_ = blocked->needs_all_keys ? nullptr : ready_key;
  ctx.has_waited_ = true;
  worker.transaction().set_source(blocked->session_id);
  uint64_t start = base::CycleClock::Now();
  const AccessRequest request{*blocked->command, argv, *blocked->command, AccessContext::kTopLevel};
  const Verdict verdict = RecheckAccess(services_, *blocked->session, request, worker.key_refs);
  if (verdict.allowed()) Call(ctx);
  // What it changed and had read itself, it hears of behind its reply.
  store::DirectDelivery invalidations{blocked->session_id, {}};
  worker.transaction().set_direct(&invalidations);
  worker.transaction().Commit();  // A unit of its own, after the one that made the key ready.
  worker.transaction().set_direct(nullptr);
  SessionHost* host = blocked->host;
  const uint64_t session_id = blocked->session_id;
  auto tell_invalid = [&] {
    if (invalidations.bytes.empty()) return;
    host->DeliverPush(session_id, std::make_shared<const std::string>(std::move(invalidations.bytes)));
  };
  if (!verdict.allowed()) {
    // Its user has lost the right while it waited.
    const std::string error = DenialError(verdict, *blocked->session, *blocked->command, argv);
    worker.statistics().command[blocked->command->id].rejected.Add(1);
    services_.statistics->CountError(error.substr(0, error.find(' ')));
    reply.Error(error);
  } else if (ctx.block_wish_) {
    SetRetry(*blocked, ctx.block_wish_->options);
    if (blocked->Release()) return tell_invalid(), false;
    // Its owner wanted it ended while we looked.
    WriteCancelled(*blocked, reply, false);
  } else {
    if (reply.error_count() != 0) services_.statistics->CountError(reply.last_error_code());
    uint64_t micros = Finish(worker, *blocked->command, reply.error_count() != 0, start);
    Notice(*blocked->session, *blocked->command, argv, micros, out.size());
  }
  // The session is its owner's again the moment the waiter is finished: nothing of it is read afterwards.
  blocked->Finish();
  host->DeliverReply(session_id, std::move(out));
  tell_invalid();
  return true;
}

void Executor::ServeDeferred(Worker& worker) {
  store::Transaction& txn = worker.transaction();
  while (!worker.deferred.empty()) {
    std::shared_ptr<BlockedCommand> blocked = std::move(worker.deferred.front());
    worker.deferred.erase(worker.deferred.begin());
    std::vector<uint16_t> stripes = StripesOf(*blocked);
    bool held = false;
    txn.Begin(services_.keyspace->clock().UnixMillis());
    for (int i = 0; i < kDeferredTries && !held; ++i) held = txn.TryLock(stripes) == store::Transaction::kNothingBusy;
    if (!held) {
      SessionHost* host = blocked->host;
      uint64_t session_id = blocked->session_id;
      if (!blocked->Release()) {
        // Cancelled meanwhile: its own loop still has to hear of it.
        resp::OutputBuffer out;
        resp::Reply reply(out, blocked->session->protocol);
        WriteCancelled(*blocked, reply, false);
        blocked->Finish();
        host->DeliverReply(session_id, std::move(out));
      } else {
        host->RetryBlocked(session_id);
      }
      continue;
    }
    std::vector<std::string> keys = blocked->keys;
    store::DbIndex db = blocked->db;
    Serve(worker, blocked, nullptr);
    // Those who wait behind it for the same keys have their turn now.
    for (const std::string& key : keys) txn.MarkReady(db, key);
    ServeReady(worker);
    txn.Unlock();
  }
}

bool Executor::RetryBlocked(Worker& worker, const std::shared_ptr<BlockedCommand>& blocked) {
  if (!blocked->Claim()) return false;
  worker.deferred.push_back(blocked);
  ServeDeferred(worker);
  return blocked->finished();
}

Executor::AwaitedKeys Executor::CountAwaitedKeys() const {
  AwaitedKeys count;
  for (size_t i = 0; i < store::kStripeCount; ++i) {
    store::Stripe& stripe = services_.keyspace->stripe(i);
    if (!stripe.lock.TryLock()) continue;
    for (const auto& [name, queue] : stripe.waiters) {
      auto is_alive = [](const std::shared_ptr<store::Waiter>& waiter) { return !waiter->finished(); };
      count.all += std::any_of(queue.begin(), queue.end(), is_alive);
      count.when_gone += std::any_of(queue.begin(), queue.end(), [&](const std::shared_ptr<store::Waiter>& waiter) {
        return is_alive(waiter) && static_cast<const BlockedCommand&>(*waiter).serve_without_key;
      });
    }
    if (stripe.lock.Unlock()) services_.keyspace->parking().WakeAll(i);
  }
  return count;
}

void Executor::CountCancelled(Worker& worker, const BlockedCommand& blocked) {
  DCHECK(blocked.finished() && blocked.cancelled != BlockedCommand::Cancelled::kNo);
  const bool failed = blocked.cancelled == BlockedCommand::Cancelled::kWithError;
  if (failed) services_.statistics->CountError(kUnblockedError.substr(0, kUnblockedError.find(' ')));
  // What it cost was counted with nobody: it only waited.
  Finish(worker, *blocked.command, failed, base::CycleClock::Now());
}

void Executor::WriteCancelled(BlockedCommand& blocked, resp::Reply& reply, bool with_error) {
  blocked.cancelled = with_error ? BlockedCommand::Cancelled::kWithError : BlockedCommand::Cancelled::kByTime;
  if (with_error) {
    reply.Error(kUnblockedError);
  } else if (blocked.write_timeout) {
    blocked.write_timeout(reply);
  } else {
    reply.NullArray();
  }
}

bool Executor::ForgetBlocked(Worker& worker, const BlockedCommand& blocked) {
  store::Transaction& txn = worker.transaction();
  bool all = true;
  for (const std::string& name : blocked.keys) {
    store::Key key = store::Key::Of(name);
    store::Stripe& stripe = services_.keyspace->StripeOf(key);
    if (!txn.TryLockOne(key.stripe())) {
      all = false;
      continue;
    }
    DropFinished(stripe, store::DbKey{blocked.db, name});
    txn.Unlock();
  }
  return all;
}

bool Executor::ForgetWatches(Worker& worker, Session& session) {
  if (session.watch) session.watch->alive.store(false, std::memory_order_relaxed);
  store::Transaction& txn = worker.transaction();
  while (!session.watched.empty()) {
    const WatchedKey& watched = session.watched.back();
    store::Key key = store::Key::Of(watched.key);
    bool held = txn.Holds(key.stripe());
    if (!held && !txn.TryLockOne(key.stripe())) return false;
    store::Stripe& stripe = services_.keyspace->StripeOf(key);
    auto found = stripe.watchers.find(store::DbKey{watched.db, watched.key});
    if (found != stripe.watchers.end()) {
      std::erase_if(found->second, [](const auto& state) { return !state->alive.load(std::memory_order_relaxed); });
      if (found->second.empty()) stripe.watchers.erase(found);
      stripe.watched_keys = static_cast<uint32_t>(stripe.watchers.size());
    }
    if (!held) txn.Unlock();
    session.watched.pop_back();
  }
  session.watch.reset();
  return true;
}

}  // namespace tusk::command
