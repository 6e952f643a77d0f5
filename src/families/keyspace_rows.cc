// Rows of the server commands that deal with whole databases or look inside the store.
#include "command/spec.h"
#include "families/keyspace.h"

namespace tusk::families {
namespace {

using command::CommandSpec;
using command::History;
using command::kAdmin;
using command::kCatDangerous;
using command::kCatKeyspace;
using command::kDetachable;
using command::kFast;
using command::kLoading;
using command::kNoScript;
using command::kProtected;
using command::kReadonly;
using command::kStale;
using command::kWrite;
using command::Locks;

constexpr std::string_view kAllShardsAggSumTips[] = {"request_policy:all_shards", "response_policy:agg_sum"};
constexpr std::string_view kAllShardsAllSucceededTips[] = {"request_policy:all_shards",
                                                           "response_policy:all_succeeded"};
constexpr History kFlushallHistory[] = {{"4.0.0", "ASYNC."}, {"6.2.0", "SYNC."}};

constexpr CommandSpec kRows[] = {
    {.name = "dbsize",
     .handler = CmdDbsize,
     .arity = 1,
     .flags = kReadonly | kFast,
     .categories = kCatKeyspace,
     .locks = Locks::kNone,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Returns the number of keys in the database.",
     .tips = kAllShardsAggSumTips},
    {.name = "debug",
     .handler = CmdDebug,
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kProtected | kDetachable,
     .locks = Locks::kVisit,
     .group = "server",
     .since = "1.0.0",
     .complexity = "Depends on the subcommand",
     .summary = "Holds commands for testing the server."},
    {.name = "flushall",
     .handler = CmdFlushall,
     .arity = -1,
     .flags = kWrite | kDetachable,
     .categories = kCatKeyspace | kCatDangerous,
     .locks = Locks::kAll,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(N), N being the keys of all databases",
     .summary = "Removes all keys of all databases.",
     .arguments = "flush-type=[ASYNC^4.0.0 | SYNC^6.2.0]",
     .tips = kAllShardsAllSucceededTips,
     .history = kFlushallHistory},
    {.name = "flushdb",
     .handler = CmdFlushdb,
     .arity = -1,
     .flags = kWrite | kDetachable,
     .categories = kCatKeyspace | kCatDangerous,
     .locks = Locks::kAll,
     .group = "server",
     .since = "1.0.0",
     .complexity = "O(N), N being the keys of the database",
     .summary = "Removes all keys of the database.",
     .arguments = "flush-type=[ASYNC^4.0.0 | SYNC^6.2.0]",
     .tips = kAllShardsAllSucceededTips,
     .history = kFlushallHistory},
    {.name = "swapdb",
     .handler = CmdSwapdb,
     .arity = 3,
     .flags = kWrite | kFast | kDetachable,
     .categories = kCatKeyspace | kCatDangerous,
     .locks = Locks::kAll,
     .group = "server",
     .since = "4.0.0",
     .complexity = "O(N), N being the clients that watch or wait in either database",
     .summary = "Swaps the contents of two databases.",
     .arguments = "index1:integer index2:integer"},
};

}  // namespace

std::span<const CommandSpec> KeyspaceRows() noexcept { return kRows; }

}  // namespace tusk::families
