// CLIENT: the connections of this server, and what one says about itself.
#include <algorithm>
#include <string>

#include "base/numbers.h"
#include "base/text.h"
#include "command/help.h"
#include "engine/client_filter.h"
#include "engine/connection_commands.h"
#include "engine/engine_of.h"
#include "repl/link.h"

namespace tusk::engine {
namespace {

using command::ClientInfo;
using command::Clients;
using command::Context;

// Null after the error reply: an embedded engine has no connections.
Clients* ClientsOf(Context& ctx) {
  if (ctx.services().clients == nullptr) ctx.reply().Error("ERR This instance serves no connections");
  return ctx.services().clients;
}

// ON or OFF as the third argument; nothing after the error reply.
std::optional<bool> OnOrOff(Context& ctx) {
  if (ctx.ArgIs(2, "on")) return true;
  if (ctx.ArgIs(2, "off")) return false;
  ctx.reply().Error(command::kSyntaxError);
  return std::nullopt;
}

}  // namespace

void CmdClientHelp(Context& ctx) { command::ReplyHelp(ctx); }

void CmdClientId(Context& ctx) { ctx.reply().Integer(static_cast<int64_t>(ctx.session().id)); }

void CmdClientGetname(Context& ctx) {
  if (ctx.session().name.empty()) return ctx.reply().Null();
  ctx.reply().Bulk(ctx.session().name);
}

void CmdClientSetname(Context& ctx) {
  if (!IsClientName(ctx.arg(2))) {
    return ctx.reply().Error("ERR Client names cannot contain spaces, newlines or special characters.");
  }
  ctx.session().name = ctx.arg(2);
  ctx.reply().Ok();
}

void CmdClientSetinfo(Context& ctx) {
  bool is_name = ctx.ArgIs(2, "lib-name");
  if (!is_name && !ctx.ArgIs(2, "lib-ver")) {
    return ctx.reply().Error("ERR Unrecognized option '" + std::string(ctx.arg(2)) + "'");
  }
  if (!IsClientName(ctx.arg(3))) {
    return ctx.reply().Error(std::string("ERR ") + (is_name ? "lib-name" : "lib-ver") +
                             " cannot contain spaces, newlines or special characters.");
  }
  (is_name ? ctx.session().library_name : ctx.session().library_version) = ctx.arg(3);
  ctx.reply().Ok();
}

void CmdClientInfo(Context& ctx) {
  Clients* clients = ClientsOf(ctx);
  if (!clients) return;
  auto client = clients->Find(ctx.session().id);
  ctx.reply().Verbatim("txt",
                       client ? DescribeClient(*client, ctx.keyspace().clock().MonotonicMicros()) : std::string());
}

void CmdClientList(Context& ctx) {
  Clients* clients = ClientsOf(ctx);
  if (!clients) return;
  ClientFilter filter(ClientFilter::Use::kList);
  if (!filter.Parse(ctx, 2)) return;
  const int64_t now = ctx.keyspace().clock().MonotonicMicros();
  std::string text;
  auto show = [&](const ClientInfo& client) {
    if (filter.Matches(client, ctx.session().id, now)) text += DescribeClient(client, now);
  };
  if (filter.ids().empty()) {
    for (const ClientInfo& client : clients->List()) show(client);
  }
  // In the order in which they are asked for.
  for (uint64_t id : filter.ids()) {
    if (auto client = clients->Find(id)) show(*client);
  }
  ctx.reply().Verbatim("txt", text);
}

void CmdClientKill(Context& ctx) {
  Clients* clients = ClientsOf(ctx);
  if (!clients) return;
  ClientFilter filter(ClientFilter::Use::kKill);
  const bool by_address = ctx.argc() == 3;
  if (by_address) {
    filter.AddAddress(ctx.arg(2));
  } else if (!filter.Parse(ctx, 2)) {
    return;
  }
  const int64_t now = ctx.keyspace().clock().MonotonicMicros();
  int64_t killed = 0;
  for (const ClientInfo& client : clients->List()) {
    if (!filter.Matches(client, ctx.session().id, now)) continue;
    if (client.id == ctx.session().id) {
      ctx.session().close = command::CloseWish::kAfterReply;
      ++killed;
    } else if (clients->Kill(client.id, ctx.session().id)) {
      ++killed;
    }
  }
  // The connection to a master is no client here, but is told by its address like one.
  if (by_address && killed == 0 && ctx.services().link && ctx.services().link->Break(ctx.arg(2))) ++killed;
  if (!by_address) return ctx.reply().Integer(killed);
  if (killed == 0) return ctx.reply().Error("ERR No such client");
  ctx.reply().Ok();
}

void CmdClientUnblock(Context& ctx) {
  bool with_error = false;
  if (ctx.argc() > 4) {
    return ctx.reply().Error(
        "ERR unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP.");
  }
  if (ctx.argc() == 4) {
    with_error = ctx.ArgIs(3, "error");
    if (!with_error && !ctx.ArgIs(3, "timeout")) {
      return ctx.reply().Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
  }
  auto id = ctx.Integer(2);
  if (!id) return;
  Clients* clients = ClientsOf(ctx);
  if (!clients) return;
  ctx.reply().Integer(*id > 0 && clients->Unblock(static_cast<uint64_t>(*id), with_error));
}

void CmdClientPause(Context& ctx) {
  bool writes_only = false;
  if (ctx.argc() == 4) {
    writes_only = ctx.ArgIs(3, "write");
    if (!writes_only && !ctx.ArgIs(3, "all"))
      return ctx.reply().Error("ERR CLIENT PAUSE mode must be WRITE or ALL");
  } else if (ctx.argc() > 4) {
    return ctx.reply().Error(command::kSyntaxError);
  }
  auto timeout = ctx.Integer(2, "ERR timeout is not an integer or out of range");
  if (!timeout) return;
  if (*timeout < 0) return ctx.reply().Error("ERR timeout is negative");
  Clients* clients = ClientsOf(ctx);
  if (!clients) return;
  int64_t now = ctx.keyspace().clock().MonotonicMillis();
  int64_t until = 0;
  if (__builtin_add_overflow(now, *timeout, &until)) return ctx.reply().Error("ERR timeout is out of range");
  // Pauses that overlap: the later end and the stricter mode hold.
  const command::PauseState& running = EngineOf(ctx).pause();
  if (int64_t end = running.until_ms.load(std::memory_order_relaxed); end > now) {
    until = std::max(until, end);
    writes_only = writes_only && running.writes_only.load(std::memory_order_relaxed);
  }
  clients->Pause(until, writes_only);
  ctx.reply().Ok();
}

void CmdClientUnpause(Context& ctx) {
  Clients* clients = ClientsOf(ctx);
  if (!clients) return;
  clients->Unpause();
  ctx.reply().Ok();
}

void CmdClientReply(Context& ctx) {
  command::Session& session = ctx.session();
  if (ctx.ArgIs(2, "on")) {
    session.reply_mode = command::ReplyMode::kOn;
    return ctx.reply().Ok();
  }
  if (ctx.ArgIs(2, "off")) {
    session.reply_mode = command::ReplyMode::kOff;
  } else if (ctx.ArgIs(2, "skip")) {
    // OFF stays off.
    if (session.reply_mode == command::ReplyMode::kOn) session.reply_mode = command::ReplyMode::kSkipNext;
  } else {
    ctx.reply().Error(command::kSyntaxError);
  }
}

void CmdClientNoEvict(Context& ctx) {
  auto on = OnOrOff(ctx);
  if (!on) return;
  ctx.session().no_evict = *on;
  ctx.reply().Ok();
}

void CmdClientNoTouch(Context& ctx) {
  auto on = OnOrOff(ctx);
  if (!on) return;
  ctx.session().no_touch = *on;
  ctx.reply().Ok();
}

void CmdClientImportSource(Context& ctx) {
  auto on = OnOrOff(ctx);
  if (!on) return;
  if (*on && !ctx.settings().import_mode) return ctx.reply().Error("ERR Server is not in import mode");
  ctx.session().import_source = *on;
  ctx.reply().Ok();
}

// What a client says it can do. The one ability that Valkey knows, following redirects, changes nothing here.
void CmdClientCapa(Context& ctx) { ctx.reply().Ok(); }

}  // namespace tusk::engine
