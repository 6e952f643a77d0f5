// COMMAND: what this server's commands are, and which of a request's arguments are keys. And ACL's read-only
// part, which asks the same rows.
#include <string>
#include <vector>

#include "base/text.h"
#include "command/command_docs.h"
#include "command/command_table.h"
#include "command/help.h"
#include "command/spec_names.h"
#include "engine/engine_of.h"
#include "engine/server_commands.h"

namespace tusk::engine {
namespace {

using command::Command;
using command::CommandTable;
using command::Context;

const CommandTable& TableOf(Context& ctx) { return *ctx.services().commands; }

std::string_view ShownName(const Command& command) {
  return command.parent ? std::string_view(command.full_name) : std::string_view(command.name);
}

template <typename Visit>
void ForEachCommand(const CommandTable& table, Visit visit) {
  for (const Command* command : table.commands()) {
    visit(*command);
    for (const Command* child : command->subcommands) visit(*child);
  }
}

void ReplyNames(Context& ctx, const std::vector<std::string_view>& names) {
  ctx.reply().ArrayHeader(names.size());
  for (std::string_view name : names) ctx.reply().Bulk(name);
}

void ReplyAllInfo(Context& ctx) {
  auto commands = TableOf(ctx).commands();
  ctx.reply().ArrayHeader(commands.size());
  for (const Command* command : commands) command::WriteCommandInfo(command, ctx.reply());
}

// The request inside COMMAND GETKEYS, or null after the error reply.
const Command* InnerCommand(Context& ctx) {
  auto inner = ctx.args().subspan(2);
  const Command* command = TableOf(ctx).Resolve(inner);
  if (command == nullptr || command->LacksSubcommand(inner.size())) {
    ctx.reply().Error("ERR Invalid command specified");
  } else if (!command::HasKeys(*command)) {
    ctx.reply().Error("ERR The command has no key arguments");
  } else if (!command->AcceptsCount(inner.size())) {
    ctx.reply().Error("ERR Invalid number of arguments specified for command");
  } else {
    return command;
  }
  return nullptr;
}

void ReplyKeys(Context& ctx, bool with_flags) {
  const Command* command = InnerCommand(ctx);
  if (command == nullptr) return;
  auto inner = ctx.args().subspan(2);
  command::KeyPositions keys;
  if (!command::FindKeys(*command, inner, keys, with_flags)) {
    if (command->has(command::kNoMandatoryKeys)) return ctx.reply().EmptyArray();
    return ctx.reply().Error("ERR Invalid arguments specified for command");
  }
  ctx.reply().ArrayHeader(keys.size());
  for (const command::KeyRef& key : keys) {
    if (with_flags) ctx.reply().ArrayHeader(2);
    ctx.reply().Bulk(inner[key.position]);
    if (with_flags) command::WriteKeyFlags(key.flags, ctx.reply());
  }
}

}  // namespace

void CmdCommand(Context& ctx) {
  if (ctx.argc() > 1) return ctx.reply().Error(command::UnknownCommandError(TableOf(ctx), ctx.args()));
  ReplyAllInfo(ctx);
}

void CmdCommandCount(Context& ctx) {
  ctx.reply().Integer(static_cast<int64_t>(TableOf(ctx).commands().size()));
}

void CmdCommandInfo(Context& ctx) {
  if (ctx.argc() == 2) return ReplyAllInfo(ctx);
  ctx.reply().ArrayHeader(ctx.argc() - 2);
  for (std::string_view name : ctx.args().subspan(2)) {
    command::WriteCommandInfo(TableOf(ctx).FindFullName(name), ctx.reply());
  }
}

void CmdCommandDocs(Context& ctx) {
  std::vector<const Command*> commands;
  if (ctx.argc() == 2) {
    auto all = TableOf(ctx).commands();
    commands.assign(all.begin(), all.end());
  }
  for (std::string_view name : ctx.args().subspan(2)) {
    if (const Command* command = TableOf(ctx).FindFullName(name)) commands.push_back(command);
  }
  ctx.reply().MapHeader(commands.size());
  for (const Command* command : commands) {
    ctx.reply().Bulk(ShownName(*command));
    command::WriteCommandDocs(*command, ctx.reply());
  }
}

void CmdCommandList(Context& ctx) {
  std::vector<std::string_view> names;
  if (ctx.argc() == 2) {
    ForEachCommand(TableOf(ctx), [&](const Command& command) { names.push_back(ShownName(command)); });
    return ReplyNames(ctx, names);
  }
  if (ctx.argc() != 5 || !ctx.ArgIs(2, "filterby")) return ctx.reply().Error(command::kSyntaxError);
  if (ctx.ArgIs(3, "module")) return ctx.reply().EmptyArray();  // There are none.
  if (ctx.ArgIs(3, "aclcat")) {
    uint32_t category = command::CategoryByName(ctx.arg(4));
    ForEachCommand(TableOf(ctx), [&](const Command& command) {
      if (command.categories & category) names.push_back(ShownName(command));
    });
  } else if (ctx.ArgIs(3, "pattern")) {
    ForEachCommand(TableOf(ctx), [&](const Command& command) {
      if (base::GlobMatch(ctx.arg(4), ShownName(command), true)) names.push_back(ShownName(command));
    });
  } else {
    return ctx.reply().Error(command::kSyntaxError);
  }
  ReplyNames(ctx, names);
}

void CmdCommandGetkeys(Context& ctx) { ReplyKeys(ctx, false); }
void CmdCommandGetkeysandflags(Context& ctx) { ReplyKeys(ctx, true); }
void CmdCommandHelp(Context& ctx) { command::ReplyHelp(ctx); }

}  // namespace tusk::engine
