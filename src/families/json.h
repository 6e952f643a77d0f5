// Handlers and rows of the JSON.* commands: RedisJSON's, on documents (types/document.h).
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> JsonRows() noexcept;

void CmdJsonArrappend(command::Context& context);
void CmdJsonArrindex(command::Context& context);
void CmdJsonArrinsert(command::Context& context);
void CmdJsonArrlen(command::Context& context);
void CmdJsonArrpop(command::Context& context);
void CmdJsonArrtrim(command::Context& context);
void CmdJsonClear(command::Context& context);
void CmdJsonDebugMemory(command::Context& context);
void CmdJsonDel(command::Context& context);
void CmdJsonGet(command::Context& context);
void CmdJsonMerge(command::Context& context);
void CmdJsonMget(command::Context& context);
void CmdJsonMset(command::Context& context);
void CmdJsonNumincrby(command::Context& context);
void CmdJsonNummultby(command::Context& context);
void CmdJsonNumpowby(command::Context& context);
void CmdJsonObjkeys(command::Context& context);
void CmdJsonObjlen(command::Context& context);
void CmdJsonResp(command::Context& context);
void CmdJsonSet(command::Context& context);
void CmdJsonStrappend(command::Context& context);
void CmdJsonStrlen(command::Context& context);
void CmdJsonToggle(command::Context& context);
void CmdJsonType(command::Context& context);
void CmdJsonDebugHelp(command::Context& context);

}  // namespace tusk::families
