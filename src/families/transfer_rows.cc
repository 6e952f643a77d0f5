// Rows of the commands that carry values from server to server.
#include "command/spec.h"
#include "families/transfer.h"

namespace tusk::families {
namespace {

using command::CommandSpec;
using command::History;
using command::kAsking;
using command::kCatDangerous;
using command::kCatKeyspace;
using command::kDenyOom;
using command::kDetachable;
using command::KeySpec;
using command::kKeyAccess;
using command::kKeyDelete;
using command::kKeyIncomplete;
using command::kKeyOW;
using command::kKeyRO;
using command::kKeyRW;
using command::kKeyUpdate;
using command::kReadonly;
using command::kWrite;

constexpr KeySpec kDumpKeys[] = {{.flags = kKeyRO | kKeyAccess}};
constexpr KeySpec kRestoreKeys[] = {{.flags = kKeyOW | kKeyUpdate}};
constexpr KeySpec kMigrateKeys[] = {
    {.flags = kKeyRW | kKeyAccess | kKeyDelete, .index = 3},
    {.flags = kKeyRW | kKeyAccess | kKeyDelete | kKeyIncomplete,
     .begin = KeySpec::Begin::kKeyword,
     .index = -2,
     .keyword = "KEYS",
     .last = -1}};
constexpr std::string_view kRandomTips[] = {"nondeterministic_output"};
constexpr std::string_view kValueComplexity = "O(1) for a string, otherwise O(N) in the elements and their sizes";
constexpr History kRestoreHistory[] = {
    {"3.0.0", "REPLACE."}, {"5.0.0", "ABSTTL."}, {"5.0.0", "IDLETIME and FREQ."}};
constexpr History kMigrateHistory[] = {
    {"3.0.0", "COPY and REPLACE."}, {"3.0.6", "KEYS."}, {"4.0.7", "AUTH."}, {"6.0.0", "AUTH2."}};
constexpr std::string_view kRestoreArguments =
    "key@0 ttl:integer serialized-value [REPLACE]^3.0.0 [ABSTTL]^5.0.0 [IDLETIME seconds:integer]^5.0.0 "
    "[FREQ frequency:integer]^5.0.0";

constexpr CommandSpec kRows[] = {
    {.name = "migrate",
     .handler = CmdMigrate,
     .arity = -6,
     .flags = kWrite | kDetachable,
     .categories = kCatKeyspace | kCatDangerous,
     .keys = kMigrateKeys,
     .group = "generic",
     .since = "2.6.0",
     .complexity = "As DUMP and DEL here and RESTORE there, and O(N) for the transfer",
     .summary = "Moves keys to another server in one step.",
     .arguments = "host port:integer key-selector=(key@0 | empty-string='\"\"') destination-db:integer "
                  "timeout:integer [COPY]^3.0.0 [REPLACE]^3.0.0 authentication=[AUTH password^4.0.7 | "
                  "AUTH2 username-password=(username password)^6.0.0] [KEYS key@1...]^3.0.6",
     .tips = kRandomTips,
     .history = kMigrateHistory},
    {.name = "dump",
     .handler = CmdDump,
     .arity = 2,
     .flags = kReadonly,
     .categories = kCatKeyspace,
     .keys = kDumpKeys,
     .group = "generic",
     .since = "2.6.0",
     .complexity = kValueComplexity,
     .summary = "Returns a value as bytes that RESTORE takes.",
     .arguments = "key@0",
     .tips = kRandomTips},
    {.name = "restore",
     .handler = CmdRestore,
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .categories = kCatKeyspace | kCatDangerous,
     .keys = kRestoreKeys,
     .group = "generic",
     .since = "2.6.0",
     .complexity = kValueComplexity,
     .summary = "Creates a key from the bytes that DUMP gave.",
     .arguments = kRestoreArguments,
     .history = kRestoreHistory},
    {.name = "restore-asking",
     .handler = CmdRestore,
     .arity = -4,
     .flags = kWrite | kDenyOom | kAsking,
     .categories = kCatKeyspace | kCatDangerous,
     .keys = kRestoreKeys,
     .group = "server",
     .since = "3.0.0",
     .complexity = kValueComplexity,
     .summary = "Creates a key that comes from another node of a cluster.",
     .arguments = kRestoreArguments,
     .history = kRestoreHistory},
};

}  // namespace

std::span<const CommandSpec> TransferRows() noexcept { return kRows; }

}  // namespace tusk::families
