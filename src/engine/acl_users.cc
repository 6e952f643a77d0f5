#include "engine/acl_users.h"

#include <algorithm>

#include "base/check.h"
#include "command/session.h"
#include "engine/config.h"
#include "engine/connection_commands.h"
#include "pubsub/hub.h"
#include "store/keyspace.h"

namespace tusk::engine {
namespace {

using base::Status;
using command::Rights;
using command::Selector;

// Takes the same time wherever the texts differ, so that a password can't be guessed letter by letter. Both are hashes.
bool EqualsInConstantTime(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

bool IsOpen(const UserRules& user) noexcept { return user.nopass && user.enabled; }

AclReason ReasonOf(command::Denial denial) noexcept {
  switch (denial) {
    case command::Denial::kKey: return AclReason::kKey;
    case command::Denial::kChannel: return AclReason::kChannel;
    default: return AclReason::kCommand;
  }
}

// May the user hear everything that it could hear before? Then nobody has to go.
bool HearsNoLess(const UserRules& before, const UserRules& now) {
  auto hears_all = [](const UserRules& user) { return std::ranges::any_of(user.selectors, &Selector::all_channels); };
  if (hears_all(now)) return true;
  if (hears_all(before)) return false;
  auto hears = [&](const std::string& channel) {
    return std::ranges::any_of(now.selectors, [&](const Selector& selector) {
      return std::ranges::find(selector.channels, channel) != selector.channels.end();
    });
  };
  return std::ranges::all_of(before.selectors,
                             [&](const Selector& selector) { return std::ranges::all_of(selector.channels, hears); });
}

}  // namespace

UserTable::UserTable(command::Services& services, const command::CommandTable& commands, Config& config)
    : services_(services),
      commands_(commands),
      pubsub_default_(config.live("acl-pubsub-default")),
      classic_(config.Flag("classic-replies")),
      log_(config.live("acllog-max-len")) {
  base::MutexLock hold(change_mutex_);
  Put(kDefault, OpenDefaultUser(rule_context()), false);
}

RuleContext UserTable::rule_context() const noexcept {
  return {.commands = &commands_, .all_channels = pubsub_default_.load(std::memory_order_relaxed) == 0,
          .classic = classic_};
}

// ---- Sessions ----

void UserTable::Begin(command::Session& session) const {
  session.authenticated = !RequiresAuthentication();
  session.user = kDefault;
  session.rights = RightsOf(kDefault);
  session.access_epoch = session.unrestricted_epoch = 0;  // The first command looks.
}

bool UserTable::Authenticate(command::Session& session, std::string_view name, std::string_view password) const {
  const std::string hash = HashPassword(password);
  base::MutexLock hold(mutex_);
  auto found = users_.find(name);
  if (found == users_.end() || !found->second.rules.enabled) return false;
  const UserRules& rules = found->second.rules;
  const bool right = rules.nopass || std::ranges::any_of(rules.passwords, [&](const std::string& known) {
                       return EqualsInConstantTime(known, hash);
                     });
  if (!right) return false;
  session.authenticated = true;
  session.user = name;
  session.rights = found->second.rights;
  session.access_epoch = session.unrestricted_epoch = 0;
  return true;
}

std::shared_ptr<const Rights> UserTable::Current(const Rights& known) const {
  base::MutexLock hold(mutex_);
  auto found = users_.find(known.user);
  if (found == users_.end() || found->second.rights->identity != known.identity) return nullptr;
  return found->second.rights;
}

std::string UserTable::DescribeSession(const command::Session& session, const command::Command& running) const {
  if (services_.clients == nullptr) return {};
  auto client = services_.clients->Find(session.id);
  if (!client) return {};
  client->last_command = running.full_name;
  client->user = session.user;
  return DescribeClient(*client, services_.keyspace->clock().MonotonicMicros());
}

void UserTable::NoteDenial(const command::Session& session, const command::AccessRequest& request,
                           const command::Verdict& verdict) {
  AclLogEntry entry;
  entry.reason = ReasonOf(verdict.denial);
  entry.context = request.context;
  entry.object = entry.reason == AclReason::kCommand ? request.command.full_name
                                                     : std::string(request.argv[verdict.position]);
  entry.user = session.user;
  entry.client = DescribeSession(session, request.running);
  log_.Add(std::move(entry), services_.keyspace->clock().UnixMillis());
}

void UserTable::NoteWrongPassword(const command::Session& session, std::string_view user, std::string_view object,
                                  const command::Command& running) {
  AclLogEntry entry;
  entry.reason = AclReason::kAuth;
  entry.context = session.in_multi ? command::AccessContext::kMulti : command::AccessContext::kTopLevel;
  entry.object = object;
  entry.user = user;
  entry.client = DescribeSession(session, running);
  log_.Add(std::move(entry), services_.keyspace->clock().UnixMillis());
}

// ---- Looking ----

std::optional<UserRules> UserTable::Find(std::string_view name) const {
  base::MutexLock hold(mutex_);
  auto found = users_.find(name);
  if (found == users_.end()) return {};
  return found->second.rules;
}

bool UserTable::Has(std::string_view name) const {
  base::MutexLock hold(mutex_);
  return users_.contains(name);
}

std::shared_ptr<const Rights> UserTable::RightsOf(std::string_view name) const {
  base::MutexLock hold(mutex_);
  auto found = users_.find(name);
  return found == users_.end() ? nullptr : found->second.rights;
}

std::vector<std::string> UserTable::Names() const {
  base::MutexLock hold(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, user] : users_) names.push_back(name);
  return names;
}

std::vector<std::string> UserTable::Lines() const {
  base::MutexLock hold(mutex_);
  std::vector<std::string> lines;
  for (const auto& [name, user] : users_) lines.push_back("user " + name + ' ' + DescribeUser(user.rules));
  return lines;
}

// ---- Changing ----

std::shared_ptr<const Rights> UserTable::MakeRights(std::string_view name, uint64_t identity,
                                                    const UserRules& rules) const {
  auto rights = std::make_shared<Rights>();
  rights->user = name;
  rights->identity = identity;
  rights->classic_texts = classic_;
  rights->selectors = rules.selectors;
  rights->unrestricted = std::ranges::any_of(rules.selectors, [](const Selector& selector) {
    return selector.all_commands && selector.all_keys && selector.all_channels;
  });
  return rights;
}

void UserTable::Put(std::string_view name, UserRules rules, bool keep_identity) {
  const uint64_t fresh = next_identity_++;
  base::MutexLock hold(mutex_);
  auto found = users_.find(name);
  const uint64_t identity = keep_identity && found != users_.end() ? found->second.rights->identity : fresh;
  auto rights = MakeRights(name, identity, rules);
  if (name == kDefault) {
    requires_authentication_.store(!IsOpen(rules), std::memory_order_relaxed);
    default_nopass_.store(rules.nopass, std::memory_order_relaxed);
  }
  if (found == users_.end()) found = users_.emplace(std::string(name), User{}).first;
  found->second = User{std::move(rules), std::move(rights)};
}

void UserTable::Publish() {
  // Release pairs with the acquire of CheckAccess(): who sees the new epoch finds the new rights.
  services_.access_epoch.fetch_add(1, std::memory_order_release);
}

Status UserTable::Set(std::string_view name, std::span<const std::string_view> rules, uint64_t caller_id) {
  if (!IsUserName(name)) return Status::Invalid("ERR Usernames can't contain spaces or null characters");
  base::MutexLock hold(change_mutex_);
  const std::optional<UserRules> before = Find(name);
  UserRules now = before ? *before : NewUser(rule_context());
  if (Status status = ApplyRules(now, rules, rule_context()); !status.ok()) {
    return Status::Invalid("ERR " + status.message());
  }
  Put(name, now, true);
  Publish();
  if (before) CloseListenersWithoutRight(name, *before, now, caller_id);
  return {};
}

bool UserTable::Delete(std::string_view name, uint64_t caller_id) {
  DCHECK(name != kDefault);
  base::MutexLock hold(change_mutex_);
  {
    base::MutexLock users_hold(mutex_);
    auto found = users_.find(name);
    if (found == users_.end()) return false;
    users_.erase(found);
  }
  Publish();
  CloseSessions([&](std::string_view user) { return user == name; }, caller_id);
  return true;
}

void UserTable::Replace(Users users, uint64_t caller_id) {
  base::MutexLock hold(change_mutex_);
  const std::vector<std::string> old = Names();
  UserRules default_rules = OpenDefaultUser(rule_context());
  if (auto given = users.extract(std::string(kDefault)); !given.empty()) default_rules = std::move(given.mapped());
  Put(kDefault, std::move(default_rules), true);
  {
    base::MutexLock users_hold(mutex_);
    std::erase_if(users_, [](const auto& entry) { return entry.first != kDefault; });
  }
  for (auto& [name, rules] : users) Put(name, std::move(rules), false);
  Publish();
  CloseSessions([&](std::string_view user) { return user != kDefault && std::ranges::binary_search(old, user); },
                caller_id);
}

void UserTable::SetDefaultPassword(std::string_view password) {
  base::MutexLock hold(change_mutex_);
  UserRules rules = *Find(kDefault);
  const std::string rule = password.empty() ? "nopass" : ">" + std::string(password);
  for (std::string_view each : {std::string_view("resetpass"), std::string_view(rule)}) {
    CHECK(ApplyRule(rules, each, rule_context()).ok());
  }
  Put(kDefault, std::move(rules), true);
  Publish();
}

void UserTable::CloseSessions(const std::function<bool(std::string_view user)>& wanted, uint64_t caller_id) {
  if (services_.clients == nullptr) return;
  for (const command::ClientInfo& client : services_.clients->List()) {
    if (wanted(client.user)) services_.clients->Kill(client.id, caller_id);
  }
}

void UserTable::CloseListenersWithoutRight(std::string_view name, const UserRules& before, const UserRules& now,
                                           uint64_t caller_id) {
  if (services_.clients == nullptr || services_.hub == nullptr || HearsNoLess(before, now)) return;
  std::vector<uint64_t> listeners;
  for (pubsub::Kind kind : {pubsub::Kind::kChannel, pubsub::Kind::kPattern, pubsub::Kind::kShardChannel}) {
    auto lost = [&](std::string_view channel) {
      return std::ranges::none_of(now.selectors, [&](const Selector& selector) {
        return selector.AllowsChannel(channel, kind == pubsub::Kind::kPattern);
      });
    };
    for (uint64_t id : services_.hub->ListenersTo(kind, lost)) listeners.push_back(id);
  }
  std::ranges::sort(listeners);
  if (listeners.empty()) return;
  for (const command::ClientInfo& client : services_.clients->List()) {
    if (client.user != name || !std::ranges::binary_search(listeners, client.id)) continue;
    services_.clients->Kill(client.id, caller_id);
  }
}

}  // namespace tusk::engine
