#include "base/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace tusk::base {

Status Logger::Open(const std::string& path) {
  UniqueFd file;
  if (!path.empty()) {
    file.Reset(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
    if (!file.valid()) return Status::Errno(fmt::format("Can't open the log file '{}'", path), errno);
  }
  MutexLock hold(mutex_);
  file_ = std::move(file);
  return {};
}

void Logger::Write(LogLevel level, std::string_view text) noexcept {
  if (!enabled(level)) return;
  timeval now;
  gettimeofday(&now, nullptr);
  tm parts;
  localtime_r(&now.tv_sec, &parts);
  char time_text[32];
  strftime(time_text, sizeof(time_text), "%d %b %Y %H:%M:%S", &parts);
  constexpr std::string_view kMarks = ".-*#";
  WriteRaw(fmt::format("{}:M {}.{:03} {} {}\n", getpid(), time_text, now.tv_usec / 1000,
                       kMarks[static_cast<size_t>(level)], text));
}

void Logger::WriteRaw(std::string_view text) noexcept {
  MutexLock hold(mutex_);
  // A log that can't be written must not stop the server, and there is nobody else to tell.
  [[maybe_unused]] ssize_t written = write(file_.valid() ? file_.get() : STDOUT_FILENO, text.data(), text.size());
}

}  // namespace tusk::base
