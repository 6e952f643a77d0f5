#include "store/change_log.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "store/stripe_lock.h"

namespace tusk::store {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Units that followers get in one call.
constexpr size_t kUnitsPerCall = 128;
// How often a missing number is looked for before the merge gives up: its thread is within a few instructions of putting
// the unit, unless the system has taken the processor away from it.
constexpr int kLooksForMissing = 100;
// Who delivers for others does so this often, then leaves the rest to the log's thread.
constexpr int kRoundsMax = 4;
constexpr microseconds kWaitForDelivery{20};

}  // namespace

class ChangeLog::Writer final : public ChangeWriter {
 public:
  explicit Writer(ChangeLog& log) : log_(log), queue_(log.TakeQueue()) {}
  ~Writer() override { log_.GiveBack(queue_); }

  void Write(const ChangeUnit& unit) override {
    queue_.Put(unit);
    if (!delivers_) log_.WakeThread();
  }
  void set_delivers(bool delivers) noexcept override { delivers_ = delivers; }

 private:
  ChangeLog& log_;
  ChangeQueue& queue_;
  bool delivers_ = false;
};

ChangeLog::ChangeLog(PassingBytes& account) : account_(account), thread_([this] { Work(); }) {}

ChangeLog::~ChangeLog() {
  {
    base::MutexLock hold(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

// ---- Writers ----

std::unique_ptr<ChangeWriter> ChangeLog::NewWriter() { return std::make_unique<Writer>(*this); }

ChangeQueue& ChangeLog::TakeQueue() {
  base::MutexLock hold(queues_mutex_);
  if (!unused_.empty()) {
    ChangeQueue& queue = *unused_.back();
    unused_.pop_back();
    return queue;
  }
  queues_.push_back(std::make_unique<ChangeQueue>(account_));
  queue_count_.store(queues_.size(), std::memory_order_release);
  return *queues_.back();
}

void ChangeLog::GiveBack(ChangeQueue& queue) {
  base::MutexLock hold(queues_mutex_);
  DCHECK(std::ranges::find(unused_, &queue) == unused_.end());
  unused_.push_back(&queue);
}

void ChangeLog::WakeThread() noexcept {
  wanted_.store(true, std::memory_order_seq_cst);
  if (!asleep_.load(std::memory_order_seq_cst) || !asleep_.exchange(false, std::memory_order_seq_cst)) return;
  // The empty section orders this after the thread's last look.
  { base::MutexLock hold(mutex_); }
  changed_.notify_all();
}

// ---- Delivery ----

void ChangeLog::Deliver() {
  wanted_.store(true, std::memory_order_seq_cst);
  for (int round = 0; wanted_.load(std::memory_order_seq_cst); ++round) {
    if (round == kRoundsMax) return WakeThread();
    if (delivering_.exchange(true, std::memory_order_seq_cst)) return;
    wanted_.store(false, std::memory_order_seq_cst);
    {
      base::MutexLock hold(followers_mutex_);
      Merge();
    }
    delivering_.store(false, std::memory_order_seq_cst);
  }
}

ChangeLog::Source* ChangeLog::FindSource(uint64_t number) {
  for (int look = 0;; ++look) {
    bool missing = false;
    for (Source& source : sources_) {
      if (source.next == 0) source.next = source.queue->NextNumber();
      if (source.next == number) return &source;
      DCHECK(source.next == 0 || source.next > number);
      missing = missing || source.next != 0;
    }
    if (!missing || look == kLooksForMissing) return nullptr;
    StripeLock::Pause();
  }
}

void ChangeLog::Merge() {
  if (sources_.size() != queue_count_.load(std::memory_order_acquire)) {
    base::MutexLock hold(queues_mutex_);
    for (size_t i = sources_.size(); i < queues_.size(); ++i) sources_.push_back({queues_[i].get(), 0});
  }
  uint64_t number = handed_out_ + 1;
  while (Source* source = FindSource(number)) {
    do {
      units_.push_back(source->queue->Next());
      DCHECK(units_.back().number == number);
      source->next = source->queue->NextNumber();
      ++number;
    } while (source->next == number && units_.size() < kUnitsPerCall);
    if (units_.size() >= kUnitsPerCall) HandOut();
  }
  HandOut();
  for (ChangeFollower* follower : followers_) follower->OnPause();
  delivered_.store(handed_out_, std::memory_order_release);
}

void ChangeLog::HandOut() {
  if (units_.empty()) return;
  DCHECK(units_.front().number == handed_out_ + 1);
  handed_out_ = units_.back().number;
  for (ChangeFollower* follower : followers_) follower->OnUnits(units_);
  units_.clear();
  for (Source& source : sources_) source.queue->Release();
}

void ChangeLog::Work() NO_THREAD_SAFETY_ANALYSIS {
  for (;;) {
    Deliver();
    std::unique_lock hold(mutex_.native());
    if (stopping_) return;
    asleep_.store(true, std::memory_order_seq_cst);
    if (!wanted_.load(std::memory_order_seq_cst)) {
      changed_.wait_for(hold, milliseconds(kIdleMillis), [this]() NO_THREAD_SAFETY_ANALYSIS {
        return stopping_ || !asleep_.load(std::memory_order_relaxed);
      });
    }
    asleep_.store(false, std::memory_order_relaxed);
  }
}

void ChangeLog::WaitFor(uint64_t commit_number) {
  while (delivered() < commit_number) {
    Deliver();
    if (delivered() < commit_number) std::this_thread::sleep_for(kWaitForDelivery);
  }
}

void ChangeLog::AddFollower(ChangeFollower& follower) {
  base::MutexLock hold(followers_mutex_);
  followers_.push_back(&follower);
}

void ChangeLog::RemoveFollower(ChangeFollower& follower) {
  base::MutexLock hold(followers_mutex_);
  std::erase(followers_, &follower);
}

}  // namespace tusk::store
