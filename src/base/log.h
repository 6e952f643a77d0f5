// Logger: lines for the operator, in the form that Redis writes and its log readers expect:
//
//   12345:M 22 Nov 2026 12:00:00.123 * Ready to accept connections tcp
//
// Threads: thread-safe. Owns: the log file, if one is open.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace tusk::base {

enum class LogLevel : uint8_t { kDebug, kVerbose, kNotice, kWarning, kNothing };

class Logger {
 public:
  Logger() noexcept = default;
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Empty: standard output. The file is appended to.
  Status Open(const std::string& path);
  void set_level(LogLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }
  LogLevel level() const noexcept { return level_.load(std::memory_order_relaxed); }
  bool enabled(LogLevel level) const noexcept { return level >= this->level() && level != LogLevel::kNothing; }

  void Debug(std::string_view text) noexcept { Write(LogLevel::kDebug, text); }
  void Verbose(std::string_view text) noexcept { Write(LogLevel::kVerbose, text); }
  void Notice(std::string_view text) noexcept { Write(LogLevel::kNotice, text); }
  void Warning(std::string_view text) noexcept { Write(LogLevel::kWarning, text); }
  void Write(LogLevel level, std::string_view text) noexcept;
  // Without time and level: the banner.
  void WriteRaw(std::string_view text) noexcept;

 private:
  std::atomic<LogLevel> level_{LogLevel::kNotice};  // Stands for itself: relaxed.
  mutable Mutex mutex_;
  UniqueFd file_ GUARDED_BY(mutex_);
};

}  // namespace tusk::base
