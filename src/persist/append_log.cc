#include "persist/append_log.h"

#include <pthread.h>

#include <chrono>
#include <mutex>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/numbers.h"
#include "base/time_slice.h"

namespace tusk::persist {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kMillisPerSecond = 1000;
// A round of the change log that is this long is handed to the writer before its end.
constexpr size_t kHandOverBytes = AppendLog::kWriteHereBytesMax;
// A failure that lasts is told again after so many tries.
constexpr uint64_t kTellEveryTries = 30;

}  // namespace

AppendLog::AppendLog(Options options)
    : keyspace_(*options.keyspace),
      changes_(*options.changes),
      retry_ms_(options.retry_ms),
      waits_before_room_(options.waits_before_room),
      on_synced_(std::move(options.on_synced)),
      on_fatal_(std::move(options.on_fatal)) {
  changes_.AddFollower(*this);
}

AppendLog::~AppendLog() {
  changes_.RemoveFollower(*this);
  {
    base::MutexLock lock(mutex_);
    if (on_) OpenBatch().last = true;
    on_ = false;
    stopping_ = true;
    WakeWriter();
  }
  syncer_wake_.notify_all();
  lane_wake_.notify_all();
  if (writer_.joinable()) writer_.join();
  if (syncer_.joinable()) syncer_.join();
  for (std::thread& lane : lanes_) lane.join();
  keyspace_.settings().log_failure.set(nullptr);
}

// ---- Settings ----

void AppendLog::SetPolicy(SyncPolicy policy) {
  base::MutexLock lock(mutex_);
  policy_ = policy;
  if (PublishGate()) on_synced_();
  // What was written under the old policy is synced under the new one.
  if (on_) OpenBatch();
  WakeWriter();
}

void AppendLog::SetTimestamps(bool enabled) {
  base::MutexLock lock(mutex_);
  timestamps_ = enabled;
}

void AppendLog::PauseSyncs(bool paused) {
  base::MutexLock lock(mutex_);
  syncs_paused_ = paused;
}

bool AppendLog::PublishGate() {
  const bool always = policy_ == SyncPolicy::kAlways;
  // Without a promise that the disk's answer could keep, replies do not wait until there is room again: writes are refused.
  const bool waits = always || write_error_.empty();
  // From Begin() on, also before the writer has taken the file up.
  const bool follows = (on_ || file_) && !draft_;
  const bool holds = (follows && waits) || state_.waiting_bytes > kWaitingBytesMax;
  store::CommitGate& gate = keyspace_.gate();
  const uint64_t open_to = always ? synced_ : written_;
  const bool opened = (!holds && gate.holds.load(std::memory_order_relaxed)) || open_to > gate.open_to.load(std::memory_order_relaxed);
  gate.open_to.store(open_to, std::memory_order_seq_cst);
  gate.holds.store(holds, std::memory_order_seq_cst);
  return opened;
}

void AppendLog::PublishError() {
  state_.write_ok = write_error_.empty();
  state_.sync_ok = sync_error_.empty();
  state_.error = write_error_.empty() ? sync_error_ : write_error_;
  keyspace_.settings().log_failure.set(state_.error.empty() ? nullptr : ReplyFor(state_.error));
}

const std::string* AppendLog::ReplyFor(const std::string& reason) {
  std::string& reply = replies_[reason];
  if (reply.empty()) reply = "MISCONF Errors writing to the AOF file: " + reason;
  return &reply;
}

SyncPolicy AppendLog::policy() const {
  base::MutexLock lock(mutex_);
  return policy_;
}

// ---- The file ----

void AppendLog::Begin(std::unique_ptr<io::File> file, bool draft) {
  DCHECK(file != nullptr);
  base::MutexLock lock(mutex_);
  DCHECK(!on_);
  Batch& batch = OpenBatch();  // Behind what a former Begin() may have left to be written.
  batch.next = std::move(file);
  ++files_ahead_;
  handed_ = batch.number = keyspace_.last_commit();
  on_ = true;
  draft_ = draft;
  std::ignore = PublishGate();
  stream_.ForgetDb();
  stamped_seconds_ = 0;
  if (!writer_.joinable()) {
    writer_ = std::thread([this] { Write(); });
    syncer_ = std::thread([this] { SyncBySeconds(); });
  }
  WakeWriter();
}

void AppendLog::SwitchTo(std::unique_ptr<io::File> file) {
  DCHECK(file != nullptr);
  base::MutexLock lock(mutex_);
  DCHECK(on_ && handed_ == keyspace_.last_commit());
  OpenBatch().next = std::move(file);
  ++files_ahead_;
  stream_.ForgetDb();
  stamped_seconds_ = 0;
  WakeWriter();
}

void AppendLog::End() {
  base::MutexLock lock(mutex_);
  if (!std::exchange(on_, false)) return;
  OpenBatch().last = true;
  WakeWriter();
}

base::Status AppendLog::EndDraft() {
  {
    base::MutexLock lock(mutex_);
    draft_ = false;
  }
  base::Status status = Flush();
  base::MutexLock lock(mutex_);
  keyspace_.gate().synced.store(synced_, std::memory_order_seq_cst);
  if (PublishGate()) on_synced_();
  return status;
}

base::Status AppendLog::Flush() NO_THREAD_SAFETY_ANALYSIS {
  changes_.WaitFor(keyspace_.last_commit());
  std::unique_lock lock(mutex_.native());
  if (!on_) return {};
  const uint64_t target = handed_;
  const uint64_t failures = failures_;
  flush_to_ = std::max(flush_to_, target);
  OpenBatch();
  WakeWriter();
  progress_.wait(lock, [&]() NO_THREAD_SAFETY_ANALYSIS {
    return (synced_ >= target && files_ahead_ == 0) || failures_ != failures || dead_;
  });
  if (failures_ == failures && !dead_) return {};
  return {base::Code::kIo, state_.error};
}

void AppendLog::Mended() NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock lock(mutex_.native());
  progress_.wait(lock, [this]() NO_THREAD_SAFETY_ANALYSIS {
    return files_ahead_ == 0 || !write_error_.empty() || dead_ || stopping_;
  });
  // The file that is being written now is not part of what was put on disk.
  if (files_ahead_ != 0 || sync_failed_in_file_ || sync_error_.empty()) return;
  sync_error_.clear();
  PublishError();
  if (log_) log_->Warning("The dataset is on disk anew after the failed sync of the AOF. The server can write again.");
}

AppendLog::State AppendLog::state() const {
  base::MutexLock lock(mutex_);
  State state = state_;
  state.on = on_;
  return state;
}

// ---- What is to be written: whoever delivers the change log ----

AppendLog::Batch& AppendLog::OpenBatch() {
  if (batches_.empty() || batches_.back().next || batches_.back().last) {
    batches_.emplace_back();
    batches_.back().number = handed_;
    batches_.back().bytes = std::exchange(spare_, {});
    DCHECK(batches_.back().bytes.empty());
  }
  return batches_.back();
}

void AppendLog::WakeWriter() {
  wake_writer_ = true;
  writer_wake_.notify_one();
}

void AppendLog::Stamp(std::string& out) {
  const int64_t seconds = keyspace_.clock().UnixMillis() / kMillisPerSecond;
  if (seconds <= stamped_seconds_) return;
  stamped_seconds_ = seconds;
  char digits[base::kInt64TextMax];
  out += "#TS:";
  out.append(digits, base::FormatInt64(seconds, digits));
  out += "\r\n";
}

void AppendLog::OnUnits(std::span<const store::ChangeUnit> units) {
  base::MutexLock lock(mutex_);
  if (!on_) return;
  Batch& batch = OpenBatch();
  for (const store::ChangeUnit& unit : units) Add(batch, unit);
  if (state_.waiting_bytes > kWaitingBytesMax) std::ignore = PublishGate();
  if (batch.bytes.size() >= kHandOverBytes) WakeWriter();
}

void AppendLog::Add(Batch& batch, const store::ChangeUnit& unit) {
  DCHECK(unit.number == handed_ + 1);
  const size_t before = batch.bytes.size();
  if (timestamps_) Stamp(batch.bytes);
  const size_t stamped = batch.bytes.size();
  if (!stream_.Append(unit, batch.bytes)) {
    // Meant for replicas only: no stamp without a command, and the next one gets it.
    if (stamped != before) stamped_seconds_ = 0;
    batch.bytes.resize(before);
  }
  handed_ = batch.number = unit.number;
  const size_t added = batch.bytes.size() - before;
  state_.handed_bytes += added;
  state_.waiting_bytes += added;
}

bool AppendLog::MayWriteHere() const {
  if (!file_ || room_ || dead_ || batches_.size() != 1 || state_.sync_running) return false;
  const Batch& batch = batches_.front();
  return policy_ != SyncPolicy::kAlways && !batch.next && !batch.last && batch.bytes.size() <= kWriteHereBytesMax &&
         flush_to_ <= synced_ && write_error_.empty() && write_delay_us_.load(std::memory_order_relaxed) == 0;
}

void AppendLog::OnPause() {
  Batch batch;
  bool here = false;
  bool lane = false;
  {
    base::MutexLock lock(mutex_);
    if (batches_.empty()) return;
    if (busy_) {
      // The writer looks for further batches before it rests.
      if (!room_ || idle_lanes_ == 0 || lane_called_ || !FrontFitsRoom()) return;
      lane = lane_called_ = true;
    } else if (MayWriteHere()) {
      here = busy_ = true;
      batch = std::move(batches_.front());
      batches_.pop_front();
    } else {
      wake_writer_ = true;
    }
  }
  if (here) return WriteHere(std::move(batch));
  // Without the lock, which whoever wakes would have to wait for.
  (lane ? lane_wake_ : writer_wake_).notify_one();
}

void AppendLog::WriteHere(Batch batch) {
  io::File* file = nullptr;
  {
    base::MutexLock lock(mutex_);
    file = file_.get();
  }
  const uint64_t size = file->size();
  base::Status status = batch.bytes.empty() ? base::Status() : file->Append(batch.bytes);
  const size_t left = status.ok() ? 0 : TakeBack(*file, batch.bytes, size).size();
  bool opened = false;
  {
    base::MutexLock lock(mutex_);
    opened = EndWritingHere(std::move(batch), status.ok(), left);
  }
  if (opened) on_synced_();
}

bool AppendLog::EndWritingHere(Batch batch, bool ok, size_t left) {
  DCHECK(busy_);
  bool opened = false;
  busy_ = false;
  if (ok) {
    NoteWritten(batch);
    if (!unsynced() && sync_error_.empty()) {
      synced_ = batch.number;
      keyspace_.gate().synced.store(synced_, std::memory_order_seq_cst);
    }
    opened = PublishGate();
    if (batch.bytes.capacity() <= kWriteHereBytesMax) {
      spare_ = std::move(batch.bytes);
      spare_.clear();
    }
  } else {
    // The writer tries again, and goes on trying.
    DCHECK(left <= batch.bytes.size());
    state_.waiting_bytes -= batch.bytes.size() - left;
    batch.bytes.erase(0, batch.bytes.size() - left);
    batches_.push_front(std::move(batch));
  }
  if (!batches_.empty() || wake_writer_) WakeWriter();
  return opened;
}

void AppendLog::NoteWritten(const Batch& batch) {
  DCHECK(batch.number >= written_ && state_.waiting_bytes >= batch.bytes.size());
  state_.waiting_bytes -= batch.bytes.size();
  written_ = batch.number;
  if (!batch.bytes.empty()) bytes_to_ = batch.number;
}

// ---- The writer ----

void AppendLog::Write() NO_THREAD_SAFETY_ANALYSIS {
  pthread_setname_np(pthread_self(), "tusk-log");
  // Replies wait for it.
  base::SetTimeSlice(base::ThisThread(), base::kShortTimeSlice);
  std::unique_lock lock(mutex_.native());
  for (;;) {
    writer_wake_.wait(lock, [this]() NO_THREAD_SAFETY_ANALYSIS { return wake_writer_ && !busy_; });
    wake_writer_ = false;
    busy_ = true;
    while (!batches_.empty() && !dead_) {
      if (room_ && FrontFitsRoom()) {
        WriteFrontIntoRoom(0, lock);
      } else if (room_) {
        LeaveRoom(lock);
      } else {
        WriteFront(lock);
        if (WantsRoom()) EnterRoom(lock);
      }
    }
    if (room_ && room_unwanted_ && !dead_) LeaveRoom(lock);
    busy_ = false;
    progress_.notify_all();
    if (stopping_) return;
  }
}

void AppendLog::WriteFront(std::unique_lock<std::mutex>& lock) NO_THREAD_SAFETY_ANALYSIS {
  Batch batch = std::move(batches_.front());
  batches_.pop_front();
  lock.unlock();
  Handle(std::move(batch));
  lock.lock();
  // It came while the disk was busy with this one.
  if (!batches_.empty() && policy_ == SyncPolicy::kAlways && batches_.front().bytes.size() <= LogRoom::kBatchBytesMax) ++waits_;
}

void AppendLog::Handle(Batch batch) {
  if (const int64_t delay = write_delay_us_.load(std::memory_order_relaxed); delay > 0 && !batch.bytes.empty()) {
    std::this_thread::sleep_for(std::chrono::microseconds(delay));
  }
  if (!AppendAll(batch.bytes)) return;
  bool sync = false;
  {
    base::MutexLock lock(mutex_);
    NoteWritten(batch);
    const bool asked = policy_ == SyncPolicy::kAlways || flush_to_ > synced_ || batch.next || batch.last;
    sync = asked && unsynced();
  }
  // The end of a file is on disk before the next file begins: after a crash the files are one beginning of the whole.
  if (sync) SyncFile();
  bool opened = false;
  bool all_synced = false;
  {
    base::MutexLock lock(mutex_);
    if (dead_) return;
    if (batch.next) {
      file_ = std::move(batch.next);
      sync_failed_in_file_ = false;
      room_failed_ = false;
      waits_ = 0;
      DCHECK(files_ahead_ != 0);
      --files_ahead_;
      progress_.notify_all();
    } else if (batch.last) {
      file_ = nullptr;
    }
    opened = PublishGate();
    all_synced = !unsynced();
  }
  if (!sync && all_synced) {
    NoteSynced(batch.number);
  } else if (opened) {
    on_synced_();
  }
}

bool AppendLog::AppendAll(std::string_view bytes) {
  std::shared_ptr<io::File> file;
  {
    base::MutexLock lock(mutex_);
    file = file_;
  }
  for (uint64_t tries = 0; !bytes.empty(); ++tries) {
    DCHECK(file != nullptr);
    const uint64_t size = file->size();
    base::Status status = file->Append(bytes);
    if (status.ok()) break;
    if (log_ && tries % kTellEveryTries == 0) log_->Warning("Error writing to the AOF file: {}", status.message());
    bytes = TakeBack(*file, bytes, size);
    if (policy() == SyncPolicy::kAlways) {
      Die("Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...");
      return false;
    }
    if (!PauseAfterFailure(status)) return false;
  }
  base::MutexLock lock(mutex_);
  if (write_error_.empty()) return true;
  write_error_.clear();
  PublishError();
  if (PublishGate()) on_synced_();
  if (log_) log_->Warning("AOF write error looks solved. The server can write again.");
  return true;
}

std::string_view AppendLog::TakeBack(io::File& file, std::string_view bytes, uint64_t size) {
  const uint64_t came = file.size() - size;
  DCHECK(came <= bytes.size());
  if (came == 0) return bytes;
  if (log_) log_->Warning("Short write while writing to the AOF file: (nwritten={}, expected={})", came, bytes.size());
  base::Status status = file.Truncate(size);
  if (status.ok()) return bytes;
  // Then the rest has to follow it.
  if (log_) {
    log_->Warning(
        "Could not remove short write from the append-only file. The server may refuse to load the AOF the next time it "
        "starts. ftruncate: {}",
        status.message());
  }
  return bytes.substr(file.size() - size);
}

bool AppendLog::PauseAfterFailure(const base::Status& status) NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock lock(mutex_.native());
  write_error_ = status.message();
  ++failures_;
  PublishError();
  if (PublishGate()) on_synced_();
  progress_.notify_all();
  writer_wake_.wait_for(lock, milliseconds(retry_ms_), [this]() NO_THREAD_SAFETY_ANALYSIS { return stopping_; });
  return !stopping_;
}

// ---- Syncs ----

void AppendLog::SyncFile() {
  base::MutexLock one(sync_mutex_);
  std::shared_ptr<io::File> file;
  uint64_t number = 0;
  {
    base::MutexLock lock(mutex_);
    file = file_;
    number = written_;
  }
  if (!file) return;
  base::Status status = file->Sync();
  if (status.ok()) return NoteSynced(number);
  if (policy() == SyncPolicy::kAlways) {
    return Die("Can't persist AOF for fsync error when the AOF fsync policy is 'always': " + status.message() +
               ". Exiting...");
  }
  if (log_) log_->Warning("Fail to fsync the AOF file: {}. A rewrite will put the dataset on disk anew.", status.message());
  base::MutexLock lock(mutex_);
  sync_error_ = status.message();
  sync_failed_in_file_ = true;
  ++failures_;
  PublishError();
  progress_.notify_all();
}

void AppendLog::NoteSynced(uint64_t number) {
  {
    base::MutexLock lock(mutex_);
    if (dead_) return;
    if (!sync_error_.empty()) {
      // That this sync worked says nothing about what the failed one lost.
      ++failures_;
      return progress_.notify_all();
    }
    synced_ = std::max(synced_, number);
    if (!draft_) keyspace_.gate().synced.store(synced_, std::memory_order_seq_cst);
    std::ignore = PublishGate();
    progress_.notify_all();
  }
  on_synced_();
}

void AppendLog::Die(const std::string& reason) {
  on_fatal_(reason);
  base::MutexLock lock(mutex_);
  dead_ = true;
  write_error_ = reason;
  ++failures_;
  PublishError();
  progress_.notify_all();
}

void AppendLog::SyncBySeconds() NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock lock(mutex_.native());
  for (;;) {
    syncer_wake_.wait_for(lock, milliseconds(kSyncMillis), [this]() NO_THREAD_SAFETY_ANALYSIS { return stopping_ || MayMakeRoom(); });
    if (stopping_) return;
    if (MayMakeRoom()) {
      MakeRoom(lock);
      continue;
    }
    if (room_ && !std::exchange(room_used_, false)) {
      room_unwanted_ = true;
      WakeWriter();
    }
    if (policy_ != SyncPolicy::kEverySecond || syncs_paused_ || !file_ || !unsynced() || dead_) continue;
    state_.sync_running = true;
    lock.unlock();
    const int64_t begun_ms = keyspace_.clock().MonotonicMillis();
    SyncFile();
    const int64_t took_ms = keyspace_.clock().MonotonicMillis() - begun_ms;
    lock.lock();
    state_.sync_running = false;
    state_.delayed_syncs += static_cast<uint64_t>(took_ms / kSlowSyncMillis);
  }
}

}  // namespace tusk::persist
