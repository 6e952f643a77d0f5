// ConnectionLoop: one event loop with its connections. Apart from its thread: whichever thread drives it brings a
// command::Worker, and may lose the loop to another one while it runs a slow command (turn.h, crew.h).
//
// Threads: what says "any thread" below; all else the thread that drives it. Owns: its event loop and connections.
// Stop order: listeners, then Stop() on every loop, then the crew's threads, then the loops.
#pragma once

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/unique_fd.h"
#include "command/executor.h"
#include "command/session.h"
#include "io/event_loop.h"
#include "server/server_context.h"
#include "server/turn.h"
#include "store/expirer.h"
#include "store/mover.h"

namespace tusk::server {

class Connection;

class ConnectionLoop final : public command::SessionHost, public io::LoopDelegate {
 public:
  static base::Result<std::unique_ptr<ConnectionLoop>> Create(ServerContext& context, size_t index, size_t loop_count);
  ~ConnectionLoop() override;

  // ---- Any thread ----
  void WakeParked(uint64_t session_id) noexcept override;
  void DeliverReply(uint64_t session_id, resp::OutputBuffer reply) noexcept override;
  void DeliverPush(uint64_t session_id, std::shared_ptr<const std::string> bytes) noexcept override;
  void RetryBlocked(uint64_t session_id) noexcept override;
  void RequestClose(uint64_t session_id) noexcept;
  void RequestResumePaused() noexcept;
  void AddConnection(base::UniqueFd fd, Dialect dialect) noexcept;
  void DetachedDone(uint64_t session_id, command::Outcome outcome) noexcept;
  // Closes all connections, sending what replies are there as far as that goes at once; Drive() returns afterwards.
  void Stop() noexcept;
  // After that, when all threads have ended: replies of commands that ran until then.
  void SendLast() noexcept;
  // The append log has got further: output that was held back for it may go.
  void OnSynced() noexcept;
  void Post(std::unique_ptr<base::Task> task) noexcept { events_->Post(std::move(task)); }
  // Connections here or on their way here.
  size_t load() const noexcept { return load_.load(std::memory_order_relaxed); }
  Turn& turn() noexcept { return turn_; }
  // What the open turn runs. The turn's beginning publishes it to whoever takes the turn.
  const command::Command* slow_command() const noexcept { return slow_command_.load(std::memory_order_relaxed); }
  size_t index() const noexcept { return index_; }

  // ---- The driving thread ----
  // Makes the caller the driver and serves until the loop stops (true) or was lost (false).
  bool Drive(command::Worker& worker);
  // By the watchdog, between Turn::Steal and Turn::Handed: the present driver no longer has the loop.
  void Disown() noexcept { events_->Disown(); }
  command::Worker& worker() noexcept { return *worker_; }
  void NoteSlowCommand(const command::Command* command) noexcept { slow_command_.store(command, std::memory_order_relaxed); }
  // Between the first OnSoon() of some connections and the last: the time by which they read. Monotonic.
  int64_t SoonMicros() noexcept {
    if (soon_us_ == 0) soon_us_ = events_->clock().MonotonicMicros();
    return soon_us_;
  }
  // What a connection will run soon; its arguments are good until it does.
  void ExpectRequest(const command::Request& request) { expected_.push_back(request); }
  io::EventLoop& events() noexcept { return *events_; }
  void QueueFlush(Connection& connection) { flush_.push_back(&connection); }
  void QueueBurial(Connection& connection) { dying_.push_back(&connection); }
  void QueuePaused(uint64_t id);
  // Its output waits for the append log; it is told how far that is until it can go.
  void QueueHeldBack(Connection& connection) { held_back_.push_back(&connection); }
  void ResumeLater(uint64_t id) noexcept;

 private:
  ConnectionLoop(ServerContext& context, size_t index, size_t loop_count);

  // Timers that call a member.
  class MemberTimer final : public io::Timer {
   public:
    using Member = void (ConnectionLoop::*)();
    MemberTimer(ConnectionLoop& loop, Member member) : loop_(loop), member_(member) {}

   private:
    void OnTimer() noexcept override { (loop_.*member_)(); }
    ConnectionLoop& loop_;
    Member member_;
  };

  template <typename Function>
  void Send(uint64_t session_id, Function function) noexcept;
  Connection* Find(uint64_t id) noexcept;
  void Adopt(base::UniqueFd fd, Dialect dialect);
  void BeforeWait() noexcept override;
  void AfterSoon() noexcept override;
  void AfterEvents() noexcept override;
  void BuryDead();
  void ExpireKeys();
  void Cron();
  void MoveMemory();
  void ResumePaused();
  void TellHeldBack();
  void CloseAll();

  ServerContext& context_;
  const size_t index_;
  std::unique_ptr<io::EventLoop> events_;
  Turn turn_;
  std::atomic<const command::Command*> slow_command_{nullptr};
  command::Worker* worker_ = nullptr;
  std::unordered_map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<command::Request> expected_;  // Between the connections' OnSoon() and AfterSoon().
  int64_t soon_us_ = 0;
  std::vector<Connection*> flush_;
  std::vector<Connection*> dying_;
  std::vector<uint64_t> paused_;
  std::vector<Connection*> held_back_;
  std::vector<Connection*> told_;  // Those of them that are being told; empty otherwise.
  // Somebody is in held_back_. Partner: the append log's threads, see store::CommitGate.
  std::atomic<bool> awaits_sync_{false};
  store::Expirer expirer_;
  store::Mover::Share mover_share_;
  MemberTimer expire_timer_;
  MemberTimer cron_timer_;
  MemberTimer mover_timer_;
  MemberTimer pause_timer_;
  MemberTimer burial_timer_;
  bool stopped_ = false;
  uint32_t cron_runs_ = 0;
  std::atomic<size_t> load_{0};  // For choosing a loop: relaxed.
};

}  // namespace tusk::server
