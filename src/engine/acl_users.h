// UserTable: the users. ACL SETUSER and its kin change it, AUTH asks it, the executor fetches rights from it.
//
// A change publishes a new immutable Rights object and moves the services' epoch on, so sessions judge by it from their
// next command. Sessions of a deleted user, and listeners who lost a channel, are closed.
// Threads: thread-safe. change_mutex_ orders changes and is held while clients and the hub are asked; mutex_ is a leaf.
// Owns: the users and the log.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "command/access.h"
#include "engine/acl_log.h"
#include "engine/acl_rules.h"

namespace tusk::engine {

class Config;

class UserTable final : public command::AccessControl {
 public:
  using Users = std::map<std::string, UserRules, std::less<>>;
  static constexpr std::string_view kDefault = "default";

  // Starts with the open default user. Borrows all three.
  UserTable(command::Services& services, const command::CommandTable& commands, Config& config);

  // ---- Sessions ----
  // A new session, or one that was reset: the default user, authenticated if that needs nothing.
  void Begin(command::Session& session) const;
  // AUTH. False: wrong, and nothing has changed; the caller logs it with NoteWrongPassword().
  bool Authenticate(command::Session& session, std::string_view user, std::string_view password) const;
  void NoteWrongPassword(const command::Session& session, std::string_view user, std::string_view object,
                         const command::Command& running);
  std::shared_ptr<const command::Rights> Current(const command::Rights& known) const override;
  bool RequiresAuthentication() const noexcept override {
    return requires_authentication_.load(std::memory_order_relaxed);
  }
  // Any password is right for the default user: who comes from outside is not let in (protected-mode).
  bool default_has_no_password() const noexcept { return default_nopass_.load(std::memory_order_relaxed); }
  void NoteDenial(const command::Session& session, const command::AccessRequest& request,
                  const command::Verdict& verdict) override;

  // ---- Looking ----
  std::optional<UserRules> Find(std::string_view name) const;
  bool Has(std::string_view name) const;
  std::shared_ptr<const command::Rights> RightsOf(std::string_view name) const;  // Null: no such user.
  // By name. The lines are those of ACL LIST.
  std::vector<std::string> Names() const;
  std::vector<std::string> Lines() const;

  // ---- Changing ----
  // `caller_id` is the session that asks, whose reply is still sent when it is among those closed; 0: nobody.
  // Creates the user if need be. All or nothing; the message is the complete error reply.
  base::Status Set(std::string_view name, std::span<const std::string_view> rules, uint64_t caller_id);
  // False: no such user. The default user can't be deleted: the caller's business.
  bool Delete(std::string_view name, uint64_t caller_id);
  // Puts these in place of all; the default user is as new when it is not among them. All other users' sessions end.
  void Replace(Users users, uint64_t caller_id);
  // requirepass: the default user's only password, or none.
  void SetDefaultPassword(std::string_view password);

  RuleContext rule_context() const noexcept;
  AclLog& log() noexcept { return log_; }
  const AclLog& log() const noexcept { return log_; }

 private:
  struct User {
    UserRules rules;
    std::shared_ptr<const command::Rights> rights;  // Sharers: the user's sessions.
  };

  std::shared_ptr<const command::Rights> MakeRights(std::string_view name, uint64_t identity,
                                                    const UserRules& rules) const;
  void Put(std::string_view name, UserRules rules, bool keep_identity) REQUIRES(change_mutex_);
  // After a change: makes sessions look again.
  void Publish();
  void CloseListenersWithoutRight(std::string_view name, const UserRules& before, const UserRules& now,
                                  uint64_t caller_id);
  // All sessions of these users.
  void CloseSessions(const std::function<bool(std::string_view user)>& wanted, uint64_t caller_id);
  std::string DescribeSession(const command::Session& session, const command::Command& running) const;

  command::Services& services_;
  const command::CommandTable& commands_;
  const std::atomic<int64_t>& pubsub_default_;
  const bool classic_;  // classic-replies.
  AclLog log_;
  base::Mutex change_mutex_;
  mutable base::Mutex mutex_;
  std::map<std::string, User, std::less<>> users_ GUARDED_BY(mutex_);
  uint64_t next_identity_ GUARDED_BY(change_mutex_) = 1;
  // Copies of the default user's state, for new connections. Relaxed: they come a moment earlier or later.
  std::atomic<bool> requires_authentication_{false};
  std::atomic<bool> default_nopass_{true};
};

}  // namespace tusk::engine
