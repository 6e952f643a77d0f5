// AppendLog: writes the units of the change log into the append file and says how far they are on disk.
//
//   who delivers changes   puts units into the open batch, and appends it unless there is more to it
//   writer                 appends batches otherwise, with kAlways syncs each    one sync covers all that waited
//   syncer                 with kEverySecond syncs once a second                 while others go on
//
//   lanes                  further writers, where batches wait for one another   in room made ahead (log_room.h)
//
// So while one batch is being synced the next one gathers, and with kEverySecond and kNever a worker's writes are with the
// kernel before its replies leave, at the price of one write() for each round of its loop. "More to it": kAlways, a large
// batch, a sync that runs (a write beside it may wait for the disk), a new file, an error. How far the file is goes to the
// keyspace's CommitGate, where replies wait: for the sync with kAlways, otherwise for the write. WAITAOF looks there, too.
//
// With kAlways, once batches have waited behind a sync again and again, room is made ahead at the end of the file (the syncer
// makes more of it), and up to kLanes batches are written and synced there at once. The room is left, and taken off the file,
// when nothing is written for a second, and before anything else happens to the file.
//
// A write that fails is taken back and tried again once a second; until it works, writes of clients are refused
// (Settings::log_failure). A sync that fails has lost nobody knows what: writes are refused until a rewrite has put
// the dataset on disk anew (Mended). With kAlways both end the process, by on_fatal: clients may have seen what the disk
// does not have, and only a start from the disk makes them agree.
// Threads: thread-safe; units come from one thread at a time. Owns: its threads, the file.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "io/file_system.h"
#include "persist/log_room.h"
#include "store/change_log.h"
#include "store/keyspace.h"

namespace tusk::persist {

// In the order of appendfsync's names.
enum class SyncPolicy : uint8_t { kEverySecond, kAlways, kNever };

class AppendLog final : public store::ChangeFollower {
 public:
  static constexpr int64_t kRetryMillis = 1000;
  static constexpr uint64_t kWaitsBeforeRoom = 64;
  // Batches on their way to the disk at once: the writer's and those of the other lanes.
  static constexpr size_t kLanes = 3;
  struct Options {
    store::Keyspace* keyspace;
    store::ChangeLog* changes;
    // How often a failed write is tried again.
    int64_t retry_ms = kRetryMillis;
    // How many batches of a file have to wait behind another one's sync before room is made ahead.
    uint64_t waits_before_room = kWaitsBeforeRoom;
    // More has reached the disk, or the gate is open further. On any thread; short, and no call back.
    std::function<void()> on_synced = [] {};
    // kAlways cannot keep its promise; the text says why. Does not return, except in tests: then nothing is written any more.
    std::function<void(std::string_view)> on_fatal = [](std::string_view) {};
  };
  explicit AppendLog(Options options);
  ~AppendLog() override;
  AppendLog(const AppendLog&) = delete;
  AppendLog& operator=(const AppendLog&) = delete;

  // Before Begin().
  void SetLog(base::Logger* log) noexcept { log_ = log; }
  void SetPolicy(SyncPolicy policy);
  SyncPolicy policy() const;
  // Each second in which something is written begins with a line that says which.
  void SetTimestamps(bool enabled);
  // no-appendfsync-on-rewrite: no sync of the second while a rewrite keeps the disk busy. Not for kAlways.
  void PauseSyncs(bool paused);

  // ---- The file. Every stripe is held, and the change log has been waited for. ----
  // From here on units are written, to the end of `file`. A `draft` is in no manifest yet: what it holds does not count as
  // being on disk.
  void Begin(std::unique_ptr<io::File> file, bool draft);
  // What has come so far goes into the old file, which is synced before anything goes into the new one.
  void SwitchTo(std::unique_ptr<io::File> file);
  // Nothing is written any more; what had been handed over still is. For good, or until Begin().
  void End();

  // The manifest names the file now: what is on disk counts. Blocks until all handed over so far is.
  base::Status EndDraft();
  // Blocks until all that was handed over so far is written and synced, whatever the policy. An error says why it is not.
  base::Status Flush();
  // The dataset is on disk anew: a sync lost before the last SwitchTo() no longer matters. Blocks until the writer is there.
  void Mended();

  struct State {
    bool on = false;
    bool write_ok = true;
    bool sync_ok = true;
    std::string error;            // Why writes are refused; empty when they are not.
    uint64_t handed_bytes = 0;    // Over all files since the first Begin().
    uint64_t waiting_bytes = 0;   // Not written yet.
    uint64_t delayed_syncs = 0;   // Seconds' syncs that were still running two seconds later.
    bool sync_running = false;
    bool in_room = false;         // Batches go into room made ahead.
  };
  State state() const;

  // DEBUG AOF-FLUSH-SLEEP: microseconds that each write of the log is late. For tests.
  void set_write_delay_us(int64_t micros) noexcept { write_delay_us_.store(micros, std::memory_order_relaxed); }

  void OnUnits(std::span<const store::ChangeUnit> units) override;
  void OnPause() override;

  // How often kEverySecond syncs.
  static constexpr int64_t kSyncMillis = 1000;
  static constexpr int64_t kSlowSyncMillis = 2000;
  // When so much waits to be written, replies wait whatever the policy, lest memory fill up behind a slow disk.
  static constexpr uint64_t kWaitingBytesMax = 256u << 20;
  // A larger batch is left to the writer, whoever delivers.
  static constexpr size_t kWriteHereBytesMax = 1u << 20;

 private:
  // What is written in one go.
  struct Batch {
    std::string bytes;
    uint64_t number = 0;             // The newest commit in it or before it.
    std::unique_ptr<io::File> next;  // Where the batches behind it go; null: the same file.
    bool last = false;               // Afterwards the file is closed.
  };

  void Write();
  void SyncBySeconds();
  // As Write(), for what goes into the room.
  void RunLane(size_t lane);
  void WriteFront(std::unique_lock<std::mutex>& lock);

  // ---- Room made ahead (append_log_room.cc). Each with `lock` held, which it gives up meanwhile. ----
  bool FrontFitsRoom() const REQUIRES(mutex_);
  // Writes and syncs the oldest batch, which fits. On a lane's thread.
  void WriteFrontIntoRoom(size_t lane, std::unique_lock<std::mutex>& lock);
  bool WantsRoom() const REQUIRES(mutex_);
  void EnterRoom(std::unique_lock<std::mutex>& lock);
  // The file ends behind its last batch then. Waits for the lanes.
  void LeaveRoom(std::unique_lock<std::mutex>& lock);
  bool MayMakeRoom() const REQUIRES(mutex_) { return room_ && !leaving_room_ && !room_failed_ && !dead_ && room_->WantsMore(); }
  void MakeRoom(std::unique_lock<std::mutex>& lock);
  // Batches that are on the disk now.
  void NoteDone(std::span<const LogRoom::Done> done) REQUIRES(mutex_);

  Batch& OpenBatch() REQUIRES(mutex_);
  void WakeWriter() REQUIRES(mutex_);
  void Stamp(std::string& out) REQUIRES(mutex_);
  void Add(Batch& batch, const store::ChangeUnit& unit) REQUIRES(mutex_);
  bool MayWriteHere() const REQUIRES(mutex_);
  // By who delivers, without the lock; `busy_` is set.
  void WriteHere(Batch batch);
  // `left`: how many of its last bytes remain to be written if it was not `ok`. As PublishGate().
  bool EndWritingHere(Batch batch, bool ok, size_t left) REQUIRES(mutex_);
  void NoteWritten(const Batch& batch) REQUIRES(mutex_);
  // On the writer's thread, without the lock.
  void Handle(Batch batch);
  // False: the rest will not be written.
  bool AppendAll(std::string_view bytes);
  // What remains to be written after a failure: what came of it is taken back if possible. `size` is where it began.
  std::string_view TakeBack(io::File& file, std::string_view bytes, uint64_t size);
  // False: pause is over because the log ends.
  bool PauseAfterFailure(const base::Status& status);
  void SyncFile();
  void NoteSynced(uint64_t number);
  void Die(const std::string& reason);
  void PublishError() REQUIRES(mutex_);
  // The error reply for that reason, which stays where it is for as long as anybody may look at it.
  const std::string* ReplyFor(const std::string& reason) REQUIRES(mutex_);
  // True: it is open further, and whoever waits is to be told (on_synced_).
  [[nodiscard]] bool PublishGate() REQUIRES(mutex_);
  bool unsynced() const REQUIRES(mutex_) { return synced_ < bytes_to_; }

  store::Keyspace& keyspace_;
  store::ChangeLog& changes_;
  const int64_t retry_ms_;
  const uint64_t waits_before_room_;
  const std::function<void()> on_synced_;
  const std::function<void(std::string_view)> on_fatal_;
  base::Logger* log_ = nullptr;
  std::atomic<int64_t> write_delay_us_{0};

  base::Mutex sync_mutex_;  // One sync at a time; taken before mutex_.
  mutable base::Mutex mutex_;
  std::condition_variable writer_wake_;
  std::condition_variable syncer_wake_;
  std::condition_variable lane_wake_;
  std::condition_variable room_quiet_;  // For LeaveRoom().
  std::condition_variable progress_;  // For Flush().
  SyncPolicy policy_ GUARDED_BY(mutex_) = SyncPolicy::kEverySecond;
  bool timestamps_ GUARDED_BY(mutex_) = false;
  bool syncs_paused_ GUARDED_BY(mutex_) = false;
  bool on_ GUARDED_BY(mutex_) = false;
  bool draft_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool dead_ GUARDED_BY(mutex_) = false;
  store::ChangeStream stream_ GUARDED_BY(mutex_){store::kToAppendFile};
  int64_t stamped_seconds_ GUARDED_BY(mutex_) = 0;
  std::deque<Batch> batches_ GUARDED_BY(mutex_);
  std::string spare_ GUARDED_BY(mutex_);  // The memory of a batch that was written, for the next one.
  bool wake_writer_ GUARDED_BY(mutex_) = false;
  size_t idle_lanes_ GUARDED_BY(mutex_) = 0;
  bool lane_called_ GUARDED_BY(mutex_) = false;  // One of them is on its way to the oldest batch.
  bool busy_ GUARDED_BY(mutex_) = false;  // Somebody writes a batch; only he touches file_ and what is before it in the queue.
  uint64_t handed_ GUARDED_BY(mutex_) = 0;    // Commit numbers: spelled into a batch, written, on disk.
  uint64_t written_ GUARDED_BY(mutex_) = 0;
  uint64_t synced_ GUARDED_BY(mutex_) = 0;
  uint64_t bytes_to_ GUARDED_BY(mutex_) = 0;  // The newest commit that has bytes in a file: beyond it nothing needs a sync.
  uint64_t flush_to_ GUARDED_BY(mutex_) = 0;  // Somebody waits in Flush() for this number.
  uint64_t failures_ GUARDED_BY(mutex_) = 0;  // Of writes and syncs; one more ends a Flush().
  std::string write_error_ GUARDED_BY(mutex_);  // Empty: the last write worked.
  std::string sync_error_ GUARDED_BY(mutex_);   // Empty: no sync has failed since the dataset was on disk as a whole.
  bool sync_failed_in_file_ GUARDED_BY(mutex_) = false;
  uint64_t files_ahead_ GUARDED_BY(mutex_) = 0;  // Handed over by Begin() and SwitchTo(), not taken up by the writer yet.
  State state_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> replies_ GUARDED_BY(mutex_);  // By reason; as many as the system has reasons.
  // Sharers: the writer, and the syncer, which may still sync the old file when the writer has gone on to the next.
  std::shared_ptr<io::File> file_ GUARDED_BY(mutex_);
  std::unique_ptr<LogRoom> room_ GUARDED_BY(mutex_);  // Null: batches are appended.
  bool leaving_room_ GUARDED_BY(mutex_) = false;
  bool making_room_ GUARDED_BY(mutex_) = false;  // By the syncer, which appends to file_ meanwhile.
  bool room_failed_ GUARDED_BY(mutex_) = false;  // No more of it in this file.
  bool room_used_ GUARDED_BY(mutex_) = false;    // Since the syncer last looked.
  bool room_unwanted_ GUARDED_BY(mutex_) = false;  // Nothing has been written for a while.
  uint64_t waits_ GUARDED_BY(mutex_) = 0;        // Batches that waited behind a sync since the file began or the room was left.
  std::thread writer_;  // These two from the first Begin() on.
  std::thread syncer_;
  std::vector<std::thread> lanes_;  // From the first room on. The writer's.
};

}  // namespace tusk::persist
