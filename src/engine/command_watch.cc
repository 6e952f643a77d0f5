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
      break;
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

// What the slow log keeps of a command: no more than it shows, since it keeps it for long.
std::vector<std::string> CommandWatch::Abridged(std::span<const std::string_view> argv) const {
  size_t kept = argv.size() > kSlowArgumentsMax ? kSlowArgumentsMax - 1 : argv.size();
  std::vector<std::string_view> heads;
  for (std::string_view argument : argv.first(kept)) heads.push_back(argument.substr(0, kSlowArgumentBytesMax));
  std::vector<std::string> shown = Redact(heads);
  for (size_t i = 0; i < kept; ++i) {
    if (argv[i].size() <= kSlowArgumentBytesMax || shown[i] == kCovered) continue;
    shown[i] += "... (" + std::to_string(argv[i].size() - kSlowArgumentBytesMax) + " more bytes)";
  }
  if (kept < argv.size()) shown.push_back("... (" + std::to_string(argv.size() - kept) + " more arguments)");
  return shown;
}

void CommandWatch::OnSlow(const command::Session& session, std::span<const std::string_view> argv,
                          uint64_t micros) {
  SlowCommand slow;
  slow.unix_seconds = services_.keyspace->clock().UnixMillis() / 1000;
  slow.micros = micros;
  slow.address = AddressOf(session);
  slow.client_name = session.name;
  slow.argv = Abridged(argv);
  uint64_t entries_max = services_.keyspace->settings().slowlog_max_len;
  base::MutexLock hold(slow_mutex_);
  slow.id = next_slow_id_++;
  slow_.push_front(std::move(slow));
  while (slow_.size() > entries_max) slow_.pop_back();
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

std::vector<SlowCommand> CommandWatch::SlowCommands(size_t count) const {
  base::MutexLock hold(slow_mutex_);
  auto end = slow_.begin() + static_cast<std::ptrdiff_t>(std::min(count, slow_.size()));
  return {slow_.begin(), end};
}

size_t CommandWatch::SlowCount() const {
  base::MutexLock hold(slow_mutex_);
  return slow_.size();
}

void CommandWatch::ForgetSlow() {
  base::MutexLock hold(slow_mutex_);
  slow_.clear();
}

}  // namespace tusk::engine
