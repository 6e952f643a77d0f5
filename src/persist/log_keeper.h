// LogKeeper: the append log as a whole: which files it is made of, when it runs, and its rewrites.
//
// A rewrite, while the log is on:                      what the manifest on disk says after each step
//   1 a new, empty increment n+1                       base b, increments ..n, n+1
//   2 every stripe held, the change log waited for:
//     the log goes over to n+1, and a snapshot begins
//   3 the snapshot becomes the base b+1
//   4 the manifest lets go of what b+1 replaces        base b+1, increment n+1, history b, ..n
//   5 the history is deleted                           base b+1, increment n+1
// Whatever step fails, the log on disk is complete, and the next rewrite begins anew. CONFIG SET appendonly yes is the same
// with a draft of an increment that the manifest learns of in step 4.
// Threads: thread-safe, but for Read() and Open(), which are for the start. Owns: the thread that rewrites. Its lock is
// held while no stripe is waited for. Stop order: Stop(), then the AppendLog and the keyspace.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "codec/dataset_writer.h"
#include "persist/aof_files.h"
#include "persist/append_log.h"
#include "persist/rewrite_policy.h"
#include "persist/snapshot.h"
#include "store/keyspace.h"

namespace tusk::persist {

class LogKeeper {
 public:
  struct Options {
    store::Keyspace* keyspace;
    store::ChangeLog* changes;
    AppendLog* log;
    io::FileSystem* files;
    // What goes into a base's head; called with every stripe held.
    std::function<codec::DatasetOptions()> describe;
    // Is an RDB file being written in the background? The two take turns.
    std::function<bool()> is_saving = [] { return false; };
  };
  explicit LogKeeper(Options options);
  ~LogKeeper();
  LogKeeper(const LogKeeper&) = delete;
  LogKeeper& operator=(const LogKeeper&) = delete;

  // From the configuration; taken up by whatever begins next.
  struct Settings {
    bool rdb_base = true;
    bool keep_history = false;            // aof-disable-auto-gc.
    bool pause_syncs_in_rewrite = false;
    bool base_in_steps = true;            // The disk begins with a base while it is still being written.
    int64_t growth_percent = 100;         // Of the log since its base, for a rewrite by itself; 0: never.
    uint64_t growth_bytes_min = 64 << 20;
  };
  void SetSettings(const Settings& settings);
  Settings settings() const;

  // ---- At the start ----
  void SetLog(base::Logger* log) noexcept;
  void SetNames(std::string directory, std::string stem);
  base::Status Read(bool upgrade);
  // What was read, or what is on disk now.
  AofManifest manifest() const;
  std::string PathOf(const AofFile& file) const;
  // The dataset is what the files say; from here on they follow it. Blocks; no command runs yet.
  base::Status Open();
  // Rewrites may begin by themselves from now on.
  void Start();

  // ---- At run time ----
  // The log begins, once a rewrite has put the dataset on disk. The message of an error is a log line.
  base::Status TurnOn();
  void TurnOff();
  enum class Answer : uint8_t { kStarted, kScheduled, kAlreadyRunning };
  // BGREWRITEAOF; `later`: not before others have had their turn.
  Answer Rewrite(bool later);
  // Blocks until no rewrite runs or is about to.
  void WaitForRewrite();
  // Ends the thread, cancelling what it writes.
  void Stop();

  enum class Mode : uint8_t { kOff, kStarting, kOn };
  struct State {
    Mode mode = Mode::kOff;
    bool in_progress = false;
    bool scheduled = false;
    bool last_ok = true;
    int64_t last_seconds = -1;
    int64_t current_seconds = -1;
    uint64_t rewrites = 0;
    uint64_t consecutive_failures = 0;
    uint64_t bytes = 0;       // Of the log now,
    uint64_t base_bytes = 0;  // and after the last rewrite or start.
    uint64_t keys_done = 0;
    uint64_t keys_total = 0;
    uint64_t preserved_bytes = 0;  // See Snapshot::Progress.
    uint64_t last_preserved_bytes = 0;
  };
  State state() const;

  static constexpr int64_t kTickMillis = 100;
  // After a rewrite that failed while the log was starting.
  static constexpr int64_t kRetryMillis = 1000;

 private:
  void Work();
  void StartThread() REQUIRES(mutex_);
  bool MayBegin() REQUIRES(mutex_);
  // One snapshot of the keyspace at a time, whoever takes it.
  bool IsBusy() const { return is_saving_() || keyspace_.snapshot_hook() != nullptr; }
  void RunRewrite();
  // Steps of one rewrite, on the thread, without the lock.
  struct Rewriting;
  base::Status RewriteOnce(Rewriting& rewriting);
  base::Status BeginIncrement(Rewriting& rewriting);
  base::Status BeginSnapshot(Rewriting& rewriting);
  base::Status WriteBase(Rewriting& rewriting);
  base::Status Commit(Rewriting& rewriting);
  void GiveUp(Rewriting& rewriting);
  base::Status WriteFirstBase(AofManifest& manifest);
  // A process that was killed may have left increments that the kernel alone has: nothing may be appended, and reach the disk,
  // behind what may still be lost.
  base::Status SyncIncrements(const AofManifest& manifest);
  void CancelJob() REQUIRES(mutex_);
  int64_t NowSeconds() const noexcept { return keyspace_.clock().UnixMillis() / 1000; }

  store::Keyspace& keyspace_;
  store::ChangeLog& changes_;
  AppendLog& append_;
  const std::function<codec::DatasetOptions()> describe_;
  const std::function<bool()> is_saving_;
  base::Logger* log_ = nullptr;

  base::Mutex files_mutex_;  // One change of the files at a time. Taken before mutex_.
  AofFiles files_ GUARDED_BY(files_mutex_);

  mutable base::Mutex mutex_;
  std::condition_variable changed_;
  Settings settings_ GUARDED_BY(mutex_);
  RewritePolicy policy_ GUARDED_BY(mutex_);
  State state_ GUARDED_BY(mutex_);
  AofManifest manifest_ GUARDED_BY(mutex_);  // A copy for those who only look.
  std::unique_ptr<Snapshot> job_ GUARDED_BY(mutex_);  // Being written.
  bool wanted_ GUARDED_BY(mutex_) = false;     // The thread is to rewrite now.
  bool cancelled_ GUARDED_BY(mutex_) = false;  // The one that runs, by request.
  bool may_begin_alone_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  int64_t begun_seconds_ GUARDED_BY(mutex_) = 0;
  int64_t not_before_ms_ GUARDED_BY(mutex_) = 0;   // Monotonic.
  uint64_t settled_bytes_ GUARDED_BY(mutex_) = 0;  // Of the log's files when so much had been handed to it:
  uint64_t handed_mark_ GUARDED_BY(mutex_) = 0;
  std::thread thread_ GUARDED_BY(mutex_);
};

}  // namespace tusk::persist
