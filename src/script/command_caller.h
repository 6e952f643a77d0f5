// CommandCaller: what a running script asks of the world around it. The executor implements it, so that the Lua side
// knows neither sessions nor locks, and tests put a small stand-in there.
// Threads: used by the thread that runs the script, for the length of one run. Owns: the last reply.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tusk::script {

enum class AclVerdict : uint8_t { kAllowed, kDenied, kUnknownCommand };

// redis.LOG_DEBUG and so on, in this order.
enum class LogLevel : uint8_t { kDebug, kVerbose, kNotice, kWarning };

class CommandCaller {
 public:
  virtual ~CommandCaller() = default;

  // Runs one command inside the script's transaction and answers with exactly one complete reply, spelled in
  // `protocol` (2 or 3), which stays valid until the next call. What the script may not do is an error reply.
  virtual std::string_view Call(std::span<const std::string_view> argv, int protocol) noexcept = 0;

  // May the script's user run this command? For redis.acl_check_cmd().
  virtual AclVerdict CheckAcl(std::span<const std::string_view> argv) noexcept = 0;

  // redis.set_repl(): whether the records of the writes that follow go to the append file and to replicas.
  virtual void SetReplication(bool to_append_file, bool to_replicas) noexcept = 0;

  virtual void Log(LogLevel level, std::string_view text) noexcept = 0;

  // Asked before each command and every so many instructions; true ends the script ("killed by user"). Must go on
  // being true until the run has ended, since the script may catch the first errors.
  virtual bool ShouldStop() noexcept = 0;
};

}  // namespace tusk::script
