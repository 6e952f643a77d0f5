// Rows of TYPED: commands whose values came as RESP3 types.
#include "command/spec.h"
#include "families/typed.h"

namespace tusk::families {
namespace {

using command::CommandSpec;
using command::kCatHash;
using command::kCatString;
using command::kDenyOom;
using command::kDetachable;
using command::KeySpec;
using command::kKeyAccess;
using command::kKeyInsert;
using command::kKeyOW;
using command::kKeyRW;
using command::kKeyUpdate;
using command::kLoading;
using command::kStale;
using command::kWrite;

constexpr KeySpec kSetKey[] = {{.flags = kKeyRW | kKeyAccess | kKeyUpdate, .index = 3}};
constexpr KeySpec kNewKey[] = {{.flags = kKeyOW | kKeyInsert, .index = 3}};
constexpr KeySpec kManyKeys[] = {{.flags = kKeyOW | kKeyUpdate, .index = 3, .last = -1, .step = 2}};
constexpr KeySpec kHashKey[] = {{.flags = kKeyRW | kKeyUpdate, .index = 3}};

constexpr uint32_t kSetFlags = kWrite | kDenyOom | kDetachable;

constexpr CommandSpec kTypedRows[] = {
    {.name = "getset",
     .handler = CmdTypedGetset,
     .arity = 5,
     .flags = kSetFlags,
     .categories = kCatString,
     .keys = kSetKey,
     .group = "string",
     .since = "8.0.0",
     .complexity = "O(N) with N values in the nested value",
     .summary = "GETSET of a value that came typed.",
     .arguments = "positions key@0 value"},
    {.name = "help",
     .handler = CmdTypedHelp,
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kCatString,
     .group = "string",
     .since = "8.0.0",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the subcommands."},
    {.name = "hmset",
     .handler = CmdTypedHset,
     .arity = -6,
     .flags = kSetFlags,
     .categories = kCatHash,
     .keys = kHashKey,
     .group = "hash",
     .since = "8.0.0",
     .complexity = "O(1)",
     .summary = "Refuses: fields of hashes hold strings.",
     .arguments = "positions key@0 [field-value=(field value)]..."},
    {.name = "hset",
     .handler = CmdTypedHset,
     .arity = -6,
     .flags = kSetFlags,
     .categories = kCatHash,
     .keys = kHashKey,
     .group = "hash",
     .since = "8.0.0",
     .complexity = "O(1)",
     .summary = "Refuses: fields of hashes hold strings.",
     .arguments = "positions key@0 [field-value=(field value)]..."},
    {.name = "hsetnx",
     .handler = CmdTypedHset,
     .arity = 6,
     .flags = kSetFlags,
     .categories = kCatHash,
     .keys = kHashKey,
     .group = "hash",
     .since = "8.0.0",
     .complexity = "O(1)",
     .summary = "Refuses: fields of hashes hold strings.",
     .arguments = "positions key@0 field value"},
    {.name = "mset",
     .handler = CmdTypedMset,
     .arity = -5,
     .flags = kSetFlags,
     .categories = kCatString,
     .keys = kManyKeys,
     .group = "string",
     .since = "8.0.0",
     .complexity = "O(N) with N values in all keys",
     .summary = "MSET of values some of which came typed.",
     .arguments = "positions [key-value=(key@0 value)]..."},
    {.name = "psetex",
     .handler = CmdTypedPsetex,
     .arity = 6,
     .flags = kSetFlags,
     .categories = kCatString,
     .keys = kNewKey,
     .group = "string",
     .since = "8.0.0",
     .complexity = "O(N) with N values in the nested value",
     .summary = "PSETEX of a value that came typed.",
     .arguments = "positions key@0 milliseconds:integer value"},
    {.name = "set",
     .handler = CmdTypedSet,
     .arity = -5,
     .flags = kSetFlags,
     .categories = kCatString,
     .keys = kSetKey,
     .group = "string",
     .since = "8.0.0",
     .complexity = "O(N) with N values in the nested value",
     .summary = "SET of a value that came typed.",
     .arguments = "positions key@0 value [condition=(NX | XX)] [GET] [expiration=(EX seconds:integer | PX milliseconds:integer | "
                  "EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | KEEPTTL)]"},
    {.name = "setex",
     .handler = CmdTypedSetex,
     .arity = 6,
     .flags = kSetFlags,
     .categories = kCatString,
     .keys = kNewKey,
     .group = "string",
     .since = "8.0.0",
     .complexity = "O(N) with N values in the nested value",
     .summary = "SETEX of a value that came typed.",
     .arguments = "positions key@0 seconds:integer value"},
    {.name = "setnx",
     .handler = CmdTypedSetnx,
     .arity = 5,
     .flags = kSetFlags,
     .categories = kCatString,
     .keys = kNewKey,
     .group = "string",
     .since = "8.0.0",
     .complexity = "O(N) with N values in the nested value",
     .summary = "SETNX of a value that came typed.",
     .arguments = "positions key@0 value"},
};

constexpr CommandSpec kRows[] = {
    {.name = "typed",
     .arity = -2,
     .categories = kCatString,
     .group = "string",
     .since = "8.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands whose values come as RESP3 types; requests with such values are turned into these.",
     .subcommands = kTypedRows},
};

}  // namespace

std::span<const CommandSpec> TypedRows() noexcept { return kRows; }

}  // namespace tusk::families
