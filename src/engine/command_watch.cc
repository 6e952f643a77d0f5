#include "engine/command_watch.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "command/session.h"
#include "engine/config.h"
#include "store/keyspace.h"

namespace tusk::engine {
namespace {

constexpr std::string_view kCovered = "(redacted)";

bool IsSensitive(std::string_view setting) {
  for (const SettingRow& row : SettingRows()) {
    if (base::EqualsIgnoreCase(row.name, setting) || base::EqualsIgnoreCase(row.alias, setting)) {
      return (row.flags & kSensitive) != 0;
    }
  }
  return false;
}

}  // namespace

std::vector<std::string> CommandWatch::Redact(std::span<const std::string_view> argv) const {
  std::vector<std::string> shown(argv.begin(), argv.end());
  if (base::EqualsIgnoreCase(argv[0], "auth")) {
    for (size_t i = 1; i < shown.size(); ++i) shown[i] = kCovered;
  } else if (base::EqualsIgnoreCase(argv[0], "hello")) {
    for (size_t i = 2; i + 2 < argv.size(); ++i) {
      if (!base::EqualsIgnoreCase(argv[i], "auth")) continue;
      shown[i + 1] = shown[i + 2] = kCovered;
      i += 2;  // Another pair may follow.
    }
  } else if (base::EqualsIgnoreCase(argv[0], "acl") && argv.size() > 2 && base::EqualsIgnoreCase(argv[1], "setuser")) {
    for (size_t i = 2; i < shown.size(); ++i) shown[i] = kCovered;
  } else if (base::EqualsIgnoreCase(argv[0], "migrate")) {
    for (size_t i = 6; i + 1 < argv.size(); ++i) {
      if (base::EqualsIgnoreCase(argv[i], "auth")) {
        shown[++i] = kCovered;
      } else if (base::EqualsIgnoreCase(argv[i], "auth2") && i + 2 < argv.size()) {
        shown[i + 1] = shown[i + 2] = kCovered;
        i += 2;
      } else if (base::EqualsIgnoreCase(argv[i], "keys")) {
        break;  // Only keys follow.
      }
    }
  } else if (base::EqualsIgnoreCase(argv[0], "config") && argv.size() > 3 &&
             base::EqualsIgnoreCase(argv[1], "set")) {
    for (size_t i = 2; i + 1 < argv.size(); i += 2) {
      if (IsSensitive(argv[i])) shown[i + 1] = kCovered;
    }
  }
  return shown;
}

std::string CommandWatch::AddressOf(const command::Session& session) const {
  if (services_.clients == nullptr) return {};
  auto client = services_.clients->Find(session.id);
  return client ? client->address : std::string();
}

void CommandWatch::OnStart(const command::Session& session, std::span<const std::string_view> argv,
                           bool in_script) {
  int64_t now = services_.keyspace->clock().UnixMicros();
  char stamp[64];
  std::snprintf(stamp, sizeof stamp, "+%lld.%06lld [%u ", static_cast<long long>(now / 1'000'000),
                static_cast<long long>(now % 1'000'000), static_cast<unsigned>(session.db));
  std::string line = stamp + (in_script ? std::string("lua") : AddressOf(session)) + ']';
  for (const std::string& argument : Redact(argv)) line += ' ' + base::QuoteText(argument);
  line += "\r\n";
  auto shared =
      std::make_shared<const std::string>(std::move(line));  // Sharers: the monitors' output queues.
  base::MutexLock hold(monitors_mutex_);
  for (const Monitor& monitor : monitors_list_) monitor.host->DeliverPush(monitor.session_id, shared);
}

// What a log keeps of a command: no more than it shows, since it keeps it for long.
std::vector<std::string> CommandWatch::Abridged(std::span<const std::string_view> argv) const {
  size_t kept = argv.size() > kLoggedArgumentsMax ? kLoggedArgumentsMax - 1 : argv.size();
  std::vector<std::string_view> heads;
  for (std::string_view argument : argv.first(kept)) heads.push_back(argument.substr(0, kLoggedArgumentBytesMax));
  std::vector<std::string> shown = Redact(heads);
  for (size_t i = 0; i < kept; ++i) {
    if (argv[i].size() <= kLoggedArgumentBytesMax || shown[i] == kCovered) continue;
    shown[i] += "... (" + std::to_string(argv[i].size() - kLoggedArgumentBytesMax) + " more bytes)";
  }
  if (kept < argv.size()) shown.push_back("... (" + std::to_string(argv.size() - kept) + " more arguments)");
  return shown;
}

uint64_t CommandWatch::EntriesMax(command::CommandLogKind kind) const noexcept {
  const store::Settings& settings = services_.keyspace->settings();
  switch (kind) {
    case command::CommandLogKind::kSlow: return settings.slowlog_max_len;
    case command::CommandLogKind::kLargeRequest: return settings.large_request_log_max_len;
    case command::CommandLogKind::kLargeReply: return settings.large_reply_log_max_len;
  }
  return 0;
}

void CommandWatch::OnNotable(command::CommandLogKind kind, const command::Session& session,
                             std::span<const std::string_view> argv, uint64_t value) {
  LoggedCommand entry;
  entry.unix_seconds = services_.keyspace->clock().UnixMillis() / 1000;
  entry.value = value;
  entry.address = AddressOf(session);
  entry.client_name = session.name;
  entry.argv = Abridged(argv);
  const uint64_t entries_max = EntriesMax(kind);
  Log& log = this->log(kind);
  base::MutexLock hold(log.mutex);
  entry.id = log.next_id++;
  log.entries.push_front(std::move(entry));
  while (log.entries.size() > entries_max) log.entries.pop_back();
}

void CommandWatch::OnKeys(std::span<const std::string_view> keys, uint64_t micros, uint64_t bytes) {
  hot_keys_.Note(keys, micros, bytes, services_.keyspace->clock());
}

void CommandWatch::StartMonitor(command::Session& session) {
  if (session.monitor || session.host == nullptr) return;
  session.monitor = true;
  base::MutexLock hold(monitors_mutex_);
  monitors_list_.push_back({session.id, session.host});
  monitors.store(static_cast<uint32_t>(monitors_list_.size()), std::memory_order_relaxed);
}

void CommandWatch::StopMonitor(command::Session& session) {
  if (!session.monitor) return;
  session.monitor = false;
  base::MutexLock hold(monitors_mutex_);
  std::erase_if(monitors_list_, [&](const Monitor& monitor) { return monitor.session_id == session.id; });
  monitors.store(static_cast<uint32_t>(monitors_list_.size()), std::memory_order_relaxed);
}

std::vector<LoggedCommand> CommandWatch::Logged(command::CommandLogKind kind, size_t count) const {
  const Log& log = this->log(kind);
  base::MutexLock hold(log.mutex);
  auto end = log.entries.begin() + static_cast<std::ptrdiff_t>(std::min(count, log.entries.size()));
  return {log.entries.begin(), end};
}

size_t CommandWatch::LoggedCount(command::CommandLogKind kind) const {
  const Log& log = this->log(kind);
  base::MutexLock hold(log.mutex);
  return log.entries.size();
}

void CommandWatch::ForgetLogged(command::CommandLogKind kind) {
  Log& log = this->log(kind);
  base::MutexLock hold(log.mutex);
  log.entries.clear();
}

}  // namespace tusk::engine
