#include "engine/acl_rules.h"

#include <openssl/sha.h>

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/text.h"
#include "command/command_table.h"
#include "command/spec_names.h"

namespace tusk::engine {
namespace {

using base::Status;
using command::Command;
using command::Selector;

constexpr size_t kPasswordDigits = SHA256_DIGEST_LENGTH * 2;

Status SyntaxError() { return Status::Invalid("Syntax error"); }
Status UnknownCommand() { return Status::Invalid("Unknown command or category name in ACL"); }
Status PointlessPattern() {
  return Status::Invalid(
      "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try "
      "'resetkeys' to start with an empty list of patterns");
}
Status PointlessChannel() {
  return Status::Invalid(
      "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try "
      "'resetchannels' to start with an empty list of channels");
}

bool HasBlanks(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return c == '\0' || c == ' ' || (c >= '\t' && c <= '\r'); });
}

bool IsPasswordHash(std::string_view text) noexcept {
  return text.size() == kPasswordDigits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// ---- Commands ----

void SetBit(Selector& selector, uint32_t id, bool allow) {
  if (id / 64 >= selector.commands.size()) selector.commands.resize(id / 64 + 1);
  const uint64_t bit = uint64_t{1} << (id % 64);
  if (allow) {
    selector.commands[id / 64] |= bit;
  } else {
    selector.commands[id / 64] &= ~bit;
    selector.all_commands = false;
  }
}

// A command with its subcommands.
void SetCommand(Selector& selector, const Command& command, bool allow) {
  SetBit(selector, command.id, allow);
  std::erase_if(selector.first_arguments, [&](const auto& first) { return first.command_id == command.id; });
  for (const Command* child : command.subcommands) SetBit(selector, child->id, allow);
}

void SetEveryCommand(Selector& selector, bool allow, const command::CommandTable* commands) {
  selector.commands.assign(commands ? (commands->size() + 63) / 64 : 0, allow ? ~uint64_t{0} : 0);
  selector.all_commands = selector.future_commands = allow;
  selector.command_rules.clear();
  selector.first_arguments.clear();
}

// The new rule stands at the end, and instead of earlier ones about the same command or its subcommands.
void KeepRule(Selector& selector, std::string_view what, bool allow) {
  std::string rule = (allow ? "+" : "-") + base::ToLower(what);
  std::string_view name = std::string_view(rule).substr(1);
  std::erase_if(selector.command_rules, [&](std::string_view old) {
    old.remove_prefix(1);
    return old == name || (old.size() > name.size() && old.starts_with(name) && old[name.size()] == '|');
  });
  selector.command_rules.push_back(std::move(rule));
}

Status ApplyCategory(Selector& selector, std::string_view name, bool allow, const RuleContext& context) {
  const uint32_t category = command::CategoryByName(name);
  if (category == 0) return UnknownCommand();
  KeepRule(selector, "@" + std::string(name), allow);
  if (!context.commands) return {};
  for (const Command& command : context.commands->all()) {
    if (command.parent == nullptr && (command.categories & category)) SetCommand(selector, command, allow);
  }
  for (const Command& command : context.commands->all()) {
    if (command.parent != nullptr && (command.categories & category)) SetCommand(selector, command, allow);
  }
  return {};
}

// +command|argument, where the command has no subcommands.
Status AllowFirstArgument(Selector& selector, const Command& command, std::string_view argument) {
  const bool known = std::ranges::any_of(selector.first_arguments, [&](const command::FirstArgument& first) {
    return first.command_id == command.id && base::EqualsIgnoreCase(first.text, argument);
  });
  if (!known) selector.first_arguments.push_back({command.id, std::string(argument)});
  return {};
}

Status ApplyCommand(Selector& selector, std::string_view name, bool allow, const RuleContext& context) {
  const size_t bar = name.rfind('|');
  const bool has_bar = allow && bar != std::string_view::npos;
  if (!context.commands) {
    if (has_bar && bar + 1 == name.size()) return SyntaxError();
    KeepRule(selector, name, allow);
    return {};
  }
  const Command* command = context.commands->FindOriginal(name);
  if (has_bar && (!command || !command->parent)) {
    const Command* outer = context.commands->FindOriginal(name.substr(0, bar));
    if (outer == nullptr) return UnknownCommand();
    if (outer->parent != nullptr) return Status::Invalid("Allowing first-arg of a subcommand is not supported");
    if (bar + 1 == name.size()) return SyntaxError();
    if (!outer->subcommands.empty()) return UnknownCommand();
    RETURN_IF_ERROR(AllowFirstArgument(selector, *outer, name.substr(bar + 1)));
    KeepRule(selector, name, allow);
    return {};
  }
  if (command == nullptr) return UnknownCommand();
  SetCommand(selector, *command, allow);
  KeepRule(selector, command->full_name, allow);
  return {};
}

// ---- Keys and channels ----

// "~glob", "%R~glob", "%W~glob", "%RW~glob".
std::optional<command::KeyPattern> ParseKeyPattern(std::string_view rule) {
  command::KeyPattern pattern;
  size_t at = 1;
  if (rule[0] == '~') {
    pattern.read = pattern.write = true;
  } else {
    for (; at < rule.size() && rule[at] != '~'; ++at) {
      const char letter = rule[at] & ~0x20;
      if (letter == 'R' && !pattern.read) {
        pattern.read = true;
      } else if (letter == 'W' && !pattern.write) {
        pattern.write = true;
      } else {
        return {};
      }
    }
    if (at == rule.size() || (!pattern.read && !pattern.write)) return {};
    ++at;
  }
  pattern.glob = rule.substr(at);
  if (HasBlanks(pattern.glob)) return {};
  return pattern;
}

Status ApplyKeyPattern(Selector& selector, std::string_view rule) {
  if (selector.all_keys) return PointlessPattern();
  auto pattern = ParseKeyPattern(rule);
  if (!pattern) return SyntaxError();
  auto same = std::ranges::find(selector.keys, pattern->glob, &command::KeyPattern::glob);
  if (same == selector.keys.end()) {
    selector.keys.push_back(*std::move(pattern));
  } else {
    same->read = same->read || pattern->read;
    same->write = same->write || pattern->write;
  }
  return {};
}

Status ApplyChannel(Selector& selector, std::string_view glob) {
  if (selector.all_channels) return PointlessChannel();
  if (HasBlanks(glob)) return SyntaxError();
  if (std::ranges::find(selector.channels, glob) == selector.channels.end()) selector.channels.emplace_back(glob);
  return {};
}

void SetAllKeys(Selector& selector, bool all) {
  selector.all_keys = all;
  selector.keys.clear();
}

void SetAllChannels(Selector& selector, bool all) {
  selector.all_channels = all;
  selector.channels.clear();
}

Status ApplyToSelector(Selector& selector, std::string_view rule, const RuleContext& context) {
  auto is = [&](std::string_view word) { return base::EqualsIgnoreCase(rule, word); };
  if (is("allkeys") || is("~*")) return SetAllKeys(selector, true), Status();
  if (is("resetkeys")) return SetAllKeys(selector, false), Status();
  if (is("allchannels") || is("&*")) return SetAllChannels(selector, true), Status();
  if (is("resetchannels")) return SetAllChannels(selector, false), Status();
  if (is("allcommands") || is("+@all")) return SetEveryCommand(selector, true, context.commands), Status();
  if (is("nocommands") || is("-@all")) return SetEveryCommand(selector, false, context.commands), Status();
  if (rule.empty()) return SyntaxError();
  switch (rule[0]) {
    case '~':
    case '%': return ApplyKeyPattern(selector, rule);
    case '&': return ApplyChannel(selector, rule.substr(1));
    case '+':
    case '-': {
      const bool allow = rule[0] == '+';
      if (rule.substr(1).starts_with('@')) return ApplyCategory(selector, rule.substr(2), allow, context);
      return ApplyCommand(selector, rule.substr(1), allow, context);
    }
    default: return SyntaxError();
  }
}

Selector NewSelector(const RuleContext& context) {
  Selector selector;
  SetEveryCommand(selector, false, context.commands);
  selector.all_channels = context.all_channels;
  return selector;
}

Status AddSelector(UserRules& user, std::string_view inside, const RuleContext& context) {
  auto rules = base::SplitQuotedLine(inside);
  if (!rules) return SyntaxError();
  Selector selector = NewSelector(context);
  for (const std::string& rule : *rules) RETURN_IF_ERROR(ApplyToSelector(selector, rule, context));
  user.selectors.push_back(std::move(selector));
  return {};
}

// ---- Passwords ----

Status AddPassword(UserRules& user, std::string_view rule) {
  const bool is_hash = rule[0] == '#';
  if (is_hash && !IsPasswordHash(rule.substr(1))) {
    return Status::Invalid(
        "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters");
  }
  std::string hash = is_hash ? std::string(rule.substr(1)) : HashPassword(rule.substr(1));
  if (std::ranges::find(user.passwords, hash) == user.passwords.end()) user.passwords.push_back(std::move(hash));
  user.nopass = false;
  return {};
}

Status RemovePassword(UserRules& user, std::string_view rule) {
  const bool is_hash = rule[0] == '!';
  if (is_hash && !IsPasswordHash(rule.substr(1))) {
    return Status::Invalid(
        "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters");
  }
  if (std::erase(user.passwords, is_hash ? std::string(rule.substr(1)) : HashPassword(rule.substr(1))) == 0) {
    return Status::Invalid("The password you are trying to remove from the user does not exist");
  }
  return {};
}

}  // namespace

UserRules NewUser(const RuleContext& context) {
  UserRules user;
  user.tells_payload = !context.classic;
  user.selectors.push_back(NewSelector(context));
  return user;
}

UserRules OpenDefaultUser(const RuleContext& context) {
  UserRules user = NewUser(context);
  for (std::string_view rule : {"on", "nopass", "~*", "&*", "+@all"}) CHECK(ApplyRule(user, rule, context).ok());
  return user;
}

Status ApplyRule(UserRules& user, std::string_view rule, const RuleContext& context) {
  DCHECK(!user.selectors.empty());
  auto is = [&](std::string_view word) { return base::EqualsIgnoreCase(rule, word); };
  if (is("on") || is("off")) {
    user.enabled = is("on");
  } else if (is("nopass") || is("resetpass")) {
    user.nopass = is("nopass");
    user.passwords.clear();
  } else if (is("sanitize-payload") || is("skip-sanitize-payload")) {
    user.sanitize_payload = is("sanitize-payload");
    user.tells_payload = true;
  } else if (is("clearselectors")) {
    user.selectors.resize(1);
  } else if (is("reset")) {
    user = NewUser(context);
    user.tells_payload = true;
  } else if (rule.starts_with('>') || rule.starts_with('#')) {
    return AddPassword(user, rule);
  } else if (rule.starts_with('<') || rule.starts_with('!')) {
    return RemovePassword(user, rule);
  } else if (rule.starts_with('(') && rule.ends_with(')')) {
    return AddSelector(user, rule.substr(1, rule.size() - 2), context);
  } else {
    return ApplyToSelector(user.selectors.front(), rule, context);
  }
  return {};
}

base::Result<std::vector<std::string>> JoinSelectors(std::span<const std::string_view> rules) {
  std::vector<std::string> joined;
  std::string_view open;  // The word that opened a selector which goes on.
  for (std::string_view rule : rules) {
    if (!open.empty()) {
      joined.back() += ' ';
      joined.back() += rule;
      if (rule.ends_with(')')) open = {};
      continue;
    }
    joined.emplace_back(rule);
    if (rule.starts_with('(') && !rule.ends_with(')')) open = rule;
  }
  if (open.empty()) return joined;
  return base::Error(Status::Invalid("Unmatched parenthesis in acl selector starting at '" + std::string(open) + "'."));
}

Status ApplyRules(UserRules& user, std::span<const std::string_view> rules, const RuleContext& context) {
  ASSIGN_OR_RETURN(std::vector<std::string> joined, JoinSelectors(rules));
  for (const std::string& rule : joined) {
    Status status = ApplyRule(user, rule, context);
    if (!status.ok()) return Status::Invalid("Error in ACL SETUSER modifier '" + std::string(command::UpToZeroByte(rule)) + "': " + status.message());
  }
  return {};
}

bool IsUserName(std::string_view name) noexcept { return !HasBlanks(name); }

std::string HashPassword(std::string_view password) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(password.data()), password.size(), digest);  // OpenSSL's view of bytes.
  std::string hex;
  for (unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

// ---- Back to text ----

std::string DescribeCommands(const Selector& selector) {
  std::string text = selector.future_commands ? "+@all" : "-@all";
  for (const std::string& rule : selector.command_rules) text += ' ' + rule;
  return text;
}

std::string DescribeKeys(const Selector& selector) {
  if (selector.all_keys) return "~*";
  std::string text;
  for (const command::KeyPattern& pattern : selector.keys) {
    if (!text.empty()) text += ' ';
    text += pattern.read && pattern.write ? "~" : pattern.read ? "%R~" : "%W~";
    text += pattern.glob;
  }
  return text;
}

std::string DescribeChannels(const Selector& selector) {
  if (selector.all_channels) return "&*";
  std::string text;
  for (const std::string& channel : selector.channels) {
    if (!text.empty()) text += ' ';
    text += '&' + channel;
  }
  return text;
}

namespace {

std::string DescribeSelector(const Selector& selector) {
  std::string text = DescribeKeys(selector);
  auto add = [&](std::string_view part) {
    if (part.empty()) return;
    if (!text.empty()) text += ' ';
    text += part;
  };
  if (!selector.all_channels) add("resetchannels");
  add(DescribeChannels(selector));
  add(DescribeCommands(selector));
  return text;
}

}  // namespace

std::vector<std::string_view> UserFlags(const UserRules& user) {
  std::vector<std::string_view> flags{user.enabled ? "on" : "off"};
  if (user.nopass) flags.push_back("nopass");
  if (user.tells_payload) flags.push_back(user.sanitize_payload ? "sanitize-payload" : "skip-sanitize-payload");
  return flags;
}

std::string DescribeUser(const UserRules& user) {
  std::string text;
  for (std::string_view flag : UserFlags(user)) (text += flag) += ' ';
  for (const std::string& password : user.passwords) text += '#' + password + ' ';
  text += DescribeSelector(user.selectors.front());
  for (size_t i = 1; i < user.selectors.size(); ++i) text += " (" + DescribeSelector(user.selectors[i]) + ')';
  return text;
}

}  // namespace tusk::engine
