// Rows of ACL and its subcommands.
#include "command/spec.h"
#include "engine/acl_commands.h"

namespace tusk::engine {
namespace {

using command::CommandSpec;
using command::History;
using command::kAdmin;
using command::kDetachable;
using command::kLoading;
using command::kNoScript;
using command::kStale;
using command::Locks;

constexpr uint32_t kAnybody = kNoScript | kLoading | kStale;
constexpr uint32_t kAdministration = kAnybody | kAdmin;

constexpr History kGetuserHistory[] = {
    {"6.2.0", "Added Pub/Sub channel patterns."},
    {"7.0.0", "Added selectors and changed the format of key and channel patterns from a list to their rule representation."}};
constexpr History kSetuserHistory[] = {{"6.2.0", "Added Pub/Sub channel patterns."},
                                       {"7.0.0", "Added selectors and key based permissions."}};
constexpr History kLogHistory[] = {{"7.2.0", "Added entry ID, timestamp created, and timestamp last updated."}};

constexpr CommandSpec kSubcommands[] = {
    {.name = "cat",
     .handler = CmdAclCat,
     .arity = -2,
     .flags = kAnybody,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(N), N being the commands",
     .summary = "Lists the command categories, or the commands in one of them.",
     .arguments = "[category]"},
    {.name = "deluser",
     .handler = CmdAclDeluser,
     .arity = -3,
     .flags = kAdministration,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(N), N being the connections",
     .summary = "Deletes users and closes their connections.",
     .arguments = "username..."},
    {.name = "dryrun",
     .handler = CmdAclDryrun,
     .arity = -4,
     .flags = kAdministration,
     .locks = Locks::kNone,
     .group = "server",
     .since = "7.0.0",
     .complexity = "O(N), N being the user's rules",
     .summary = "Tells whether a user may run a command, without running it.",
     .arguments = "username command [arg]..."},
    {.name = "genpass",
     .handler = CmdAclGenpass,
     .arity = -2,
     .flags = kAnybody,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Makes a random password that nobody can guess.",
     .arguments = "[bits:integer]"},
    {.name = "getuser",
     .handler = CmdAclGetuser,
     .arity = 3,
     .flags = kAdministration,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(N), N being the user's rules",
     .summary = "Returns what a user may do.",
     .arguments = "username",
     .history = kGetuserHistory},
    {.name = "help",
     .handler = CmdAclHelp,
     .arity = 2,
     .flags = kLoading | kStale,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "list",
     .handler = CmdAclList,
     .arity = 2,
     .flags = kAdministration,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(N), N being the users",
     .summary = "Lists all users as a file of users would."},
    {.name = "load",
     .handler = CmdAclLoad,
     .arity = 2,
     .flags = kAdministration | kDetachable,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(N), N being the users and the connections",
     .summary = "Reads the file of users anew."},
    {.name = "log",
     .handler = CmdAclLog,
     .arity = -2,
     .flags = kAdministration,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(N), N being the entries returned",
     .summary = "Lists what was refused lately, or forgets it.",
     .arguments = "[operation=(count:integer | reset=RESET)]",
     .history = kLogHistory},
    {.name = "save",
     .handler = CmdAclSave,
     .arity = 2,
     .flags = kAdministration | kDetachable,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(N), N being the users",
     .summary = "Writes the users to the file of users."},
    {.name = "setuser",
     .handler = CmdAclSetuser,
     .arity = -3,
     .flags = kAdministration,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(N), N being the rules given",
     .summary = "Creates a user or changes its rules.",
     .arguments = "username [rule]...",
     .history = kSetuserHistory},
    {.name = "users",
     .handler = CmdAclUsers,
     .arity = 2,
     .flags = kAdministration,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(N), N being the users",
     .summary = "Lists the names of all users."},
    {.name = "whoami",
     .handler = CmdAclWhoami,
     .arity = 2,
     .flags = kAnybody,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "O(1)",
     .summary = "Returns the user name of this connection."},
};

constexpr CommandSpec kRows[] = {
    {.name = "acl",
     .arity = -2,
     .locks = Locks::kNone,
     .group = "server",
     .since = "6.0.0",
     .complexity = "Depends on the subcommand",
     .summary = "Holds the commands about users and their rights.",
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const command::CommandSpec> AclRows() noexcept { return kRows; }

}  // namespace tusk::engine
