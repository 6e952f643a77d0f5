#include "command/access.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "command/session.h"

namespace tusk::command {
namespace {

constexpr uint16_t kKeyReads = kKeyAccess;
constexpr uint16_t kKeyWrites = kKeyInsert | kKeyDelete | kKeyUpdate;

// Which arguments of a command are channels. Leaving a channel needs no permission.
enum class ChannelUse : uint8_t { kNone, kFirst, kAll, kAllPatterns };

ChannelUse ChannelUseOf(const Command& command) noexcept {
  if ((command.categories & kCatPubsub) == 0 || command.parent != nullptr) return ChannelUse::kNone;
  std::string_view name = command.spec->name;
  if (name == "publish" || name == "spublish") return ChannelUse::kFirst;
  if (name == "subscribe" || name == "ssubscribe") return ChannelUse::kAll;
  if (name == "psubscribe") return ChannelUse::kAllPatterns;
  return ChannelUse::kNone;
}

void FindRestrictedKeys(const Command& command, Argv argv, KeyPositions& keys) {
  if (!FindKeys(command, argv, keys, true)) keys.clear();
  // redis.acl_check_cmd() asks about requests that may lack arguments.
  std::erase_if(keys, [&](const KeyRef& key) { return key.position >= argv.size(); });
}

bool Matches(const KeyPattern& pattern, uint16_t key_flags) noexcept {
  return ((key_flags & kKeyReads) == 0 || pattern.read) && ((key_flags & kKeyWrites) == 0 || pattern.write);
}

}  // namespace

bool Selector::AllowsKey(std::string_view key, uint16_t key_flags) const {
  return all_keys || std::ranges::any_of(keys, [&](const KeyPattern& pattern) {
           return Matches(pattern, key_flags) && base::GlobMatch(pattern.glob, key);
         });
}

bool Selector::AllowsChannel(std::string_view channel, bool is_pattern) const {
  return all_channels || std::ranges::any_of(channels, [&](const std::string& allowed) {
           return is_pattern ? allowed == channel : base::GlobMatch(allowed, channel);
         });
}

Verdict Selector::Judge(const Command& command, Argv argv, const KeyPositions& keys) const {
  DCHECK(!argv.empty());
  // AUTH and its kin are for everybody.
  if (!all_commands && !command.has(kNoAuth) && !Has(command.id)) {
    const size_t argument = command.parent ? 2 : 1;
    bool allowed = argument < argv.size() && std::ranges::any_of(first_arguments, [&](const FirstArgument& first) {
                     return first.command_id == command.id && base::EqualsIgnoreCase(first.text, argv[argument]);
                   });
    if (!allowed) return {Denial::kCommand, 0};
  }
  if (!all_keys) {
    for (const KeyRef& key : keys) {
      if (!AllowsKey(argv[key.position], key.flags)) return {Denial::kKey, key.position};
    }
  }
  if (!all_channels) {
    const ChannelUse use = ChannelUseOf(command);
    size_t end = use == ChannelUse::kNone ? 1 : use == ChannelUse::kFirst ? 2 : argv.size();
    for (size_t i = 1; i < std::min(end, argv.size()); ++i) {
      if (!AllowsChannel(argv[i], use == ChannelUse::kAllPatterns)) return {Denial::kChannel, static_cast<uint32_t>(i)};
    }
  }
  return {};
}

Verdict Rights::Judge(const Command& command, Argv argv, KeyPositions& scratch) const {
  if (unrestricted) return {};
  FindRestrictedKeys(command, argv, scratch);
  // Of several refusals that one is told which came furthest.
  Verdict worst{Denial::kCommand, 0};
  for (const Selector& selector : selectors) {
    Verdict verdict = selector.Judge(command, argv, scratch);
    if (verdict.allowed()) return verdict;
    if (verdict.denial > worst.denial || (verdict.denial == worst.denial && verdict.position > worst.position)) {
      worst = verdict;
    }
  }
  worst.classic_text = classic_texts;
  return worst;
}

bool Rights::ReadsEveryKey(const Command& command, Argv argv, KeyPositions& scratch) const {
  if (unrestricted) return true;
  FindRestrictedKeys(command, argv, scratch);
  return std::ranges::any_of(selectors, [&](const Selector& selector) {
    bool every = selector.all_keys || std::ranges::any_of(selector.keys, [](const KeyPattern& pattern) {
                   return pattern.read && pattern.glob == "*";
                 });
    return every && selector.Judge(command, argv, scratch).allowed();
  });
}

namespace {

Verdict JudgeAndNote(Services& services, const Session& session, const Rights& rights, const AccessRequest& request,
                     KeyPositions& scratch) {
  Verdict verdict = rights.Judge(request.command, request.argv, scratch);
  if (!verdict.allowed()) services.access->NoteDenial(session, request, verdict);
  return verdict;
}

}  // namespace

Verdict CheckAccess(Services& services, Session& session, const AccessRequest& request, KeyPositions& scratch) {
  // Acquire pairs with the release of whoever changed the users: the rights are at least as new as the epoch.
  const uint64_t epoch = services.access_epoch.load(std::memory_order_acquire);
  if (session.access_epoch != epoch) {
    if (session.rights && services.access) {
      std::shared_ptr<const Rights> current = services.access->Current(*session.rights);
      if (!current) {
        session.close = CloseWish::kNow;
        return {Denial::kUser, 0};
      }
      session.rights = std::move(current);
    }
    session.access_epoch = epoch;
    session.unrestricted_epoch = !session.rights || session.rights->unrestricted ? epoch : 0;
  }
  if (!session.rights || session.rights->unrestricted) return {};
  return JudgeAndNote(services, session, *session.rights, request, scratch);
}

Verdict RecheckAccess(Services& services, const Session& session, const AccessRequest& request, KeyPositions& scratch) {
  if (!session.rights || !services.access) return {};
  if (session.access_epoch == services.access_epoch.load(std::memory_order_acquire)) {
    if (session.rights->unrestricted) return {};
    return JudgeAndNote(services, session, *session.rights, request, scratch);
  }
  std::shared_ptr<const Rights> current = services.access->Current(*session.rights);
  if (!current) return {Denial::kUser, 0};
  return JudgeAndNote(services, session, *current, request, scratch);
}

std::string DenialText(const Verdict& verdict, std::string_view user, const Command& command, Argv argv, bool verbose) {
  DCHECK(!verdict.allowed());
  const std::string subject = !verdict.classic_text ? "User " + std::string(user) : verbose ? "This user" : "this user";
  const std::string who = subject + " has no permissions to ";
  const bool is_key = verdict.denial == Denial::kKey;
  if (!is_key && verdict.denial != Denial::kChannel) return who + "run the '" + command.full_name + "' command";
  if (!verbose && verdict.classic_text) return who + "access one of the " + (is_key ? "keys" : "channels") + " used as arguments";
  if (!verbose) return is_key ? "No permissions to access a key" : "No permissions to access a channel";
  return who + "access the '" + std::string(UpToZeroByte(argv[verdict.position])) + (is_key ? "' key" : "' channel");
}

std::string DenialError(const Verdict& verdict, const Session& session, const Command& command, Argv argv) {
  if (verdict.denial == Denial::kUser) return "NOAUTH Authentication required.";
  return "NOPERM " + DenialText(verdict, session.user, command, argv, false);
}

}  // namespace tusk::command
