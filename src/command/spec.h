// CommandSpec: the one row that is the truth about a command. COMMAND and its subcommands, arity errors, HELP, key
// extraction, ACL categories, INFO commandstats and the documentation page all derive from it.
//
// Threads: immutable after start. Owns: nothing; rows are static data of their family.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tusk::command {

class Context;
using Handler = void (*)(Context&);

// What the executor and COMMAND INFO need to know. Names in replies: FlagName() in command/spec_names.h.
enum Flag : uint32_t {
  kWrite = 1u << 0,
  kReadonly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kPubsub = 1u << 4,
  kNoScript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,
  kStale = 1u << 8,
  kSkipMonitor = 1u << 9,
  kSkipSlowlog = 1u << 10,
  kAsking = 1u << 11,
  kFast = 1u << 12,
  kNoAuth = 1u << 13,
  kMayReplicate = 1u << 14,
  kNoMandatoryKeys = 1u << 15,
  kProtected = 1u << 16,
  kNoAsyncLoading = 1u << 17,
  kNoMulti = 1u << 18,
  kAllowBusy = 1u << 19,
  kMovableKeys = 1u << 20,  // Derived: first/last/step do not tell all keys.
  // Tusk's own; not shown by COMMAND INFO.
  kDetachable = 1u << 24,  // Can be slow: the worker's loop may go on without it (DESIGN 2.11), so it may also wait.
  kInMulti = 1u << 25,     // Runs at once inside MULTI instead of being queued (EXEC, DISCARD, WATCH, QUIT, RESET).
  kInPubsub = 1u << 26,    // Allowed for a RESP2 connection that has subscriptions.
};

// Which stripes the executor locks before the handler runs.
enum class Locks : uint8_t {
  kKeys,  // Those of the keys that the key specs find (none when there are no keys).
  kNone,  // None: the handler touches no key (DBSIZE, CONFIG, ...).
  kVisit, // None yet: the handler visits stripes one at a time with Context::Visit() (SCAN, KEYS, RANDOMKEY).
  kAll,   // Every stripe, through the lane: FLUSHALL, SWAPDB.
  kExec,  // What the session's queued commands and watched keys need.
  kLane,  // The keys' stripes, and the lane, so that further stripes may be locked while running.
};

// ACL categories, one bit each, in the order in which ACL CAT lists them.
enum Category : uint32_t {
  kCatKeyspace = 1u << 0,
  kCatRead = 1u << 1,
  kCatWrite = 1u << 2,
  kCatSet = 1u << 3,
  kCatSortedSet = 1u << 4,
  kCatList = 1u << 5,
  kCatHash = 1u << 6,
  kCatString = 1u << 7,
  kCatBitmap = 1u << 8,
  kCatHyperLogLog = 1u << 9,
  kCatGeo = 1u << 10,
  kCatStream = 1u << 11,
  kCatPubsub = 1u << 12,
  kCatAdmin = 1u << 13,
  kCatFast = 1u << 14,
  kCatSlow = 1u << 15,
  kCatBlocking = 1u << 16,
  kCatDangerous = 1u << 17,
  kCatConnection = 1u << 18,
  kCatTransaction = 1u << 19,
  kCatScripting = 1u << 20,
  kCatJson = 1u << 21,
};

enum KeyFlag : uint16_t {
  kKeyRW = 1u << 0,
  kKeyRO = 1u << 1,
  kKeyOW = 1u << 2,
  kKeyRM = 1u << 3,
  kKeyAccess = 1u << 4,
  kKeyUpdate = 1u << 5,
  kKeyInsert = 1u << 6,
  kKeyDelete = 1u << 7,
  kKeyNotKey = 1u << 8,
  kKeyIncomplete = 1u << 9,
  kKeyVariableFlags = 1u << 10,
};

// Where one group of keys stands in the arguments, in the terms of Redis 7's key specifications.
struct KeySpec {
  enum class Begin : uint8_t { kIndex, kKeyword, kUnknown };
  enum class Find : uint8_t { kRange, kKeyNum, kUnknown };

  uint16_t flags = 0;
  Begin begin = Begin::kIndex;
  Find find = Find::kRange;
  int16_t index = 1;           // kIndex: position of the first key (or of the count). kKeyword: start of the search,
                               // negative from the end.
  std::string_view keyword{};  // kKeyword.
  int16_t last = 0;            // kRange: relative to the first; negative counts from the end of the arguments.
  int16_t step = 1;
  int16_t limit = 0;           // kRange with last -1: use 1/limit of the remaining arguments.
  int16_t key_num_index = 0;   // kKeyNum: position of the count, relative to the begin.
  int16_t first_key = 1;       // kKeyNum: position of the first key, relative to the begin.
  std::string_view notes{};
};

struct History {
  std::string_view since;
  std::string_view change;
};

struct CommandSpec {
  std::string_view name;  // Lower case; for a subcommand its own name ("kill"), the parent's row holds it.
  Handler handler = nullptr;  // Null for a pure container.
  int16_t arity = 0;          // Negative: at least that many. The container's name counts.
  uint32_t flags = 0;
  uint32_t categories = 0;  // Explicit ones; read/write/fast/slow/... follow from flags (ImpliedCategories()).
  Locks locks = Locks::kKeys;
  // With Locks::kLane: may these arguments lead to keys that they do not name? Null: always. Only then is the lane taken.
  bool (*roams)(std::span<const std::string_view> argv) = nullptr;
  std::span<const KeySpec> keys{};
  std::string_view group{};  // "string", "list", "generic", ...
  std::string_view since{};
  std::string_view complexity{};
  std::string_view summary{};
  std::string_view arguments{};  // Grammar: command/argument_syntax.h.
  std::span<const std::string_view> tips{};
  std::span<const History> history{};
  std::string_view deprecated_since{};
  std::string_view replaced_by{};
  std::span<const CommandSpec> subcommands{};
};

}  // namespace tusk::command
