// The commands by which a connection states who it is and how it wants to talk: AUTH, HELLO, SELECT, RESET,
// ...
#include "engine/connection_commands.h"

#include <string>

#include "base/text.h"
#include "command/command_table.h"
#include "engine/engine_of.h"
#include "engine/transactions.h"
#include "pubsub/hub.h"

namespace tusk::engine {
namespace {

using command::Context;

constexpr std::string_view kWrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";
constexpr std::string_view kBadClientName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

// False after the error reply.
bool LogIn(Context& ctx, std::string_view user, std::string_view password) {
  UserTable& users = EngineOf(ctx).users();
  if (users.Authenticate(ctx.session(), user, password)) return true;
  users.NoteWrongPassword(ctx.session(), user, ctx.arg(0), ctx.command());
  ctx.reply().Error(kWrongPassword);
  return false;
}

void SetProtocol(Context& ctx, int protocol) {
  ctx.session().protocol = protocol;
  ctx.reply().set_protocol(protocol);
  EngineOf(ctx).hub().SetProtocol(ctx.session());
  EngineOf(ctx).tracking().SetProtocol(ctx.session());
}

void ReplyHello(Context& ctx) {
  resp::Reply& reply = ctx.reply();
  reply.MapHeader(7);
  reply.Bulk("server");
  reply.Bulk("redis");
  reply.Bulk("version");
  reply.Bulk(kRedisVersion);
  reply.Bulk("proto");
  reply.Integer(ctx.session().protocol);
  reply.Bulk("id");
  reply.Integer(static_cast<int64_t>(ctx.session().id));
  reply.Bulk("mode");
  reply.Bulk("standalone");
  reply.Bulk("role");
  reply.Bulk(EngineOf(ctx).link().is_replica() ? "replica" : "master");
  reply.Bulk("modules");
  reply.EmptyArray();
}

// What HELLO's options ask for; positions in the arguments, 0: not asked.
struct HelloOptions {
  size_t user = 0;
  size_t name = 0;
};

bool ParseHelloOptions(Context& ctx, HelloOptions& options) {
  for (size_t i = 2; i < ctx.argc(); ++i) {
    size_t more = ctx.argc() - 1 - i;
    if (ctx.ArgIs(i, "AUTH") && more >= 2) {
      options.user = i + 1;
      i += 2;
    } else if (ctx.ArgIs(i, "SETNAME") && more >= 1) {
      options.name = ++i;
    } else {
      ctx.reply().Error("ERR Syntax error in HELLO option '" + std::string(command::UpToZeroByte(ctx.arg(i))) + "'");
      return false;
    }
  }
  return true;
}

}  // namespace

bool IsClientName(std::string_view name) noexcept {
  for (char c : name) {
    if (c < '!' || c > '~') return false;
  }
  return true;
}

void CmdAuth(Context& ctx) {
  if (ctx.argc() > 3) return ctx.reply().Error(command::kSyntaxError);
  if (ctx.argc() == 2 && EngineOf(ctx).users().default_has_no_password()) {
    return ctx.reply().Error(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
        "configuration is correct?");
  }
  bool named = ctx.argc() == 3;
  if (LogIn(ctx, named ? ctx.arg(1) : "default", ctx.arg(named ? 2 : 1))) ctx.reply().Ok();
}

void CmdHello(Context& ctx) {
  int protocol = ctx.session().protocol;
  HelloOptions options;
  if (ctx.argc() > 1) {
    auto version = ctx.Integer(1, "ERR Protocol version is not an integer or out of range");
    if (!version) return;
    if (*version < 2 || *version > 3) return ctx.reply().Error("NOPROTO unsupported protocol version");
    protocol = static_cast<int>(*version);
    if (!ParseHelloOptions(ctx, options)) return;
  }
  if (options.user != 0 && !LogIn(ctx, ctx.arg(options.user), ctx.arg(options.user + 1))) return;
  if (!ctx.session().authenticated) {
    return ctx.reply().Error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
        "<user> "
        "<pass> option can be used to authenticate the client and select the RESP protocol version at the "
        "same time");
  }
  if (options.name != 0) {
    if (!IsClientName(ctx.arg(options.name))) return ctx.reply().Error(kBadClientName);
    ctx.session().name = ctx.arg(options.name);
  }
  SetProtocol(ctx, protocol);
  ReplyHello(ctx);
}

void CmdPing(Context& ctx) {
  if (ctx.argc() > 2) return ctx.reply().Error("ERR wrong number of arguments for 'ping' command");
  bool has_message = ctx.argc() == 2;
  if (ctx.session().subscribed() && ctx.reply().protocol() == 2) {
    ctx.reply().ArrayHeader(2);
    ctx.reply().Bulk("pong");
    return ctx.reply().Bulk(has_message ? ctx.arg(1) : std::string_view());
  }
  if (has_message) return ctx.reply().Bulk(ctx.arg(1));
  ctx.reply().Simple("PONG");
}

void CmdEcho(Context& ctx) { ctx.reply().Bulk(ctx.arg(1)); }

void CmdSelect(Context& ctx) {
  auto index = ctx.IntegerInRange(1, INT32_MIN, INT32_MAX);
  if (!index) return;
  if (*index < 0 || static_cast<uint64_t>(*index) >= ctx.keyspace().databases()) {
    return ctx.reply().Error("ERR DB index is out of range");
  }
  ctx.session().db = static_cast<store::DbIndex>(*index);
  ctx.reply().Ok();
}

void CmdQuit(Context& ctx) {
  ctx.session().close = command::CloseWish::kAfterReply;
  ctx.reply().Ok();
}

void CmdReset(Context& ctx) {
  command::Session& session = ctx.session();
  session.in_multi = false;
  session.multi_failed = false;
  session.queue.clear();
  session.queue_bytes = 0;
  session.fieldsets.clear();
  session.fieldset_bytes = 0;
  ForgetWatchesOrLeave(ctx);
  EngineOf(ctx).EndSession(session);
  session.db = 0;
  session.name.clear();
  session.no_evict = false;
  session.no_touch = false;
  session.import_source = false;
  session.reply_mode = command::ReplyMode::kOn;
  EngineOf(ctx).users().Begin(session);
  SetProtocol(ctx, 2);
  ctx.reply().Simple("RESET");
}

}  // namespace tusk::engine
