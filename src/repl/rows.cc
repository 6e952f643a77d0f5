// Rows of the replication commands.
#include "repl/commands.h"

namespace tusk::repl {
namespace {

using command::CommandSpec;
using command::kAdmin;
using command::kAllowBusy;
using command::kCatAdmin;
using command::kCatConnection;
using command::kCatDangerous;
using command::kFast;
using command::kLoading;
using command::kNoAsyncLoading;
using command::kNoMulti;
using command::kNoScript;
using command::kStale;
using command::Locks;

constexpr std::string_view kAllShardsAggMinTips[] = {"request_policy:all_shards", "response_policy:agg_min"};

constexpr CommandSpec kRows[] = {
    {.name = "sync",
     .handler = CmdSync,
     .arity = 1,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti,
     .locks = Locks::kNone,
     .group = "server",
     .since = "1.0.0",
     .summary = "Starts the replication stream, as replicas of Redis before 2.8 ask for it."},
    {.name = "psync",
     .handler = CmdPsync,
     .arity = -3,
     .flags = kAdmin | kNoScript | kNoAsyncLoading | kNoMulti,
     .locks = Locks::kNone,
     .group = "server",
     .since = "2.8.0",
     .summary = "Starts or continues the replication stream.",
     .arguments = "replicationid:string offset:integer"},
    {.name = "replconf",
     .handler = CmdReplconf,
     .arity = -1,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAllowBusy,
     .locks = Locks::kNone,
     .group = "server",
     .since = "3.0.0",
     .complexity = "O(1)",
     .summary = "What a replica tells its master about itself."},
    {.name = "replicaof",
     .handler = CmdReplicaof,
     .arity = 3,
     .flags = kAdmin | kNoScript | kStale | kNoAsyncLoading,
     .locks = Locks::kNone,
     .group = "server",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Makes the server a replica of another, or a master.",
     .arguments = "args=(host-port=(host port:integer) | no-one=(NO ONE))"},
    {.name = "slaveof",
     .handler = CmdReplicaof,
     .arity = 3,
     .flags = kAdmin | kNoScript | kStale | kNoAsyncLoading,
     .locks = Locks::kNone,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Makes the server a replica of another, or a master.",
     .arguments = "args=(host-port=(host port:integer) | no-one=(NO ONE))",
     .deprecated_since = "5.0.0",
     .replaced_by = "`REPLICAOF`"},
    {.name = "failover",
     .handler = CmdFailover,
     .arity = -1,
     .flags = kAdmin | kNoScript | kStale,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Hands the master's role to a replica.",
     .arguments = "[target=(TO host port:integer [FORCE])] [ABORT] [TIMEOUT milliseconds:integer]"},
    {.name = "role",
     .handler = CmdRole,
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast,
     .categories = kCatAdmin | kCatDangerous,
     .locks = Locks::kNone,
     .group = "server",
     .since = "2.8.12",
     .complexity = "O(1)",
     .summary = "Returns the role in replication and its state."},
    {.name = "wait",
     .handler = CmdWait,
     .arity = 3,
     .flags = kNoScript,
     .categories = kCatConnection,
     .locks = Locks::kNone,
     .group = "generic",
     .since = "3.0.0",
     .complexity = "O(1)",
     .summary = "Waits until replicas have confirmed the writes of this connection.",
     .arguments = "numreplicas:integer timeout:integer",
     .tips = kAllShardsAggMinTips},
    {.name = "waitaof",
     .handler = CmdWaitaof,
     .arity = 4,
     .flags = kNoScript,
     .categories = kCatConnection,
     .locks = Locks::kNone,
     .group = "generic",
     .since = "7.2.0",
     .complexity = "O(1)",
     .summary = "Waits until the writes of this connection are on disk, here and on replicas.",
     .arguments = "numlocal:integer numreplicas:integer timeout:integer",
     .tips = kAllShardsAggMinTips},
};

}  // namespace

std::span<const CommandSpec> ReplicationRows() noexcept { return kRows; }

}  // namespace tusk::repl
