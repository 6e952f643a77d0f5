// Feed: the replication stream of a master: change records as Redis' protocol, their offsets, the backlog from which a
// replica that was away can go on, and the replicas that are fed.
//
// A replica is a session that sent SYNC or PSYNC. What it gets is pushed through its host. One that can go on from the
// backlog does so at once; the others wait for a copy of the dataset (copier.h), which begins while every stripe is held
// and the log has been waited for: the copy and the offset then tell of the same moment. From that moment on the stream
// is kept back for it until it has the copy.
//
//   kNone -- AskForCopy --> kWaiting -- StartCopy --> kCopying -- EndCopy --> kAwaitsAck -- Acknowledge --> kOnline
//     '---------------------- Continue -------------------------------'--- (length known: no wait) ----------^
//
// Threads: thread-safe. Followed units and OnPause come on the change log's thread; hosts are called under mutex_, which
// is a leaf. Owns: backlog, records of replicas; borrows sessions' hosts until Forget().
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "store/change_log.h"

namespace tusk::command {
struct Session;
class SessionHost;
}  // namespace tusk::command
namespace tusk::store {
class Keyspace;
}

namespace tusk::repl {

// Settings of the configuration file that the feed lives by; written by CONFIG SET on any thread. Relaxed atomics: a
// change may be noticed a tick late.
struct FeedSettings {
  std::atomic<uint64_t> backlog_bytes{1u << 20};
  std::atomic<int64_t> backlog_ttl_seconds{3600};  // Without replicas; 0: kept for good.
  std::atomic<int64_t> ping_seconds{10};
  std::atomic<int64_t> min_replicas{0};
  std::atomic<int64_t> max_lag_seconds{10};
  std::atomic<int64_t> timeout_seconds{60};       // A replica that is silent for longer is gone.
  std::atomic<uint64_t> output_bytes_max{256u << 20};  // What may be kept back for one replica; 0: no limit.
};

enum class ReplicaPhase : uint8_t { kNone, kWaiting, kCopying, kAwaitsAck, kOnline };
// INFO's words: wait_bgsave, send_bulk, online.
std::string_view PhaseName(ReplicaPhase phase) noexcept;

// What kind of copy a replica takes: those of one kind share one.
struct CopyKind {
  bool open_ended = false;  // REPLCONF capa eof: the copy ends with a mark, its length need not be known before.
  bool functions_only = false;  // REPLCONF rdb-filter-only.
  bool operator==(const CopyKind&) const = default;
};

// The last bytes of the stream. Caller-synchronised.
class Backlog {
 public:
  // Keeps the newest bytes that fit.
  void Resize(size_t bytes);
  void Append(std::string_view bytes);
  void Clear();
  size_t capacity_bytes() const noexcept { return ring_.size(); }
  size_t size_bytes() const noexcept { return held_; }
  // The newest `count` bytes, count <= size_bytes().
  std::string Newest(size_t count) const;

 private:
  std::string ring_;
  size_t end_ = 0;   // Where the next byte goes.
  size_t held_ = 0;
};

// One replica, for INFO, ROLE and CLIENT LIST.
struct ReplicaInfo {
  uint64_t session_id = 0;
  std::string address;      // As REPLCONF ip-address or the socket says it, without the port.
  int64_t port = 0;         // REPLCONF listening-port; 0: not told.
  ReplicaPhase phase = ReplicaPhase::kNone;
  uint64_t acked_offset = 0;
  uint64_t synced_offset = 0;  // On its disk; 0: it has no append log, or none of it yet.
  int64_t lag_seconds = 0;  // Since its last acknowledgement.
};

class Feed final : public store::ChangeFollower {
 public:
  Feed(store::Keyspace& keyspace, store::ChangeLog& log);
  ~Feed() override;
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  FeedSettings& settings() noexcept { return settings_; }
  // After a change of settings(): has it take effect at once.
  void SettingsChanged();

  // ---- Joining ----
  // Can the stream go on after `offset` of `replid`? Then the replica is online and gets what it missed. PSYNC.
  bool Continue(command::Session& session, std::string_view replid, int64_t offset);
  // It waits for a copy; `with_greeting`: PSYNC, which is told replid and offset first.
  void AskForCopy(command::Session& session, bool with_greeting);
  // What the replica that has waited longest wants.
  std::optional<CopyKind> NextCopy() const;
  struct CopyStart {
    struct Recipient {
      uint64_t session_id;
      bool with_greeting;
    };
    std::string replid;
    uint64_t offset = 0;
    std::vector<Recipient> recipients;
  };
  // All that wait for this kind are being copied to from here on. Every stripe is held, so that records are made and
  // all that was committed before has passed.
  CopyStart StartCopy(CopyKind kind);
  // The copy could not begin: they wait again.
  void TakeBackCopy(const CopyStart& copy);
  // A piece of the copy. False: the replica is gone, or more than output_bytes_max had to be kept back for it.
  bool PushCopy(uint64_t session_id, std::shared_ptr<const std::string> bytes);
  // It has been pushed all of it.
  void EndCopy(uint64_t session_id);
  // Replicas that have to be closed: silent for too long, or too much is kept back for them.
  std::vector<uint64_t> LostReplicas() const;

  // The dataset was replaced: nobody can go on from what was sent before.
  void StartAnew();

  // ---- The past ----
  // A moment of a stream: the dataset after its first `offset` bytes.
  struct Moment {
    std::string replid;
    uint64_t offset = 0;
  };
  // Now: every stripe is held. Nothing while no stream runs. Waits for the log, a moment.
  std::optional<Moment> CurrentMoment();
  // The dataset is about to be loaded from a file of that moment, on a server that leads: who followed that stream so far can go
  // on with this one. Before anything else is asked of the feed.
  void GoOnFrom(const Moment& moment);
  // The stream that this one goes on from; empty: it goes on from none.
  Moment predecessor() const;

  // ---- What a replica says of itself, before and after it joined ----
  void SetListeningPort(const command::Session& session, int64_t port);
  void SetAddress(const command::Session& session, std::string_view address);
  // The socket's, which counts until SetAddress().
  void SetPeerAddress(const command::Session& session, std::string_view address);
  // `synced_offset`: so much is on its disk; 0 from a replica without an append log.
  void Acknowledge(const command::Session& session, uint64_t offset, uint64_t synced_offset = 0);
  void SetFunctionsOnly(const command::Session& session, bool functions_only);
  void SetOpenEnded(const command::Session& session);
  // In the session's thread, before its host forgets it.
  void Forget(const command::Session& session);

  // ---- What others want to know ----
  std::string replid() const;
  uint64_t offset() const;
  bool HasBacklog() const;
  uint64_t backlog_first_offset() const;
  uint64_t backlog_bytes() const;
  std::vector<ReplicaInfo> Replicas() const;
  // Replicas that were heard of within min-replicas-max-lag.
  int64_t GoodReplicas() const { return good_replicas_.load(std::memory_order_relaxed); }
  uint64_t full_syncs() const noexcept { return full_syncs_.load(std::memory_order_relaxed); }
  uint64_t partial_syncs() const noexcept { return partial_syncs_.load(std::memory_order_relaxed); }
  uint64_t refused_partial_syncs() const noexcept { return refused_partial_syncs_.load(std::memory_order_relaxed); }
  uint64_t output_bytes() const noexcept { return output_bytes_.load(std::memory_order_relaxed); }
  void ResetStatistics() noexcept;

  // ---- WAIT, WAITAOF ----
  // The stream's offset once the commit has passed. Waits for the log, a moment.
  uint64_t OffsetOf(uint64_t commit_number);
  int64_t CountAcknowledged(uint64_t offset) const;
  // The same of replicas that have it on disk.
  int64_t CountSynced(uint64_t offset) const;
  // Asks the replicas to say how far they are, and has the session's blocked command looked at again whenever one does.
  void AskForAcks(const command::Session& waiter);
  void StopAsking(uint64_t session_id);

  void OnUnits(std::span<const store::ChangeUnit> units) override;
  void OnPause() override;

 private:
  struct Replica {
    command::SessionHost* host = nullptr;
    std::string address;
    int64_t port = 0;
    ReplicaPhase phase = ReplicaPhase::kNone;
    CopyKind kind;
    bool with_greeting = false;
    uint64_t place = 0;  // In the queue of those who wait.
    uint64_t acked_offset = 0;
    uint64_t synced_offset = 0;
    int64_t acked_ms = 0;  // Monotonic.
    // The stream since the copy's moment, until it may be sent. Replicas share the pieces.
    std::vector<std::shared_ptr<const std::string>> kept_back;
    uint64_t kept_back_bytes = 0;
    bool overrun = false;
  };

  Replica& ReplicaOf(const command::Session& session) REQUIRES(mutex_);
  void Activate() REQUIRES(mutex_);
  void GoOnline(uint64_t session_id, Replica& replica) REQUIRES(mutex_);
  void KeepBack(Replica& replica, std::shared_ptr<const std::string> bytes) REQUIRES(mutex_);
  void Send(std::string bytes) REQUIRES(mutex_);
  void SendPending() REQUIRES(mutex_);
  void Tick(int64_t now_ms) REQUIRES(mutex_);
  void CountGood(int64_t now_ms) REQUIRES(mutex_);
  bool AnyJoined() const REQUIRES(mutex_);
  int64_t NowMs() const;

  store::Keyspace& keyspace_;
  store::ChangeLog& log_;
  FeedSettings settings_;

  mutable base::Mutex mutex_;
  std::string replid_ GUARDED_BY(mutex_);
  Moment predecessor_ GUARDED_BY(mutex_);
  uint64_t offset_ GUARDED_BY(mutex_) = 0;  // Of the last byte sent; the first byte is 1.
  bool active_ GUARDED_BY(mutex_) = false;  // The stream runs and the backlog grows.
  store::ChangeStream stream_ GUARDED_BY(mutex_){store::kToReplicas};
  std::string pending_ GUARDED_BY(mutex_);  // Spelled, not sent yet.
  Backlog backlog_ GUARDED_BY(mutex_);
  std::unordered_map<uint64_t, Replica> replicas_ GUARDED_BY(mutex_);  // By session; also those that only said REPLCONF.
  std::unordered_map<uint64_t, command::SessionHost*> waiters_ GUARDED_BY(mutex_);
  int64_t last_ping_ms_ GUARDED_BY(mutex_) = 0;
  int64_t alone_since_ms_ GUARDED_BY(mutex_) = 0;
  uint64_t places_ GUARDED_BY(mutex_) = 0;  // Given out to those who wait.

  // Read without the lock by writes that need replicas, and by INFO: relaxed.
  std::atomic<int64_t> good_replicas_{0};
  std::atomic<uint64_t> full_syncs_{0};
  std::atomic<uint64_t> partial_syncs_{0};
  std::atomic<uint64_t> refused_partial_syncs_{0};
  std::atomic<uint64_t> output_bytes_{0};
};

}  // namespace tusk::repl
