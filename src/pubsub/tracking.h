// Tracking: the sessions that asked to be told when what they have read changes (CLIENT TRACKING), and the way of such a
// message to them.
//
// Who read which key stands in the stripes (store/tracked_keys.h); here is what must be known of a session to tell it:
// its host, its protocol, whom it redirects to, and the prefixes it follows (BCAST). A unit's changes arrive while its
// stripes are held and go to the hosts' inboxes at once, so the message for a session that caused them itself comes
// after its reply, and no other session gets a reply that is newer than an invalidation which it still lacks.
// Followers of prefixes get one message per unit and prefix, where Redis collects over one round of its loop.
//
// Threads: thread-safe. A session is entered, changed and taken out by the thread that runs it. Locks are leaves but for
// the order prefixes, readers, the server's list of clients. Owns: the entries; borrows hosts until Stop().
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "command/session.h"
#include "store/tracked_keys.h"

namespace tusk::command {
struct Services;
}  // namespace tusk::command

namespace tusk::pubsub {

// What a RESP2 session that others redirect to subscribes to.
inline constexpr std::string_view kInvalidateChannel = "__redis__:invalidate";

class Tracking final : public store::InvalidationSink {
 public:
  explicit Tracking(const command::Services& services) noexcept : services_(services) {}
  Tracking(const Tracking&) = delete;
  Tracking& operator=(const Tracking&) = delete;

  // Begins, or changes the mode and adds prefixes; session.tracking is what to do. The session has a host.
  void Start(command::Session& session, std::span<const std::string_view> prefixes);
  // Nothing happens when the session does not track.
  void Stop(command::Session& session);
  // The session's protocol has changed.
  void SetProtocol(const command::Session& session);

  std::vector<std::string> PrefixesOf(const command::Session& session) const;
  // The session that it redirects to was gone when there was something to tell.
  bool IsRedirectBroken(uint64_t session_id) const;

  size_t SessionCount() const;
  size_t PrefixCount() const;

  void OnInvalidated(std::span<const store::InvalidatedKey> keys, store::DirectDelivery* direct) override;
  void OnFlushed(store::DirectDelivery* direct) override;

 private:
  struct Reader {
    command::SessionHost* host = nullptr;
    int protocol = 2;
    bool broadcast = false;
    bool no_loop = false;
    bool redirect_broken = false;
    uint64_t redirect = 0;
    std::set<std::string, std::less<>> prefixes;
  };
  // Several tables, so that unrelated sessions do not meet at one lock.
  struct Table {
    mutable base::Mutex mutex;
    std::unordered_map<uint64_t, Reader> readers GUARDED_BY(mutex);
  };
  static constexpr size_t kTables = 16;

  class Message;
  using KeyIndexes = std::vector<size_t>;

  Table& TableOf(uint64_t id) noexcept { return tables_[id % kTables]; }
  const Table& TableOf(uint64_t id) const noexcept { return tables_[id % kTables]; }
  void Tell(uint64_t id, Reader& reader, Message& message, store::DirectDelivery* direct);
  void TellReaders(const store::InvalidatedKey& key, store::DirectDelivery* direct);
  void TellFollowers(std::span<const store::InvalidatedKey> keys, store::DirectDelivery* direct);
  void TellFollowersOf(const std::set<uint64_t>& followers, std::span<const store::InvalidatedKey> keys,
                       const KeyIndexes& matching, store::DirectDelivery* direct);
  void RemovePrefixes(uint64_t id, const Reader& reader);
  void PublishBroadcasts() REQUIRES(prefix_mutex_);

  const command::Services& services_;
  std::array<Table, kTables> tables_;
  mutable base::Mutex prefix_mutex_;
  std::map<std::string, std::set<uint64_t>, std::less<>> prefixes_ GUARDED_BY(prefix_mutex_);
  // How many prefixes have this length: a key is looked up once per length, however many there are.
  std::map<size_t, size_t> prefix_lengths_ GUARDED_BY(prefix_mutex_);
  std::set<uint64_t> followers_ GUARDED_BY(prefix_mutex_);
};

}  // namespace tusk::pubsub
