// Rows of the commands about deadlines of hash fields.
#include "command/spec.h"
#include "families/hashes.h"

namespace tusk::families {
namespace {

using command::CommandSpec;
using command::kCatHash;
using command::kDenyOom;
using command::kFast;
using command::kKeyAccess;
using command::kKeyDelete;
using command::kKeyRO;
using command::kKeyRW;
using command::kKeyUpdate;
using command::kReadonly;
using command::KeySpec;
using command::kWrite;

constexpr KeySpec kReadKey[] = {{.flags = kKeyRO | kKeyAccess}};
constexpr KeySpec kChangedKey[] = {{.flags = kKeyRW | kKeyUpdate}};
constexpr KeySpec kGetexKey[] = {
    {.flags = kKeyRW | kKeyAccess | kKeyUpdate, .notes = "RW and UPDATE because it changes the TTL"}};
constexpr KeySpec kGetdelKey[] = {{.flags = kKeyRW | kKeyAccess | kKeyDelete}};
constexpr std::string_view kChanges[] = {"nondeterministic_output"};

#define TUSK_CONDITION "condition=[NX | XX | GT | LT] "
#define TUSK_FIELDS "fields=(FIELDS numfields:integer field...)"
#define TUSK_EXPIRATION(third)                                                                               \
  "expiration=[EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | PXAT "      \
  "unix-time-milliseconds:unix-time | " third "] "

constexpr CommandSpec kRows[] = {
    {.name = "hexpire",
     .handler = CmdHexpire,
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = kChangedKey,
     .group = "hash",
     .since = "7.4.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Sets deadlines of fields, in seconds from now.",
     .arguments = "key@0 seconds:integer " TUSK_CONDITION TUSK_FIELDS},
    {.name = "hexpireat",
     .handler = CmdHexpireat,
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = kChangedKey,
     .group = "hash",
     .since = "7.4.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Sets deadlines of fields, as Unix time in seconds.",
     .arguments = "key@0 unix-time-seconds:unix-time " TUSK_CONDITION TUSK_FIELDS},
    {.name = "hexpiretime",
     .handler = CmdHexpiretime,
     .arity = -5,
     .flags = kReadonly | kFast,
     .categories = kCatHash,
     .keys = kReadKey,
     .group = "hash",
     .since = "7.4.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Returns fields' deadlines as Unix time in seconds.",
     .arguments = "key@0 " TUSK_FIELDS},
    {.name = "hgetdel",
     .handler = CmdHgetdel,
     .arity = -5,
     .flags = kWrite | kFast,
     .categories = kCatHash,
     .keys = kGetdelKey,
     .group = "hash",
     .since = "8.0.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Returns fields' values and deletes the fields.",
     .arguments = "key@0 " TUSK_FIELDS},
    {.name = "hgetex",
     .handler = CmdHgetex,
     .arity = -5,
     .flags = kWrite | kFast,
     .categories = kCatHash,
     .keys = kGetexKey,
     .group = "hash",
     .since = "8.0.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Returns fields' values and sets or clears their deadlines.",
     .arguments = "key@0 " TUSK_EXPIRATION("PERSIST") TUSK_FIELDS},
    {.name = "hpersist",
     .handler = CmdHpersist,
     .arity = -5,
     .flags = kWrite | kFast,
     .categories = kCatHash,
     .keys = kChangedKey,
     .group = "hash",
     .since = "7.4.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Clears deadlines of fields.",
     .arguments = "key@0 " TUSK_FIELDS},
    {.name = "hpexpire",
     .handler = CmdHpexpire,
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = kChangedKey,
     .group = "hash",
     .since = "7.4.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Sets deadlines of fields, in milliseconds from now.",
     .arguments = "key@0 milliseconds:integer " TUSK_CONDITION TUSK_FIELDS},
    {.name = "hpexpireat",
     .handler = CmdHpexpireat,
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = kChangedKey,
     .group = "hash",
     .since = "7.4.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Sets deadlines of fields, as Unix time in milliseconds.",
     .arguments = "key@0 unix-time-milliseconds:unix-time " TUSK_CONDITION TUSK_FIELDS},
    {.name = "hpexpiretime",
     .handler = CmdHpexpiretime,
     .arity = -5,
     .flags = kReadonly | kFast,
     .categories = kCatHash,
     .keys = kReadKey,
     .group = "hash",
     .since = "7.4.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Returns fields' deadlines as Unix time in milliseconds.",
     .arguments = "key@0 " TUSK_FIELDS},
    {.name = "hpttl",
     .handler = CmdHpttl,
     .arity = -5,
     .flags = kReadonly | kFast,
     .categories = kCatHash,
     .keys = kReadKey,
     .group = "hash",
     .since = "7.4.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Returns the milliseconds that fields have left.",
     .arguments = "key@0 " TUSK_FIELDS,
     .tips = kChanges},
    {.name = "hsetex",
     .handler = CmdHsetex,
     .arity = -6,
     .flags = kWrite | kDenyOom | kFast,
     .categories = kCatHash,
     .keys = kChangedKey,
     .group = "hash",
     .since = "8.0.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Sets fields and their deadlines, if all or none of them exist.",
     .arguments = "key@0 condition=[FNX | FXX] " TUSK_EXPIRATION("KEEPTTL") "fields=(FIELDS numfields:integer data=(field value)...)"},
    {.name = "httl",
     .handler = CmdHttl,
     .arity = -5,
     .flags = kReadonly | kFast,
     .categories = kCatHash,
     .keys = kReadKey,
     .group = "hash",
     .since = "7.4.0",
     .complexity = "O(N) with N the fields named",
     .summary = "Returns the seconds that fields have left.",
     .arguments = "key@0 " TUSK_FIELDS,
     .tips = kChanges},
};

#undef TUSK_CONDITION
#undef TUSK_FIELDS
#undef TUSK_EXPIRATION

}  // namespace

std::span<const CommandSpec> HashesExpireRows() noexcept { return kRows; }

}  // namespace tusk::families
