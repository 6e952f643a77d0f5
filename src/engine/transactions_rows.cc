// Rows of the transactions commands.
#include "command/spec.h"
#include "engine/transactions.h"

namespace tusk::engine {
namespace {

using command::CommandSpec;
using command::kAllowBusy;
using command::kCatTransaction;
using command::kDetachable;
using command::KeySpec;
using command::kFast;
using command::kInMulti;
using command::kKeyRO;
using command::kLoading;
using command::kNoScript;
using command::kSkipSlowlog;
using command::kStale;
using command::Locks;

constexpr KeySpec kReadOnlyKeys[] = {{.flags = kKeyRO, .last = -1}};

constexpr CommandSpec kRows[] = {
    {.name = "discard",
     .handler = CmdDiscard,
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kInMulti,
     .categories = kCatTransaction,
     .locks = Locks::kNone,
     .group = "transactions",
     .since = "2.0.0",
     .complexity = "O(N), N being the queued commands",
     .summary = "Gives up a transaction and forgets its queued commands."},
    {.name = "exec",
     .handler = CmdExec,
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kSkipSlowlog | kDetachable | kInMulti,
     .categories = kCatTransaction,
     .locks = Locks::kExec,
     .group = "transactions",
     .since = "1.2.0",
     .complexity = "Depends on the queued commands",
     .summary = "Runs the queued commands of a transaction as one."},
    {.name = "multi",
     .handler = CmdMulti,
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kInMulti,
     .categories = kCatTransaction,
     .locks = Locks::kNone,
     .group = "transactions",
     .since = "1.2.0",
     .complexity = "O(1)",
     .summary = "Starts a transaction: what follows is queued."},
    {.name = "unwatch",
     .handler = CmdUnwatch,
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy,
     .categories = kCatTransaction,
     .locks = Locks::kNone,
     .group = "transactions",
     .since = "2.2.0",
     .complexity = "O(1)",
     .summary = "Forgets all watched keys."},
    {.name = "watch",
     .handler = CmdWatch,
     .arity = -2,
     .flags = kNoScript | kLoading | kStale | kFast | kAllowBusy | kInMulti,
     .categories = kCatTransaction,
     .keys = kReadOnlyKeys,
     .group = "transactions",
     .since = "2.2.0",
     .complexity = "O(N), N being the keys",
     .summary = "Watches keys; the next transaction runs only if none of them changes before.",
     .arguments = "key@0..."},
};

}  // namespace

std::span<const CommandSpec> TransactionsRows() noexcept { return kRows; }

}  // namespace tusk::engine
