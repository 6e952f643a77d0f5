// The text of ACL rules: "on >secret ~cache:* +@read -keys" to what it means, and back.
//
// Command rules are kept as they were given, so that commands that come with a later version fall under the categories
// that were meant; a rule that a later one makes pointless is dropped.
// Threads: values are caller-synchronised; the functions touch nothing else. Owns: nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "command/access.h"

namespace tusk::engine {

// A user as rules describe it. `selectors` is never empty: the first holds the user's own permissions, the others those
// in parentheses.
struct UserRules {
  bool enabled = false;
  bool nopass = false;           // Any password is right.
  bool sanitize_payload = true;  // RESTORE looks into what this user sends.
  bool tells_payload = true;     // Descriptions mention it; Redis 7.0's do only once a rule or reset did.
  std::vector<std::string> passwords;  // SHA-256 in lower-case hexadecimal digits.
  std::vector<command::Selector> selectors;
};

struct RuleContext {
  // Null while a configuration file is read: rules about commands are then checked for their form only.
  const command::CommandTable* commands = nullptr;
  bool all_channels = false;  // acl-pubsub-default: what a new user or selector may hear.
  bool classic = false;       // classic-replies.
};

// A new user: off, without password, allowed nothing.
UserRules NewUser(const RuleContext& context);
// The default user as it is without any configuration: on, nopass, allowed everything.
UserRules OpenDefaultUser(const RuleContext& context);

// One rule. The message of a Status says what is wrong with it, without "ERR"; `user` may then be half changed.
base::Status ApplyRule(UserRules& user, std::string_view rule, const RuleContext& context);
// All rules, parentheses that several words share put together. The message is the whole text of Redis, without "ERR".
base::Status ApplyRules(UserRules& user, std::span<const std::string_view> rules, const RuleContext& context);
// Joins "(+get", "~a", ")" to one word. The message names the parenthesis that is not closed.
base::Result<std::vector<std::string>> JoinSelectors(std::span<const std::string_view> rules);

// No blanks, line ends or zero bytes, which no rule line could hold.
bool IsUserName(std::string_view name) noexcept;

std::string DescribeCommands(const command::Selector& selector);  // "-@all +get"
std::string DescribeKeys(const command::Selector& selector);      // "~a %R~b"
std::string DescribeChannels(const command::Selector& selector);  // "&a &b*"
// "on #hash ~* &* +@all (~x +get)": all that ACL LIST and files say behind the name.
std::string DescribeUser(const UserRules& user);
// "on", "nopass", ...: ACL GETUSER's flags.
std::vector<std::string_view> UserFlags(const UserRules& user);

std::string HashPassword(std::string_view password);

}  // namespace tusk::engine
