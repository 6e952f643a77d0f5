// CLIENT: the connections of this server, and what one says about itself.
#include <algorithm>
#include <string>

#include "base/numbers.h"
#include "base/text.h"
#include "command/help.h"
#include "engine/connection_commands.h"
#include "engine/engine_of.h"

namespace tusk::engine {
namespace {

using command::ClientInfo;
using command::Clients;
using command::Context;

constexpr int64_t kMicrosPerSecond = 1'000'000;

// Null after the error reply: an embedded engine has no connections.
Clients* ClientsOf(Context& ctx) {
  if (ctx.services().clients == nullptr) ctx.reply().Error("ERR This instance serves no connections");
  return ctx.services().clients;
}

}  // namespace

std::string DescribeClient(const ClientInfo& client, int64_t now_micros) {
  std::string line;
  auto field = [&](std::string_view name, const std::string& value) {
    if (!line.empty()) line += ' ';
    line += name;
    line += '=';
    line += value;
  };
  auto seconds = [&](int64_t since) { return std::to_string((now_micros - since) / kMicrosPerSecond); };
  field("id", std::to_string(client.id));
  field("addr", client.address);
  field("laddr", client.local_address);
  field("fd", std::to_string(client.fd));
  field("name", client.name);
  field("age", seconds(client.connected_micros));
  field("idle", seconds(client.last_interaction_micros));
  field("flags", client.flags);
  field("db", std::to_string(client.db));
  field("sub", std::to_string(client.channels));
  field("psub", std::to_string(client.patterns));
  field("ssub", std::to_string(client.shard_channels));
  field("multi", std::to_string(client.multi));
  field("qbuf", std::to_string(client.query_buffer));
  field("qbuf-free", std::to_string(client.query_buffer_free));
  field("argv-mem", std::to_string(client.argv_memory));
  field("multi-mem", std::to_string(client.multi_memory));
  field("rbs", std::to_string(client.output_memory));
  field("rbp", std::to_string(client.output_length));
  field("obl", std::to_string(client.output_length));
  field("oll", "0");
  field("omem", std::to_string(client.output_memory));
  field("tot-mem", std::to_string(client.total_memory));
  field("events", "r");
  field("cmd", client.last_command);
  field("user", client.user);
  field("redir", client.tracking ? std::to_string(client.tracking_redirect) : "-1");
  field("resp", std::to_string(client.protocol));
  field("lib-name", client.library_name);
  field("lib-ver", client.library_version);
  return line + '\n';
}

namespace {

enum class ClientType : uint8_t { kAny, kNormal, kReplica, kMaster, kPubsub, kUnknown };

ClientType TypeNamed(std::string_view name) {
  if (base::EqualsIgnoreCase(name, "normal")) return ClientType::kNormal;
  if (base::EqualsIgnoreCase(name, "slave") || base::EqualsIgnoreCase(name, "replica"))
    return ClientType::kReplica;
  if (base::EqualsIgnoreCase(name, "master")) return ClientType::kMaster;
  if (base::EqualsIgnoreCase(name, "pubsub")) return ClientType::kPubsub;
  return ClientType::kUnknown;
}

ClientType TypeOf(const ClientInfo& client) {
  return client.subscribed ? ClientType::kPubsub : ClientType::kNormal;
}

void UnknownType(Context& ctx, size_t i) {
  ctx.reply().Error("ERR Unknown client type '" + std::string(ctx.arg(i)) + "'");
}

void ReplyList(Context& ctx, Clients& clients, ClientType type) {
  int64_t now = ctx.keyspace().clock().MonotonicMicros();
  std::string text;
  for (const ClientInfo& client : clients.List()) {
    if (type == ClientType::kAny || TypeOf(client) == type) text += DescribeClient(client, now);
  }
  ctx.reply().Verbatim("txt", text);
}

struct KillFilter {
  uint64_t id = 0;
  ClientType type = ClientType::kAny;
  std::string_view user;
  std::string_view address;
  std::string_view local_address;
  bool skip_caller = true;

  bool Matches(const ClientInfo& client) const {
    return (id == 0 || client.id == id) && (type == ClientType::kAny || TypeOf(client) == type) &&
           (user.empty() || client.user == user) && (address.empty() || client.address == address) &&
           (local_address.empty() || client.local_address == local_address);
  }
};

// False after the error reply.
bool ParseKillFilter(Context& ctx, KillFilter& filter) {
  for (size_t i = 2; i < ctx.argc(); i += 2) {
    if (i + 1 >= ctx.argc()) return ctx.reply().Error(command::kSyntaxError), false;
    std::string_view value = ctx.arg(i + 1);
    if (ctx.ArgIs(i, "id")) {
      auto id = base::ParseInt64(value);
      if (!id || *id < 1) return ctx.reply().Error("ERR client-id should be greater than 0"), false;
      filter.id = static_cast<uint64_t>(*id);
    } else if (ctx.ArgIs(i, "type")) {
      filter.type = TypeNamed(value);
      if (filter.type == ClientType::kUnknown) return UnknownType(ctx, i + 1), false;
    } else if (ctx.ArgIs(i, "addr")) {
      filter.address = value;
    } else if (ctx.ArgIs(i, "laddr")) {
      filter.local_address = value;
    } else if (ctx.ArgIs(i, "user")) {
      if (!EngineOf(ctx).users().Has(value))
        return ctx.reply().Error("ERR No such user '" + std::string(value) + "'"), false;
      filter.user = value;
    } else if (ctx.ArgIs(i, "skipme") && (ctx.ArgIs(i + 1, "yes") || ctx.ArgIs(i + 1, "no"))) {
      filter.skip_caller = ctx.ArgIs(i + 1, "yes");
    } else {
      return ctx.reply().Error(command::kSyntaxError), false;
    }
  }
  return true;
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
  if (ctx.argc() == 2) return ReplyList(ctx, *clients, ClientType::kAny);
  if (ctx.argc() == 4 && ctx.ArgIs(2, "type")) {
    ClientType type = TypeNamed(ctx.arg(3));
    if (type == ClientType::kUnknown) return UnknownType(ctx, 3);
    return ReplyList(ctx, *clients, type);
  }
  if (ctx.argc() < 4 || !ctx.ArgIs(2, "id")) return ctx.reply().Error(command::kSyntaxError);
  std::string text;
  for (size_t i = 3; i < ctx.argc(); ++i) {
    auto id = base::ParseInt64(ctx.arg(i));
    if (!id) return ctx.reply().Error("ERR Invalid client ID");
    auto client = *id > 0 ? clients->Find(static_cast<uint64_t>(*id)) : std::nullopt;
    if (client) text += DescribeClient(*client, ctx.keyspace().clock().MonotonicMicros());
  }
  ctx.reply().Verbatim("txt", text);
}

void CmdClientKill(Context& ctx) {
  Clients* clients = ClientsOf(ctx);
  if (!clients) return;
  KillFilter filter;
  bool by_address = ctx.argc() == 3;
  if (by_address) {
    filter.address = ctx.arg(2);
    filter.skip_caller = false;
  } else if (!ParseKillFilter(ctx, filter)) {
    return;
  }
  int64_t killed = 0;
  for (const ClientInfo& client : clients->List()) {
    bool caller = client.id == ctx.session().id;
    if (!filter.Matches(client) || (caller && filter.skip_caller)) continue;
    if (caller) {
      ctx.session().close = command::CloseWish::kAfterReply;
      ++killed;
    } else if (clients->Kill(client.id, ctx.session().id)) {
      ++killed;
    }
  }
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

}  // namespace tusk::engine
