// CommandWatch: who sees commands as they run: the connections that called MONITOR, and the slow log.
//
// Threads: thread-safe; both locks are leaves. Owns: the slow log's entries and the list of monitors; borrows
// sessions' hosts until StopMonitor().
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "command/executor.h"

namespace tusk::command {
struct Session;
class SessionHost;
struct Services;
}  // namespace tusk::command

namespace tusk::engine {

class Config;

struct SlowCommand {
  uint64_t id = 0;
  int64_t unix_seconds = 0;
  uint64_t micros = 0;
  std::vector<std::string> argv;  // Cut to the bounds below.
  std::string address;
  std::string client_name;
};

class CommandWatch final : public command::CommandObserver {
 public:
  CommandWatch(const command::Services& services, const Config& config)
      : services_(services), config_(config) {}

  // What one slow command may keep: the rest is only counted.
  static constexpr size_t kSlowArgumentsMax = 32;
  static constexpr size_t kSlowArgumentBytesMax = 128;

  void OnStart(const command::Session& session, std::span<const std::string_view> argv,
               bool in_script) override;
  void OnSlow(const command::Session& session, std::span<const std::string_view> argv,
              uint64_t micros) override;

  void StartMonitor(command::Session& session);
  // Nothing happens when the session does not monitor.
  void StopMonitor(command::Session& session);

  // Newest first, at most `count`.
  std::vector<SlowCommand> SlowCommands(size_t count) const;
  size_t SlowCount() const;
  void ForgetSlow();

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
  const Config& config_;
  mutable base::Mutex monitors_mutex_;
  std::vector<Monitor> monitors_list_ GUARDED_BY(monitors_mutex_);
  mutable base::Mutex slow_mutex_;
  std::deque<SlowCommand> slow_ GUARDED_BY(slow_mutex_);
  uint64_t next_slow_id_ GUARDED_BY(slow_mutex_) = 0;
};

}  // namespace tusk::engine
