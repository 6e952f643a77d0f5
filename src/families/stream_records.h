// Change records of consumer groups: what a delivery did, in the commands by which Redis tells its replicas.
// Threads: as handlers. Owns: nothing.
#pragma once

#include <string_view>

#include "command/context.h"
#include "types/stream.h"

namespace tusk::families {

// The stream and group that a command works on, by name.
struct GroupName {
  std::string_view key;
  std::string_view group;
};

// Entry `id` is pending as it is now: XCLAIM that forces exactly that.
void RecordClaim(command::Context& ctx, const GroupName& name, const types::StreamGroup& group, types::StreamId id,
                 const types::StreamPending& pending);
// The entry is gone from the stream: what is pending of it goes, too.
void ForgetPending(command::Context& ctx, const GroupName& name, types::StreamGroup& group, types::StreamId id,
                   const types::StreamPending& pending);
// How far the group has read: XGROUP SETID.
void RecordGroupPosition(command::Context& ctx, const GroupName& name, const types::StreamGroup& group);
// XGROUP CREATECONSUMER.
void RecordNewConsumer(command::Context& ctx, const GroupName& name, std::string_view consumer);

// The group's consumer of that name, created if need be, with event and dirty count; seen now.
types::StreamConsumer& SeenConsumer(command::Context& ctx, const store::Key& key, types::StreamGroup& group,
                                    std::string_view name, bool* created = nullptr);

}  // namespace tusk::families
