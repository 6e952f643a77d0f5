// What COMMAND INFO and COMMAND DOCS say about a command, derived from its row.
// Threads: any. Owns: nothing.
#pragma once

namespace tusk::resp {
class Reply;
}

namespace tusk::command {

struct Command;

// Ten elements; a null array for no command.
void WriteCommandInfo(const Command* command, resp::Reply& reply);
// The map without the name that precedes it.
void WriteCommandDocs(const Command& command, resp::Reply& reply);
// The names of a key's flags, as a set.
void WriteKeyFlags(unsigned flags, resp::Reply& reply);

}  // namespace tusk::command
