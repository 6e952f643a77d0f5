#include "pubsub/hub.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/session.h"
#include "store/settings.h"

namespace tusk::pubsub {
namespace {

void AppendBulk(std::string& out, std::string_view bytes) {
  char digits[base::kInt64TextMax];
  size_t length = base::FormatUint64(bytes.size(), digits);
  out += '$';
  out.append(digits, length);
  out += "\r\n";
  out += bytes;
  out += "\r\n";
}

}  // namespace

// One session's side. The names belong to the session's thread; the rest is constant but for the protocol.
struct Hub::Subscriber {
  uint64_t id = 0;
  command::SessionHost* host = nullptr;
  // Written by the session's thread, read by publishers; relaxed, since a message that races with HELLO may
  // come in either spelling.
  std::atomic<int> protocol{2};
  std::array<std::vector<std::string>, kKinds> names;

  std::vector<std::string>& of(Kind kind) noexcept { return names[static_cast<size_t>(kind)]; }
  bool empty() const noexcept {
    return std::ranges::all_of(names, [](const std::vector<std::string>& list) { return list.empty(); });
  }
};

// A message in both spellings, each made when the first receiver needs it.
class Hub::Message {
 public:
  Message(std::string_view type, std::string_view pattern, std::string_view channel,
          std::string_view payload) noexcept
      : type_(type), pattern_(pattern), channel_(channel), payload_(payload) {}

  void SendTo(Subscriber& subscriber) {
    bool push = subscriber.protocol.load(std::memory_order_relaxed) >= 3;
    std::shared_ptr<const std::string>& spelled = spelled_[push];
    if (!spelled) spelled = std::make_shared<const std::string>(Spell(push));
    subscriber.host->DeliverPush(subscriber.id, spelled);
  }

 private:
  std::string Spell(bool push) const {
    bool with_pattern = type_ == "pmessage";
    std::string out(1, push ? '>' : '*');
    out += with_pattern ? "4\r\n" : "3\r\n";
    AppendBulk(out, type_);
    if (with_pattern) AppendBulk(out, pattern_);
    AppendBulk(out, channel_);
    AppendBulk(out, payload_);
    return out;
  }

  std::string_view type_;
  std::string_view pattern_;
  std::string_view channel_;
  std::string_view payload_;
  std::array<std::shared_ptr<const std::string>, 2> spelled_;  // Sharers: the receivers' output queues.
};

Hub::Hub(const store::Settings& settings) : settings_(settings) {}

Hub::~Hub() = default;

Hub::Table& Hub::TableOf(Kind kind, std::string_view name) noexcept {
  size_t which = kind == Kind::kPattern ? 0 : base::KeyHash(name) % kTables;
  return tables_[static_cast<size_t>(kind)][which];
}

const Hub::Table& Hub::TableOf(Kind kind, std::string_view name) const noexcept {
  return const_cast<Hub*>(this)->TableOf(kind, name);
}

Hub::Subscriber* Hub::FindSubscriber(const command::Session& session) const {
  base::MutexLock hold(registry_mutex_);
  auto found = registry_.find(session.id);
  return found == registry_.end() ? nullptr : found->second.get();
}

void Hub::SetCounts(command::Session& session, const Subscriber* subscriber) {
  auto count = [&](Kind kind) {
    return subscriber ? static_cast<uint32_t>(subscriber->names[static_cast<size_t>(kind)].size()) : 0;
  };
  session.channels = count(Kind::kChannel);
  session.patterns = count(Kind::kPattern);
  session.shard_channels = count(Kind::kShardChannel);
}

bool Hub::Subscribe(command::Session& session, Kind kind, std::string_view name) {
  CHECK(session.host != nullptr);
  Subscriber* subscriber = FindSubscriber(session);
  if (subscriber == nullptr) {
    auto made = std::make_unique<Subscriber>();
    subscriber = made.get();
    subscriber->id = session.id;
    subscriber->host = session.host;
    subscriber->protocol.store(session.protocol, std::memory_order_relaxed);
    base::MutexLock hold(registry_mutex_);
    registry_.emplace(session.id, std::move(made));
  }
  Table& table = TableOf(kind, name);
  {
    base::MutexLock hold(table.mutex);
    if (!table.names[std::string(name)].insert(subscriber).second) return false;
    if (kind == Kind::kPattern) pattern_count_.store(table.names.size(), std::memory_order_relaxed);
  }
  subscriber->of(kind).emplace_back(name);
  SetCounts(session, subscriber);
  return true;
}

void Hub::Remove(Subscriber& subscriber, Kind kind, const std::string& name) {
  Table& table = TableOf(kind, name);
  base::MutexLock hold(table.mutex);
  auto found = table.names.find(name);
  CHECK(found != table.names.end());
  found->second.erase(&subscriber);
  if (found->second.empty()) table.names.erase(found);
  if (kind == Kind::kPattern) pattern_count_.store(table.names.size(), std::memory_order_relaxed);
}

bool Hub::Unsubscribe(command::Session& session, Kind kind, std::string_view name) {
  Subscriber* subscriber = FindSubscriber(session);
  if (subscriber == nullptr) return false;
  std::vector<std::string>& names = subscriber->of(kind);
  auto found = std::ranges::find(names, name);
  if (found == names.end()) return false;
  Remove(*subscriber, kind, *found);
  names.erase(found);
  SetCounts(session, subscriber);
  if (subscriber->empty()) {
    base::MutexLock hold(registry_mutex_);
    registry_.erase(session.id);
  }
  return true;
}

std::vector<std::string> Hub::SubscriptionsOf(const command::Session& session, Kind kind) const {
  Subscriber* subscriber = FindSubscriber(session);
  return subscriber ? subscriber->of(kind) : std::vector<std::string>{};
}

std::vector<uint64_t> Hub::ListenersTo(Kind kind, const std::function<bool(std::string_view name)>& wanted) const {
  std::vector<uint64_t> ids;
  for (const Table& table : tables_[static_cast<size_t>(kind)]) {
    base::MutexLock hold(table.mutex);
    for (const auto& [name, subscribers] : table.names) {
      if (!wanted(name)) continue;
      for (const Subscriber* subscriber : subscribers) ids.push_back(subscriber->id);
    }
  }
  return ids;
}

void Hub::Forget(command::Session& session) {
  if (!session.subscribed()) return;
  Subscriber* subscriber = FindSubscriber(session);
  if (subscriber == nullptr) return;
  for (Kind kind : {Kind::kChannel, Kind::kPattern, Kind::kShardChannel}) {
    for (const std::string& name : subscriber->of(kind)) Remove(*subscriber, kind, name);
  }
  SetCounts(session, nullptr);
  base::MutexLock hold(registry_mutex_);
  registry_.erase(session.id);
}

void Hub::SetProtocol(const command::Session& session) {
  if (!session.subscribed()) return;
  if (Subscriber* subscriber = FindSubscriber(session)) {
    subscriber->protocol.store(session.protocol, std::memory_order_relaxed);
  }
}

size_t Hub::Publish(Kind kind, std::string_view channel, std::string_view message) {
  size_t receivers = 0;
  {
    Table& table = TableOf(kind, channel);
    base::MutexLock hold(table.mutex);
    auto found = table.names.empty() ? table.names.end() : table.names.find(std::string(channel));
    if (found != table.names.end()) {
      Message spelled(kind == Kind::kShardChannel ? "smessage" : "message", {}, channel, message);
      for (Subscriber* subscriber : found->second) spelled.SendTo(*subscriber);
      receivers += found->second.size();
    }
  }
  if (kind == Kind::kShardChannel || pattern_count_.load(std::memory_order_relaxed) == 0) return receivers;
  Table& patterns = TableOf(Kind::kPattern, {});
  base::MutexLock hold(patterns.mutex);
  for (auto& [pattern, subscribers] : patterns.names) {
    if (!base::GlobMatch(pattern, channel)) continue;
    Message spelled("pmessage", pattern, channel, message);
    for (Subscriber* subscriber : subscribers) spelled.SendTo(*subscriber);
    receivers += subscribers.size();
  }
  return receivers;
}

void Hub::OnKeyEvent(store::EventClass event_class, std::string_view event, std::string_view key,
                     store::DbIndex db) {
  uint32_t wanted = settings_.notify_keyspace_events;
  if ((wanted & event_class) == 0) return;
  std::string suffix = '@' + std::to_string(db) + "__:";
  if (wanted & store::kEventKeyspace)
    Publish(Kind::kChannel, "__keyspace" + suffix + std::string(key), event);
  if (wanted & store::kEventKeyevent)
    Publish(Kind::kChannel, "__keyevent" + suffix + std::string(event), key);
}

std::vector<std::string> Hub::ActiveNames(Kind kind, std::string_view pattern) const {
  std::vector<std::string> names;
  for (const Table& table : tables_[static_cast<size_t>(kind)]) {
    base::MutexLock hold(table.mutex);
    for (const auto& [name, subscribers] : table.names) {
      if (pattern.empty() || base::GlobMatch(pattern, name)) names.push_back(name);
    }
  }
  return names;
}

size_t Hub::SubscriberCount(Kind kind, std::string_view name) const {
  const Table& table = TableOf(kind, name);
  base::MutexLock hold(table.mutex);
  auto found = table.names.find(std::string(name));
  return found == table.names.end() ? 0 : found->second.size();
}

size_t Hub::NameCount(Kind kind) const {
  size_t count = 0;
  for (const Table& table : tables_[static_cast<size_t>(kind)]) {
    base::MutexLock hold(table.mutex);
    count += table.names.size();
  }
  return count;
}

size_t Hub::SessionCount() const {
  base::MutexLock hold(registry_mutex_);
  return registry_.size();
}

}  // namespace tusk::pubsub
