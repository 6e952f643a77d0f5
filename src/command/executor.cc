#include "command/executor.h"

#include <algorithm>
#include <bit>

#include "base/cycles.h"
#include "base/prefetch.h"
#include "base/text.h"
#include "command/blocked_command.h"
#include "command/command_table.h"
#include "command/latency_monitor.h"
#include "store/eviction.h"

namespace tusk::command {
namespace {

std::string_view BusyError(const store::ParkingLot& parking) noexcept {
  return parking.SlowIsFunction()
             ? "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
             : "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
}

constexpr std::string_view kRightsChanged =
    "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no "
    "longer allowed for the following reason: ";

std::string_view ReasonInExec(Denial denial) noexcept {
  switch (denial) {
    case Denial::kCommand: return "no permission to execute the command or subcommand";
    case Denial::kKey: return "no permission to touch the specified keys";
    case Denial::kChannel: return "no permission to access one of the channels used as arguments";
    default: return "no permission";
  }
}

void Normalise(std::vector<uint16_t>& stripes) {
  std::sort(stripes.begin(), stripes.end());
  stripes.erase(std::unique(stripes.begin(), stripes.end()), stripes.end());
}

bool Roams(const Command& command, std::span<const std::string_view> argv) {
  return command.locks == Locks::kLane && (!command.spec->roams || command.spec->roams(argv));
}

// Scripts carry the flag because Redis shows them itself, before what they call.
bool ShownByMonitor(const Command& command) noexcept {
  return !command.has(kAdmin) && (!command.has(kSkipMonitor) || command.spec->group == "scripting");
}

// Inside a transaction, which may already hold stripes when the command comes to run.
bool NeedsLane(const Command& command, std::span<const std::string_view> argv) {
  return command.locks == Locks::kAll || command.locks == Locks::kVisit || Roams(command, argv);
}

// For a look at a table, which takes its stripe's lock: another thread may be replacing the segment. Null, and nothing is
// held: there is no such database yet, or the stripe is busy, and its command will wait anyway.
const store::Shard* TryHold(store::Keyspace& keyspace, const store::Key& key, store::DbIndex db) noexcept NO_THREAD_SAFETY_ANALYSIS {
  store::Stripe& stripe = keyspace.StripeOf(key);
  const store::Shard* shard = stripe.FindShard(db);
  if (!shard || stripe.lock.held() || !stripe.lock.TryLock()) return nullptr;
  return shard;
}

void Release(store::Keyspace& keyspace, const store::Key& key) noexcept NO_THREAD_SAFETY_ANALYSIS {
  if (keyspace.StripeOf(key).lock.Unlock()) keyspace.parking().WakeAll(key.stripe());
}

template <typename Function>
void WithStripe(store::Keyspace& keyspace, const store::Key& key, store::DbIndex db, Function look) noexcept {
  const store::Shard* shard = TryHold(keyspace, key, db);
  if (!shard) return;
  look(*shard);
  Release(keyspace, key);
}

}  // namespace

void Executor::Resolve(Request& request) const noexcept {
  request.command = services_.commands->Resolve(request.argv);
  const Command* command = request.command;
  request.has_key = command && command->first_key > 0 && static_cast<size_t>(command->first_key) < request.argv.size();
  if (request.has_key) request.first_key = store::Key::Of(request.argv[static_cast<size_t>(command->first_key)]);
}

// ---- Looking ahead ----

struct Executor::Sight {
  store::Key key;
  store::DbIndex db = 0;
  // While the stripe is held for a look at it.
  const store::Shard* shard = nullptr;
  bool displaced = false;
};

// Fills `sights` up to a bound that lets a batch of short requests through whole. The number of requests covered.
size_t Executor::CollectSights(std::span<const Request> requests, std::span<Sight> sights, size_t& sight_count) noexcept {
  size_t covered = 0;
  for (; covered < requests.size(); ++covered) {
    const Request& request = requests[covered];
    if (!request.has_key) continue;
    const Command& command = *request.command;
    if (command.key_shape != Command::KeyShape::kRange) {
      if (sight_count == sights.size()) break;
      sights[sight_count++] = {request.first_key, request.db};
      continue;
    }
    const auto argument_count = static_cast<int64_t>(request.argv.size());
    const int64_t last = std::min<int64_t>(command.last_key < 0 ? argument_count + command.last_key : command.last_key, argument_count - 1);
    const int64_t step = std::max<int64_t>(command.key_step, 1);
    const auto keys = static_cast<size_t>(std::max<int64_t>((last - command.first_key) / step + 1, 1));
    // One with more keys than there is room for gets what there is.
    if (sight_count != 0 && sight_count + keys > sights.size()) break;
    sights[sight_count++] = {request.first_key, request.db};
    for (int64_t at = command.first_key + step; at <= last && sight_count < sights.size(); at += step) {
      sights[sight_count++] = {store::Key::Of(request.argv[static_cast<size_t>(at)]), request.db};
    }
  }
  return std::max<size_t>(covered, 1);
}

size_t Executor::LookAhead(std::span<const Request> requests) const noexcept {
  // A single key is looked up as soon as it could be looked ahead for.
  if (requests.size() == 1 && !(requests[0].has_key && requests[0].command->key_shape == Command::KeyShape::kRange)) return 1;
  constexpr size_t kSightsMax = 32;
  Sight sights[kSightsMax];
  size_t count = 0;
  const size_t covered = CollectSights(requests, sights, count);
  if (count < 2) return covered;
  store::Keyspace& keyspace = *services_.keyspace;
  for (size_t i = 0; i < count; ++i) base::Prefetch(&keyspace.StripeOf(sights[i].key));
  for (size_t i = 0; i < count; ++i) {
    const Sight& sight = sights[i];
    // Nearly always enough: a stripe's table is one segment until the keyspace has millions of keys.
    const store::Shard* shard = keyspace.StripeOf(sight.key).FindShard(sight.db);
    if (shard == nullptr || shard->GlanceAtBuckets(sight.key)) continue;
    WithStripe(keyspace, sight.key, sight.db, [&](const store::Shard& locked) { locked.PrefetchBuckets(sight.key); });
  }
  PrefetchEntries({sights, count});
  for (size_t i = 0; i < count; ++i) {
    const Sight& sight = sights[i];
    if (!sight.displaced) continue;
    WithStripe(keyspace, sight.key, sight.db, [&](const store::Shard& locked) { locked.PrefetchDisplaced(sight.key); });
  }
  return covered;
}

// To take a lock is to wait for the loads before it. So some stripes are taken, then their tables' lines are read, all of
// which may be on their way at once, then the stripes are given back. Only ever tried, so nobody waits for anybody.
void Executor::PrefetchEntries(std::span<Sight> sights) const noexcept {
  constexpr size_t kTogether = 8;
  store::Keyspace& keyspace = *services_.keyspace;
  for (size_t from = 0; from < sights.size(); from += kTogether) {
    const std::span<Sight> some = sights.subspan(from, std::min(kTogether, sights.size() - from));
    for (Sight& sight : some) sight.shard = TryHold(keyspace, sight.key, sight.db);
    for (Sight& sight : some) {
      if (sight.shard) sight.displaced = !sight.shard->PrefetchEntry(sight.key);
    }
    for (const Sight& sight : some) {
      if (sight.shard) Release(keyspace, sight.key);
    }
  }
}

bool Executor::IsDetachable(const Session& session, const Request& request) const noexcept {
  return (request.command && request.command->has(kDetachable)) || session.parks >= kParksMax;
}

// ---- Admission ----

void Executor::Reject(Worker& worker, Session& session, const Command* command, resp::Reply& reply,
                      std::string_view error) {
  if (session.in_multi) session.multi_failed = true;
  if (command) worker.statistics().command[command->id].rejected.Add(1);
  if (command && command->locks == Locks::kExec) {
    // Who sent a wrong EXEC must not be left inside the transaction.
    std::string_view why = error.starts_with("ERR ") ? error.substr(4) : error;
    DropTransaction(worker, session);
    services_.statistics->CountError("EXECABORT");
    return reply.Error("EXECABORT Transaction discarded because of: " + std::string(why));
  }
  services_.statistics->CountError(error.substr(0, error.find(' ')));
  reply.Error(error);
}

void Executor::DropTransaction(Worker& worker, Session& session) {
  session.in_multi = false;
  session.multi_failed = false;
  session.queue.clear();
  session.queue_bytes = 0;
  if (!session.watch) return;
  // A busy stripe keeps the state until the next sweep of that key's watchers.
  ForgetWatches(worker, session);
  session.watched.clear();
  session.watch.reset();
}

// Inlined, like Lock(): to call either costs a third of what it does.
[[gnu::always_inline]] inline bool Executor::Admit(Worker& worker, Session& session, const Request& request, resp::Reply& reply) {
  const Command* command = request.command;
  auto reject = [&](std::string_view error) {
    Reject(worker, session, command, reply, error);
    return false;
  };
  if (__builtin_expect(!command, 0)) return reject(UnknownCommandError(*services_.commands, request.argv));
  if (__builtin_expect(!command->AcceptsCount(request.argv.size()) || !command->handler, 0)) {
    if (command->LacksSubcommand(request.argv.size())) {
      return reject(UnknownCommandError(*services_.commands, request.argv));
    }
    return reject(WrongArityError(*command));
  }
  if (!session.authenticated && !command->has(kNoAuth) &&
      (!services_.access || services_.access->RequiresAuthentication())) {
    return reject("NOAUTH Authentication required.");
  }
  if (session.in_multi && command->has(kNoMulti)) return reject("ERR Command not allowed inside a transaction");
  // What nearly everybody pays: a user who may do anything, and no user has changed since the last command.
  if (session.unrestricted_epoch != services_.access_epoch.load(std::memory_order_acquire)) [[unlikely]] {
    if (auto error = AccessError(worker, session, *command, request.argv)) return reject(*error);
  }
  if (session.subscribed() && session.protocol == 2 && !command->has(kInPubsub)) {
    return reject("ERR Can't execute '" + command->full_name +
                  "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context");
  }
  const bool is_free = !services_.keyspace->settings().RestrictsCommands() &&
                       !services_.keyspace->tracking().trim_wanted.load(std::memory_order_relaxed);
  return is_free || AdmitRestricted(worker, session, request, reply);
}

bool Executor::AdmitRestricted(Worker& worker, Session& session, const Request& request, resp::Reply& reply) {
  const Command* command = request.command;
  auto reject = [&](std::string_view error) {
    Reject(worker, session, command, reply, error);
    return false;
  };
  const store::Settings& settings = services_.keyspace->settings();
  uint32_t flags = command->flags;
  uint32_t flags_of_all = command->flags;
  // An EXEC is what its queue is.
  if (__builtin_expect(command->locks == Locks::kExec, 0)) {
    for (const QueuedCommand& queued : session.queue) {
      flags |= queued.command->flags;
      flags_of_all &= queued.command->flags;
    }
  }
  std::string_view refusal;
  if (flags & kWrite) {
    refusal = WriteRefusal(settings, session);
  } else if (command->spec->name == "ping") {
    refusal = DiskRefusal(settings, session);
  }
  if (refusal.empty() && !(flags_of_all & kStale)) refusal = StaleRefusal(settings, session);
  if (refusal.empty() && !(flags_of_all & kLoading)) refusal = LoadingRefusal(settings, session);
  if (!refusal.empty()) return reject(refusal);
  if (settings.busy_scripts_block_all && services_.keyspace->parking().AnySlow() && !command->has(kAllowBusy)) {
    return reject(BusyError(services_.keyspace->parking()));
  }
  // A replica's memory is its master's business, and what a file holds comes in whole.
  if (settings.read_only_replica || settings.loading) return true;
  if (settings.maxmemory != 0 || services_.keyspace->tracking().trim_wanted.load(std::memory_order_relaxed)) {
    if (!MakeRoom(worker, session, reply) && (flags & kDenyOom)) return reject(kOutOfMemoryError);
  }
  return true;
}

bool Executor::MakeRoom(Worker& worker, const Session& session, resp::Reply& reply) {
  store::Transaction& txn = worker.transaction();
  store::DirectDelivery direct{session.id, {}};
  // The session hears of what goes now before it gets its reply, if replies are on.
  if (session.tracking.on && session.reply_mode == ReplyMode::kOn) txn.set_direct(&direct);
  txn.set_source(0);
  if (services_.keyspace->tracking().trim_wanted.load(std::memory_order_relaxed)) txn.TrimTracked();
  const int64_t start = services_.keyspace->clock().MonotonicMicros();
  const bool room = services_.keyspace->settings().maxmemory == 0 || store::MakeRoom(txn, [&] { ServeReady(worker); });
  if (services_.latency) services_.latency->Note("eviction-cycle", services_.keyspace->clock().MonotonicMicros() - start);
  txn.set_direct(nullptr);
  if (!direct.bytes.empty()) reply.Raw(direct.bytes);
  return room;
}

std::optional<std::string> Executor::AccessError(Worker& worker, Session& session, const Command& command, Argv argv) {
  const AccessContext context = session.in_multi ? AccessContext::kMulti : AccessContext::kTopLevel;
  const Verdict verdict = CheckAccess(services_, session, {command, argv, command, context}, worker.key_refs);
  if (verdict.allowed()) return {};
  return DenialError(verdict, session, command, argv);
}

void Executor::Queue(Session& session, const Request& request, resp::Reply& reply) {
  QueuedCommand queued{request.command, {}};
  queued.argv.assign(request.argv.begin(), request.argv.end());
  for (std::string_view argument : request.argv) session.queue_bytes += argument.size() + sizeof(std::string);
  session.queue.push_back(std::move(queued));
  reply.Simple("QUEUED");
}

// ---- Locks ----

void Executor::Plan(const Session& session, const Command& command, std::span<const std::string_view> argv,
                    LockPlan& plan) const {
  if (command.locks == Locks::kExec) {
    for (const WatchedKey& watched : session.watched) {
      plan.stripes->push_back(static_cast<uint16_t>(store::Key::Of(watched.key).stripe()));
    }
    std::vector<std::string_view> views;
    for (const QueuedCommand& queued : session.queue) {
      views.assign(queued.argv.begin(), queued.argv.end());
      if (NeedsLane(*queued.command, views)) plan.lane = true;
      Plan(session, *queued.command, views, plan);
    }
    return;
  }
  if (command.locks == Locks::kAll) plan.all = plan.lane = true;
  if (Roams(command, argv)) {
    plan.lane = plan.lane || !services_.lane_policy || services_.lane_policy->NeedsLane(command, argv);
  }
  if (command.locks == Locks::kNone || command.locks == Locks::kVisit || command.key_shape == Command::KeyShape::kNone) return;
  if (!FindKeys(command, argv, *plan.refs)) return;
  for (const KeyRef& ref : *plan.refs) {
    plan.stripes->push_back(static_cast<uint16_t>(store::Key::Of(argv[ref.position]).stripe()));
  }
}

bool Executor::Park(Worker& worker, Session& session, size_t slot) {
  if (services_.keyspace->parking().HeldBySlow(slot)) return worker.met_slow_script = true;
  worker.statistics().parked.Add(1);
  store::StripeLock& lock =
      slot == store::ParkingLot::kLaneSlot ? services_.keyspace->lane() : services_.keyspace->stripe(slot).lock;
  CHECK(session.host != nullptr);
  return services_.keyspace->parking().Park(slot, lock, *session.host, session.id);
}

// After Park(): the command rests, or it met a script that has been running for too long to wait for.
Outcome Executor::ParkedOrBusy(Worker& worker, Session& session, const Request& request, resp::Reply& reply) {
  if (!std::exchange(worker.met_slow_script, false)) return ++session.parks, Outcome::kParked;
  session.parks = 0;
  Reject(worker, session, request.command, reply, BusyError(services_.keyspace->parking()));
  return Outcome::kDone;
}

// True: everything is held. False: see ParkedOrBusy().
[[gnu::always_inline]] inline bool Executor::Lock(Worker& worker, Session& session, const Request& request) {
  store::Transaction& txn = worker.transaction();
  const Command& command = *request.command;
  bool plain = command.locks == Locks::kKeys && session.parks < kParksMax;
  if (plain && command.key_shape == Command::KeyShape::kNone) return true;
  if (plain && command.key_shape == Command::KeyShape::kOne) {
    size_t stripe = request.first_key.stripe();
    if (!session.host) return txn.LockOneBlocking(stripe), true;
    while (!txn.TryLockOne(stripe)) {
      if (Park(worker, session, stripe)) return false;
    }
    return true;
  }
  return LockPlanned(worker, session, request);
}

bool Executor::LockPlanned(Worker& worker, Session& session, const Request& request) {
  store::Transaction& txn = worker.transaction();
  const Command& command = *request.command;
  if (command.locks == Locks::kNone || command.locks == Locks::kVisit) return true;
  worker.stripes.clear();
  LockPlan plan{session.parks >= kParksMax, false, &worker.stripes, &worker.key_refs};
  Plan(session, command, request.argv, plan);
  Normalise(worker.stripes);
  if (!session.host) plan.lane = plan.lane || worker.stripes.size() > 1;
  if (plan.lane) {
    if (!session.host) {
      txn.EnterLaneBlocking();
    } else {
      while (!txn.TryEnterLane()) {
        if (Park(worker, session, store::ParkingLot::kLaneSlot)) return false;
      }
    }
    if (plan.all) {
      txn.LockAllInLane();
    } else {
      for (uint16_t stripe : worker.stripes) txn.LockInLane(stripe);
    }
    return true;
  }
  if (!session.host) {
    if (!worker.stripes.empty()) txn.LockOneBlocking(worker.stripes.front());
    return true;
  }
  for (;;) {
    size_t busy = txn.TryLock(worker.stripes);
    if (busy == store::Transaction::kNothingBusy) return true;
    if (Park(worker, session, busy)) return false;
  }
}

// ---- Running ----

Outcome Executor::Execute(Worker& worker, Session& session, Request& request, resp::Reply& reply) {
  if (!Admit(worker, session, request, reply)) return Outcome::kDone;
  const Command& command = *request.command;
  if (__builtin_expect(pause_.until_ms.load(std::memory_order_relaxed) != 0, 0) && session.host && !PauseIsOver()) {
    // CLIENT PAUSE ALL means all, CLIENT UNPAUSE included, as in Redis.
    const bool held = !pause_.writes_only.load(std::memory_order_relaxed) || MayWrite(session, command, request.argv);
    if (held && !(session.in_multi && command.locks != Locks::kExec)) return Outcome::kPaused;
  }
  if (session.in_multi && !command.has(kInMulti)) {
    Queue(session, request, reply);
    return Outcome::kDone;
  }
  return Run(worker, session, request, reply);
}

bool Executor::PauseIsOver() const noexcept {
  return services_.keyspace->clock().MonotonicMillis() >= pause_.until_ms.load(std::memory_order_relaxed);
}

bool Executor::MayWrite(const Session& session, const Command& command, std::span<const std::string_view> argv) const {
  if (command.locks == Locks::kExec) {
    std::vector<std::string_view> views;
    return std::ranges::any_of(session.queue, [&](const QueuedCommand& queued) {
      views.assign(queued.argv.begin(), queued.argv.end());
      return MayWrite(session, *queued.command, views);
    });
  }
  if (!command.has(kWrite | kMayReplicate)) return false;
  const bool is_script = command.spec->group == "scripting" && !command.has(kWrite) && services_.lane_policy;
  return !is_script || services_.lane_policy->MayWrite(command, argv);
}

Outcome Executor::Run(Worker& worker, Session& session, const Request& request, resp::Reply& reply) {
  store::Transaction& txn = worker.transaction();
  txn.Begin(worker.group_now_ms != 0 ? worker.group_now_ms : services_.keyspace->clock().UnixMillis());
  // While writes rest, reading changes nothing either, not even by finding that a key's time has come.
  if (__builtin_expect(pause_.until_ms.load(std::memory_order_relaxed) != 0, 0) && !PauseIsOver()) {
    txn.KeepExpired(!MayWrite(session, *request.command, request.argv));
  }
  if (!Lock(worker, session, request)) return ParkedOrBusy(worker, session, request, reply);
  if (__builtin_expect(session.import_source, 0)) txn.SeeExpired();
  session.parks = 0;
  txn.set_source(session.id);
  const uint64_t start = worker.group_ticks != 0 ? worker.group_ticks : base::CycleClock::Now();
  size_t errors = reply.error_count();
  const size_t reply_start = reply.buffer().size();
  const bool monitored = observer_ && __builtin_expect(observer_->monitors.load(std::memory_order_relaxed) != 0, 0) &&
                         ShownByMonitor(*request.command);
  // MONITOR shows a transaction's commands, then its EXEC.
  const bool is_exec = request.command->locks == Locks::kExec;
  if (monitored && !is_exec) observer_->OnStart(session, request.argv, false);
  Context ctx({.worker = &worker,
               .session = &session,
               .transaction = &txn,
               .reply = &reply,
               .command = request.command,
               .argv = request.argv,
               .first_key = request.has_key ? &request.first_key : nullptr,
               .first_key_index = request.command->first_key});
  Outcome outcome = Outcome::kDone;
  if (request.command->locks == Locks::kVisit) {
    resp::Reply::Mark mark = reply.BeginDeferred();
    Call(ctx);
    if (ctx.busy_stripe_ != store::Transaction::kNothingBusy) {
      reply.CancelDeferred(mark);
      txn.Unlock();
      txn.Reset();
      if (!Park(worker, session, ctx.busy_stripe_)) return Run(worker, session, request, reply);
      return ParkedOrBusy(worker, session, request, reply);
    }
    reply.KeepDeferred(mark);
  } else {
    Call(ctx);
  }
  if (monitored && is_exec) observer_->OnStart(session, request.argv, false);
  if (ctx.block_wish_) {
    Block(ctx);
    outcome = Outcome::kBlocked;
  }
  if (uint64_t number = txn.Commit()) session.last_commit = number;
  if (__builtin_expect(!txn.ready_keys().empty(), 0)) ServeReady(worker);
  if (services_.keyspace->gate().holds.load(std::memory_order_relaxed)) [[unlikely]] {
    NoteSeen(session, *request.command, txn);
  }
  txn.Unlock();
  if (__builtin_expect(!worker.deferred.empty(), 0)) ServeDeferred(worker);
  session.last_command = request.command;
  // Each error counts once: what a queue or a script answered was counted with the command that gave it. An EXEC fails by
  // itself only.
  const bool failed = errors != reply.error_count() && !(is_exec && ctx.error_counted_);
  if (failed && !ctx.error_counted_) services_.statistics->CountError(reply.last_error_code());
  // One that waits counts, and is slow if at all, once it has been served.
  if (outcome == Outcome::kBlocked) return CountLookups(worker), outcome;
  uint64_t micros = Finish(worker, *request.command, failed, start);
  if (micros > Worker::kGroupTimeMicros) [[unlikely]] worker.group_now_ms = 0;
  Notice(session, *request.command, request.argv, micros, reply.buffer().size() - reply_start);
  return outcome;
}

void Executor::NoteSeen(Session& session, const Command& command, const store::Transaction& transaction) const noexcept {
  uint64_t newest = 0;
  if (transaction.held_count() == 0) {
    // What looks at many stripes one after the other, and what counts keys without any.
    if (command.locks == Locks::kVisit || command.has(kReadonly)) newest = services_.keyspace->last_commit();
  } else if (transaction.holds_all()) {
    newest = services_.keyspace->last_commit();
  } else {
    for (uint16_t stripe : transaction.held()) newest = std::max(newest, services_.keyspace->stripe(stripe).last_commit);
  }
  session.seen_commit = std::max(session.seen_commit, newest);
}

void Executor::Call(Context& ctx) {
  store::Transaction& txn = ctx.transaction();
  uint64_t dirty = txn.dirty();
  ctx.reply().set_classic_numbers(ctx.settings().classic_number_format);
  ctx.command().handler(ctx);
  if (__builtin_expect(ctx.session().tracking.on, 0)) NoteReads(ctx);
  if (txn.wants_changes() && !ctx.recorded() && txn.dirty() != dirty && ctx.command().locks != Locks::kExec) {
    txn.AddChange(ctx.db(), ctx.args());
  }
}

void Executor::NoteReads(Context& ctx) {
  Session& session = ctx.session();
  TrackingMode& mode = session.tracking;
  const Command& command = ctx.command();
  const bool wanted = mode.opt_in ? mode.caching : !(mode.opt_out && mode.caching);
  // A read-only script is what it calls.
  const bool reads = command.has(kReadonly) && command.spec->group != "scripting";
  if (reads && wanted && !mode.broadcast && !ctx.block_wish_ && command.key_shape != Command::KeyShape::kNone &&
      FindKeys(command, ctx.args(), ctx.worker().key_refs)) {
    for (const KeyRef& ref : ctx.worker().key_refs) {
      const store::Key key = store::Key::Of(ctx.arg(ref.position));
      if (ctx.transaction().Holds(key.stripe())) ctx.transaction().Track(key, session.id);
    }
  }
  if (!mode.caching || ctx.in_script() || ctx.in_exec() || session.in_multi) return;
  const bool is_client = command.parent && command.parent->full_name == "client";
  if (!is_client) mode.caching = false;
}

uint64_t Executor::Finish(Worker& worker, const Command& command, bool failed, uint64_t start_ticks) {
  const uint64_t now_ticks = base::CycleClock::Now();
  if (worker.group_ticks != 0) worker.group_ticks = now_ticks;
  // Signed, for which there is an instruction each way.
  const auto ticks = static_cast<int64_t>(now_ticks - start_ticks);
  WorkerStatistics& statistics = worker.statistics();
  CommandCounts& counts = statistics.command[command.id];
  counts.calls.Add(1);
  counts.ticks.Add(static_cast<uint64_t>(ticks));
  const auto micros = static_cast<uint64_t>(static_cast<int64_t>(static_cast<double>(ticks) * micros_per_tick_));
  counts.latency[std::min<size_t>(static_cast<size_t>(std::bit_width(micros)), kLatencyBuckets - 1)].Add(1);
  statistics.commands_processed.Add(1);
  CountLookups(worker);
  if (failed) counts.failed.Add(1);
  return micros;
}

void Executor::CountLookups(Worker& worker) {
  store::Transaction::Lookups lookups = worker.transaction().TakeLookups();
  if (lookups.hits) worker.statistics().hits.Add(lookups.hits);
  if (lookups.misses) worker.statistics().misses.Add(lookups.misses);
}

void Executor::Notice(const Session& session, const Command& command, std::span<const std::string_view> argv,
                      uint64_t micros, size_t reply_bytes) {
  const store::Settings& settings = services_.keyspace->settings();
  if (services_.latency && services_.latency->Wants(static_cast<int64_t>(micros))) [[unlikely]] {
    services_.latency->Note(command.has(kFast) ? "fast-command" : "command", static_cast<int64_t>(micros));
  }
  if (!observer_) return;
  if (observer_->follows_keys.load(std::memory_order_relaxed)) [[unlikely]] NoticeKeys(command, argv, micros, reply_bytes);
  if (command.has(kSkipSlowlog)) return;
  size_t request_bytes = 0;
  for (std::string_view argument : argv) request_bytes += argument.size();
  // A negative threshold is no number that anything reaches.
  auto reaches = [](uint64_t value, int64_t threshold) { return value >= static_cast<uint64_t>(threshold); };
  if (reaches(micros, settings.slowlog_log_slower_than) | reaches(reply_bytes, settings.large_reply_log_larger_than) |
      reaches(request_bytes, settings.large_request_log_larger_than)) [[unlikely]] {
    NoticeInLogs(session, argv, micros, reply_bytes, request_bytes);
  }
}

void Executor::NoticeKeys(const Command& command, std::span<const std::string_view> argv, uint64_t micros, size_t reply_bytes) {
  KeyPositions positions;
  if (command.key_shape == Command::KeyShape::kNone || !FindKeys(command, argv, positions) || positions.empty()) return;
  std::vector<std::string_view> keys;
  for (const KeyRef& ref : positions) keys.push_back(argv[ref.position]);
  // As it came over the wire: each argument with its length's line and the end of its own.
  size_t request_bytes = 0;
  for (std::string_view argument : argv) request_bytes += argument.size() + std::to_string(argument.size()).size() + 5;
  observer_->OnKeys(keys, micros, request_bytes + reply_bytes);
}

void Executor::NoticeInLogs(const Session& session, std::span<const std::string_view> argv,
                            uint64_t micros, size_t reply_bytes, size_t request_bytes) {
  const store::Settings& settings = services_.keyspace->settings();
  auto reaches = [](uint64_t value, int64_t threshold) { return value >= static_cast<uint64_t>(threshold); };
  if (reaches(micros, settings.slowlog_log_slower_than)) {
    observer_->OnNotable(CommandLogKind::kSlow, session, argv, micros);
  }
  if (reaches(reply_bytes, settings.large_reply_log_larger_than)) {
    observer_->OnNotable(CommandLogKind::kLargeReply, session, argv, reply_bytes);
  }
  if (reaches(request_bytes, settings.large_request_log_larger_than)) {
    observer_->OnNotable(CommandLogKind::kLargeRequest, session, argv, request_bytes);
  }
}

bool Executor::CallFromScript(Worker& worker, Session& session, const Command& command,
                              std::span<const std::string_view> argv, resp::Reply& reply) {
  store::Transaction& txn = worker.transaction();
  // What chooses its own stripes may have to wait for them while others are held.
  if (!txn.in_lane() && NeedsLane(command, argv)) return false;
  if (observer_ && observer_->monitors.load(std::memory_order_relaxed) != 0 && ShownByMonitor(command)) {
    observer_->OnStart(session, argv, true);
  }
  if (command.key_shape != Command::KeyShape::kNone && FindKeys(command, argv, worker.key_refs)) {
    for (const KeyRef& ref : worker.key_refs) {
      if (!txn.Reach(store::Key::Of(argv[ref.position]))) return false;
    }
  }
  if (command.locks == Locks::kAll) txn.LockAllInLane();
  uint64_t start = base::CycleClock::Now();
  size_t errors = reply.error_count();
  Context ctx({.worker = &worker,
               .session = &session,
               .transaction = &txn,
               .reply = &reply,
               .command = &command,
               .argv = argv,
               .in_script = true});
  Call(ctx);
  CommandCounts& counts = worker.statistics().command[command.id];
  counts.calls.Add(1);
  counts.ticks.Add(base::CycleClock::Now() - start);
  if (reply.error_count() != errors) counts.failed.Add(1);
  return true;
}

void Executor::RunQueue(Context& exec) {
  Session& session = exec.session();
  Worker& worker = exec.worker();
  std::vector<QueuedCommand> queue = std::exchange(session.queue, {});
  session.queue_bytes = 0;
  session.in_multi = false;
  exec.ErrorWasCounted();  // Of whatever it is that fails: each command below counts for itself.
  exec.reply().ArrayHeader(queue.size());
  std::vector<std::string_view> argv;
  for (QueuedCommand& queued : queue) {
    argv.assign(queued.argv.begin(), queued.argv.end());
    Request request{argv, queued.command, {}, false};
    if (observer_ && observer_->monitors.load(std::memory_order_relaxed) != 0 &&
        ShownByMonitor(*queued.command)) {
      observer_->OnStart(session, argv, false);
    }
    exec.reply().set_protocol(session.protocol);
    // Rights may have changed since it was queued.
    Verdict verdict = CheckAccess(services_, session, {*queued.command, argv, exec.command(), AccessContext::kMulti},
                                  worker.key_refs);
    if (!verdict.allowed()) {
      exec.reply().Error(std::string(kRightsChanged) + std::string(ReasonInExec(verdict.denial)));
      services_.statistics->CountError("NOPERM");
      continue;
    }
    if (queued.command->locks == Locks::kAll) exec.transaction().LockAllInLane();
    uint64_t start = base::CycleClock::Now();
    size_t errors = exec.reply().error_count();
    const size_t reply_start = exec.reply().buffer().size();
    Context ctx({.worker = &worker,
                 .session = &session,
                 .transaction = &exec.transaction(),
                 .reply = &exec.reply(),
                 .command = queued.command,
                 .argv = argv,
                 .in_exec = true});
    Call(ctx);
    const bool failed = exec.reply().error_count() != errors;
    if (failed && !ctx.error_counted_) services_.statistics->CountError(exec.reply().last_error_code());
    uint64_t micros = Finish(worker, *queued.command, failed, start);
    Notice(session, *request.command, request.argv, micros, exec.reply().buffer().size() - reply_start);
  }
}

}  // namespace tusk::command
