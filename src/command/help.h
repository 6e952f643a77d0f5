// HELP of a container command, spelled from its subcommands' rows.
// Threads: any. Owns: nothing.
#pragma once

namespace tusk::command {

class Context;

// The whole reply of "<CONTAINER> HELP"; the context's command is the HELP subcommand or the container.
void ReplyHelp(Context& ctx);

// For a subcommand that is known but was given arguments that it does not take: the error that Redis answers then.
void ReplySubcommandError(Context& ctx);

}  // namespace tusk::command
