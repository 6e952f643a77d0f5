#include "pubsub/tracking.h"

#include <memory>
#include <utility>

#include "base/check.h"
#include "base/numbers.h"
#include "command/services.h"
#include "store/keyspace.h"

namespace tusk::pubsub {
namespace {

void AppendHeader(std::string& out, char type, size_t count) {
  char digits[base::kInt64TextMax];
  out += type;
  out.append(digits, base::FormatUint64(count, digits));
  out += "\r\n";
}

void AppendBulk(std::string& out, std::string_view bytes) {
  AppendHeader(out, '$', bytes.size());
  out += bytes;
  out += "\r\n";
}

}  // namespace

// The invalid keys, or "all", as a push and as a message of a channel; each is spelled when somebody needs it.
class Tracking::Message {
 public:
  Message(store::PassingBytes& passing, std::vector<std::string_view> keys) : passing_(passing), keys_(std::move(keys)) {}
  static Message All(store::PassingBytes& passing) {
    Message message(passing, {});
    message.all_ = true;
    return message;
  }

  const std::shared_ptr<const std::string>& Spelled(bool push) {
    std::shared_ptr<const std::string>& text = spelled_[push];
    if (!text) text = passing_.Piece(Spell(push));
    return text;
  }

 private:
  std::string Spell(bool push) const {
    std::string out;
    AppendHeader(out, push ? '>' : '*', push ? 2 : 3);
    AppendBulk(out, push ? "invalidate" : "message");
    if (!push) AppendBulk(out, kInvalidateChannel);
    if (all_) return out + (push ? "_\r\n" : "$-1\r\n");
    AppendHeader(out, '*', keys_.size());
    for (std::string_view key : keys_) AppendBulk(out, key);
    return out;
  }

  store::PassingBytes& passing_;
  std::vector<std::string_view> keys_;
  bool all_ = false;
  std::array<std::shared_ptr<const std::string>, 2> spelled_;  // Sharers: the receivers' output queues.
};

// ---- Who ----

void Tracking::Start(command::Session& session, std::span<const std::string_view> prefixes) {
  CHECK(session.host != nullptr && session.tracking.on);
  const command::TrackingMode& mode = session.tracking;
  {
    Table& table = TableOf(session.id);
    base::MutexLock hold(table.mutex);
    Reader& reader = table.readers[session.id];
    reader.host = session.host;
    reader.protocol = session.protocol;
    reader.broadcast = mode.broadcast;
    reader.no_loop = mode.no_loop;
    reader.redirect = mode.redirect;
    reader.redirect_broken = false;
    for (std::string_view prefix : prefixes) reader.prefixes.emplace(prefix);
    session.tracking.prefixes = static_cast<uint32_t>(reader.prefixes.size());
  }
  if (!mode.broadcast) return;
  base::MutexLock hold(prefix_mutex_);
  for (std::string_view prefix : prefixes) {
    auto [entry, is_new] = prefixes_.try_emplace(std::string(prefix));
    if (is_new) ++prefix_lengths_[prefix.size()];
    entry->second.insert(session.id);
  }
  followers_.insert(session.id);
  PublishBroadcasts();
}

void Tracking::Stop(command::Session& session) {
  if (!session.tracking.on) return;
  session.tracking = {};
  Reader reader;
  {
    Table& table = TableOf(session.id);
    base::MutexLock hold(table.mutex);
    auto node = table.readers.extract(session.id);
    CHECK(!node.empty());
    reader = std::move(node.mapped());
  }
  if (reader.broadcast) RemovePrefixes(session.id, reader);
}

void Tracking::RemovePrefixes(uint64_t id, const Reader& reader) {
  base::MutexLock hold(prefix_mutex_);
  for (const std::string& prefix : reader.prefixes) {
    auto found = prefixes_.find(prefix);
    CHECK(found != prefixes_.end());
    found->second.erase(id);
    if (!found->second.empty()) continue;
    auto length = prefix_lengths_.find(prefix.size());
    if (--length->second == 0) prefix_lengths_.erase(length);
    prefixes_.erase(found);
  }
  followers_.erase(id);
  PublishBroadcasts();
}

void Tracking::PublishBroadcasts() {
  services_.keyspace->tracking().broadcasts.store(static_cast<uint32_t>(followers_.size()), std::memory_order_relaxed);
}

void Tracking::SetProtocol(const command::Session& session) {
  if (!session.tracking.on) return;
  Table& table = TableOf(session.id);
  base::MutexLock hold(table.mutex);
  table.readers[session.id].protocol = session.protocol;
}

std::vector<std::string> Tracking::PrefixesOf(const command::Session& session) const {
  const Table& table = TableOf(session.id);
  base::MutexLock hold(table.mutex);
  auto found = table.readers.find(session.id);
  if (found == table.readers.end()) return {};
  return {found->second.prefixes.begin(), found->second.prefixes.end()};
}

bool Tracking::IsRedirectBroken(uint64_t session_id) const {
  const Table& table = TableOf(session_id);
  base::MutexLock hold(table.mutex);
  auto found = table.readers.find(session_id);
  return found != table.readers.end() && found->second.redirect_broken;
}

size_t Tracking::SessionCount() const {
  size_t count = 0;
  for (const Table& table : tables_) {
    base::MutexLock hold(table.mutex);
    count += table.readers.size();
  }
  return count;
}

size_t Tracking::PrefixCount() const {
  base::MutexLock hold(prefix_mutex_);
  return prefixes_.size();
}

// ---- Telling ----

void Tracking::Tell(uint64_t id, Reader& reader, Message& message, store::DirectDelivery* direct) {
  auto deliver = [direct](uint64_t to, command::SessionHost& host, const std::shared_ptr<const std::string>& bytes) {
    if (direct && direct->session_id == to) {
      direct->bytes += *bytes;
    } else {
      host.DeliverPush(to, bytes);
    }
  };
  if (reader.redirect == 0) {
    // RESP2 has no place for a message between replies: such a session is not told unless it redirects.
    if (reader.protocol >= 3) deliver(id, *reader.host, message.Spelled(true));
    return;
  }
  std::optional<command::PushTarget> target =
      services_.clients ? services_.clients->FindTarget(reader.redirect) : std::nullopt;
  if (target) {
    if (target->protocol >= 3 || target->subscribed) {
      deliver(reader.redirect, *target->host, message.Spelled(target->protocol >= 3));
    }
    return;
  }
  reader.redirect_broken = true;
  if (reader.protocol < 3) return;
  std::string text;
  AppendHeader(text, '>', 2);
  AppendBulk(text, "tracking-redir-broken");
  AppendHeader(text, ':', reader.redirect);
  deliver(id, *reader.host, std::make_shared<const std::string>(std::move(text)));
}

void Tracking::TellReaders(const store::InvalidatedKey& key, store::DirectDelivery* direct) {
  Message message(services_.keyspace->passing(), {key.key});
  for (uint64_t id : key.readers) {
    Table& table = TableOf(id);
    base::MutexLock hold(table.mutex);
    auto found = table.readers.find(id);
    // Gone, or it tracks otherwise now.
    if (found == table.readers.end() || found->second.broadcast) continue;
    if (found->second.no_loop && key.source == id) continue;
    Tell(id, found->second, message, direct);
  }
}

void Tracking::TellFollowersOf(const std::set<uint64_t>& followers, std::span<const store::InvalidatedKey> keys,
                               const KeyIndexes& matching, store::DirectDelivery* direct) {
  std::vector<std::string_view> names;
  for (size_t i : matching) names.push_back(keys[i].key);
  Message everything(services_.keyspace->passing(), std::move(names));
  for (uint64_t id : followers) {
    Table& table = TableOf(id);
    base::MutexLock hold(table.mutex);
    auto found = table.readers.find(id);
    if (found == table.readers.end()) continue;
    if (!found->second.no_loop) {
      Tell(id, found->second, everything, direct);
      continue;
    }
    std::vector<std::string_view> foreign;
    for (size_t i : matching) {
      if (keys[i].source != id) foreign.push_back(keys[i].key);
    }
    if (foreign.empty()) continue;
    Message message(services_.keyspace->passing(), std::move(foreign));
    Tell(id, found->second, message, direct);
  }
}

void Tracking::TellFollowers(std::span<const store::InvalidatedKey> keys, store::DirectDelivery* direct) {
  base::MutexLock hold(prefix_mutex_);
  // A key that changed several times is told once; who changed it last counts.
  std::map<std::string_view, size_t> latest;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].broadcast) latest[keys[i].key] = i;
  }
  std::map<std::string_view, KeyIndexes> matching;  // By prefix.
  for (const auto& [key, i] : latest) {
    for (const auto& [length, count] : prefix_lengths_) {
      if (length > key.size()) break;
      auto found = prefixes_.find(key.substr(0, length));
      if (found != prefixes_.end()) matching[found->first].push_back(i);
    }
  }
  for (const auto& [prefix, indexes] : matching) TellFollowersOf(prefixes_.find(prefix)->second, keys, indexes, direct);
}

void Tracking::OnInvalidated(std::span<const store::InvalidatedKey> keys, store::DirectDelivery* direct) {
  bool broadcast = false;
  for (const store::InvalidatedKey& key : keys) {
    if (!key.readers.empty()) TellReaders(key, direct);
    broadcast = broadcast || key.broadcast;
  }
  if (broadcast) TellFollowers(keys, direct);
}

void Tracking::OnFlushed(store::DirectDelivery* direct) {
  Message all = Message::All(services_.keyspace->passing());
  for (Table& table : tables_) {
    base::MutexLock hold(table.mutex);
    for (auto& [id, reader] : table.readers) Tell(id, reader, all, direct);
  }
}

}  // namespace tusk::pubsub
