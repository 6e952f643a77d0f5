// Connection: one client. Reads requests, runs them in order, sends replies.
//
//   kReady     runs what is in its input
//   kParked    its next request found a stripe busy; runs it again when woken
//   kBlocked   its last request waits for a key; the reply comes as a message
//   kPaused    CLIENT PAUSE holds its next request back
//   kDetached  a thread runs a command for it that may be slow. While that lasts nobody else touches the session, the
//              input or the output, and once the loop has gone on without the thread, the command's end is a message
//
// In all states but kDetached it reads on, so that a peer that leaves is noticed.
//
// While its output is held back (store::CommitGate: it tells of what is not on disk yet) it runs nothing further, and what
// others push to it waits behind the output, so that the output's newest commit does not move on for ever.
// Threads: its loop's owner, except as said. Owns: socket, session, buffers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "command/executor.h"
#include "command/session.h"
#include "io/event_loop.h"
#include "miniredis/request.h"
#include "resp/output_buffer.h"
#include "resp/request_parser.h"
#include "server/client_registry.h"
#include "server/server_context.h"

namespace tusk::engine {
struct OutputLimit;
}

namespace tusk::server {

class ConnectionLoop;

// Requests whose memory is fetched together before the first of them runs.
inline constexpr size_t kPrefetchRequests = 32;
// Who sends more than this at once has his own requests to be looked ahead among, and needs no other connection's.
inline constexpr size_t kAloneBytesMin = 512;
// A pipeline's replies are sent in between when they reach this.
inline constexpr size_t kSendEarlyBytes = 256 * 1024;

class Connection final : public io::EventHandler {
 public:
  Connection(ServerContext& context, ConnectionLoop& loop, base::UniqueFd fd, Dialect dialect);
  ~Connection();

  base::Status Start();
  uint64_t id() const noexcept { return session_.id; }
  command::Session& session() noexcept { return session_; }

  void OnEvents(uint32_t events) noexcept override;
  bool OnSoon(uint32_t events) noexcept override;

  // Messages, by the loop's owner.
  void OnWake() noexcept;             // A stripe may be free, or a pause over.
  void OnReply(resp::OutputBuffer reply) noexcept;
  void OnPush(std::shared_ptr<const std::string> bytes) noexcept;
  void OnRetryBlocked() noexcept;
  void OnDetachedDone(command::Outcome outcome) noexcept;
  void OnCloseRequest() noexcept;
  // More is on disk. False: the output is still held back.
  bool OnSynced() noexcept;
  // Goes on with input that was left.
  void OnResume() noexcept;

  void Flush() noexcept;
  // When all threads have ended: what a command that outlived its loop has answered, as far as that goes at once.
  void SendLast() noexcept;
  // Now and then: idle time, output limits, memory that rests or is more than is needed.
  void OnCron(int64_t now_us) noexcept;
  bool closed() const noexcept { return closed_; }
  // After Close: true when nobody can refer to it any more. Called again later otherwise.
  bool ReadyToDie() noexcept;

 private:
  enum class State : uint8_t { kReady, kParked, kBlocked, kPaused, kDetached };
  // kLost: the loop went on without this thread, which must not touch anything here again.
  enum class Next : uint8_t { kGoOn, kRest, kLost };

  class DeadlineTimer final : public io::Timer {
   public:
    explicit DeadlineTimer(Connection& connection) : connection_(connection) {}

   private:
    void OnTimer() noexcept override { connection_.OnDeadline(); }
    Connection& connection_;
  };

  void Read() noexcept;
  // False: nothing came, or the end did, and then it is closed.
  bool ReadInput() noexcept;
  void NoteInput(size_t bytes, int64_t now_us) noexcept;
  size_t ParseInput();
  // The i-th of the requests that were parsed, in the words of the command table.
  void Resolve(size_t i, command::Request& request);
  void Process() noexcept;
  Next RunGroup(size_t count);
  Next RunOne(command::Request& request);
  Next RunDetachable(command::Request& request);
  command::Outcome Execute(command::Worker& worker, command::Request& request);
  Next After(command::Outcome outcome);
  void StartBlocked();
  // For the blocked command's deadline, or its next try, which comes at `not_before_ms` (monotonic) at the earliest.
  void ArmDeadline(int64_t not_before_ms);
  void EndBlocked();
  void OnDeadline() noexcept;
  void FailProtocol();
  void Publish(const command::Command* running) noexcept;
  void PublishOutput() noexcept;
  // True: the room for replies has another size now.
  bool FitOutput(int64_t now_us) noexcept;
  // A replica's output is on its way out: maxmemory does not count it.
  void AccountReplica() noexcept;
  const engine::OutputLimit& LimitOfOutput() const noexcept;
  size_t MemoryBytes() const noexcept;
  // Where maxmemory-clients is set. False: the connection had to make room and is closed.
  bool AccountMemory() noexcept;
  void PublishNames();
  const char* OutputLimitReached(int64_t now_us) noexcept;
  void Close(const char* reason) noexcept;
  void SetInterest(uint32_t interest) noexcept;
  bool MustHoldBack() noexcept;
  void NoteSeenByOthers() noexcept;
  // What was kept while the output was not to be written to.
  void TakeLatePushes() noexcept;

  ServerContext& context_;
  ConnectionLoop& loop_;
  base::UniqueFd fd_;
  uint32_t interest_ = 0;  // What the event loop is told; 0 and !watched_: not there.
  bool watched_ = false;
  State state_ = State::kReady;
  bool closed_ = false;
  bool close_after_flush_ = false;
  bool close_wanted_ = false;  // While detached.
  bool flush_queued_ = false;
  bool held_back_ = false;
  bool has_read_ahead_ = false;  // OnSoon() has read what OnEvents() is about to run.
  std::optional<command::Request> resolved_;  // The first request of that.
  int64_t last_read_us_ = 0;
  uint64_t bytes_received_ = 0;
  uint64_t bytes_sent_ = 0;
  uint64_t commands_ = 0;
  int64_t over_soft_since_us_ = 0;
  size_t output_peak_ = 0;         // The most that there was to send, since then.
  int64_t output_peak_since_us_ = 0;
  size_t passing_bytes_ = 0;  // Of the output's own memory, as the keyspace was told.

  command::Session session_;
  resp::RequestParser parser_;
  std::unique_ptr<miniredis::RequestTranslator> mini_;  // Only of a connection that speaks that dialect.
  resp::OutputBuffer out_;
  DeadlineTimer deadline_;
  std::shared_ptr<ClientRecord> record_;
  const command::Rights* published_rights_ = nullptr;  // Only compared: another user, another name to show.

  // What arrived while a detached command was writing to the output, or the output was held back.
  std::vector<std::shared_ptr<const std::string>> late_pushes_;
  size_t late_push_bytes_ = 0;
  std::optional<resp::OutputBuffer> early_reply_;
  bool early_retry_ = false;
  bool early_wake_ = false;
};

}  // namespace tusk::server
