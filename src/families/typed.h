// Typed values: SET k <map> and its relatives, when a client sends a RESP3 type where a value stands.
//
// The request reader (resp/request_parser.h) turns such a request into an ordinary one: SET k <frame> EX 9 becomes
// TYPED SET 2 k <frame> EX 9, the "2" saying which arguments of SET hold a frame: a value's bytes as RESP3 spells it. So everything
// that passes commands on (MULTI, the change record, scripts, MONITOR) needs to know of nothing new, and a RESP2 client can send one itself.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for. Owns: nothing.
#pragma once

#include <span>

#include "types/document.h"

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command
namespace tusk::resp {
class Reply;
}

namespace tusk::families {

std::span<const command::CommandSpec> TypedRows() noexcept;

void CmdTypedSet(command::Context& context);
void CmdTypedSetnx(command::Context& context);
void CmdTypedSetex(command::Context& context);
void CmdTypedPsetex(command::Context& context);
void CmdTypedGetset(command::Context& context);
void CmdTypedMset(command::Context& context);
void CmdTypedHset(command::Context& context);
void CmdTypedHelp(command::Context& context);

// As GET answers: typed under RESP3; under RESP2 as JSON, but a text or bytes as they are.
void ReplyDocument(const types::Document& document, resp::Reply& reply);

}  // namespace tusk::families
