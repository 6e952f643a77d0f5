// ClientRegistry: every connection by id, as other threads may see it: CLIENT LIST, KILL, UNBLOCK, PAUSE.
//
// A connection publishes copies of what is shown into its record; what a command wants of another connection goes to
// that one's loop as a message.
// Threads: thread-safe. Owns: the records, together with their connections.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "command/services.h"

namespace tusk::engine {
class Engine;
}
namespace tusk::command {
struct Command;
class BlockedCommand;
}

namespace tusk::server {

class ConnectionLoop;

// What one connection shows. Sharers: the connection and the registry; a listing in progress.
struct ClientRecord {
  uint64_t id = 0;
  ConnectionLoop* loop = nullptr;
  std::string address;
  std::string local_address;
  int fd = -1;
  int64_t connected_micros = 0;

  // Written by the connection, each standing for itself: relaxed.
  std::atomic<int64_t> last_interaction_micros{0};
  std::atomic<store::DbIndex> db{0};
  std::atomic<uint32_t> channels{0};
  std::atomic<uint32_t> patterns{0};
  std::atomic<uint32_t> shard_channels{0};
  std::atomic<int64_t> multi{-1};
  std::atomic<size_t> multi_bytes{0};
  std::atomic<size_t> query_bytes{0};
  std::atomic<size_t> query_free_bytes{0};
  std::atomic<size_t> argv_bytes{0};
  std::atomic<size_t> output_bytes{0};
  std::atomic<size_t> output_memory{0};
  std::atomic<size_t> output_peak{0};
  std::atomic<size_t> watched{0};
  std::atomic<uint64_t> bytes_received{0};
  std::atomic<uint64_t> bytes_sent{0};
  std::atomic<uint64_t> commands{0};
  std::atomic<bool> writable_wanted{false};
  std::atomic<bool> replica{false};
  // What the registry's total has of this connection's memory: exchanged by the connection and by who evicts it, so that
  // each byte is taken off once.
  std::atomic<size_t> counted_bytes{0};
  std::atomic<size_t> memory_bytes{0};
  std::atomic<int> protocol{2};
  std::atomic<const command::Command*> last_command{nullptr};
  std::atomic<bool> monitor{false};
  std::atomic<bool> no_touch{false};
  std::atomic<bool> import_source{false};
  std::atomic<bool> no_evict{false};
  std::atomic<bool> unix_socket{false};
  std::atomic<bool> tracking{false};
  std::atomic<bool> tracking_broadcast{false};
  std::atomic<uint64_t> tracking_redirect{0};
  // It closes once its last reply is sent: nobody should rely on it any more.
  std::atomic<bool> closing{false};
  // Set by CLIENT KILL on any thread; the connection looks at it after each command. Relaxed: a message follows.
  std::atomic<bool> kill_wanted{false};

  mutable base::Mutex mutex;
  std::string name GUARDED_BY(mutex);
  std::string user GUARDED_BY(mutex);
  std::string library_name GUARDED_BY(mutex);
  std::string library_version GUARDED_BY(mutex);
  std::shared_ptr<command::BlockedCommand> blocked GUARDED_BY(mutex);
};

class ClientRegistry final : public command::Clients {
 public:
  explicit ClientRegistry(engine::Engine& engine);

  void Add(std::shared_ptr<ClientRecord> record);
  void Remove(uint64_t id);
  void set_loops(std::vector<ConnectionLoop*> loops) { loops_ = std::move(loops); }
  // Counts of connections that rest in a blocking command.
  void AddBlocked(int change) noexcept { blocked_count_.fetch_add(change, std::memory_order_relaxed); }

  // While maxmemory-clients is set: the connection now has so much memory. Closes the largest ones when that is too much
  // for all together, this one perhaps among them.
  void Account(ClientRecord& record, size_t bytes);

  std::vector<command::ClientInfo> List() const override;
  std::optional<command::ClientInfo> Find(uint64_t id) const override;
  std::optional<command::PushTarget> FindTarget(uint64_t id) const override;
  bool Kill(uint64_t id, uint64_t caller_id) override;
  bool Unblock(uint64_t id, bool with_error) override;
  void Pause(int64_t until_ms, bool writes_only) override;
  void Unpause() override;
  size_t ConnectedCount() const override;
  size_t BlockedCount() const override;
  void OnMemoryLimit() override;
  uint64_t EvictedCount() const override { return evicted_.load(std::memory_order_relaxed); }
  command::ClientTotals Totals() const override;
  void StartMonitor(command::Session& session) override;

 private:
  void Count(ClientRecord& record, size_t bytes) noexcept;
  bool OverMemoryLimit() const noexcept;
  void EvictLargest();
  command::ClientInfo Describe(const ClientRecord& record) const;
  std::shared_ptr<ClientRecord> Get(uint64_t id) const;

  engine::Engine& engine_;
  std::vector<ConnectionLoop*> loops_;  // Immutable after start.
  mutable base::Mutex mutex_;
  std::map<uint64_t, std::shared_ptr<ClientRecord>> records_ GUARDED_BY(mutex_);
  std::atomic<size_t> count_{0};  // Size of records_, for readers without the mutex: relaxed.
  std::atomic<int64_t> blocked_count_{0};
  std::atomic<size_t> counted_bytes_{0};  // Sum of the records'; relaxed, a look may be late.
  std::atomic<uint64_t> evicted_{0};
};

}  // namespace tusk::server
