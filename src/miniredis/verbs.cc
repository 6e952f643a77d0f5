#include "miniredis/verbs.h"

#include <algorithm>
#include <array>

#include "miniredis/handlers.h"

namespace tusk::miniredis {
namespace {

using command::CommandSpec;
using command::kAdmin;
using command::kAllowBusy;
using command::kCatConnection;
using command::kCatDangerous;
using command::kCatHash;
using command::kCatKeyspace;
using command::kCatList;
using command::kCatSet;
using command::kCatString;
using command::kDenyOom;
using command::kDetachable;
using command::KeySpec;
using command::kFast;
using command::kKeyAccess;
using command::kKeyRO;
using command::kKeyRW;
using command::kKeyUpdate;
using command::kLoading;
using command::kNoMulti;
using command::kNoScript;
using command::kReadonly;
using command::kStale;
using command::kWrite;
using command::Locks;

constexpr uint32_t kRead = kReadonly | kDetachable;
constexpr uint32_t kReadFast = kReadonly | kFast;
constexpr uint32_t kAdd = kWrite | kDenyOom | kDetachable;
constexpr uint32_t kTake = kWrite | kDetachable;
constexpr uint32_t kFile = kAdmin | kNoScript | kNoMulti | kDetachable;

// In the order of their names.
constexpr Verb kVerbs[] = {
    {"ADD", CmdAdd, Shape::kSchedule, 2, 2, kAdd, kCatList, "timestamp data", "Schedules data for a time."},
    {"APPEND", CmdAppend, Shape::kKey, 2, 2, kAdd, kCatString, "value", "Joins a value to the key's, and returns what that makes."},
    {"DECR", CmdDecr, Shape::kKey, 1, 1, kWrite | kDenyOom | kFast, kCatString, "", "Takes one off a number."},
    {"DECRBY", CmdDecrby, Shape::kKey, 2, 2, kWrite | kDenyOom | kFast, kCatString, "number", "Takes a number off a number."},
    {"DELETE", CmdDelete, Shape::kKey, 1, 1, kTake, kCatKeyspace, "", "Deletes a key. Returns how many went."},
    {"EXISTS", CmdExists, Shape::kKey, 1, 1, kReadFast, kCatKeyspace, "", "Is there such a key?"},
    {"EXPIRE", CmdExpire, Shape::kKey, 2, 2, kWrite | kFast, kCatKeyspace, "seconds", "Deletes the key when so many seconds are over."},
    {"FLUSH", CmdFlush, Shape::kNone, 0, 0, kTake, kCatKeyspace | kCatDangerous, "", "Deletes all keys but the schedule. Returns how many.",
     Locks::kAll},
    {"FLUSHALL", CmdFlushall, Shape::kNone, 0, 0, kTake, kCatKeyspace | kCatDangerous, "", "Deletes all keys and the schedule.",
     Locks::kAll},
    {"FLUSH_SCHEDULE", CmdFlushSchedule, Shape::kSchedule, 0, 0, kTake, kCatList, "", "Empties the schedule. Returns how many entries it had."},
    {"GET", CmdGet, Shape::kKey, 1, 1, kRead, kCatString, "", "Returns the key's value, of whatever type."},
    {"GETSET", CmdGetset, Shape::kKey, 2, 2, kAdd, kCatString, "value", "Sets a value and returns the old one."},
    {"HDEL", CmdHdel, Shape::kKey, 2, 2, kTake, kCatHash, "field", "Deletes a dict's field."},
    {"HEXISTS", CmdHexists, Shape::kKey, 2, 2, kReadFast, kCatHash, "field", "Has the dict such a field?"},
    {"HGET", CmdHget, Shape::kKey, 2, 2, kReadFast, kCatHash, "field", "Returns the value of a dict's field."},
    {"HGETALL", CmdHgetall, Shape::kKey, 1, 1, kRead, kCatHash, "", "Returns a dict."},
    {"HINCRBY", CmdHincrby, Shape::kKey, 2, 3, kAdd, kCatHash, "field [number]", "Adds to a number in a dict."},
    {"HKEYS", CmdHkeys, Shape::kKey, 1, 1, kRead, kCatHash, "", "Returns a dict's fields."},
    {"HLEN", CmdHlen, Shape::kKey, 1, 1, kReadFast, kCatHash, "", "Returns how many fields a dict has."},
    {"HMGET", CmdHmget, Shape::kKey, 1, kAnyCount, kRead, kCatHash, "[field]...", "Returns some fields of a dict, as a dict."},
    {"HMSET", CmdHmset, Shape::kKey, 2, 2, kAdd, kCatHash, "dict", "Sets fields of a dict. Returns how many were given."},
    {"HSET", CmdHset, Shape::kKey, 3, 3, kAdd, kCatHash, "field value", "Sets a dict's field."},
    {"HSETNX", CmdHsetnx, Shape::kKey, 3, 3, kAdd, kCatHash, "field value", "Sets a dict's field unless it is there."},
    {"HVALS", CmdHvals, Shape::kKey, 1, 1, kRead, kCatHash, "", "Returns a dict's values."},
    {"INCR", CmdIncr, Shape::kKey, 1, 1, kWrite | kDenyOom | kFast, kCatString, "", "Adds one to a number."},
    {"INCRBY", CmdIncrby, Shape::kKey, 2, 2, kWrite | kDenyOom | kFast, kCatString, "number", "Adds a number to a number."},
    {"INFO", CmdInfo, Shape::kNone, 0, 0, kLoading | kStale, kCatConnection, "", "Returns figures about the port.", Locks::kVisit},
    {"LEN", CmdLen, Shape::kNone, 0, 0, kReadFast, kCatKeyspace, "", "Returns how many keys there are.", Locks::kVisit},
    {"LENGTH_SCHEDULE", CmdLengthSchedule, Shape::kSchedule, 0, 0, kReadFast, kCatList, "", "Returns how many entries the schedule has."},
    {"LFLUSH", CmdLflush, Shape::kKey, 1, 1, kTake, kCatList, "", "Empties a queue. Returns how many elements it had."},
    {"LINDEX", CmdLindex, Shape::kKey, 2, 2, kRead, kCatList, "index", "Returns an element of a queue."},
    {"LLEN", CmdLlen, Shape::kKey, 1, 1, kReadFast, kCatList, "", "Returns how many elements a queue has."},
    {"LPOP", CmdLpop, Shape::kKey, 1, 1, kTake, kCatList, "", "Takes a queue's first element."},
    {"LPUSH", CmdLpush, Shape::kKey, 1, kAnyCount, kAdd, kCatList, "[value]...", "Puts values in front of a queue. Returns how many."},
    {"LRANGE", CmdLrange, Shape::kKey, 2, 3, kRead, kCatList, "start [end]", "Returns elements of a queue, up to the end and without it."},
    {"LREM", CmdLrem, Shape::kKey, 2, 2, kTake, kCatList, "value", "Takes the first such value out of a queue."},
    {"LSET", CmdLset, Shape::kKey, 3, 3, kAdd, kCatList, "index value", "Replaces an element of a queue."},
    {"LTRIM", CmdLtrim, Shape::kKey, 3, 3, kTake, kCatList, "start end", "Keeps that part of a queue. Returns its length."},
    {"MDELETE", CmdDelete, Shape::kKeys, 0, kAnyCount, kTake, kCatKeyspace, "", "Deletes keys. Returns how many went."},
    {"MERGE", CmdMerge, Shape::kNone, 1, 1, kFile | kWrite | kDenyOom, kCatDangerous, "path", "Takes on the keys of a file that are not there.",
     Locks::kVisit},
    {"MGET", CmdMget, Shape::kKeys, 0, kAnyCount, kRead, kCatString, "", "Returns the values of keys."},
    {"MPOP", CmdMpop, Shape::kKeys, 0, kAnyCount, kTake, kCatString, "", "Returns the values of keys and deletes them."},
    {"MSET", CmdMset, Shape::kDict, 1, kAnyCount, kAdd, kCatString, "", "Sets the keys of a dict to its values. Returns how many."},
    {"MSETEX", CmdMsetex, Shape::kDictThen, 2, 2, kAdd, kCatString, "", "The same, for some seconds."},
    {"POP", CmdPop, Shape::kKey, 1, 1, kTake, kCatString, "", "Returns the key's value and deletes it."},
    {"QUIT", CmdQuit, Shape::kNone, 0, 0, kLoading | kStale | kFast | kAllowBusy | kNoScript, kCatConnection, "", "Closes the connection.",
     Locks::kNone},
    {"READ", CmdRead, Shape::kSchedule, 0, 1, kTake, kCatList, "timestamp", "Takes what is due out of the schedule."},
    {"RESTORE", CmdRestore, Shape::kNone, 1, 1, kFile | kWrite | kDenyOom, kCatDangerous, "path", "Replaces all keys by those of a file.",
     Locks::kVisit},
    {"RPOP", CmdRpop, Shape::kKey, 1, 1, kTake, kCatList, "", "Takes a queue's last element."},
    {"RPOPLPUSH", CmdRpoplpush, Shape::kKeys, 2, 2, kAdd, kCatList, "", "Moves a queue's last element to the front of another."},
    {"RPUSH", CmdRpush, Shape::kKey, 1, kAnyCount, kAdd, kCatList, "[value]...", "Puts values at the end of a queue. Returns how many."},
    {"SADD", CmdSadd, Shape::kKey, 1, kAnyCount, kAdd, kCatSet, "[member]...", "Adds members to a set. Returns how many it has then."},
    {"SAVE", CmdSave, Shape::kNone, 1, 1, kFile, kCatDangerous, "path", "Writes all keys to a file.", Locks::kVisit},
    {"SCARD", CmdScard, Shape::kKey, 1, 1, kReadFast, kCatSet, "", "Returns how many members a set has."},
    {"SDIFF", CmdSdiff, Shape::kKeys, 1, kAnyCount, kRead, kCatSet, "", "Returns what the first set has and the others have not."},
    {"SDIFFSTORE", CmdSdiffstore, Shape::kKeys, 2, kAnyCount, kAdd, kCatSet, "", "Stores the difference of sets."},
    {"SET", CmdSet, Shape::kKey, 2, 2, kAdd, kCatString, "value", "Sets a key's value, of whatever type."},
    {"SETEX", CmdSetex, Shape::kKey, 3, 3, kAdd, kCatString, "value seconds", "Sets a key's value for some seconds."},
    {"SETNX", CmdSetnx, Shape::kKey, 2, 2, kAdd, kCatString, "value", "Sets a key's value unless it is there."},
    {"SHUTDOWN", CmdShutdown, Shape::kNone, 0, 0, kAdmin | kNoScript | kLoading | kStale | kNoMulti | kAllowBusy | kDetachable, kCatDangerous,
     "", "Ends the server.", Locks::kNone},
    {"SINTER", CmdSinter, Shape::kKeys, 1, kAnyCount, kRead, kCatSet, "", "Returns what all sets have."},
    {"SINTERSTORE", CmdSinterstore, Shape::kKeys, 2, kAnyCount, kAdd, kCatSet, "", "Stores what all sets have."},
    {"SISMEMBER", CmdSismember, Shape::kKey, 2, 2, kReadFast, kCatSet, "member", "Has the set such a member?"},
    {"SMEMBERS", CmdSmembers, Shape::kKey, 1, 1, kRead, kCatSet, "", "Returns a set."},
    {"SPOP", CmdSpop, Shape::kKey, 1, 2, kTake, kCatSet, "[count]", "Takes some members out of a set."},
    {"SREM", CmdSrem, Shape::kKey, 1, kAnyCount, kTake, kCatSet, "[member]...", "Takes members out of a set. Returns how many were there."},
    {"SUNION", CmdSunion, Shape::kKeys, 1, kAnyCount, kRead, kCatSet, "", "Returns what any of the sets has."},
    {"SUNIONSTORE", CmdSunionstore, Shape::kKeys, 2, kAnyCount, kAdd, kCatSet, "", "Stores what any of the sets has."},
};
constexpr size_t kVerbCount = std::size(kVerbs);
static_assert(kVerbCount == 68);
static_assert(std::ranges::is_sorted(kVerbs, {}, &Verb::name));

// ---- Rows of the command table ----

constexpr uint16_t kReads = kKeyRO | kKeyAccess;
constexpr uint16_t kWrites = kKeyRW | kKeyAccess | kKeyUpdate;
constexpr auto kKeyAt = static_cast<int16_t>(kFirstArg);

// By whether they write.
constexpr KeySpec kOneKey[2][1] = {{{.flags = kReads, .index = kKeyAt}}, {{.flags = kWrites, .index = kKeyAt}}};
constexpr KeySpec kAllKeys[2][1] = {{{.flags = kReads, .index = kKeyAt, .last = -1}}, {{.flags = kWrites, .index = kKeyAt, .last = -1}}};
constexpr KeySpec kPairs[] = {{.flags = kWrites, .index = kKeyAt, .last = -1, .step = 2}};
constexpr KeySpec kPairsBehindOne[] = {{.flags = kWrites, .index = kKeyAt + 1, .last = -1, .step = 2}};

constexpr size_t kNameMax = 16;
constexpr size_t kSyntaxMax = 64;
template <size_t kSize>
struct Chars {
  char chars[kSize] = {};
  size_t size = 0;
  constexpr void Add(std::string_view text) {
    for (const char c : text) chars[size++] = c;
  }
  constexpr std::string_view view() const { return {chars, size}; }
};

// "lpush", and "key-kind key@0 [value]...".
struct Texts {
  Chars<kNameMax> name;
  Chars<kSyntaxMax> arguments;
};

constexpr std::string_view KeySyntax(Shape shape) {
  switch (shape) {
    case Shape::kNone: return "";
    case Shape::kKey:
    case Shape::kSchedule: return " key@0";
    case Shape::kKeys: return " [key@0]...";
    case Shape::kDict: return " [data=(key@0 value)]...";
    case Shape::kDictThen: return " seconds [data=(key@0 value)]...";
  }
  return "";
}

constexpr std::array<Texts, kVerbCount> MakeTexts() {
  std::array<Texts, kVerbCount> all{};
  for (size_t i = 0; i < kVerbCount; ++i) {
    for (const char c : kVerbs[i].name) {
      const char lower[] = {c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c};
      all[i].name.Add({lower, 1});
    }
    all[i].arguments.Add("key-kind");
    all[i].arguments.Add(KeySyntax(kVerbs[i].shape));
    if (!kVerbs[i].arguments.empty()) all[i].arguments.Add(" ");
    all[i].arguments.Add(kVerbs[i].arguments);
  }
  return all;
}
constexpr std::array<Texts, kVerbCount> kTexts = MakeTexts();

constexpr std::span<const KeySpec> KeysOf(const Verb& verb) {
  const bool writes = (verb.flags & kWrite) != 0;
  switch (verb.shape) {
    case Shape::kNone: return {};
    case Shape::kKey:
    case Shape::kSchedule: return kOneKey[writes];
    case Shape::kKeys: return kAllKeys[writes];
    case Shape::kDict: return kPairs;
    case Shape::kDictThen: return kPairsBehindOne;
  }
  return {};
}

// As the client sends them, a verb's arguments are counted by the port's reader; here it is what the handler relies on.
constexpr int16_t ArityOf(const Verb& verb) {
  const bool is_fixed = verb.args_min == verb.args_max && verb.shape != Shape::kDictThen;
  const size_t least = verb.shape == Shape::kDict ? 0 : verb.shape == Shape::kDictThen ? 1 : verb.args_min;
  const auto count = static_cast<int16_t>(kFirstArg + least + (verb.shape == Shape::kSchedule ? 1 : 0));
  return is_fixed ? count : static_cast<int16_t>(-count);
}

constexpr std::array<CommandSpec, kVerbCount + 2> MakeRows() {
  std::array<CommandSpec, kVerbCount + 2> rows{};
  for (size_t i = 0; i < kVerbCount; ++i) {
    const Verb& verb = kVerbs[i];
    rows[i] = {.name = kTexts[i].name.view(),
               .handler = verb.handler,
               .arity = ArityOf(verb),
               .flags = verb.flags,
               .categories = verb.categories,
               .locks = verb.locks,
               .keys = KeysOf(verb),
               .group = "server",
               .since = "8.0.0",
               .complexity = "Depends on the value.",
               .summary = verb.summary,
               .arguments = kTexts[i].arguments.view()};
  }
  rows[kVerbCount] = {.name = "refuse",
                      .handler = CmdRefuse,
                      .arity = 4,
                      .flags = kLoading | kStale | kFast | kAllowBusy | kNoScript,
                      .categories = kCatConnection,
                      .locks = Locks::kNone,
                      .group = "server",
                      .since = "8.0.0",
                      .complexity = "O(1)",
                      .summary = "Answers the error of a request that is none of the others.",
                      .arguments = "error close"};
  rows[kVerbCount + 1] = {.name = "help",
                          .handler = CmdHelp,
                          .arity = 2,
                          .flags = kLoading | kStale,
                          .categories = kCatConnection,
                          .locks = Locks::kNone,
                          .group = "server",
                          .since = "8.0.0",
                          .complexity = "O(1)",
                          .summary = "Returns helpful text about the subcommands."};
  return rows;
}
constexpr std::array<CommandSpec, kVerbCount + 2> kVerbRows = MakeRows();

constexpr CommandSpec kRows[] = {
    {.name = "mini",
     .arity = -2,
     .categories = kCatString,
     .group = "server",
     .since = "8.0.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for the commands of the mini-Redis port; requests that come there are turned into these.",
     .subcommands = kVerbRows},
};

}  // namespace

const Verb* FindVerb(std::string_view name) noexcept {
  const Verb* found = std::ranges::lower_bound(kVerbs, name, {}, &Verb::name);
  return found != std::end(kVerbs) && found->name == name ? found : nullptr;
}

std::span<const CommandSpec> MiniRows() noexcept { return kRows; }

}  // namespace tusk::miniredis
