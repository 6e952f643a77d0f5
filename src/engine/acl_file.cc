#include "engine/acl_file.h"

#include "base/text.h"
#include "engine/whole_file.h"

namespace tusk::engine {
namespace {

using base::Status;

constexpr size_t kFileBytesMax = 256u << 20;
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view Trim(std::string_view text) noexcept {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const size_t end = line.find(' ');
    if (end != 0) words.push_back(Trim(line.substr(0, end)));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return words;
}

// What is wrong with one user's rules; empty: nothing. After the first other error only unknown commands are told of,
// since what follows may be a consequence.
std::string ApplyLine(UserRules& user, std::span<const std::string_view> rules, const std::string& place,
                      const RuleContext& context) {
  auto joined = JoinSelectors(rules);
  if (!joined) return place + ": Unmatched parenthesis in selector definition.";
  std::string errors;
  bool told = false;
  for (const std::string& rule : *joined) {
    const Status status = ApplyRule(user, rule, context);
    if (status.ok()) continue;
    if (status.message().starts_with("Unknown command")) {
      errors += place + ": Error in applying operation '" + rule + "': " + status.message() + ". ";
    } else if (!std::exchange(told, true)) {
      errors += place + ": " + status.message() + ". ";
    }
  }
  return errors;
}

}  // namespace

base::Result<UserTable::Users> ParseAclFile(std::string_view text, const std::string& path,
                                            const RuleContext& context) {
  UserTable::Users users;
  std::string errors;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string_view> words = Words(Trim(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    const std::string place = path + ':' + std::to_string(number);
    if (words[0] != "user" || words.size() < 2) {
      errors += place + " should start with user keyword followed by the username. ";
      continue;
    }
    if (!IsUserName(words[1])) {
      errors += "'" + place + ": username '" + std::string(words[1]) + "' contains invalid characters. ";
      continue;
    }
    auto [user, is_new] = users.emplace(std::string(words[1]), NewUser(context));
    if (!is_new) {
      errors += "WARNING: Duplicate user '" + user->first + "' found on line " + std::to_string(number) + ". ";
      continue;
    }
    errors += ApplyLine(user->second, std::span(words).subspan(2), place, context);
  }
  if (errors.empty()) return users;
  return base::Error(Status::Invalid(
      errors + "WARNING: ACL errors detected, no change to the previously active ACL rules was performed"));
}

Status LoadAclFile(UserTable& users, const std::string& path, uint64_t caller_id) {
  auto text = ReadWholeFile(path, kFileBytesMax);
  if (!text) {
    return Status::Invalid("Error loading ACLs, opening file '" + path + "': " + text.error().message());
  }
  ASSIGN_OR_RETURN(UserTable::Users loaded, ParseAclFile(*text, path, users.rule_context()));
  users.Replace(std::move(loaded), caller_id);
  return {};
}

Status SaveAclFile(const UserTable& users, const std::string& path) {
  std::string text;
  for (const std::string& line : users.Lines()) text += line + '\n';
  return ReplaceWholeFile(path, text, "Writing ACL file for ACL SAVE");
}

}  // namespace tusk::engine
