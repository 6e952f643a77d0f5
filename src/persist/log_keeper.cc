#include "persist/log_keeper.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "io/replacement.h"

namespace tusk::persist {
namespace {

using base::Status;

class ReplacementSink final : public codec::ByteSink {
 public:
  explicit ReplacementSink(io::Replacement& file) noexcept : file_(file) {}
  Status Write(std::string_view bytes) override { return file_.Append(bytes); }

 private:
  io::Replacement& file_;
};

std::string DraftName(const std::string& stem) { return "temp-" + stem + ".incr"; }

Status Named(const std::string& what, const Status& status) { return status.ok() ? Status() : io::Explain(what, status); }

}  // namespace

// What one rewrite carries from step to step.
struct LogKeeper::Rewriting {
  Mode mode;
  AofManifest manifest{};  // As it shall be.
  std::unique_ptr<io::File> increment = nullptr;
  bool begun = false;  // kStarting: the log writes the draft.
  Snapshot* snapshot = nullptr;
  uint64_t handed_mark = 0;  // What had been handed to the log at the moment of the snapshot.
  uint64_t base_bytes = 0;
  bool rdb_base = true;
};

LogKeeper::LogKeeper(Options options)
    : keyspace_(*options.keyspace),
      changes_(*options.changes),
      append_(*options.log),
      describe_(std::move(options.describe)),
      is_saving_(std::move(options.is_saving)),
      files_(*options.files) {}

LogKeeper::~LogKeeper() { Stop(); }

void LogKeeper::SetSettings(const Settings& settings) {
  {
    base::MutexLock lock(mutex_);
    settings_ = settings;
  }
  if (settings.keep_history) return;
  base::MutexLock files(files_mutex_);
  Status status = files_.DeleteHistory();
  if (!status.ok() && log_) log_->Warning("{}", status.message());
  base::MutexLock lock(mutex_);
  manifest_ = files_.manifest();
}

LogKeeper::Settings LogKeeper::settings() const {
  base::MutexLock lock(mutex_);
  return settings_;
}

// ---- At the start ----

void LogKeeper::SetLog(base::Logger* log) noexcept {
  base::MutexLock files(files_mutex_);
  log_ = log;
  files_.SetLog(log);
}

void LogKeeper::SetNames(std::string directory, std::string stem) {
  base::MutexLock files(files_mutex_);
  files_.SetNames(std::move(directory), std::move(stem));
}

Status LogKeeper::Read(bool upgrade) {
  base::MutexLock files(files_mutex_);
  RETURN_IF_ERROR(files_.Read());
  if (upgrade) RETURN_IF_ERROR(files_.Upgrade());
  base::MutexLock lock(mutex_);
  manifest_ = files_.manifest();
  return {};
}

AofManifest LogKeeper::manifest() const {
  base::MutexLock lock(mutex_);
  return manifest_;
}

std::string LogKeeper::PathOf(const AofFile& file) const NO_THREAD_SAFETY_ANALYSIS { return files_.PathOf(file.name); }

Status LogKeeper::WriteFirstBase(AofManifest& manifest) NO_THREAD_SAFETY_ANALYSIS {
  const std::string name = manifest.AddBase(files_.stem(), settings().rdb_base).name;
  if (log_) log_->Notice("Creating AOF base file {} on server start", name);
  store::Transaction held(keyspace_);
  held.Begin(keyspace_.clock().UnixMillis());
  held.EnterLaneBlocking();
  held.LockAllInLane();
  const std::string path = files_.PathOf(name);
  ASSIGN_OR_RETURN(io::Replacement file, io::Replacement::Create(files_.files(), path, files_.PathOf("temp-" + name)));
  ReplacementSink sink(file);
  codec::DatasetOptions head = describe_();
  head.aof_base = true;
  head.as_commands = !settings().rdb_base;
  RETURN_IF_ERROR(codec::WriteDataset(held, sink, head));
  return file.Commit();
}

Status LogKeeper::SyncIncrements(const AofManifest& manifest) NO_THREAD_SAFETY_ANALYSIS {
  for (const AofFile& part : manifest.increments()) {
    base::Result<std::unique_ptr<io::File>> file = files_.files().OpenAppend(files_.PathOf(part.name));
    Status status = file ? (*file)->Sync() : file.error();
    if (!status.ok()) return io::Explain("Can't sync the append-only file " + part.name, status);
  }
  return {};
}

Status LogKeeper::Open() {
  base::MutexLock files(files_mutex_);
  RETURN_IF_ERROR(files_.MakeDirectory());
  AofManifest next = files_.manifest();
  RETURN_IF_ERROR(SyncIncrements(next));
  if (next.empty()) RETURN_IF_ERROR(Named("Can't write the first base of the AOF", WriteFirstBase(next)));
  std::unique_ptr<io::File> file;
  if (next.increments().empty()) {
    const std::string name = next.AddIncrement(files_.stem()).name;
    if (log_) log_->Notice("Creating AOF incr file {} on server start", name);
    ASSIGN_OR_RETURN(file, files_.Create(name));
  } else {
    const std::string& name = next.increments().back().name;
    if (log_) log_->Notice("Opening AOF incr file {} on server start", name);
    base::Result<std::unique_ptr<io::File>> opened = files_.files().OpenAppend(files_.PathOf(name));
    if (!opened) return io::Explain("Can't open the append-only file " + name, opened.error());
    file = *std::move(opened);
  }
  if (next.Format() != files_.manifest().Format()) RETURN_IF_ERROR(files_.Save(std::move(next)));
  ASSIGN_OR_RETURN(const uint64_t bytes, files_.SizeBytes());
  {
    store::Transaction held(keyspace_);
    held.Begin(keyspace_.clock().UnixMillis());
    held.EnterLaneBlocking();
    held.LockAllInLane();
    keyspace_.AddRecorder();
    changes_.WaitFor(keyspace_.last_commit());
    append_.Begin(std::move(file), false);
  }
  if (!settings().keep_history) {
    Status status = files_.DeleteHistory();
    if (!status.ok() && log_) log_->Warning("{}", status.message());
  }
  base::MutexLock lock(mutex_);
  manifest_ = files_.manifest();
  state_.mode = Mode::kOn;
  state_.base_bytes = settled_bytes_ = bytes;
  handed_mark_ = append_.state().handed_bytes;
  return {};
}

void LogKeeper::Start() {
  base::MutexLock lock(mutex_);
  may_begin_alone_ = true;
  StartThread();
}

void LogKeeper::StartThread() {
  if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
}

// ---- At run time ----

Status LogKeeper::TurnOn() {
  {
    base::MutexLock files(files_mutex_);
    RETURN_IF_ERROR(files_.MakeDirectory());
  }
  base::MutexLock lock(mutex_);
  if (state_.mode != Mode::kOff) return {};
  state_.mode = Mode::kStarting;
  state_.scheduled = true;
  not_before_ms_ = 0;
  if (state_.in_progress) {
    if (log_) {
      log_->Warning("AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF and "
                    "starting a rewrite now.");
    }
    CancelJob();
  } else if (IsBusy()) {
    if (log_) {
      log_->Warning("AOF was enabled but there is already another background operation. An AOF background was scheduled to "
                    "start when possible.");
    }
  } else {
    state_.scheduled = false;
    wanted_ = state_.in_progress = true;
    begun_seconds_ = NowSeconds();
  }
  StartThread();
  changed_.notify_all();
  return {};
}

void LogKeeper::TurnOff() {
  {
    base::MutexLock lock(mutex_);
    if (state_.mode == Mode::kOff) return;
    // A rewrite that is still starting sees the mode when it has its stripes.
    const Mode before = std::exchange(state_.mode, Mode::kOff);
    state_.scheduled = false;
    if (state_.in_progress) {
      if (log_) log_->Notice("Killing running AOF rewrite (a thread, there is no child)");
      CancelJob();
    }
    if (before == Mode::kStarting) return;  // Its rewrite gives the draft up.
  }
  Status status = append_.Flush();
  if (!status.ok() && log_) log_->Warning("The AOF ends without its last writes: {}", status.message());
  append_.End();
  keyspace_.RemoveRecorder();
}

LogKeeper::Answer LogKeeper::Rewrite(bool later) {
  base::MutexLock lock(mutex_);
  if (state_.in_progress) return Answer::kAlreadyRunning;
  if (later || IsBusy()) {
    state_.scheduled = true;
    policy_.NoteResult(true);  // Somebody asked: failures of before do not count.
    state_.consecutive_failures = 0;
    return Answer::kScheduled;
  }
  state_.scheduled = false;
  wanted_ = state_.in_progress = true;
  begun_seconds_ = NowSeconds();
  StartThread();
  changed_.notify_all();
  return Answer::kStarted;
}

void LogKeeper::CancelJob() {
  cancelled_ = true;
  if (job_) job_->Cancel();
}

void LogKeeper::WaitForRewrite() NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock lock(mutex_.native());
  changed_.wait(lock, [this]() NO_THREAD_SAFETY_ANALYSIS { return (!state_.in_progress && !state_.scheduled) || stopping_; });
}

void LogKeeper::Stop() {
  std::thread thread;
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    CancelJob();
    thread = std::move(thread_);
  }
  changed_.notify_all();
  if (thread.joinable()) thread.join();
}

LogKeeper::State LogKeeper::state() const {
  const uint64_t handed = append_.state().handed_bytes;
  base::MutexLock lock(mutex_);
  State state = state_;
  state.consecutive_failures = policy_.failures();
  state.bytes = state.mode == Mode::kOn ? settled_bytes_ + handed - handed_mark_ : settled_bytes_;
  if (state.in_progress) state.current_seconds = NowSeconds() - begun_seconds_;
  if (job_) {
    const Snapshot::Progress progress = job_->progress();
    state.keys_done = progress.keys_written;
    state.keys_total = progress.keys_total;
    state.preserved_bytes = progress.preserved_bytes;
  }
  return state;
}

// ---- The thread ----

bool LogKeeper::MayBegin() {
  if (wanted_) return true;
  const int64_t now_ms = keyspace_.clock().MonotonicMillis();
  if (keyspace_.settings().loading || now_ms < not_before_ms_ || IsBusy()) return false;
  if (state_.scheduled) {
    int64_t minutes = 0;
    if (state_.mode != Mode::kStarting && !policy_.Allows(NowSeconds(), minutes)) return false;
    return true;
  }
  if (!may_begin_alone_ || state_.mode != Mode::kOn) return false;
  const AppendLog::State append = append_.state();
  // Only a rewrite brings back what a failed sync may have lost.
  const uint64_t bytes = settled_bytes_ + append.handed_bytes - handed_mark_;
  const int64_t percent = RewritePolicy::Due({bytes, state_.base_bytes, settings_.growth_percent, settings_.growth_bytes_min});
  if (append.sync_ok && percent == 0) return false;
  int64_t minutes = 0;
  const bool allowed = policy_.Allows(NowSeconds(), minutes);
  if (minutes != 0 && log_) {
    log_->Warning("Background AOF rewrite has repeatedly failed and triggered the limit, will retry in {} minutes", minutes);
  }
  if (allowed && log_) log_->Notice("Starting automatic rewriting of AOF on {}% growth", percent);
  return allowed;
}

void LogKeeper::Work() NO_THREAD_SAFETY_ANALYSIS {
  for (;;) {
    {
      std::unique_lock lock(mutex_.native());
      if (!stopping_ && !wanted_) changed_.wait_for(lock, std::chrono::milliseconds(kTickMillis));
      if (stopping_) {
        state_.in_progress = false;
        return changed_.notify_all();
      }
      if (!MayBegin()) continue;
      if (!std::exchange(wanted_, false)) begun_seconds_ = NowSeconds();
      state_.scheduled = false;
      state_.in_progress = true;
    }
    RunRewrite();
  }
}

void LogKeeper::RunRewrite() {
  Rewriting rewriting{};
  Settings settings;
  {
    base::MutexLock lock(mutex_);
    rewriting.mode = state_.mode;
    cancelled_ = false;
    ++state_.rewrites;
    settings = settings_;
  }
  rewriting.rdb_base = settings.rdb_base;
  if (log_) log_->Notice("Background append only file rewriting started");
  if (settings.pause_syncs_in_rewrite) append_.PauseSyncs(true);
  Status status = RewriteOnce(rewriting);
  append_.PauseSyncs(false);
  if (!status.ok()) GiveUp(rewriting);
  // Another snapshot was quicker: it is not a failure to come after it.
  const bool busy = status.code() == base::Code::kUnavailable;
  if (log_ && status.ok()) {
    log_->Notice("Background AOF rewrite terminated with success");
    log_->Notice("Background AOF rewrite finished successfully");
  } else if (log_) {
    log_->Warning("{}", status.message());
    log_->Warning("Background AOF rewrite terminated with error");
  }
  std::unique_ptr<Snapshot> done;  // Freed after the lock.
  base::MutexLock lock(mutex_);
  done = std::move(job_);
  if (done) state_.last_preserved_bytes = done->progress().preserved_bytes;
  state_.in_progress = false;
  state_.last_seconds = NowSeconds() - begun_seconds_;
  if (!busy || cancelled_) {
    state_.last_ok = status.ok();
    policy_.NoteResult(status.ok());
  }
  if (!status.ok() && state_.mode == Mode::kStarting) {
    state_.scheduled = true;
    not_before_ms_ = cancelled_ ? 0 : keyspace_.clock().MonotonicMillis() + kRetryMillis;
  }
  if (busy && !cancelled_) state_.scheduled = true;
  changed_.notify_all();
}

// ---- One rewrite ----

Status LogKeeper::RewriteOnce(Rewriting& rewriting) {
  RETURN_IF_ERROR(BeginIncrement(rewriting));
  RETURN_IF_ERROR(BeginSnapshot(rewriting));
  RETURN_IF_ERROR(WriteBase(rewriting));
  return Commit(rewriting);
}

Status LogKeeper::BeginIncrement(Rewriting& rewriting) {
  base::MutexLock files(files_mutex_);
  RETURN_IF_ERROR(files_.MakeDirectory());
  rewriting.manifest = files_.manifest();
  if (rewriting.mode == Mode::kOff) return {};
  if (rewriting.mode == Mode::kStarting) {
    ASSIGN_OR_RETURN(rewriting.increment, files_.Create(DraftName(files_.stem())));
    return {};
  }
  const std::string name = rewriting.manifest.AddIncrement(files_.stem()).name;
  ASSIGN_OR_RETURN(rewriting.increment, files_.Create(name));
  if (log_) log_->Notice("Creating AOF incr file {} on background rewrite", name);
  RETURN_IF_ERROR(files_.Save(rewriting.manifest));
  base::MutexLock lock(mutex_);
  manifest_ = files_.manifest();
  return {};
}

Status LogKeeper::BeginSnapshot(Rewriting& rewriting) {
  store::Transaction held(keyspace_);
  held.Begin(keyspace_.clock().UnixMillis());
  held.EnterLaneBlocking();
  held.LockAllInLane();
  changes_.WaitFor(keyspace_.last_commit());
  base::MutexLock lock(mutex_);
  if (stopping_ || cancelled_ || state_.mode != rewriting.mode) return Status::Unavailable("The AOF rewrite was cancelled");
  codec::DatasetOptions head = describe_();
  head.aof_base = true;
  head.as_commands = !rewriting.rdb_base;
  base::Result<std::unique_ptr<Snapshot>> snapshot = Snapshot::Begin(held, std::move(head));
  // The manifest names the new increment already: the log uses it in any case.
  if (rewriting.mode == Mode::kOn) append_.SwitchTo(std::move(rewriting.increment));
  if (!snapshot) return snapshot.error();
  if (rewriting.mode == Mode::kStarting) {
    keyspace_.AddRecorder();
    append_.Begin(std::move(rewriting.increment), true);
    rewriting.begun = true;
  }
  rewriting.handed_mark = append_.state().handed_bytes;
  job_ = *std::move(snapshot);
  rewriting.snapshot = job_.get();
  return {};
}

Status LogKeeper::WriteBase(Rewriting& rewriting) NO_THREAD_SAFETY_ANALYSIS {
  // Only this thread changes the manifest and its names while a rewrite runs.
  const std::string name = rewriting.manifest.AddBase(files_.stem(), rewriting.rdb_base).name;
  const std::string temporary = files_.PathOf(fmt::format("temp-rewriteaof-bg-{}.aof", ::getpid()));
  base::Result<io::Replacement> file = io::Replacement::Create(files_.files(), files_.PathOf(name), temporary);
  codec::StringSink nowhere;
  // The snapshot must come to its end in any case.
  if (!file) {
    rewriting.snapshot->Cancel();
    std::ignore = rewriting.snapshot->Run(nowhere);
    return io::Explain("Can't open the temporary file of the AOF rewrite " + temporary, file.error());
  }
  file->set_in_steps(settings().base_in_steps);
  ReplacementSink sink(*file);
  RETURN_IF_ERROR(Named("Write error writing append only file on disk", rewriting.snapshot->Run(sink)));
  rewriting.base_bytes = file->size();
  return Named("Error moving the new base of the AOF to " + name, file->Commit());
}

Status LogKeeper::Commit(Rewriting& rewriting) {
  base::MutexLock files(files_mutex_);
  {
    base::MutexLock lock(mutex_);
    if (cancelled_ || state_.mode != rewriting.mode) return Status::Unavailable("The AOF rewrite was cancelled");
  }
  switch (rewriting.mode) {
    case Mode::kOn: rewriting.manifest.RetireIncrements(1); break;
    case Mode::kOff:
      rewriting.manifest.RetireIncrements(0);
      rewriting.manifest.RestartIncrements();
      break;
    case Mode::kStarting: {
      const std::string name = rewriting.manifest.AddIncrement(files_.stem()).name;
      RETURN_IF_ERROR(files_.files().Rename(files_.PathOf(DraftName(files_.stem())), files_.PathOf(name)));
      rewriting.manifest.RetireIncrements(1);
      break;
    }
  }
  // Its sync of the directory covers the rename, too.
  RETURN_IF_ERROR(files_.Save(rewriting.manifest));
  bool turned_off = false;
  {
    base::MutexLock lock(mutex_);
    state_.base_bytes = settled_bytes_ = rewriting.base_bytes;
    handed_mark_ = rewriting.handed_mark;
    if (rewriting.mode == Mode::kStarting && state_.mode == Mode::kStarting) state_.mode = Mode::kOn;
    turned_off = rewriting.mode == Mode::kStarting && state_.mode != Mode::kOn;
  }
  if (turned_off) {
    // In the last moment. The log is complete up to here, and goes no further.
    append_.End();
    keyspace_.RemoveRecorder();
  } else if (rewriting.mode == Mode::kStarting) {
    Status status = append_.EndDraft();
    if (!status.ok() && log_) log_->Warning("The AOF is on, and cannot be written: {}", status.message());
  }
  append_.Mended();
  if (!settings().keep_history) {
    Status status = files_.DeleteHistory();
    if (!status.ok() && log_) log_->Warning("{}", status.message());
  }
  base::MutexLock lock(mutex_);
  manifest_ = files_.manifest();
  return {};
}

void LogKeeper::GiveUp(Rewriting& rewriting) {
  if (rewriting.mode != Mode::kStarting) return;
  if (rewriting.begun) {
    append_.End();
    keyspace_.RemoveRecorder();
  }
  base::MutexLock files(files_mutex_);
  if (log_) log_->Notice("Removing the temp incr aof file {} because the AOF rewrite failed", DraftName(files_.stem()));
  Status status = files_.files().Remove(files_.PathOf(DraftName(files_.stem())));
  if (!status.ok() && status.code() != base::Code::kNotFound && log_) log_->Warning("{}", status.message());
}

}  // namespace tusk::persist
