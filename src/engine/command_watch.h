// CommandWatch: who sees commands as they run: the connections that called MONITOR, COMMANDLOG's three logs, of which the
// first is SLOWLOG, and HOTKEYS.
//
// Threads: thread-safe; both locks are leaves. Owns: the logs' entries and the list of monitors; borrows
// sessions' hosts until StopMonitor().
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "command/executor.h"
#include "engine/hot_keys.h"

namespace tusk::command {
struct Session;
class SessionHost;
struct Services;
}  // namespace tusk::command

namespace tusk::engine {

struct LoggedCommand {
  uint64_t id = 0;
  int64_t unix_seconds = 0;
  uint64_t value = 0;  // Microseconds in the slow log, bytes in the others.
  std::vector<std::string> argv;  // Cut to the bounds below.
  std::string address;
  std::string client_name;
};

class CommandWatch final : public command::CommandObserver {
 public:
  explicit CommandWatch(const command::Services& services) : services_(services) {}

  // What one logged command may keep: the rest is only counted.
  static constexpr size_t kLoggedArgumentsMax = 32;
  static constexpr size_t kLoggedArgumentBytesMax = 128;

  void OnStart(const command::Session& session, std::span<const std::string_view> argv,
               bool in_script) override;
  void OnNotable(command::CommandLogKind kind, const command::Session& session,
                 std::span<const std::string_view> argv, uint64_t value) override;

  void OnKeys(std::span<const std::string_view> keys, uint64_t micros, uint64_t bytes) override;
  HotKeys& hot_keys() noexcept { return hot_keys_; }

  void StartMonitor(command::Session& session);
  // Nothing happens when the session does not monitor.
  void StopMonitor(command::Session& session);

  // Newest first, at most `count`.
  std::vector<LoggedCommand> Logged(command::CommandLogKind kind, size_t count) const;
  size_t LoggedCount(command::CommandLogKind kind) const;
  void ForgetLogged(command::CommandLogKind kind);

 private:
  struct Monitor {
    uint64_t session_id;
    command::SessionHost* host;
  };

  std::string AddressOf(const command::Session& session) const;
  // The arguments with passwords covered.
  std::vector<std::string> Redact(std::span<const std::string_view> argv) const;
  std::vector<std::string> Abridged(std::span<const std::string_view> argv) const;

  const command::Services& services_;
  mutable base::Mutex monitors_mutex_;
  std::vector<Monitor> monitors_list_ GUARDED_BY(monitors_mutex_);
  struct Log {
    mutable base::Mutex mutex;
    std::deque<LoggedCommand> entries GUARDED_BY(mutex);  // Newest first.
    uint64_t next_id GUARDED_BY(mutex) = 0;
  };
  uint64_t EntriesMax(command::CommandLogKind kind) const noexcept;
  Log& log(command::CommandLogKind kind) noexcept { return logs_[static_cast<size_t>(kind)]; }
  const Log& log(command::CommandLogKind kind) const noexcept { return logs_[static_cast<size_t>(kind)]; }

  std::array<Log, command::kCommandLogKinds> logs_;
  HotKeys hot_keys_{follows_keys};
};

}  // namespace tusk::engine
