// DEBUG: what tests and the curious ask of a server's inside.
//
// CHANGE-REPL-ID names machinery that does not exist here: it answers OK. What RELOAD and LOADAOF do instead of reading a file
// stands in debug_reload.cc.
#include "families/debug.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/check.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/context.h"
#include "command/help.h"
#include "command/services.h"
#include "families/keyspace.h"
#include "store/eviction.h"
#include "store/reply_room.h"
#include "types/hash.h"
#include "types/list.h"
#include "types/set.h"
#include "types/zset.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;

constexpr std::string_view kNotAllowed =
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a "
    "local connection, otherwise you need to set this option in the configuration file, and then restart the server.";

void Ok(Context& ctx) { ctx.reply().Ok(); }

// Blocks this thread, but not its loop: the row is detachable. Where slow scripts are to keep everybody waiting, as in
// Redis, so does this: it is the way in which tests make a server that does not answer.
void Sleep(Context& ctx) {
  std::optional<double> seconds = base::ParseDouble(ctx.arg(2));
  constexpr double kSecondsMax = 86400;
  if (!seconds) return ctx.reply().Error(command::kNotFloat);
  store::Transaction& transaction = ctx.transaction();
  if (ctx.settings().busy_scripts_block_all) {
    if (transaction.held_count() == 0 && !transaction.in_lane()) transaction.EnterLaneBlocking();
    if (transaction.in_lane()) transaction.LockAllInLane();
  }
  const std::chrono::duration<double> span(std::clamp(*seconds, 0.0, kSecondsMax));
  // Commands without a key wait as well, in the same way as for CLIENT PAUSE.
  command::Clients* const paused = ctx.settings().busy_scripts_block_all ? ctx.services().clients : nullptr;
  if (paused) {
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
    paused->Pause(ctx.keyspace().clock().MonotonicMillis() + millis, false);
  }
  std::this_thread::sleep_for(span);
  if (paused) paused->Unpause();
  ctx.reply().Ok();
}

std::string ListDetails(const types::List& list) {
  size_t nodes = list.node_count();
  return fmt::format(" ql_nodes:{} ql_avg_node:{:.2f}", nodes,
                     static_cast<double>(list.size()) / static_cast<double>(std::max<size_t>(nodes, 1)));
}

void Object(Context& ctx) {
  Key key = ctx.key(2);
  if (!ctx.Visit(key.stripe())) return;
  // What is stored, even if its time has come and nobody has looked since.
  const store::Shard* shard = ctx.keyspace().StripeOf(key).FindShard(ctx.db());
  const Entry* entry = shard ? shard->Find(key) : nullptr;
  if (!entry) {
    ctx.Leave(key.stripe());
    return ctx.reply().Error(command::kNoSuchKey);
  }
  constexpr size_t kSamples = 5;
  std::string_view encoding =
      ctx.settings().classic_encoding_names ? entry->ClassicEncodingName() : entry->EncodingName();
  std::string text = fmt::format(
      "Value at:{} refcount:1 encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{}", fmt::ptr(entry), encoding,
      entry->MemoryBytes(kSamples), entry->access(),
      store::IsLfu(ctx.settings().maxmemory_policy) ? 0 : store::LruIdleSeconds(entry->access(), ctx.now_ms()));
  if (encoding == "quicklist") text += ListDetails(entry->object<types::List>());
  ctx.Leave(key.stripe());
  ctx.reply().Simple(text);
}

void SetActiveExpire(Context& ctx) {
  ctx.keyspace().settings().active_expire.set(ctx.arg(2) != "0");
  ctx.reply().Ok();
}

void SetDisableDenyScripts(Context& ctx) {
  ctx.keyspace().settings().disable_deny_scripts.set(ctx.arg(2) != "0");
  ctx.reply().Ok();
}

void SetSkipChecksumValidation(Context& ctx) {
  ctx.keyspace().settings().skip_checksum_validation.set(ctx.arg(2) != "0");
  ctx.reply().Ok();
}

void QuicklistPackedThreshold(Context& ctx) {
  std::optional<uint64_t> bytes = base::ParseMemorySize(ctx.arg(2));
  constexpr uint64_t kBytesMax = uint64_t{1} << 32;
  if (!bytes || *bytes > kBytesMax) {
    return ctx.reply().Error("ERR argument must be a memory value bigger than 1 and smaller than 4gb");
  }
  ctx.keyspace().settings().quicklist_packed_threshold.set(*bytes);
  ctx.reply().Ok();
}

// DEBUG POPULATE count [prefix [size]]: keys "prefix:0" ... that are there already stay as they are.
void Populate(Context& ctx) {
  std::optional<int64_t> count = ctx.IntegerInRange(2, 0, INT64_MAX);
  if (!count) return;
  std::string_view prefix = ctx.argc() > 3 ? ctx.arg(3) : std::string_view("key");
  std::optional<int64_t> size = 0;
  if (ctx.argc() > 4) {
    size = ctx.IntegerInRange(4, 0, static_cast<int64_t>(ctx.settings().proto_max_bulk_len.get()));
    if (!size) return;
  }
  for (int64_t i = 0; i < *count; ++i) {
    std::string name = fmt::format("{}:{}", prefix, i);
    std::string value = fmt::format("value:{}", i);
    if (*size != 0) value.resize(static_cast<size_t>(*size), '\0');
    Key key = Key::Of(name);
    if (!ctx.Visit(key.stripe())) return;
    if (!ctx.Lookup(key, store::Access::kPeek)) {
      ctx.PutString(key, nullptr, value);
      ctx.transaction().Touch(ctx.db(), key);
    }
    ctx.Leave(key.stripe());
  }
  ctx.ChangedNothing();
  ctx.reply().Ok();
}

// DEBUG STRINGMATCH-LEN count pattern: matches the pattern against a text of so many letters "a".
void StringMatchLen(Context& ctx) {
  constexpr int64_t kLengthMax = 1 << 20;
  std::optional<int64_t> length = ctx.IntegerInRange(2, 0, kLengthMax);
  if (!length) return;
  ctx.reply().Integer(base::GlobMatch(ctx.arg(3), std::string(static_cast<size_t>(*length), 'a')) ? 1 : 0);
}

void HtStats(Context& ctx) {
  std::optional<int64_t> db = ctx.IntegerInRange(2, 0, static_cast<int64_t>(ctx.keyspace().databases()) - 1,
                                                 "ERR Out of range database");
  if (!db) return;
  auto index = static_cast<store::DbIndex>(*db);
  uint64_t largest = 0;
  for (size_t i = 0; i < store::kStripeCount; ++i) {
    const store::Shard* shard = ctx.keyspace().stripe(i).FindShard(index);
    if (shard) largest = std::max(largest, shard->size());
  }
  ctx.reply().Verbatim("txt", fmt::format("[Keys]\n stripes: {}\n number of elements: {}\n largest stripe: {}\n"
                                          "[Deadlines]\n number of elements: {}\n",
                                          store::kStripeCount, ctx.keyspace().Size(index), largest,
                                          ctx.keyspace().VolatileSize(index)));
}

void HtStatsKey(Context& ctx) {
  Key key = ctx.key(2);
  if (!ctx.Visit(key.stripe())) return;
  const Entry* entry = ctx.Lookup(key, store::Access::kPeek);
  std::string_view encoding = entry ? entry->EncodingName() : std::string_view();
  size_t elements = entry ? entry->ElementCount() : 0;
  ctx.Leave(key.stripe());
  if (!entry) return ctx.reply().Error(command::kNoSuchKey);
  if (encoding != "hashtable" && encoding != "skiplist") {
    return ctx.reply().Error("ERR The value stored at the specified key is not represented using an hash table");
  }
  ctx.reply().Verbatim("txt", fmt::format(" number of elements: {}\n", elements));
}

// Redis prints the bytes to its standard output; here what tells one listpack from another goes to the log.
void DebugListPack(Context& ctx) {
  Key key = ctx.key(2);
  if (!ctx.Visit(key.stripe())) return;
  const Entry* entry = ctx.Lookup(key, store::Access::kPeek);
  const std::string_view encoding = entry ? entry->EncodingName() : std::string_view();
  const size_t elements = entry ? entry->ElementCount() : 0;
  const uint64_t bytes = entry ? entry->MemoryBytes(elements) : 0;
  ctx.Leave(key.stripe());
  if (!entry) return ctx.reply().Error(command::kNoSuchKey);
  if (encoding != "listpack" && encoding != "listpackex") return ctx.reply().Error("ERR Not a listpack encoded object.");
  if (ctx.services().process) {
    ctx.services().process->Log(fmt::format("{} of {} elements, {} bytes: {}", encoding, elements, bytes, ctx.arg(2)));
  }
  ctx.reply().Simple("Listpack structure printed on stdout");
}

// For tests of replicas: what they are sent has not run here.
void Replicate(Context& ctx) {
  ctx.RecordAs(ctx.args().subspan(2), store::kToReplicas);
  ctx.reply().Ok();
}

void Log(Context& ctx) {
  if (ctx.services().process) ctx.services().process->Log("DEBUG LOG: " + std::string(ctx.arg(2)));
  ctx.reply().Ok();
}

// There is no cron; what Redis' cron does about a signal waits all the same.
void PauseCron(Context& ctx) {
  if (ctx.services().process) ctx.services().process->PauseSignals(ctx.arg(2) != "0");
  ctx.reply().Ok();
}

void ConfigRewriteForceAll(Context& ctx) {
  if (!ctx.services().process) return ctx.reply().Error("ERR This instance is not a server");
  base::Status status = ctx.services().process->RewriteConfig(true);
  if (!status.ok()) return ctx.reply().Error(status);
  ctx.reply().Ok();
}

void Segfault(Context&) { std::raise(SIGSEGV); }

void Panic(Context& ctx) {
  if (ctx.services().process) {
    ctx.services().process->Log("!!! Software Failure. Press left mouse button to continue");
    ctx.services().process->Log("Guru Meditation: DEBUG PANIC");
  }
  std::abort();
}

void Assert(Context& ctx) { CHECK(ctx.argc() == 0); }

void Help(Context& ctx);

struct Subcommand {
  std::string_view name;
  size_t argc_min;
  size_t argc_max;
  command::Handler handler;
  std::string_view help;
};

// Makes each write of the append log that many microseconds late.
void AofFlushSleep(Context& ctx) {
  std::optional<int64_t> micros = ctx.Integer(2);
  if (!micros) return;
  ctx.services().append_file->SetWriteDelay(*micros);
  ctx.reply().Ok();
}

// For how long a connection's largest reply holds up the room for its next ones, and whether that room changes at all.
void ReplyBuffer(Context& ctx) {
  store::Setting<int64_t>& reset_ms = ctx.keyspace().settings().reply_peak_reset_ms;
  if (ctx.ArgIs(2, "RESIZING")) {
    std::optional<int64_t> on = ctx.Integer(3);
    if (!on) return;
    reset_ms.set(*on != 0 ? store::Settings::kReplyPeakResetMs : store::kReplyRoomFixed);
    return ctx.reply().Ok();
  }
  if (!ctx.ArgIs(2, "PEAK-RESET-TIME")) return ctx.reply().Error(command::kSyntaxError);
  if (ctx.ArgIs(3, "NEVER")) {
    reset_ms.set(-1);
  } else if (ctx.ArgIs(3, "RESET")) {
    reset_ms.set(store::Settings::kReplyPeakResetMs);
  } else {
    constexpr int64_t kMillisMax = 86'400'000;
    std::optional<int64_t> millis = ctx.IntegerInRange(3, 0, kMillisMax, command::kNotInteger);
    if (!millis) return;
    reset_ms.set(*millis);
  }
  ctx.reply().Ok();
}

constexpr size_t kAny = SIZE_MAX;
constexpr Subcommand kSubcommands[] = {
    {"aof-flush-sleep", 3, 3, AofFlushSleep, "AOF-FLUSH-SLEEP <microsec>|    Sleep before each write of the append log."},
    {"assert", 2, 2, Assert, "ASSERT|    Crash by a failed assertion."},
    {"change-repl-id", 2, 2, Ok, "CHANGE-REPL-ID|    Accepted; there is no replication identifier."},
    {"config-rewrite-force-all", 2, 2, ConfigRewriteForceAll,
     "CONFIG-REWRITE-FORCE-ALL|    Like CONFIG REWRITE, with the settings that are at their defaults too."},
    {"digest", 2, 2, DebugDigest, "DIGEST|    Digest of all data, 40 zeros when there is none."},
    {"digest-value", 3, kAny, DebugDigestValue, "DIGEST-VALUE <key> [<key> ...]|    Digests of single values."},
    {"help", 2, 2, Help, "HELP|    Print this help."},
    {"htstats", 3, 4, HtStats, "HTSTATS <dbid>|    Figures about the tables of a database."},
    {"htstats-key", 3, 4, HtStatsKey, "HTSTATS-KEY <key>|    Figures about the table of a value."},
    {"listpack", 3, 3, DebugListPack, "LISTPACK <key>|    Write to the log what the packed value of a key takes."},
    {"loadaof", 2, 2, DebugLoadAof, "LOADAOF|    Forget everything and load the append log again; without one, write every value as bytes and read it back."},
    {"log", 3, 3, Log, "LOG <message>|    Write the message to the server's log."},
    {"object", 3, 4, Object, "OBJECT <key>|    Low level facts about a key and its value."},
    {"panic", 2, 2, Panic, "PANIC|    Crash as the server does when it finds itself broken."},
    {"pause-cron", 3, 3, PauseCron, "PAUSE-CRON <0|1>|    Whether signals that ask for the end wait."},
    {"populate", 3, 5, Populate,
     "POPULATE <count> [<prefix>] [<size>]|    Create string keys \"<prefix>:<number>\" of the given size."},
    {"protocol", 3, 3, DebugProtocol,
     "PROTOCOL <type>|    Reply with a value of the type: string, integer, double, null, array, set, map, attrib, "
     "push, verbatim, true, false, bignum."},
    {"quicklist-packed-threshold", 3, 3, QuicklistPackedThreshold,
     "QUICKLIST-PACKED-THRESHOLD <size>|    Give list elements from this size on a node of their own; 0: the default."},
    {"reload", 2, kAny, DebugReload,
     "RELOAD [option ...]|    Save the dataset and load it again. MERGE, NOFLUSH: keep the keys that are there; NOSAVE: only load."},
    {"replicate", 3, kAny, Replicate, "REPLICATE <command> [<arg> ...]|    Send replicas a command that has not run here."},
    {"replybuffer", 4, 4, ReplyBuffer,
     "REPLYBUFFER PEAK-RESET-TIME <milliseconds|NEVER|RESET>, RESIZING <0|1>|    For how long a connection's largest reply holds up "
     "its room for replies; whether that room changes."},
    {"segfault", 2, 2, Segfault, "SEGFAULT|    Crash with a segmentation fault."},
    {"set-active-expire", 3, 3, SetActiveExpire,
     "SET-ACTIVE-EXPIRE <0|1>|    Whether timers delete expired keys; reads hide them in any case."},
    {"set-disable-deny-scripts", 3, 3, SetDisableDenyScripts,
     "SET-DISABLE-DENY-SCRIPTS <0|1>|    Whether scripts may call commands that are denied to them."},
    {"set-skip-checksum-validation", 3, 3, SetSkipChecksumValidation,
     "SET-SKIP-CHECKSUM-VALIDATION <0|1>|    Whether RESTORE takes payloads whose checksum is wrong."},
    {"sleep", 3, 3, Sleep, "SLEEP <seconds>|    Keep this connection busy; others go on. Decimals allowed."},
    {"stringmatch-len", 4, 4, StringMatchLen,
     "STRINGMATCH-LEN <count> <pattern>|    Match the pattern against so many letters \"a\"."},
};

void Help(Context& ctx) {
  ctx.reply().ArrayHeader(1 + 2 * std::size(kSubcommands));
  ctx.reply().Simple("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const Subcommand& subcommand : kSubcommands) {
    // Names hold '|' as well, in "<0|1>": the text begins with the last one.
    size_t bar = subcommand.help.rfind("|    ");
    ctx.reply().Simple(subcommand.help.substr(0, bar));
    ctx.reply().Simple(subcommand.help.substr(bar + 1));
  }
}

}  // namespace

void DebugProtocol(Context& ctx) {
  resp::Reply& reply = ctx.reply();
  auto is = [&ctx](std::string_view name) { return ctx.ArgIs(2, name); };
  auto three = [&reply] {
    for (int64_t i = 0; i < 3; ++i) reply.Integer(i);
  };
  if (is("string")) return reply.Bulk("Hello World");
  if (is("integer")) return reply.Integer(12345);
  if (is("double")) return reply.Double(3.141);
  if (is("null")) return reply.Null();
  if (is("array")) return reply.ArrayHeader(3), three();
  if (is("set")) return reply.SetHeader(3), three();
  if (is("map")) {
    reply.MapHeader(3);
    for (int64_t i = 0; i < 3; ++i) {
      reply.Integer(i);
      reply.Bool(i == 1);
    }
    return;
  }
  if (is("attrib")) {
    if (reply.resp3()) {
      reply.AttributeHeader(1);
      reply.Bulk("key-popularity");
      reply.ArrayHeader(2);
      reply.Bulk("key:123");
      reply.Integer(90);
    }
    // Attributes precede a reply, they are none.
    return reply.Bulk("Some real reply following the attribute");
  }
  if (is("push")) {
    if (!reply.resp3()) return reply.Error("ERR RESP2 is not supported by this command");
    reply.PushHeader(2);
    reply.Bulk("server-cpu-usage");
    return reply.Integer(42);
  }
  if (is("verbatim")) return reply.Verbatim("txt", "This is a verbatim\nstring");
  if (is("true")) return reply.Bool(true);
  if (is("false")) return reply.Bool(false);
  if (is("bignum")) return reply.BigNumber("1234567999999999999999999999999999999");
  reply.Error("ERR Wrong protocol type name. Please use one of the following: "
              "string|integer|double|null|array|set|map|attrib|push|verbatim|true|false|bignum");
}

void CmdDebug(Context& ctx) {
  bool remote = ctx.services().process && ctx.services().process->RefusesAsRemote("enable-debug-command", ctx.session().id);
  if (!ctx.settings().enable_debug_command || remote) return ctx.reply().Error(kNotAllowed);
  for (const Subcommand& subcommand : kSubcommands) {
    if (!ctx.ArgIs(1, subcommand.name) || ctx.argc() < subcommand.argc_min || ctx.argc() > subcommand.argc_max) continue;
    return subcommand.handler(ctx);
  }
  command::ReplySubcommandError(ctx);
}

}  // namespace tusk::families
