#include "repl/commands.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/command_table.h"
#include "command/context.h"
#include "repl/copier.h"
#include "repl/feed.h"
#include "repl/link.h"

namespace tusk::repl {
namespace {

using command::Context;

constexpr std::string_view kTimeoutNotInteger = "ERR timeout is not an integer or out of range";
constexpr std::string_view kNotPositive = "ERR value is out of range, must be positive";
constexpr int64_t kPortMax = 65535;

Feed& FeedOf(Context& ctx) {
  DCHECK(ctx.services().feed != nullptr);
  return *ctx.services().feed;
}

// Where the replica is, unless it said so itself.
void NoteAddress(Context& ctx) {
  if (ctx.services().clients == nullptr) return;
  std::optional<command::ClientInfo> client = ctx.services().clients->Find(ctx.session().id);
  if (!client) return;
  std::string_view address = client->address;
  address = address.substr(0, address.rfind(':'));
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  FeedOf(ctx).SetPeerAddress(ctx.session(), address);
}

// WAIT's and WAITAOF's timeout.
std::optional<int64_t> Timeout(Context& ctx, size_t i) {
  std::optional<int64_t> timeout = ctx.Integer(i, kTimeoutNotInteger);
  if (!timeout || *timeout >= 0) return timeout;
  ctx.reply().Error("ERR timeout is negative");
  return {};
}

// False, with an error unless the session is a replica already. A replica that has no data yet has none to give.
bool MayFeed(Context& ctx) {
  if (ctx.session().replica) return false;
  if (ctx.session().host == nullptr || ctx.services().clients == nullptr || ctx.services().persistence == nullptr) {
    ctx.reply().Error("ERR replication needs a connection to a server");
    return false;
  }
  const Link& link = *ctx.services().link;
  if (!link.is_replica() || link.Describe().state == LinkState::kConnected) return true;
  ctx.reply().Error("NOMASTERLINK Can't SYNC while not connected with my master");
  return false;
}

bool MayWait(Context& ctx) { return !ctx.in_exec() && !ctx.in_script() && ctx.session().host != nullptr; }

// `write` says what has been reached. Waits for more when `wanted` replicas have not confirmed yet.
void WaitForReplicas(Context& ctx, int64_t wanted, int64_t timeout_ms,
                     const std::function<void(resp::Reply&, int64_t)>& write) {
  Feed& feed = FeedOf(ctx);
  const uint64_t offset = ctx.session().last_commit == 0 ? 0 : feed.OffsetOf(ctx.session().last_commit);
  const int64_t confirmed = feed.CountAcknowledged(offset);
  const uint64_t session_id = ctx.session().id;
  if (confirmed >= wanted || !MayWait(ctx)) {
    if (ctx.has_waited()) feed.StopAsking(session_id);
    return write(ctx.reply(), confirmed);
  }
  if (!ctx.has_waited()) feed.AskForAcks(ctx.session());
  ctx.Block({}, {.timeout_ms = timeout_ms, .write_timeout = [&feed, session_id, offset, write](resp::Reply& reply) {
                   feed.StopAsking(session_id);
                   write(reply, feed.CountAcknowledged(offset));
                 }});
}

void ReplyReplicaRole(Context& ctx) {
  const LinkInfo info = ctx.services().link->Describe();
  constexpr std::string_view kStates[] = {"none", "connect", "handshake", "sync", "connected"};
  ctx.reply().ArrayHeader(5);
  ctx.reply().Bulk("slave");
  ctx.reply().Bulk(info.host);
  ctx.reply().Integer(info.port);
  ctx.reply().Bulk(kStates[static_cast<size_t>(info.state)]);
  ctx.reply().Integer(info.offset);
}

}  // namespace

void CmdSync(Context& ctx) {
  if (!MayFeed(ctx)) return;
  NoteAddress(ctx);
  FeedOf(ctx).AskForCopy(ctx.session(), false);
  ctx.services().copier->Ask();
}

namespace {

// PSYNC replid offset FAILOVER comes from the master, which steps down. False after an error reply.
bool TakeTheLead(Context& ctx) {
  Link& link = *ctx.services().link;
  if (!ctx.ArgIs(3, "failover")) return ctx.reply().Error(command::kSyntaxError), false;
  if (!link.is_replica()) return ctx.reply().Error("ERR PSYNC FAILOVER can't be sent to a master."), false;
  if (link.Describe().replid != ctx.arg(1)) return ctx.reply().Error("ERR PSYNC FAILOVER replid must match my replid."), false;
  link.Lead();
  return true;
}

}  // namespace

void CmdPsync(Context& ctx) {
  if (ctx.argc() > 3 && !TakeTheLead(ctx)) return;
  if (!MayFeed(ctx)) return;
  std::optional<int64_t> offset = ctx.Integer(2);
  if (!offset) return;
  NoteAddress(ctx);
  if (!FeedOf(ctx).Continue(ctx.session(), ctx.arg(1), *offset)) FeedOf(ctx).AskForCopy(ctx.session(), true);
  ctx.services().copier->Ask();
}

void CmdReplconf(Context& ctx) {
  if (ctx.argc() % 2 == 0) return ctx.reply().Error(command::kSyntaxError);
  if (ctx.session().host == nullptr) return ctx.reply().Ok();
  Feed& feed = FeedOf(ctx);
  for (size_t i = 1; i < ctx.argc(); i += 2) {
    if (ctx.ArgIs(i, "ack")) {
      // No reply, whatever it says: nobody would read it.
      std::optional<int64_t> offset = base::ParseInt64(ctx.arg(i + 1));
      if (!offset || *offset < 0) return;
      std::optional<int64_t> synced;
      if (ctx.argc() > i + 3 && ctx.ArgIs(i + 2, "fack")) synced = base::ParseInt64(ctx.arg(i + 3));
      feed.Acknowledge(ctx.session(), static_cast<uint64_t>(*offset), static_cast<uint64_t>(std::max<int64_t>(synced.value_or(0), 0)));
      return;
    }
    if (ctx.ArgIs(i, "getack")) return;  // A master does not answer it either.
    if (ctx.ArgIs(i, "listening-port")) {
      std::optional<int64_t> port = ctx.Integer(i + 1);
      if (!port) return;
      feed.SetListeningPort(ctx.session(), *port);
    } else if (ctx.ArgIs(i, "ip-address")) {
      feed.SetAddress(ctx.session(), ctx.arg(i + 1));
    } else if (ctx.ArgIs(i, "rdb-only")) {
      if (!ctx.Integer(i + 1)) return;  // Whoever only wants the copy closes when it has it.
    } else if (ctx.ArgIs(i, "rdb-filter-only")) {
      const std::optional<std::vector<std::string>> parts = base::SplitQuotedLine(ctx.arg(i + 1));
      if (!parts) return ctx.reply().Error("ERR Missing rdb-filter-only values");
      for (const std::string& part : *parts) {
        if (base::EqualsIgnoreCase(part, "functions")) continue;
        return ctx.reply().Error("ERR Unsupported rdb-filter-only option: " + part);
      }
      feed.SetFunctionsOnly(ctx.session(), !parts->empty());
    } else if (ctx.ArgIs(i, "capa")) {
      if (ctx.ArgIs(i + 1, "eof")) feed.SetOpenEnded(ctx.session());
    } else if (!ctx.ArgIs(i, "version")) {
      return ctx.reply().Error("ERR Unrecognized REPLCONF option: " + std::string(command::UpToZeroByte(ctx.arg(i))));
    }
  }
  ctx.reply().Ok();
}

namespace {

// Who waits for a key waits for a write of this server's clients; from now on only the master writes, and what it writes
// is nobody's to take here.
void EndBlocked(Context& ctx) {
  command::Clients* clients = ctx.services().clients;
  if (clients == nullptr) return;
  for (const command::ClientInfo& client : clients->List()) {
    if (client.blocked && client.id != ctx.session().id) clients->Unblock(client.id, true);
  }
}

}  // namespace

void CmdReplicaof(Context& ctx) {
  Link& link = *ctx.services().link;
  if (link.failover().state() != Failover::State::kNone) return ctx.reply().Error("ERR REPLICAOF not allowed while failing over.");
  if (ctx.ArgIs(1, "no") && ctx.ArgIs(2, "one")) {
    link.Lead();
    return ctx.reply().Ok();
  }
  std::optional<int64_t> port = base::ParseInt64(ctx.arg(2));
  if (!port || *port < 0 || *port > kPortMax) return ctx.reply().Error("ERR Invalid master port");
  const bool led = !link.is_replica();
  if (link.Follow(ctx.arg(1), *port)) {
    if (led) EndBlocked(ctx);
    return ctx.reply().Ok();
  }
  ctx.reply().Simple("OK Already connected to specified master");
}

void CmdFailover(Context& ctx) {
  Failover& failover = ctx.services().link->failover();
  Failover::Wish wish;
  bool abort = false;
  for (size_t i = 1; i < ctx.argc(); ++i) {
    const size_t more = ctx.argc() - i - 1;
    if (ctx.ArgIs(i, "timeout") && more >= 1 && wish.timeout_ms == 0) {
      std::optional<int64_t> timeout = ctx.Integer(++i);
      if (!timeout) return;
      if (*timeout <= 0) return ctx.reply().Error("ERR FAILOVER timeout must be greater than 0");
      wish.timeout_ms = *timeout;
    } else if (ctx.ArgIs(i, "to") && more >= 2 && !wish.target) {
      std::optional<int64_t> port = ctx.Integer(i + 2);
      if (!port) return;
      wish.target = Failover::Target{std::string(ctx.arg(i + 1)), *port};
      i += 2;
    } else if (ctx.ArgIs(i, "abort") && ctx.argc() == 2) {
      abort = true;
    } else if (ctx.ArgIs(i, "force") && !wish.force) {
      wish.force = true;
    } else {
      return ctx.reply().Error(command::kSyntaxError);
    }
  }
  if (wish.force && (!wish.target || wish.timeout_ms == 0)) {
    return ctx.reply().Error("ERR FAILOVER with force option requires both a timeout and target HOST and IP.");
  }
  if (ctx.services().clients == nullptr) return ctx.reply().Error("ERR This instance is not a server");
  const base::Status status = abort ? failover.Abort() : failover.Start(std::move(wish));
  status.ok() ? ctx.reply().Ok() : ctx.reply().Error(status);
}

void CmdRole(Context& ctx) {
  if (ctx.services().link->is_replica()) return ReplyReplicaRole(ctx);
  Feed& feed = FeedOf(ctx);
  std::vector<ReplicaInfo> replicas = feed.Replicas();
  std::erase_if(replicas, [](const ReplicaInfo& replica) { return replica.phase != ReplicaPhase::kOnline; });
  ctx.reply().ArrayHeader(3);
  ctx.reply().Bulk("master");
  ctx.reply().Integer(static_cast<int64_t>(feed.offset()));
  ctx.reply().ArrayHeader(replicas.size());
  for (const ReplicaInfo& replica : replicas) {
    ctx.reply().ArrayHeader(3);
    ctx.reply().Bulk(replica.address);
    ctx.reply().BulkInteger(replica.port);
    ctx.reply().BulkInteger(static_cast<int64_t>(replica.acked_offset));
  }
}

void CmdWait(Context& ctx) {
  std::optional<int64_t> wanted = ctx.Integer(1);
  if (!wanted) return;
  std::optional<int64_t> timeout = Timeout(ctx, 2);
  if (!timeout) return;
  if (ctx.services().link->is_replica()) {
    return ctx.reply().Error("ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a "
                             "replica is configured to be writable (which is not the default) writes to replicas are just "
                             "local and are not propagated.");
  }
  WaitForReplicas(ctx, *wanted, *timeout,
                  [](resp::Reply& reply, int64_t confirmed) { reply.Integer(confirmed); });
}

void CmdWaitaof(Context& ctx) {
  std::optional<int64_t> local = ctx.IntegerInRange(1, 0, 1, kNotPositive);
  if (!local) return;
  std::optional<int64_t> wanted = ctx.IntegerInRange(2, 0, INT64_MAX, kNotPositive);
  if (!wanted) return;
  std::optional<int64_t> timeout = Timeout(ctx, 3);
  if (!timeout) return;
  command::AppendFile& file = *ctx.services().append_file;
  if (*local != 0 && !file.enabled()) {
    return ctx.reply().Error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  if (ctx.services().link->is_replica()) {
    return ctx.reply().Error("ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are "
                             "just local and are not propagated.");
  }
  Feed& feed = FeedOf(ctx);
  const uint64_t session_id = ctx.session().id;
  const uint64_t commit = ctx.session().last_commit;
  const uint64_t offset = commit == 0 ? 0 : feed.OffsetOf(commit);
  const std::atomic<uint64_t>& synced = ctx.keyspace().gate().synced;
  auto here = [&file, &synced, commit] {
    return file.enabled() && synced.load(std::memory_order_seq_cst) >= commit ? 1 : 0;
  };
  auto write = [&file, &feed, session_id, offset, here](resp::Reply& reply) {
    file.StopTelling(session_id);
    feed.StopAsking(session_id);
    reply.ArrayHeader(2);
    reply.Integer(here());
    reply.Integer(feed.CountSynced(offset));
  };
  if (!MayWait(ctx)) return write(ctx.reply());
  // Before the look, so that no sync falls between the two. A replica says how far its disk is once a second, too.
  file.TellWhenSynced(ctx.session());
  if (!ctx.has_waited() && feed.CountSynced(offset) < *wanted) feed.AskForAcks(ctx.session());
  if (here() >= *local && feed.CountSynced(offset) >= *wanted) return write(ctx.reply());
  ctx.Block({}, {.timeout_ms = *timeout, .write_timeout = write});
}

}  // namespace tusk::repl
