// Saver: keeps the dataset's RDB file: SAVE, BGSAVE, the `save` rules, and what INFO says about them.
//
// Threads: thread-safe. Owns: the thread that writes snapshots, from Start() or the first background save on. Its lock is
// a leaf: no stripe is taken under it. Stop order: before the keyspace; the destructor cancels what is being written.
#pragma once

#include <atomic>
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
#include "io/file_system.h"
#include "persist/save_rules.h"
#include "persist/snapshot.h"
#include "store/keyspace.h"
#include "store/transaction.h"

namespace tusk::persist {

class Saver {
 public:
  // `describe` says what goes into the file's head; it is called with every stripe held.
  Saver(store::Keyspace& keyspace, std::function<codec::DatasetOptions()> describe,
        io::FileSystem& files = io::RealFileSystem());
  ~Saver();
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

  // Before anything else runs. Null: nothing is logged.
  void SetLog(base::Logger* log) noexcept { log_ = log; }
  void SetPath(std::string path);
  void SetRules(std::string_view text);
  void SetStopWritesOnError(bool stop);
  // False: the disk begins with a file when the kernel likes, and the save's end waits for it.
  void SetInSteps(bool in_steps) noexcept { in_steps_.store(in_steps, std::memory_order_relaxed); }
  // From now on the rules are looked at, once in kTickMillis.
  void Start();

  // `held` holds every stripe. The message is a log line; the client hears less.
  base::Status Save(store::Transaction& held);
  // The moment is now; the writing goes on without the caller. kUnavailable: one is being written.
  base::Status SaveInBackground(store::Transaction& held);
  // In the background as soon as nothing else is being written; Start() has been called.
  void Schedule();
  // FLUSHALL: what is being written is of the past and is dropped, as Redis does.
  void CancelBackground();
  // Blocks until nothing is being written.
  void WaitForBackground();

  bool has_rules() const;
  std::string path() const;

  struct State {
    bool in_progress = false;
    bool last_background_ok = true;
    int64_t last_save_unix_seconds = 0;
    int64_t last_background_seconds = -1;  // How long it took; -1: none yet.
    int64_t current_seconds = -1;
    uint64_t saves = 0;
    uint64_t keys_done = 0;
    uint64_t keys_total = 0;
    uint64_t preserved_bytes = 0;       // See Snapshot::Progress.
    uint64_t last_preserved_bytes = 0;
  };
  State state() const;

  static constexpr int64_t kTickMillis = 100;
  static constexpr int64_t kRetrySeconds = 5;

 private:
  void Work();
  void StartThread();
  // The thread: writes job_, taken out of the lock.
  void WriteJob(Snapshot& snapshot);
  base::Status WriteFile(Snapshot& snapshot, const std::string& path);
  // What goes into the head of a file of this moment.
  codec::DatasetOptions Head(const store::Transaction& held) const;
  base::Status BeginJob(store::Transaction& held, codec::DatasetOptions head);
  std::optional<SaveRule> DueRule() const;
  void BeginIfDue();
  void FinishLocked(bool ok) REQUIRES(mutex_);
  void PublishLocked() REQUIRES(mutex_);
  int64_t NowSeconds() const noexcept { return keyspace_.clock().UnixMillis() / 1000; }

  store::Keyspace& keyspace_;
  std::function<codec::DatasetOptions()> describe_;
  io::FileSystem& files_;
  base::Logger* log_ = nullptr;
  std::atomic<bool> in_steps_{true};  // For itself: relaxed.
  mutable base::Mutex mutex_;
  std::condition_variable changed_;
  std::string path_ GUARDED_BY(mutex_) = "dump.rdb";
  SaveRules rules_ GUARDED_BY(mutex_);
  bool stop_writes_ GUARDED_BY(mutex_) = true;
  bool watching_rules_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::unique_ptr<Snapshot> job_ GUARDED_BY(mutex_);  // Being written, while state_.in_progress.
  bool scheduled_ GUARDED_BY(mutex_) = false;
  bool cancelled_ GUARDED_BY(mutex_) = false;  // job_ ends by request, which is no failure.
  uint64_t dirty_at_begin_ GUARDED_BY(mutex_) = 0;
  int64_t begun_seconds_ GUARDED_BY(mutex_) = 0;
  int64_t last_try_seconds_ GUARDED_BY(mutex_) = 0;
  State state_ GUARDED_BY(mutex_);
  std::thread thread_ GUARDED_BY(mutex_);
};

}  // namespace tusk::persist
