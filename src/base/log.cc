#include "base/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/time.h>
#include <syslog.h>
#include <unistd.h>

#include <ctime>

#include "base/text.h"

namespace tusk::base {
namespace {

void WriteAll(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written <= 0) return;  // Nowhere to say so.
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

int SyslogPriority(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::kDebug: return LOG_DEBUG;
    case LogLevel::kVerbose: return LOG_INFO;
    case LogLevel::kNotice: return LOG_NOTICE;
    default: return LOG_WARNING;
  }
}

}  // namespace

std::optional<LogLevel> ParseLogLevel(std::string_view name) noexcept {
  constexpr std::string_view kNames[] = {"debug", "verbose", "notice", "warning", "nothing"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (EqualsIgnoreCase(name, kNames[i])) return static_cast<LogLevel>(i);
  }
  return {};
}

void Logger::SetPath(std::string path) {
  MutexLock hold(mutex_);
  path_ = std::move(path);
}

void Logger::SetSyslog(bool enabled, const std::string& identity, int facility) {
  MutexLock hold(mutex_);
  identity_ = identity;
  if (enabled) openlog(identity_.c_str(), LOG_PID | LOG_NDELAY | LOG_NOWAIT, facility);
  syslog_.store(enabled, std::memory_order_relaxed);
}

void Logger::Format(LogLevel level, fmt::string_view format, fmt::format_args args) {
  if (!Wants(level)) return;
  constexpr char kMarks[] = {'.', '-', '*', '#', ' '};
  timeval now{};
  gettimeofday(&now, nullptr);
  tm local{};
  localtime_r(&now.tv_sec, &local);
  char when[64];
  std::strftime(when, sizeof when, "%d %b %Y %H:%M:%S.", &local);
  fmt::memory_buffer line;
  fmt::format_to(std::back_inserter(line), "{}:M {}{:03d} {} ", getpid(), when, now.tv_usec / 1000,
                 kMarks[static_cast<size_t>(level)]);
  size_t head = line.size();
  fmt::vformat_to(std::back_inserter(line), format, args);
  if (line.size() > kLineBytesMax) line.resize(kLineBytesMax);
  if (syslog_.load(std::memory_order_relaxed)) {
    syslog(SyslogPriority(level), "%.*s", static_cast<int>(line.size() - head), line.data() + head);
  }
  line.push_back('\n');
  Write({line.data(), line.size()});
}

void Logger::Raw(std::string_view text) { Write(text); }

void Logger::Write(std::string_view bytes) {
  MutexLock hold(mutex_);
  if (path_.empty()) return WriteAll(STDOUT_FILENO, bytes);
  int fd = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return;
  WriteAll(fd, bytes);
  close(fd);
}

}  // namespace tusk::base
