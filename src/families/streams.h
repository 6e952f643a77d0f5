// Handlers and rows of the stream commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> StreamsRows() noexcept;

void CmdXack(command::Context& context);
void CmdXackdel(command::Context& context);
void CmdXadd(command::Context& context);
void CmdXautoclaim(command::Context& context);
void CmdXcfgset(command::Context& context);
void CmdXclaim(command::Context& context);
void CmdXdel(command::Context& context);
void CmdXdelex(command::Context& context);
void CmdXgroupCreate(command::Context& context);
void CmdXgroupCreateconsumer(command::Context& context);
void CmdXgroupDelconsumer(command::Context& context);
void CmdXgroupDestroy(command::Context& context);
void CmdXgroupHelp(command::Context& context);
void CmdXgroupSetid(command::Context& context);
void CmdXidmprecord(command::Context& context);
void CmdXinfoConsumers(command::Context& context);
void CmdXinfoGroups(command::Context& context);
void CmdXinfoHelp(command::Context& context);
void CmdXinfoStream(command::Context& context);
void CmdXlen(command::Context& context);
void CmdXnack(command::Context& context);
void CmdXpending(command::Context& context);
void CmdXrange(command::Context& context);
void CmdXread(command::Context& context);
void CmdXreadgroup(command::Context& context);
void CmdXrevrange(command::Context& context);
void CmdXsetid(command::Context& context);
void CmdXtrim(command::Context& context);

}  // namespace tusk::families
