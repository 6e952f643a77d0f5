// CommandTable: every command that this process knows, found by name on each request.
//
// Built once from the families' rows; what Redis derives from a row (flags such as movablekeys, implied
// categories, the classic first/last/step) is derived here, once. A lookup folds case and compares two
// machine words: O(1), no allocation. Commands live as long as the table and never move, so requests,
// statistics and users keep pointers.
//
// Threads: immutable after start; Rename() belongs to the start. Owns: its commands, not their rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "command/spec.h"

namespace tusk::command {

using Argv = std::span<const std::string_view>;

struct KeyRef {
  uint32_t position = 0;  // In the arguments, the name being 0.
  uint16_t flags = 0;     // KeyFlag
};

using KeyPositions = std::vector<KeyRef>;

// One command or subcommand, with all that follows from its row.
struct Command {
  // How the keys are found: the fast forms first.
  enum class KeyShape : uint8_t {
    kNone,   // No key, or none that is really one (shard channels).
    kOne,    // One key at `first`.
    kRange,  // first, last, step as Redis counts them; `last` negative counts from the end.
    kSpecs,  // Walk the key specs.
    kOwn,    // A function of its own, because options decide (SORT, SET's flags in GETKEYSANDFLAGS).
  };

  const CommandSpec* spec = nullptr;
  const Command* parent = nullptr;
  Handler handler = nullptr;
  uint32_t flags = 0;       // Row's and derived ones.
  uint32_t categories = 0;  // Row's and implied ones.
  uint32_t id = 0;          // Dense, from 0: index of statistics.
  int32_t arity = 0;
  Locks locks = Locks::kKeys;
  KeyShape key_shape = KeyShape::kNone;
  bool has_own_keys = false;  // Own extraction exists for the flags, though the positions follow from specs.
  uint16_t key_flags = 0;     // Of kOne and kRange.
  int16_t first_key = 0;      // As COMMAND INFO shows them, whatever the shape.
  int16_t last_key = 0;
  int16_t key_step = 0;
  std::string name;                         // As clients call it: renamed, lower case.
  std::string full_name;                    // "client|kill"; rows' names, never renamed.
  std::vector<const Command*> subcommands;  // Sorted by name.

  bool has(uint32_t flag) const noexcept { return (flags & flag) != 0; }
  // Resolved from a request whose second argument is no subcommand: UnknownCommandError() has the reply.
  bool LacksSubcommand(size_t argument_count) const noexcept {
    return !subcommands.empty() && argument_count > 1;
  }
  bool AcceptsCount(size_t argument_count) const noexcept {
    auto count = static_cast<int64_t>(argument_count);
    return arity >= 0 ? count == arity : count >= -arity;
  }
};

class CommandTable {
 public:
  // Rows must outlive the table. CHECKs that no name comes twice.
  explicit CommandTable(std::span<const std::span<const CommandSpec>> groups);
  CommandTable(const CommandTable&) = delete;
  CommandTable& operator=(const CommandTable&) = delete;

  // A top-level command in any case; null when there is none.
  const Command* Find(std::string_view name) const noexcept;
  // What a request means: the subcommand where the command has such. Null when either is unknown. A container
  // called alone is itself, so that its arity refuses it.
  const Command* Resolve(Argv argv) const noexcept;
  // "client|kill" or "get", in any case; null when there is none.
  const Command* FindFullName(std::string_view full_name) const noexcept;

  // By the name that its row gives it, whatever it is called now: what ACL rules mean. O(commands) for renamed ones.
  const Command* FindOriginal(std::string_view full_name) const noexcept;

  // rename-command: `to` empty removes the command. Text of a Status is the reason that redis.conf's error
  // shows.
  base::Status Rename(std::string_view from, std::string_view to);

  // Top-level commands in the order of their rows.
  std::span<const Command* const> commands() const noexcept { return top_level_; }
  // All, subcommands included; id is the index.
  const std::deque<Command>& all() const noexcept { return all_; }
  // Number of dense ids.
  size_t size() const noexcept { return all_.size(); }

 private:
  // Up to 16 bytes of a name with case folded away; see Fold().
  struct Folded {
    uint64_t low = 0;
    uint64_t high = 0;
    uint64_t Hash(size_t length) const noexcept;
  };
  struct Slot {
    Folded name;
    size_t length = 0;
    const Command* command = nullptr;
    // The name has letters only: nothing else folds to what it folds to.
    bool fold_is_exact = false;
  };
  static Folded Fold(std::string_view name) noexcept;

  Command* Add(const CommandSpec& spec, Command* parent);
  void RebuildIndex();

  std::deque<Command> all_;
  std::vector<const Command*> top_level_;
  std::vector<Slot> slots_;  // Open addressing, linear probing, at most a quarter full.
  std::vector<const Command*> long_names_;
  uint64_t slot_mask_ = 0;
};

// The keys of a complete request, appended to `out` after clearing it. False when the arguments can't be
// right (a count of keys that is no number or too large): the handler will say so. Arity must have been
// checked. Positions without exact flags are enough for locking; GETKEYSANDFLAGS asks for `exact_flags`.
bool FindKeys(const Command& command, Argv argv, KeyPositions& out, bool exact_flags = false);

// Whether COMMAND GETKEYS can say anything about the command.
bool HasKeys(const Command& command) noexcept;

// Error texts about a request that names no command or the wrong number of arguments, without '-'.
// What a message shows of an argument: at most 128 bytes, and nothing from a zero byte on.
std::string_view ShownInError(std::string_view argument) noexcept;
// The same without the bound on bytes.
std::string_view UpToZeroByte(std::string_view text) noexcept;

std::string UnknownCommandError(const CommandTable& table, Argv argv);
std::string WrongArityError(const Command& command);

// Categories that follow from flags.
uint32_t ImpliedCategories(uint32_t flags, uint32_t explicit_categories) noexcept;

}  // namespace tusk::command
