// SLOWLOG and COMMANDLOG: commands that took long, came large, or were answered at length. SLOWLOG is the first of
// COMMANDLOG's three logs.
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "command/help.h"
#include "engine/engine_of.h"
#include "engine/observation_commands.h"

namespace tusk::engine {
namespace {

using command::CommandLogKind;
using command::Context;

constexpr size_t kEntriesDefault = 10;
constexpr std::string_view kBadCount = "ERR count should be greater than or equal to -1";

void ReplyEntries(Context& ctx, CommandLogKind kind, size_t count) {
  const std::vector<LoggedCommand> entries = EngineOf(ctx).watch().Logged(kind, count);
  resp::Reply& reply = ctx.reply();
  reply.ArrayHeader(entries.size());
  for (const LoggedCommand& entry : entries) {
    reply.ArrayHeader(6);
    reply.Integer(static_cast<int64_t>(entry.id));
    reply.Integer(entry.unix_seconds);
    reply.Integer(static_cast<int64_t>(entry.value));
    reply.ArrayHeader(entry.argv.size());
    for (const std::string& argument : entry.argv) reply.Bulk(argument);
    reply.Bulk(entry.address);
    reply.Bulk(entry.client_name);
  }
}

// Argument `i`; -1 stands for all.
std::optional<size_t> EntryCount(Context& ctx, size_t i) {
  auto wanted = ctx.IntegerInRange(i, -1, std::numeric_limits<int64_t>::max(), kBadCount);
  if (!wanted) return {};
  return *wanted < 0 ? std::numeric_limits<size_t>::max() : static_cast<size_t>(*wanted);
}

std::optional<CommandLogKind> KindNamed(Context& ctx, size_t i) {
  if (ctx.ArgIs(i, "slow")) return CommandLogKind::kSlow;
  if (ctx.ArgIs(i, "large-request")) return CommandLogKind::kLargeRequest;
  if (ctx.ArgIs(i, "large-reply")) return CommandLogKind::kLargeReply;
  ctx.reply().Error("ERR type should be one of the following: slow, large-request, large-reply");
  return {};
}

}  // namespace

void CmdSlowlogGet(Context& ctx) {
  if (ctx.argc() > 3) {
    return ctx.reply().Error(
        "ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP.");
  }
  std::optional<size_t> count = kEntriesDefault;
  if (ctx.argc() == 3) count = EntryCount(ctx, 2);
  if (count) ReplyEntries(ctx, CommandLogKind::kSlow, *count);
}

void CmdSlowlogLen(Context& ctx) {
  ctx.reply().Integer(static_cast<int64_t>(EngineOf(ctx).watch().LoggedCount(CommandLogKind::kSlow)));
}

void CmdSlowlogReset(Context& ctx) {
  EngineOf(ctx).watch().ForgetLogged(CommandLogKind::kSlow);
  ctx.reply().Ok();
}

void CmdSlowlogHelp(Context& ctx) { command::ReplyHelp(ctx); }

void CmdCommandlogGet(Context& ctx) {
  const auto count = EntryCount(ctx, 2);
  if (!count) return;
  if (const auto kind = KindNamed(ctx, 3)) ReplyEntries(ctx, *kind, *count);
}

void CmdCommandlogLen(Context& ctx) {
  if (const auto kind = KindNamed(ctx, 2)) {
    ctx.reply().Integer(static_cast<int64_t>(EngineOf(ctx).watch().LoggedCount(*kind)));
  }
}

void CmdCommandlogReset(Context& ctx) {
  const auto kind = KindNamed(ctx, 2);
  if (!kind) return;
  EngineOf(ctx).watch().ForgetLogged(*kind);
  ctx.reply().Ok();
}

void CmdCommandlogHelp(Context& ctx) { command::ReplyHelp(ctx); }

}  // namespace tusk::engine
