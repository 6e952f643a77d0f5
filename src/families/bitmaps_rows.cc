// Rows of the bitmap commands.
#include "command/spec.h"
#include "families/bitmaps.h"

namespace tusk::families {
namespace {

using command::CommandSpec;
using command::History;
using command::kCatBitmap;
using command::kDenyOom;
using command::kDetachable;
using command::KeySpec;
using command::kFast;
using command::kKeyAccess;
using command::kKeyOW;
using command::kKeyRO;
using command::kKeyRW;
using command::kKeyUpdate;
using command::kKeyVariableFlags;
using command::kReadonly;
using command::kWrite;

constexpr KeySpec kReadKey[] = {{.flags = kKeyRO | kKeyAccess}};
constexpr KeySpec kChangedKey[] = {{.flags = kKeyRW | kKeyAccess | kKeyUpdate}};
constexpr KeySpec kBitfieldKey[] = {{.flags = kKeyRW | kKeyAccess | kKeyUpdate | kKeyVariableFlags,
                                     .notes = "Only read when all operations are GET."}};
constexpr KeySpec kBitopKeys[] = {{.flags = kKeyOW | kKeyUpdate, .index = 2},
                                  {.flags = kKeyRO | kKeyAccess, .index = 3, .last = -1}};
constexpr History kBitopHistory[] = {{"8.2.0", "DIFF, DIFF1, ANDOR and ONE."}};
constexpr History kByteOrBit[] = {{"7.0.0", "BYTE and BIT."}};

constexpr CommandSpec kRows[] = {
    {.name = "bitcount",
     .handler = CmdBitcount,
     .arity = -2,
     .flags = kReadonly | kDetachable,
     .categories = kCatBitmap,
     .keys = kReadKey,
     .group = "bitmap",
     .since = "2.6.0",
     .complexity = "O(N) with N the bytes of the range",
     .summary = "Counts the bits that are set in a string or a range of it.",
     .arguments = "key@0 range=[start:integer end:integer unit=[BYTE | BIT]^7.0.0]",
     .history = kByteOrBit},
    {.name = "bitfield",
     .handler = CmdBitfield,
     .arity = -2,
     .flags = kWrite | kDenyOom,
     .categories = kCatBitmap,
     .keys = kBitfieldKey,
     .group = "bitmap",
     .since = "3.2.0",
     .complexity = "O(1) for each operation",
     .summary = "Reads, sets and increments integers of any width at any bit of a string.",
     .arguments = "key@0 operation=[get-block=(GET encoding offset:integer) | write=(OVERFLOW overflow-block=[WRAP "
                  "| SAT | FAIL] write-operation=(set-block=(SET encoding offset:integer value:integer) | "
                  "incrby-block=(INCRBY encoding offset:integer increment:integer)))]..."},
    {.name = "bitfield_ro",
     .handler = CmdBitfieldRo,
     .arity = -2,
     .flags = kReadonly | kFast,
     .categories = kCatBitmap,
     .keys = kReadKey,
     .group = "bitmap",
     .since = "6.0.0",
     .complexity = "O(1) for each operation",
     .summary = "Reads integers of any width at any bit of a string.",
     .arguments = "key@0 get-block=[GET encoding offset:integer]..."},
    {.name = "bitop",
     .handler = CmdBitop,
     .arity = -4,
     .flags = kWrite | kDenyOom | kDetachable,
     .categories = kCatBitmap,
     .keys = kBitopKeys,
     .group = "bitmap",
     .since = "2.6.0",
     .complexity = "O(N) with N the bytes of the longest string",
     .summary = "Combines strings bit by bit and stores the result.",
     .arguments = "operation=(AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE) destkey@0 key@1...",
     .history = kBitopHistory},
    {.name = "bitpos",
     .handler = CmdBitpos,
     .arity = -3,
     .flags = kReadonly | kDetachable,
     .categories = kCatBitmap,
     .keys = kReadKey,
     .group = "bitmap",
     .since = "2.8.7",
     .complexity = "O(N) with N the bytes of the range",
     .summary = "Finds the first set or clear bit in a string or a range of it.",
     .arguments = "key@0 bit:integer range=[start:integer end-unit-block=[end:integer unit=[BYTE | "
                  "BIT]^7.0.0]]",
     .history = kByteOrBit},
    {.name = "getbit",
     .handler = CmdGetbit,
     .arity = 3,
     .flags = kReadonly | kFast,
     .categories = kCatBitmap,
     .keys = kReadKey,
     .group = "bitmap",
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Returns a bit of a string.",
     .arguments = "key@0 offset:integer"},
    {.name = "setbit",
     .handler = CmdSetbit,
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .categories = kCatBitmap,
     .keys = kChangedKey,
     .group = "bitmap",
     .since = "2.2.0",
     .complexity = "O(1), unless the string grows",
     .summary = "Sets or clears a bit of a string, which grows as needed; returns the old bit.",
     .arguments = "key@0 offset:integer value:integer"},
};

}  // namespace

std::span<const CommandSpec> BitmapsRows() noexcept { return kRows; }

}  // namespace tusk::families
