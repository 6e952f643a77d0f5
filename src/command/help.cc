#include "command/help.h"

#include <fmt/format.h>

#include <string>

#include "base/text.h"
#include "command/argument_syntax.h"
#include "command/command_table.h"
#include "command/context.h"

namespace tusk::command {

void ReplyHelp(Context& ctx) {
  const Command& container = ctx.command().parent ? *ctx.command().parent : ctx.command();
  resp::Reply& reply = ctx.reply();
  resp::Reply::Mark mark = reply.BeginDeferred();
  size_t lines = 1;
  reply.Simple(base::ToUpper(container.name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  auto write = [&](const std::string& syntax, std::string_view summary) {
    reply.Simple(syntax);
    reply.Simple("    " + std::string(summary));
    lines += 2;
  };
  if (container.handler) write("(no subcommand)", container.spec->summary);
  for (const Command* child : container.subcommands) {
    if (child->name == "help") continue;  // Stands last.
    std::string syntax = base::ToUpper(child->name);
    if (auto arguments = ParseArguments(child->spec->arguments); arguments && !arguments->empty()) {
      syntax += ' ' + RenderArguments(*arguments);
    }
    write(syntax, child->spec->summary);
  }
  write("HELP", "Prints this help.");
  reply.EndArray(mark, lines);
}

void ReplySubcommandError(Context& ctx) {
  ctx.reply().Error(fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try {} HELP.",
                                ShownInError(ctx.arg(1)), base::ToUpper(ctx.arg(0))));
}

}  // namespace tusk::command
