// Rows of the scripting commands.
#include "command/spec.h"
#include "script/scripting.h"

namespace tusk::script {
namespace {

using command::CommandSpec;
using command::History;
using command::kAllowBusy;
using command::kCatScripting;
using command::kDetachable;
using command::KeySpec;
using command::kKeyAccess;
using command::kKeyRO;
using command::kKeyRW;
using command::kKeyUpdate;
using command::kLoading;
using command::kMayReplicate;
using command::kNoMandatoryKeys;
using command::kNoScript;
using command::kReadonly;
using command::kSkipMonitor;
using command::kStale;
using command::kWrite;
using command::Locks;

constexpr KeySpec kEvalKeys[] = {{.flags = kKeyRW | kKeyAccess | kKeyUpdate,
                                  .find = KeySpec::Find::kKeyNum,
                                  .index = 2,
                                  .notes = "The script decides what happens to the keys."}};
constexpr KeySpec kEvalRoKeys[] = {{.flags = kKeyRO | kKeyAccess,
                                    .find = KeySpec::Find::kKeyNum,
                                    .index = 2,
                                    .notes = "The script decides what it reads."}};
constexpr KeySpec kEvalshaKeys[] = {
    {.flags = kKeyRW | kKeyAccess | kKeyUpdate, .find = KeySpec::Find::kKeyNum, .index = 2}};
constexpr KeySpec kEvalshaRoKeys[] = {
    {.flags = kKeyRO | kKeyAccess, .find = KeySpec::Find::kKeyNum, .index = 2}};
constexpr std::string_view kAllShardsAggLogicalAndTips[] = {"request_policy:all_shards",
                                                            "response_policy:agg_logical_and"};
constexpr std::string_view kAllNodesAllSucceededTips[] = {"request_policy:all_nodes",
                                                          "response_policy:all_succeeded"};
constexpr History kScriptFlushHistory[] = {{"6.2.0", "ASYNC and SYNC."}};
constexpr std::string_view kAllShardsOneSucceededTips[] = {"request_policy:all_shards",
                                                           "response_policy:one_succeeded"};
constexpr CommandSpec kScriptSubcommands[] = {
    {.name = "debug",
     .handler = CmdScriptDebug,
     .arity = 3,
     .flags = kNoScript,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "3.2.0",
     .complexity = "O(1)",
     .summary = "Sets the debugging mode of the scripts that this connection runs.",
     .arguments = "mode=(YES | SYNC | NO)"},
    {.name = "exists",
     .handler = CmdScriptExists,
     .arity = -3,
     .flags = kNoScript,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "2.6.0",
     .complexity = "O(N), N being the digests",
     .summary = "Tells which scripts are cached.",
     .arguments = "sha1...",
     .tips = kAllShardsAggLogicalAndTips},
    {.name = "flush",
     .handler = CmdScriptFlush,
     .arity = -2,
     .flags = kNoScript,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "2.6.0",
     .complexity = "O(N), N being the cached scripts",
     .summary = "Forgets all cached scripts.",
     .arguments = "flush-type=[ASYNC | SYNC]^6.2.0",
     .tips = kAllNodesAllSucceededTips,
     .history = kScriptFlushHistory},
    {.name = "help",
     .handler = CmdScriptHelp,
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "kill",
     .handler = CmdScriptKill,
     .arity = 2,
     .flags = kNoScript | kAllowBusy,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "Stops the running script, provided that it has not written yet.",
     .tips = kAllShardsOneSucceededTips},
    {.name = "load",
     .handler = CmdScriptLoad,
     .arity = 3,
     .flags = kNoScript | kStale,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "2.6.0",
     .complexity = "O(N), N being the bytes of the script",
     .summary = "Caches a Lua script and returns its SHA1 digest.",
     .arguments = "script",
     .tips = kAllNodesAllSucceededTips},
};

constexpr CommandSpec kFunctionSubcommands[] = {
    {.name = "delete",
     .handler = CmdFunctionDelete,
     .arity = 3,
     .flags = kNoScript | kWrite,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Deletes a library and its functions.",
     .arguments = "library-name",
     .tips = kAllNodesAllSucceededTips},
    {.name = "flush",
     .handler = CmdFunctionFlush,
     .arity = -2,
     .flags = kNoScript | kWrite,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "7.0.0",
     .complexity = "O(N), N being the functions",
     .summary = "Deletes all libraries and functions.",
     .arguments = "flush-type=[ASYNC | SYNC]",
     .tips = kAllNodesAllSucceededTips},
    {.name = "kill",
     .handler = CmdFunctionKill,
     .arity = 2,
     .flags = kNoScript | kAllowBusy,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Stops the running function, provided that it has not written yet.",
     .tips = kAllShardsOneSucceededTips},
    {.name = "list",
     .handler = CmdFunctionList,
     .arity = -2,
     .flags = kNoScript,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "7.0.0",
     .complexity = "O(N), N being the functions",
     .summary = "Lists the libraries.",
     .arguments = "[LIBRARYNAME library-name-pattern] [WITHCODE]"},
    {.name = "stats",
     .handler = CmdFunctionStats,
     .arity = 2,
     .flags = kNoScript | kAllowBusy,
     .categories = kCatScripting,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "7.0.0",
     .complexity = "O(1)",
     .summary = "Tells which function runs, and what each engine holds."},
};

constexpr CommandSpec kRows[] = {
    {.name = "eval",
     .handler = CmdEval,
     .arity = -3,
     .flags = kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMayReplicate | kDetachable,
     .categories = kCatScripting,
     .locks = Locks::kLane,
     .keys = kEvalKeys,
     .group = "scripting",
     .since = "2.6.0",
     .complexity = "Depends on the script",
     .summary = "Runs a Lua script on the server.",
     .arguments = "script numkeys:integer [key@0...] [arg...]"},
    {.name = "eval_ro",
     .handler = CmdEvalRo,
     .arity = -3,
     .flags = kReadonly | kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kDetachable,
     .categories = kCatScripting,
     .locks = Locks::kLane,
     .keys = kEvalRoKeys,
     .group = "scripting",
     .since = "7.0.0",
     .complexity = "Depends on the script",
     .summary = "Runs a Lua script that may only read.",
     .arguments = "script numkeys:integer [key@0...] [arg...]"},
    {.name = "evalsha",
     .handler = CmdEvalsha,
     .arity = -3,
     .flags = kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMayReplicate | kDetachable,
     .categories = kCatScripting,
     .locks = Locks::kLane,
     .keys = kEvalshaKeys,
     .group = "scripting",
     .since = "2.6.0",
     .complexity = "Depends on the script",
     .summary = "Runs a cached Lua script by its SHA1 digest.",
     .arguments = "sha1 numkeys:integer [key@0...] [arg...]"},
    {.name = "evalsha_ro",
     .handler = CmdEvalshaRo,
     .arity = -3,
     .flags = kReadonly | kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kDetachable,
     .categories = kCatScripting,
     .locks = Locks::kLane,
     .keys = kEvalshaRoKeys,
     .group = "scripting",
     .since = "7.0.0",
     .complexity = "Depends on the script",
     .summary = "Runs a cached Lua script that may only read, by its SHA1 digest.",
     .arguments = "sha1 numkeys:integer [key@0...] [arg...]"},
    {.name = "function",
     .arity = -2,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "7.0.0",
     .complexity = "Depends on the subcommand",
     .summary = "Holds the commands that manage libraries of functions.",
     .subcommands = kFunctionSubcommands},
    {.name = "script",
     .arity = -2,
     .locks = Locks::kNone,
     .group = "scripting",
     .since = "2.6.0",
     .complexity = "Depends on the subcommand",
     .summary = "Holds the commands that manage cached Lua scripts.",
     .subcommands = kScriptSubcommands},
};

}  // namespace

std::span<const CommandSpec> ScriptingRows() noexcept { return kRows; }

}  // namespace tusk::script
