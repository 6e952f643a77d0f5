// Handlers and rows of the pubsub commands.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::pubsub {

std::span<const command::CommandSpec> PubsubRows() noexcept;

void CmdPsubscribe(command::Context& context);
void CmdPublish(command::Context& context);
void CmdPubsubChannels(command::Context& context);
void CmdClientCaching(command::Context& context);
void CmdClientGetredir(command::Context& context);
void CmdClientTracking(command::Context& context);
void CmdClientTrackinginfo(command::Context& context);
void CmdPubsubHelp(command::Context& context);
void CmdPubsubNumpat(command::Context& context);
void CmdPubsubNumsub(command::Context& context);
void CmdPubsubShardchannels(command::Context& context);
void CmdPubsubShardnumsub(command::Context& context);
void CmdPunsubscribe(command::Context& context);
void CmdSpublish(command::Context& context);
void CmdSsubscribe(command::Context& context);
void CmdSubscribe(command::Context& context);
void CmdSunsubscribe(command::Context& context);
void CmdUnsubscribe(command::Context& context);

}  // namespace tusk::pubsub
