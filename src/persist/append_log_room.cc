// AppendLog's batches in room made ahead.
#include <pthread.h>

#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/time_slice.h"
#include "persist/append_log.h"

namespace tusk::persist {

bool AppendLog::FrontFitsRoom() const {
  DCHECK(room_ && !batches_.empty());
  const Batch& batch = batches_.front();
  return policy_ == SyncPolicy::kAlways && !leaving_room_ && !batch.next && !batch.last && room_->Fits(batch.bytes.size()) &&
         write_delay_us_.load(std::memory_order_relaxed) == 0;
}

bool AppendLog::WantsRoom() const {
  return policy_ == SyncPolicy::kAlways && waits_ >= waits_before_room_ && file_ && !draft_ && !room_failed_ && !dead_ && !stopping_ &&
         write_error_.empty() && sync_error_.empty();
}

void AppendLog::EnterRoom(std::unique_lock<std::mutex>& lock) NO_THREAD_SAFETY_ANALYSIS {
  DCHECK(busy_ && !room_ && synced_ >= bytes_to_);
  std::shared_ptr<io::File> file = file_;
  lock.unlock();
  LogRoom::Failure failure{};
  base::Status status;
  std::unique_ptr<LogRoom> room = LogRoom::Make(*file, kLanes, failure, status);
  if (failure == LogRoom::Failure::kBroken) {
    Die("Can't make room in the AOF when the AOF fsync policy is 'always': " + status.message() + ". Exiting...");
  } else if (!room && log_) {
    log_->Notice("No room is made ahead in the AOF file: {}", status.message());
  }
  lock.lock();
  waits_ = 0;
  room_failed_ = !room;
  if (!room || dead_) return;
  room_ = std::move(room);
  room_used_ = state_.in_room = true;
  room_unwanted_ = false;
  for (size_t lane = lanes_.size() + 1; lane < kLanes; ++lane) lanes_.emplace_back([this, lane] { RunLane(lane); });
  syncer_wake_.notify_one();
}

void AppendLog::LeaveRoom(std::unique_lock<std::mutex>& lock) NO_THREAD_SAFETY_ANALYSIS {
  DCHECK(busy_ && room_);
  leaving_room_ = true;
  room_quiet_.wait(lock, [this]() NO_THREAD_SAFETY_ANALYSIS { return (!room_->in_use() && !making_room_) || dead_; });
  if (dead_) return;
  std::shared_ptr<io::File> file = file_;
  lock.unlock();
  base::Status status = room_->Close(*file);
  if (!status.ok()) {
    Die("Can't take the room off the AOF when the AOF fsync policy is 'always': " + status.message() + ". Exiting...");
  }
  lock.lock();
  if (dead_) return;
  room_ = nullptr;
  leaving_room_ = room_unwanted_ = state_.in_room = false;
  waits_ = 0;
}

void AppendLog::MakeRoom(std::unique_lock<std::mutex>& lock) NO_THREAD_SAFETY_ANALYSIS {
  making_room_ = true;
  const size_t size = file_->size();
  std::shared_ptr<io::File> file = file_;
  lock.unlock();
  base::Status status = LogRoom::MakeMore(*file);
  const bool appended = file->size() == size + LogRoom::kSliceBytes;
  if (!status.ok() && appended) {
    Die("Can't persist AOF for fsync error when the AOF fsync policy is 'always': " + status.message() + ". Exiting...");
  }
  lock.lock();
  making_room_ = false;
  if (status.ok()) {
    room_->NoteMade();
  } else {
    // A full disk, as a rule. Batches go on until the room is used up, and are appended then.
    room_failed_ = true;
  }
  room_quiet_.notify_all();
}

void AppendLog::RunLane(size_t lane) NO_THREAD_SAFETY_ANALYSIS {
  pthread_setname_np(pthread_self(), "tusk-log");
  base::SetTimeSlice(base::ThisThread(), base::kShortTimeSlice);
  std::unique_lock lock(mutex_.native());
  for (;;) {
    ++idle_lanes_;
    lane_wake_.wait(lock, [this]() NO_THREAD_SAFETY_ANALYSIS { return lane_called_ || stopping_; });
    --idle_lanes_;
    lane_called_ = false;
    if (stopping_) return;
    while (room_ && !batches_.empty() && !dead_ && FrontFitsRoom()) WriteFrontIntoRoom(lane, lock);
  }
}

void AppendLog::WriteFrontIntoRoom(size_t lane, std::unique_lock<std::mutex>& lock) NO_THREAD_SAFETY_ANALYSIS {
  Batch batch = std::move(batches_.front());
  batches_.pop_front();
  LogRoom& room = *room_;
  const LogRoom::Ticket ticket = room.Take(batch.bytes.size(), batch.number);
  room_used_ = true;
  room_unwanted_ = false;
  if (MayMakeRoom() && !making_room_) syncer_wake_.notify_one();
  lock.unlock();
  base::Status status = room.Write(lane, ticket, batch.bytes);
  if (!status.ok()) {
    Die("Can't persist AOF for write or fsync error when the AOF fsync policy is 'always': " + status.message() + ". Exiting...");
    lock.lock();
    return room_quiet_.notify_all();
  }
  lock.lock();
  if (dead_) return room_quiet_.notify_all();
  const std::vector<LogRoom::Done> done = room.Complete(ticket);
  if (spare_.capacity() < batch.bytes.capacity() && batch.bytes.capacity() <= kWriteHereBytesMax) {
    spare_ = std::move(batch.bytes);
    spare_.clear();
  }
  if (!room.in_use() && leaving_room_) room_quiet_.notify_all();
  if (done.empty()) return;
  NoteDone(done);
  lock.unlock();
  on_synced_();
  lock.lock();
}

void AppendLog::NoteDone(std::span<const LogRoom::Done> done) {
  for (const LogRoom::Done& batch : done) {
    DCHECK(batch.number >= written_ && state_.waiting_bytes >= batch.bytes);
    state_.waiting_bytes -= batch.bytes;
    if (batch.bytes != 0) bytes_to_ = batch.number;
    written_ = batch.number;
  }
  synced_ = written_;
  keyspace_.gate().synced.store(synced_, std::memory_order_seq_cst);
  std::ignore = PublishGate();
  progress_.notify_all();
}

}  // namespace tusk::persist
