// Handlers and rows of the generic commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>
#include <string_view>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> KeysRows() noexcept;

// Whether this SORT looks at keys that its elements decide.
bool SortRoams(std::span<const std::string_view> argv);

void CmdCopy(command::Context& context);
void CmdDel(command::Context& context);
void CmdExists(command::Context& context);
void CmdExpire(command::Context& context);
void CmdExpireat(command::Context& context);
void CmdExpiretime(command::Context& context);
void CmdKeys(command::Context& context);
void CmdMove(command::Context& context);
void CmdObjectEncoding(command::Context& context);
void CmdObjectFreq(command::Context& context);
void CmdObjectHelp(command::Context& context);
void CmdObjectIdletime(command::Context& context);
void CmdObjectRefcount(command::Context& context);
void CmdPersist(command::Context& context);
void CmdPexpire(command::Context& context);
void CmdPexpireat(command::Context& context);
void CmdPexpiretime(command::Context& context);
void CmdPttl(command::Context& context);
void CmdRandomkey(command::Context& context);
void CmdRename(command::Context& context);
void CmdRenamenx(command::Context& context);
void CmdScan(command::Context& context);
void CmdSort(command::Context& context);
void CmdSortRo(command::Context& context);
void CmdTouch(command::Context& context);
void CmdTtl(command::Context& context);
void CmdType(command::Context& context);
void CmdUnlink(command::Context& context);

}  // namespace tusk::families
