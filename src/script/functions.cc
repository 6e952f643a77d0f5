#include "script/functions.h"

#include "command/context.h"

namespace tusk::script {
namespace {

using command::CommandSpec;
using command::kCatScripting;
using command::Locks;

constexpr std::string_view kListTips[] = {"nondeterministic_output_order"};
constexpr std::string_view kFlushTips[] = {"request_policy:all_shards", "response_policy:all_succeeded"};

constexpr CommandSpec kSubcommands[] = {
    {.name = "flush",
     .handler = CmdFunctionFlush,
     .arity = -2,
     .flags = command::kNoScript | command::kWrite,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Removes all function libraries, of which this version has none.",
     .arguments = "flush-type=[ASYNC | SYNC]",
     .tips = kFlushTips},
    {.name = "list",
     .handler = CmdFunctionList,
     .arity = -2,
     .flags = command::kNoScript,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Lists function libraries, of which this version has none.",
     .tips = kListTips},
};

constexpr CommandSpec kRows[] = {
    {.name = "function",
     .arity = -2,
     .group = "scripting",
     .since = "7.0.0",
     .complexity = "Depends on the subcommand.",
     .summary = "A container for commands about function libraries.",
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> FunctionRows() noexcept { return kRows; }

void CmdFunctionFlush(command::Context& ctx) {
  if (ctx.argc() > 3 || (ctx.argc() == 3 && !ctx.ArgIs(2, "sync") && !ctx.ArgIs(2, "async"))) {
    return ctx.reply().Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  }
  ctx.reply().Ok();
}

void CmdFunctionList(command::Context& ctx) { ctx.reply().EmptyArray(); }

}  // namespace tusk::script
