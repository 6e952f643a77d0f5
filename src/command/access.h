// Access: what a user may do, in the form in which each command is judged: selectors of commands, key patterns and
// channels, as Redis' ACLs have them. The table of users, their passwords and the text of rules are the engine's.
//
// A session shares its user's Rights with all sessions of that user. When users change, the services' access_epoch
// moves on and each session fetches the new rights before its next command; a session that may do anything pays one
// comparison with the epoch (Session::unrestricted_epoch) per command.
//
// Threads: Rights are immutable once shared; AccessControl is thread-safe; the functions belong to the session's thread.
// Owns: what the fields say.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command/command_table.h"
#include "command/services.h"

namespace tusk::command {

struct Session;

// Why a command is refused, the more telling reason last: it is the one that is reported when several selectors refuse.
enum class Denial : uint8_t { kNone, kCommand, kKey, kUser, kChannel };

struct Verdict {
  Denial denial = Denial::kNone;
  uint32_t position = 0;  // Of the key or channel in the arguments.
  bool classic_text = false;  // To be told in Redis 7.0's words.
  bool allowed() const noexcept { return denial == Denial::kNone; }
};

struct KeyPattern {
  std::string glob;
  bool read = false;
  bool write = false;
};

// A command without subcommands that is allowed with this first argument only (+select|0).
struct FirstArgument {
  uint32_t command_id = 0;
  std::string text;
};

// One set of permissions: a command is allowed when one of the user's selectors allows all of it.
struct Selector {
  bool all_commands = false;     // Nothing has been taken away since +@all.
  bool future_commands = false;  // The last of +@all and -@all: what a rule text starts from.
  bool all_keys = false;
  bool all_channels = false;
  std::vector<uint64_t> commands;  // Bit per Command::id.
  std::vector<FirstArgument> first_arguments;
  std::vector<KeyPattern> keys;
  std::vector<std::string> channels;
  std::vector<std::string> command_rules;  // "+get", "-@string", in the order given; without the leading +@all or -@all.

  bool Has(uint32_t command_id) const noexcept {
    size_t word = command_id / 64;
    return word < commands.size() && (commands[word] >> (command_id % 64) & 1) != 0;
  }
  // `keys` are the positions that FindKeys() gave, with exact flags. O(keys × patterns).
  Verdict Judge(const Command& command, Argv argv, const KeyPositions& keys) const;
  bool AllowsKey(std::string_view key, uint16_t key_flags) const;
  // A pattern to subscribe to must be among the patterns literally.
  bool AllowsChannel(std::string_view channel, bool is_pattern) const;
};

struct Rights {
  std::string user;
  uint64_t identity = 0;  // Of the user, told apart from a later one of the same name.
  bool unrestricted = false;
  bool classic_texts = false;  // The setting classic-replies.
  std::vector<Selector> selectors;  // The user's own rules first.

  // `scratch` is overwritten; keeping it spares allocations.
  Verdict Judge(const Command& command, Argv argv, KeyPositions& scratch) const;
  // Does a selector that allows the command also allow to read every key? SORT's BY and GET ask.
  bool ReadsEveryKey(const Command& command, Argv argv, KeyPositions& scratch) const;
};

// From where a refused command came, as ACL LOG tells.
enum class AccessContext : uint8_t { kTopLevel, kMulti, kScript, kModule };

struct AccessRequest {
  const Command& command;
  Argv argv;
  const Command& running;  // What the client sent: the command itself, EXEC or EVAL.
  AccessContext context = AccessContext::kTopLevel;
};

// The users, as the executor sees them.
class AccessControl {
 public:
  virtual ~AccessControl() = default;
  // What that user may do now; null: it is gone.
  virtual std::shared_ptr<const Rights> Current(const Rights& known) const = 0;
  // Must a new connection authenticate itself before anything else?
  virtual bool RequiresAuthentication() const noexcept = 0;
  // ACL LOG and the counters of INFO.
  virtual void NoteDenial(const Session& session, const AccessRequest& request, const Verdict& verdict) = 0;
};

// Judges by the rights that the session's user has now, and notes a refusal. Denial::kUser: the user is gone and the
// session is to be closed. KeyPositions is scratch.
Verdict CheckAccess(Services& services, Session& session, const AccessRequest& request, KeyPositions& scratch);
// The same for a session that the caller may only read: a blocked one whose claim it holds.
Verdict RecheckAccess(Services& services, const Session& session, const AccessRequest& request, KeyPositions& scratch);

// "User bob has no permissions to run the 'get' command". `verbose` names the key or channel: for ACL DRYRUN, not for
// clients, which may not know it.
std::string DenialText(const Verdict& verdict, std::string_view user, const Command& command, Argv argv, bool verbose);
// The error reply of a refused command: "NOPERM ...".
std::string DenialError(const Verdict& verdict, const Session& session, const Command& command, Argv argv);

}  // namespace tusk::command
