// SUBSCRIBE and its kin, PUBLISH, PUBSUB. A (un)subscription is confirmed once per name; in RESP3 as a push,
// so that a client that waits for a reply is not confused.
#include "pubsub/commands.h"

#include <memory>
#include <string>

#include "command/access.h"
#include "command/context.h"
#include "command/help.h"
#include "command/worker.h"
#include "pubsub/hub.h"

namespace tusk::pubsub {
namespace {

using command::Context;

Hub& HubOf(Context& ctx) { return *ctx.services().hub; }

int64_t CountOf(const command::Session& session, Kind kind) {
  return kind == Kind::kShardChannel ? session.shard_channels : session.channels + session.patterns;
}

void WriteConfirmation(resp::Reply& reply, std::string_view verb, const std::string_view* name,
                       int64_t count) {
  reply.PushHeader(3);
  reply.Bulk(verb);
  if (name) {
    reply.Bulk(*name);
  } else {
    reply.Null();
  }
  reply.Integer(count);
}

// A client that turned replies off still hears what it asked to be told, confirmations included.
void Confirm(Context& ctx, std::string_view verb, const std::string_view* name, Kind kind) {
  command::Session& session = ctx.session();
  int64_t count = CountOf(session, kind);
  if (session.reply_mode == command::ReplyMode::kOn || session.host == nullptr) {
    return WriteConfirmation(ctx.reply(), verb, name, count);
  }
  resp::OutputBuffer out;
  resp::Reply reply(out, session.protocol);
  WriteConfirmation(reply, verb, name, count);
  session.host->DeliverPush(session.id, std::make_shared<const std::string>(out.ToString()));
}

void SubscribeAll(Context& ctx, std::string_view verb, Kind kind) {
  // Nobody could be told of messages.
  if (ctx.in_script() || ctx.session().host == nullptr) {
    return ctx.reply().Error("ERR " + std::string(verb) + " isn't allowed for a DENY BLOCKING client");
  }
  for (std::string_view name : ctx.args().subspan(1)) {
    HubOf(ctx).Subscribe(ctx.session(), kind, name);
    Confirm(ctx, verb, &name, kind);
  }
  // Who takes a right looks for listeners afterwards, and may have looked just before we were one.
  command::Session& session = ctx.session();
  if (session.access_epoch == ctx.services().access_epoch.load(std::memory_order_acquire)) return;
  const command::AccessRequest request{ctx.command(), ctx.args(), ctx.command(), command::AccessContext::kTopLevel};
  if (!command::CheckAccess(ctx.services(), session, request, ctx.worker().key_refs).allowed()) {
    session.close = command::CloseWish::kNow;
  }
}

void UnsubscribeAll(Context& ctx, std::string_view verb, Kind kind) {
  if (ctx.argc() > 1) {
    for (std::string_view name : ctx.args().subspan(1)) {
      HubOf(ctx).Unsubscribe(ctx.session(), kind, name);
      Confirm(ctx, verb, &name, kind);
    }
    return;
  }
  std::vector<std::string> names = HubOf(ctx).SubscriptionsOf(ctx.session(), kind);
  if (names.empty()) return Confirm(ctx, verb, nullptr, kind);
  for (std::string_view name : names) {
    HubOf(ctx).Unsubscribe(ctx.session(), kind, name);
    Confirm(ctx, verb, &name, kind);
  }
}

void ReplyNames(Context& ctx, Kind kind) {
  if (ctx.argc() > 3) return command::ReplySubcommandError(ctx);
  std::vector<std::string> names =
      HubOf(ctx).ActiveNames(kind, ctx.argc() > 2 ? ctx.arg(2) : std::string_view());
  ctx.reply().ArrayHeader(names.size());
  for (const std::string& name : names) ctx.reply().Bulk(name);
}

void ReplyCounts(Context& ctx, Kind kind) {
  ctx.reply().ArrayHeader((ctx.argc() - 2) * 2);
  for (std::string_view name : ctx.args().subspan(2)) {
    ctx.reply().Bulk(name);
    ctx.reply().Integer(static_cast<int64_t>(HubOf(ctx).SubscriberCount(kind, name)));
  }
}

}  // namespace

void CmdSubscribe(Context& ctx) { SubscribeAll(ctx, "subscribe", Kind::kChannel); }
void CmdPsubscribe(Context& ctx) { SubscribeAll(ctx, "psubscribe", Kind::kPattern); }
void CmdSsubscribe(Context& ctx) { SubscribeAll(ctx, "ssubscribe", Kind::kShardChannel); }
void CmdUnsubscribe(Context& ctx) { UnsubscribeAll(ctx, "unsubscribe", Kind::kChannel); }
void CmdPunsubscribe(Context& ctx) { UnsubscribeAll(ctx, "punsubscribe", Kind::kPattern); }
void CmdSunsubscribe(Context& ctx) { UnsubscribeAll(ctx, "sunsubscribe", Kind::kShardChannel); }

void CmdPublish(Context& ctx) {
  ctx.reply().Integer(static_cast<int64_t>(HubOf(ctx).Publish(Kind::kChannel, ctx.arg(1), ctx.arg(2))));
  // Subscribers of a replica hear it too; a file has nobody to tell.
  ctx.RecordAs(ctx.args(), store::kToReplicas);
}

void CmdSpublish(Context& ctx) {
  ctx.reply().Integer(static_cast<int64_t>(HubOf(ctx).Publish(Kind::kShardChannel, ctx.arg(1), ctx.arg(2))));
  ctx.RecordAs(ctx.args(), store::kToReplicas);
}

void CmdPubsubChannels(Context& ctx) { ReplyNames(ctx, Kind::kChannel); }
void CmdPubsubShardchannels(Context& ctx) { ReplyNames(ctx, Kind::kShardChannel); }
void CmdPubsubNumsub(Context& ctx) { ReplyCounts(ctx, Kind::kChannel); }
void CmdPubsubShardnumsub(Context& ctx) { ReplyCounts(ctx, Kind::kShardChannel); }

void CmdPubsubNumpat(Context& ctx) {
  ctx.reply().Integer(static_cast<int64_t>(HubOf(ctx).NameCount(Kind::kPattern)));
}

void CmdPubsubHelp(Context& ctx) { command::ReplyHelp(ctx); }

}  // namespace tusk::pubsub
