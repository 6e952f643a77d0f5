// Rows of the HyperLogLog commands.
#include "command/spec.h"
#include "families/hyperloglogs.h"

namespace tusk::families {
namespace {

using command::CommandSpec;
using command::kAdmin;
using command::kCatHyperLogLog;
using command::kDenyOom;
using command::kDetachable;
using command::KeySpec;
using command::kFast;
using command::kKeyAccess;
using command::kKeyInsert;
using command::kKeyRO;
using command::kKeyRW;
using command::kMayReplicate;
using command::kReadonly;
using command::kWrite;

constexpr KeySpec kAddedKey[] = {{.flags = kKeyRW | kKeyInsert}};
constexpr KeySpec kCountedKeys[] = {{.flags = kKeyRW | kKeyAccess,
                                     .last = -1,
                                     .notes = "RW because it may change the internal representation of the key, and "
                                              "propagate to replicas"}};
constexpr KeySpec kDebuggedKey[] = {{.flags = kKeyRW | kKeyAccess, .index = 2}};
constexpr KeySpec kMergedKeys[] = {{.flags = kKeyRW | kKeyAccess | kKeyInsert},
                                   {.flags = kKeyRO | kKeyAccess, .index = 2, .last = -1}};

constexpr CommandSpec kRows[] = {
    {.name = "pfadd",
     .handler = CmdPfadd,
     .arity = -2,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHyperLogLog,
     .keys = kAddedKey,
     .group = "hyperloglog",
     .since = "2.8.9",
     .complexity = "O(1) for each element",
     .summary = "Adds elements to a HyperLogLog; tells whether its estimate may have changed.",
     .arguments = "key@0 [element]..."},
    {.name = "pfcount",
     .handler = CmdPfcount,
     .arity = -2,
     .flags = kReadonly | kMayReplicate | kDetachable,
     .categories = kCatHyperLogLog,
     .keys = kCountedKeys,
     .group = "hyperloglog",
     .since = "2.8.9",
     .complexity = "O(1) with one key, O(N) with N keys and large constants",
     .summary = "Estimates how many different elements HyperLogLogs have seen, together when there are several.",
     .arguments = "key@0..."},
    {.name = "pfdebug",
     .handler = CmdPfdebug,
     .arity = 3,
     .flags = kWrite | kDenyOom | kAdmin,
     .categories = kCatHyperLogLog,
     .keys = kDebuggedKey,
     .group = "hyperloglog",
     .since = "2.8.9",
     .complexity = "N/A",
     .summary = "Shows or converts a HyperLogLog's registers, for tests.",
     .arguments = "subcommand key@0"},
    {.name = "pfmerge",
     .handler = CmdPfmerge,
     .arity = -2,
     .flags = kWrite | kDenyOom | kDetachable,
     .categories = kCatHyperLogLog,
     .keys = kMergedKeys,
     .group = "hyperloglog",
     .since = "2.8.9",
     .complexity = "O(N) to merge N HyperLogLogs, with large constants",
     .summary = "Merges HyperLogLogs into one.",
     .arguments = "destkey@0 sourcekey@1..."},
    {.name = "pfselftest",
     .handler = CmdPfselftest,
     .arity = 1,
     .flags = kAdmin | kDetachable,
     .categories = kCatHyperLogLog,
     .group = "hyperloglog",
     .since = "2.8.9",
     .complexity = "N/A",
     .summary = "Tests the HyperLogLog code."},
};

}  // namespace

std::span<const CommandSpec> HyperloglogsRows() noexcept { return kRows; }

}  // namespace tusk::families
