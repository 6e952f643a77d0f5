// Handlers and rows of ACL.
// Threads: handlers run on the worker that executes the command. Owns: nothing.
#pragma once

#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::engine {

std::span<const command::CommandSpec> AclRows() noexcept;

void CmdAclCat(command::Context& context);
void CmdAclDeluser(command::Context& context);
void CmdAclDryrun(command::Context& context);
void CmdAclGenpass(command::Context& context);
void CmdAclGetuser(command::Context& context);
void CmdAclHelp(command::Context& context);
void CmdAclList(command::Context& context);
void CmdAclLoad(command::Context& context);
void CmdAclLog(command::Context& context);
void CmdAclSave(command::Context& context);
void CmdAclSetuser(command::Context& context);
void CmdAclUsers(command::Context& context);
void CmdAclWhoami(command::Context& context);

}  // namespace tusk::engine
