#include "persist/saver.h"

#include <chrono>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "persist/file_sink.h"

namespace tusk::persist {
namespace {

base::Status AlreadySaving() { return base::Status::Unavailable("ERR Background save already in progress"); }

}  // namespace

Saver::Saver(store::Keyspace& keyspace, std::function<codec::DatasetOptions()> describe, io::FileSystem& files)
    : keyspace_(keyspace), describe_(std::move(describe)), files_(files) {
  base::MutexLock lock(mutex_);
  state_.last_save_unix_seconds = NowSeconds();
}

Saver::~Saver() {
  std::thread thread;
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    if (job_) job_->Cancel();
    thread = std::move(thread_);
  }
  changed_.notify_all();
  if (thread.joinable()) thread.join();
}

void Saver::SetPath(std::string path) {
  base::MutexLock lock(mutex_);
  path_ = std::move(path);
}

std::string Saver::path() const {
  base::MutexLock lock(mutex_);
  return path_;
}

void Saver::SetRules(std::string_view text) {
  base::MutexLock lock(mutex_);
  rules_ = SaveRules(text);
  PublishLocked();
}

bool Saver::has_rules() const {
  base::MutexLock lock(mutex_);
  return !rules_.empty();
}

void Saver::SetStopWritesOnError(bool stop) {
  base::MutexLock lock(mutex_);
  stop_writes_ = stop;
  PublishLocked();
}

// What admission asks.
void Saver::PublishLocked() {
  keyspace_.settings().writes_need_snapshot.set(stop_writes_ && !rules_.empty() && !state_.last_background_ok);
}

void Saver::FinishLocked(bool ok) {
  state_.last_background_ok = ok;
  if (ok) {
    state_.last_save_unix_seconds = NowSeconds();
    ++state_.saves;
  }
  PublishLocked();
}

Saver::State Saver::state() const {
  base::MutexLock lock(mutex_);
  State state = state_;
  if (job_) {
    Snapshot::Progress progress = job_->progress();
    state.keys_done = progress.keys_written;
    state.keys_total = progress.keys_total;
    state.preserved_bytes = progress.preserved_bytes;
    state.current_seconds = NowSeconds() - begun_seconds_;
  }
  return state;
}

// ---- In the foreground ----

codec::DatasetOptions Saver::Head(const store::Transaction& held) const {
  codec::DatasetOptions head = describe_();
  // What this unit has changed is in the data and not yet in any stream: the moment has no name there.
  if (held.dirty() != 0) head.facts.clear();
  return head;
}

base::Status Saver::Save(store::Transaction& held) {
  std::string path;
  {
    base::MutexLock lock(mutex_);
    if (state_.in_progress) return AlreadySaving();
    path = path_;
  }
  auto write = [&]() -> base::Status {
    ASSIGN_OR_RETURN(FileSink sink, FileSink::Create(files_, path));
    sink.set_in_steps(in_steps_.load(std::memory_order_relaxed));
    RETURN_IF_ERROR(codec::WriteDataset(held, sink, Head(held)));
    return sink.Commit();
  };
  base::Status status = write();
  if (status.ok()) {
    keyspace_.change_counts().Forget(keyspace_.change_counts().Unsaved());
    if (log_) log_->Notice("DB saved on disk");
    base::MutexLock lock(mutex_);
    FinishLocked(true);
  } else if (log_) {
    log_->Warning("{}", status.message());
  }
  return status;
}

// ---- In the background ----

base::Status Saver::SaveInBackground(store::Transaction& held) {
  codec::DatasetOptions head = Head(held);
  RETURN_IF_ERROR(BeginJob(held, std::move(head)));
  if (log_) log_->Notice("Background saving started");
  return {};
}

base::Status Saver::BeginJob(store::Transaction& held, codec::DatasetOptions head) {
  base::MutexLock lock(mutex_);
  if (state_.in_progress) return AlreadySaving();
  last_try_seconds_ = begun_seconds_ = NowSeconds();
  base::Result<std::unique_ptr<Snapshot>> snapshot = Snapshot::Begin(held, std::move(head));
  if (!snapshot) return snapshot.error();
  dirty_at_begin_ = keyspace_.change_counts().Unsaved();
  job_ = *std::move(snapshot);
  cancelled_ = false;
  state_.in_progress = true;
  if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
  changed_.notify_all();
  return {};
}

void Saver::Start() {
  base::MutexLock lock(mutex_);
  watching_rules_ = true;
  if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
}

void Saver::CancelBackground() {
  base::MutexLock lock(mutex_);
  if (!job_) return;
  cancelled_ = true;
  job_->Cancel();
}

void Saver::WaitForBackground() NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock lock(mutex_.native());
  changed_.wait(lock, [this]() NO_THREAD_SAFETY_ANALYSIS { return !state_.in_progress; });
}

void Saver::WriteJob(Snapshot& snapshot) {
  base::Status status = WriteFile(snapshot, path());
  std::unique_ptr<Snapshot> done;  // Freed after the lock.
  base::MutexLock lock(mutex_);
  if (status.ok()) keyspace_.change_counts().Forget(dirty_at_begin_);
  state_.last_background_seconds = NowSeconds() - begun_seconds_;
  state_.last_preserved_bytes = snapshot.progress().preserved_bytes;
  state_.in_progress = false;
  done = std::move(job_);
  if (status.ok() || !cancelled_) FinishLocked(status.ok());
  changed_.notify_all();
}

base::Status Saver::WriteFile(Snapshot& snapshot, const std::string& path) {
  base::Result<FileSink> file = FileSink::Create(files_, path);
  if (file) file->set_in_steps(in_steps_.load(std::memory_order_relaxed));
  codec::StringSink nowhere;
  base::Status status = file ? base::Status() : file.error();
  // The walk must go to its end in any case.
  if (!file) snapshot.Cancel();
  base::Status written = snapshot.Run(file ? static_cast<codec::ByteSink&>(*file) : nowhere);
  if (status.ok()) status = written;
  if (status.ok()) status = file->Commit();
  if (!log_) return status;
  if (status.ok()) {
    log_->Notice("DB saved on disk");
    log_->Notice("Background saving terminated with success");
  } else {
    log_->Warning("{}", status.message());
    log_->Warning("Background saving error");
  }
  return status;
}

std::optional<SaveRule> Saver::DueRule() const {
  base::MutexLock lock(mutex_);
  if (!watching_rules_ || keyspace_.settings().loading) return {};
  int64_t now = NowSeconds();
  if (!state_.last_background_ok && now - last_try_seconds_ <= kRetrySeconds) return {};
  uint64_t changes = keyspace_.change_counts().Unsaved();
  return rules_.Due(changes, now - state_.last_save_unix_seconds);
}

void Saver::Schedule() {
  base::MutexLock lock(mutex_);
  scheduled_ = true;
}

void Saver::BeginIfDue() {
  bool scheduled = false;
  {
    base::MutexLock lock(mutex_);
    // Whatever snapshot runs, of this or of the append log, comes first.
    scheduled = scheduled_ && !keyspace_.snapshot_hook();
    if (scheduled) scheduled_ = false;
  }
  std::optional<SaveRule> rule = scheduled ? std::nullopt : DueRule();
  if (!rule && !scheduled) return;
  if (rule && log_) log_->Notice("{} changes in {} seconds. Saving...", rule->changes, rule->seconds);
  store::Transaction transaction(keyspace_);
  transaction.Begin(keyspace_.clock().UnixMillis());
  transaction.EnterLaneBlocking();
  transaction.LockAllInLane();
  base::Status status = SaveInBackground(transaction);
  transaction.Unlock();
  if (!status.ok() && log_) log_->Verbose("{}", status.message());
}

void Saver::Work() NO_THREAD_SAFETY_ANALYSIS {
  for (;;) {
    Snapshot* job = nullptr;
    {
      std::unique_lock lock(mutex_.native());
      if (!stopping_ && !job_) changed_.wait_for(lock, std::chrono::milliseconds(kTickMillis));
      if (stopping_ && !job_) return;
      job = job_.get();
    }
    if (job) {
      WriteJob(*job);
    } else {
      BeginIfDue();
    }
  }
}

}  // namespace tusk::persist
