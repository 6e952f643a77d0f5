// Logger: lines in Redis' format, "4711:M 22 Nov 2026 12:00:00.123 * text", which supervisors and test suites read.
//
// A file is opened for each line, so that log rotation needs no signal.
// Threads: thread-safe; a line is one write. Owns: its settings.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace tusk::base {

enum class LogLevel : uint8_t { kDebug, kVerbose, kNotice, kWarning, kNothing };

// redis.conf's names: debug, verbose, notice, warning, nothing.
std::optional<LogLevel> ParseLogLevel(std::string_view name) noexcept;

class Logger {
 public:
  // Empty path: standard output.
  explicit Logger(std::string path = {}, LogLevel level = LogLevel::kNotice) : level_(level), path_(std::move(path)) {}

  void SetLevel(LogLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }
  void SetPath(std::string path);
  void SetSyslog(bool enabled, const std::string& identity, int facility);
  bool Wants(LogLevel level) const noexcept { return level >= level_.load(std::memory_order_relaxed); }

  template <typename... Args>
  void Debug(fmt::format_string<Args...> format, Args&&... args) { Format(LogLevel::kDebug, format, fmt::make_format_args(args...)); }
  template <typename... Args>
  void Verbose(fmt::format_string<Args...> format, Args&&... args) { Format(LogLevel::kVerbose, format, fmt::make_format_args(args...)); }
  template <typename... Args>
  void Notice(fmt::format_string<Args...> format, Args&&... args) { Format(LogLevel::kNotice, format, fmt::make_format_args(args...)); }
  template <typename... Args>
  void Warning(fmt::format_string<Args...> format, Args&&... args) { Format(LogLevel::kWarning, format, fmt::make_format_args(args...)); }
  // Text without the line's head, whatever the level: banners.
  void Raw(std::string_view text);

  // Longer lines are cut.
  static constexpr size_t kLineBytesMax = 4096;

 private:
  void Format(LogLevel level, fmt::string_view format, fmt::format_args args);
  void Write(std::string_view bytes);

  // Publishes nothing but itself: relaxed.
  std::atomic<LogLevel> level_;
  std::atomic<bool> syslog_{false};
  Mutex mutex_;
  std::string path_ GUARDED_BY(mutex_);
  std::string identity_ GUARDED_BY(mutex_);
};

}  // namespace tusk::base
