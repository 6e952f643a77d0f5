// Replies that several families spell alike.
// Threads: any. Owns: nothing.
#pragma once

#include "command/context.h"
#include "ds/list_pack.h"
#include "store/entry.h"

namespace tusk::families {

// A collection's element as a bulk.
inline void ReplyElement(resp::Reply& reply, const ds::ListPackElement& element) {
  if (element.is_int()) return reply.BulkInteger(element.int_value());
  reply.Bulk(element.text());
}

// A string key's value as a bulk; a large one is referred to instead of copied.
void ReplyString(resp::Reply& reply, const store::Entry& entry);

// "wrong number of arguments for '<this command>'", for what a row's arity can't say.
void ReplyWrongArity(command::Context& ctx);

// The count of SRANDMEMBER, HRANDFIELD and ZRANDMEMBER: any integer whose negation is one too; replies the error.
std::optional<int64_t> RandomCount(command::Context& ctx, size_t i);

}  // namespace tusk::families
