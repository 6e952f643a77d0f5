// Handlers and rows of the connection commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tusk::command {
class Context;
struct ClientInfo;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::engine {

std::span<const command::CommandSpec> ConnectionRows() noexcept;

// Printable and without blanks, so that CLIENT LIST's lines stay readable.
bool IsClientName(std::string_view name) noexcept;

// One connection as a line of CLIENT LIST, its end included. The time is the monotonic clock's.
std::string DescribeClient(const command::ClientInfo& client, int64_t now_micros);

void CmdAuth(command::Context& context);
void CmdClientImportSource(command::Context& context);
void CmdClientCapa(command::Context& context);
void CmdClientGetname(command::Context& context);
void CmdClientHelp(command::Context& context);
void CmdClientId(command::Context& context);
void CmdClientInfo(command::Context& context);
void CmdClientKill(command::Context& context);
void CmdClientList(command::Context& context);
void CmdClientNoEvict(command::Context& context);
void CmdClientNoTouch(command::Context& context);
void CmdClientPause(command::Context& context);
void CmdClientReply(command::Context& context);
void CmdClientSetinfo(command::Context& context);
void CmdClientSetname(command::Context& context);
void CmdClientUnblock(command::Context& context);
void CmdClientUnpause(command::Context& context);
void CmdEcho(command::Context& context);
void CmdHello(command::Context& context);
void CmdPing(command::Context& context);
void CmdQuit(command::Context& context);
void CmdReset(command::Context& context);
void CmdSelect(command::Context& context);

}  // namespace tusk::engine
