// Link: a replica's side of replication: keeps a connection to the master, asks it for a copy or for what was missed,
// and runs the commands that it sends.
//
//   kNone        this server is a master
//   kConnect     no connection; tried again every second
//   kHandshake   connected, saying who we are
//   kTransfer    the copy of the dataset comes in; clients get -LOADING
//   kConnected   the stream is followed
//
// The commands run in a session of the link's own, on its own thread, which may block; what they change is recorded like
// any other write, so that replicas of this server follow too.
// Threads: Follow, Lead, Describe any thread; all else is the link's thread. Owns: the thread, the socket.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "command/session.h"
#include "repl/failover.h"
#include "resp/request_parser.h"

namespace tusk::base {
class Logger;
}
namespace tusk::codec {
class Reader;
}
namespace tusk::command {
class Executor;
class Worker;
struct Services;
}  // namespace tusk::command

namespace tusk::repl {

// What the configuration says about being a replica. Relaxed atomics; texts under the link's mutex.
struct LinkSettings {
  std::atomic<bool> read_only{true};
  std::atomic<bool> serve_stale_data{true};
  std::atomic<int64_t> timeout_seconds{60};
  std::atomic<int64_t> listening_port{0};
};

enum class LinkState : uint8_t { kNone, kConnect, kHandshake, kTransfer, kConnected };

struct LinkInfo {
  LinkState state = LinkState::kNone;
  std::string host;
  int64_t port = 0;
  std::string replid;                  // Of the master's stream; empty before the first copy.
  int64_t offset = 0;                  // Of the master's stream, applied; -1 before the first copy.
  int64_t read_offset = 0;             // Received, which is more while CLIENT PAUSE holds it back.
  int64_t seconds_since_io = -1;       // -1: not connected.
  int64_t seconds_down = -1;           // -1: connected.
  int64_t transfer_left_bytes = -1;    // -1: no transfer.
};

class Link {
 public:
  struct Options {
    command::Services* services;
    std::function<std::unique_ptr<command::Worker>()> new_worker;
    // Reads a copy of the dataset into the keyspace, which is empty.
    std::function<base::Status(codec::Reader&, command::Worker&)> load;
    base::Logger* log = nullptr;
  };
  explicit Link(Options options);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  LinkSettings& settings() noexcept { return settings_; }
  void SettingsChanged() { ApplyRole(); }
  void SetCredentials(std::string_view user, std::string_view password);
  // Connections to a master begin at this address of ours; empty: any.
  void SetSourceAddress(std::string_view address);
  void SetLog(base::Logger* log) noexcept {
    options_.log = log;
    failover_.SetLog(log);
  }

  // Becomes a replica of that master, or of another one than before. False: it is one of this master already.
  bool Follow(std::string_view host, int64_t port);
  // Asks a replica of this master to lead, and follows it: its data are ours up to `offset` of our stream `replid`. It is asked
  // until it answers, or until Lead().
  void TakeOrders(std::string_view host, int64_t port, std::string_view replid, int64_t offset);
  enum class Answer : uint8_t { kNone, kAccepted, kRefused };
  Answer failover_answer() const noexcept { return answer_.load(std::memory_order_relaxed); }
  Failover& failover() noexcept { return failover_; }

  // Becomes a master again, with the data as it is. Waits until the link's thread has let go.
  void Lead();
  // CLIENT KILL of the connection to the master, by the master's "address:port". False: there is none to that address.
  // The link tries again as after any loss.
  bool Break(std::string_view address);
  bool is_replica() const noexcept { return state_.load(std::memory_order_relaxed) != LinkState::kNone; }
  LinkInfo Describe() const;

  static constexpr int64_t kRetryMillis = 1000;
  static constexpr int64_t kAckMillis = 1000;
  // While CLIENT PAUSE holds the stream back, so much of it is kept; then reading stops until it goes on, and the master keeps
  // the rest, as far as it likes.
  static constexpr size_t kPausedBytesMax = 64u << 20;
  static constexpr size_t kMarksMax = 1024;
  // A line of the handshake; a longer one is no Redis server.
  static constexpr size_t kLineBytesMax = 1024;

 private:
  class TransferSource;

  void StartFollowing();
  void Work();
  base::Status RunOnce();
  base::Status Connect();
  base::Status Handshake();
  base::Status AskToSync();
  base::Status Transfer();
  void DropReplicas();
  base::Status FollowStream();
  void Apply(std::span<const std::string_view> argv);
  base::Status Send(std::initializer_list<std::string_view> argv);
  base::Status SendAck();
  void NoteApplied();
  // How far the master's stream is on our disk; -1: no append log.
  int64_t SyncedOffset();
  base::Status WriteAll(std::string_view bytes);
  // At least one byte, into in_. An error also when the link is to stop or the master is silent for too long.
  base::Status ReadMore(int64_t wait_ms, bool& any);
  base::Result<std::string> ReadLine();
  base::Result<std::string> Ask(std::initializer_list<std::string_view> argv);
  void SetState(LinkState state);
  void SetReplid(std::string_view replid);
  void ApplyRole();
  bool Stopping() const;
  int64_t NowMs() const;
  void Note(std::string_view text) const;

  Options options_;
  LinkSettings settings_;
  std::unique_ptr<command::Worker> worker_;  // The link's thread, once it runs.
  command::Session session_;
  base::UniqueFd fd_;
  std::string in_;  // Received and not looked at.
  std::string master_replid_;
  std::unique_ptr<resp::RequestParser> parser_;
  int64_t last_ack_ms_ = 0;
  // Places of the stream and the newest commit before each, for those that may not be on disk yet; thinned out when there are
  // more than kMarksMax, for then a sync is long.
  struct Mark {
    int64_t offset;
    uint64_t commit;
  };
  std::deque<Mark> marks_;
  int64_t synced_offset_ = 0;

  // Read by INFO and by commands that ask for the role: relaxed.
  std::atomic<LinkState> state_{LinkState::kNone};
  std::atomic<Answer> answer_{Answer::kNone};
  std::atomic<bool> asks_to_lead_{false};  // The next PSYNC does. Written while the thread does not run, and by it.
  std::atomic<int64_t> offset_{-1};
  std::atomic<int64_t> read_offset_{-1};
  std::atomic<int64_t> last_io_ms_{0};
  std::atomic<int64_t> down_since_ms_{0};
  std::atomic<int64_t> transfer_left_{-1};
  std::atomic<bool> stop_{false};
  std::atomic<bool> break_{false};  // Set by Break(), taken back by the link's thread when it reads: relaxed.

  mutable base::Mutex mutex_;
  std::string host_ GUARDED_BY(mutex_);
  int64_t port_ GUARDED_BY(mutex_) = 0;
  std::string user_ GUARDED_BY(mutex_);
  std::string password_ GUARDED_BY(mutex_);
  std::string source_address_ GUARDED_BY(mutex_);
  std::string shown_replid_ GUARDED_BY(mutex_);  // master_replid_, for Describe().

  base::Mutex change_mutex_;  // Follow() and Lead(), one at a time.
  std::thread thread_;
  Failover failover_;
};

}  // namespace tusk::repl
