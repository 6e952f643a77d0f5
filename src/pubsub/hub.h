// Hub: who listens to which channel, pattern or shard channel, and the way of a message to them.
//
// A publisher hands the message to each receiver's loop under the channel's lock, so all receivers of a
// channel see its messages in one order. A message is spelled once per protocol and shared by all receivers.
//
// Threads: thread-safe. What a session subscribed to is changed only by the thread that runs the session; its
// counts in the Session follow. Locks are leaves: nothing else is locked, and no stripe touched, while one is
// held, so keyspace events may be published under a stripe's lock. Owns: subscriptions; borrows sessions'
// hosts until Forget().
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/events.h"

namespace tusk::command {
struct Session;
class SessionHost;
}  // namespace tusk::command
namespace tusk::store {
struct Settings;
}

namespace tusk::pubsub {

enum class Kind : uint8_t { kChannel, kPattern, kShardChannel };
inline constexpr size_t kKinds = 3;

class Hub final : public store::EventSink {
 public:
  explicit Hub(const store::Settings& settings);
  ~Hub() override;
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Both keep the session's counts. False: it was subscribed already, or not subscribed.
  bool Subscribe(command::Session& session, Kind kind, std::string_view name);
  bool Unsubscribe(command::Session& session, Kind kind, std::string_view name);
  // What the session listens to, oldest first.
  std::vector<std::string> SubscriptionsOf(const command::Session& session, Kind kind) const;
  // Ids of the sessions that listen to a name which `wanted` picks. O(names).
  std::vector<uint64_t> ListenersTo(Kind kind, const std::function<bool(std::string_view name)>& wanted) const;
  // Ends all subscriptions without a word: RESET, and the end of a connection.
  void Forget(command::Session& session);
  // The session's protocol has changed.
  void SetProtocol(const command::Session& session);

  // To kChannel (and the patterns that match) or to kShardChannel. Returns the number of receivers.
  size_t Publish(Kind kind, std::string_view channel, std::string_view message);
  void OnKeyEvent(store::EventClass event_class, std::string_view event, std::string_view key,
                  store::DbIndex db) override;

  // Names with subscribers that match the pattern; an empty pattern matches all. kChannel or kShardChannel.
  std::vector<std::string> ActiveNames(Kind kind, std::string_view pattern) const;
  size_t SubscriberCount(Kind kind, std::string_view name) const;
  size_t NameCount(Kind kind) const;
  // Sessions with any subscription.
  size_t SessionCount() const;

 private:
  struct Subscriber;
  using Subscribers = std::unordered_set<Subscriber*>;

  // Names map to their subscribers; several tables, so that unrelated channels do not meet at one lock.
  struct Table {
    mutable base::Mutex mutex;
    std::unordered_map<std::string, Subscribers> names GUARDED_BY(mutex);
  };
  static constexpr size_t kTables = 16;

  class Message;

  Table& TableOf(Kind kind, std::string_view name) noexcept;
  const Table& TableOf(Kind kind, std::string_view name) const noexcept;
  Subscriber* FindSubscriber(const command::Session& session) const;
  void Remove(Subscriber& subscriber, Kind kind, const std::string& name);
  static void SetCounts(command::Session& session, const Subscriber* subscriber);

  const store::Settings& settings_;
  // Patterns use one table only, since every message looks at all of them.
  std::array<std::array<Table, kTables>, kKinds> tables_;
  // Lets a publisher pass over the patterns' lock. Relaxed: a subscription that is just being made may be
  // missed, as if the message had come first.
  std::atomic<size_t> pattern_count_{0};

  mutable base::Mutex registry_mutex_;
  std::unordered_map<uint64_t, std::unique_ptr<Subscriber>> registry_ GUARDED_BY(registry_mutex_);
};

}  // namespace tusk::pubsub
