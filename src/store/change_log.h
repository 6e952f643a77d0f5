// ChangeLog: brings the change records of all threads into commit order and hands them to those who follow: the append
// file, the replication feed.
//
// Each transaction has a writer of its own, which puts units into a queue while their stripes are held, and waits for
// nobody. Deliver() merges the queues by commit number and calls the followers. Whoever drives a loop calls it after each
// round, before replies leave; units of all other threads are delivered by the log's own thread, which they wake. Numbers
// start at 1 and have no gaps (Keyspace::NextCommit): where one is missing, its thread has taken it and is about to put the
// unit, and delivers afterwards.
//
// Threads: thread-safe; followers are called by one thread at a time, in order. Deliver() and WaitFor() want a caller that
// holds no lock which a follower takes. Owns: its thread, the queues; borrows followers until RemoveFollower(). Writers die
// before it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "store/change_queue.h"
#include "store/change_unit.h"

namespace tusk::store {

class ChangeFollower {
 public:
  virtual ~ChangeFollower() = default;
  // The next units, in commit order. They are gone when it returns.
  virtual void OnUnits(std::span<const ChangeUnit> units) = 0;
  // Everything that had been committed has been handed over, or kIdleMillis have passed without a unit.
  virtual void OnPause() = 0;
};

class ChangeLog final : public ChangeObserver {
 public:
  // What waits here is counted as on its way out; `account` outlives the log.
  explicit ChangeLog(PassingBytes& account);
  ~ChangeLog() override;
  ChangeLog(const ChangeLog&) = delete;
  ChangeLog& operator=(const ChangeLog&) = delete;

  std::unique_ptr<ChangeWriter> NewWriter() override;

  // Hands on what is there, up to the first number that is missing. Waits for no other caller: one that is at it already
  // goes on with what has come meanwhile.
  void Deliver();
  // The newest unit that all followers have had, and paused after.
  uint64_t delivered() const noexcept { return delivered_.load(std::memory_order_acquire); }
  // Blocks until they have had the unit of this number. With every stripe held, so that nobody commits, a caller finds the
  // followers at rest afterwards. Milliseconds at most, unless a follower is slow.
  void WaitFor(uint64_t commit_number);

  void AddFollower(ChangeFollower& follower);
  // When it returns the follower is not called any more.
  void RemoveFollower(ChangeFollower& follower);

  // How often OnPause() comes at least.
  static constexpr int64_t kIdleMillis = 100;

 private:
  class Writer;
  // A queue as the merge sees it.
  struct Source {
    ChangeQueue* queue;
    uint64_t next;  // The number of its oldest unit; 0: it looked empty.
  };

  ChangeQueue& TakeQueue();
  void GiveBack(ChangeQueue& queue);
  void WakeThread() noexcept;
  void Work();
  void Merge() REQUIRES(followers_mutex_);
  // The queue that has this number; null if none has it yet.
  Source* FindSource(uint64_t number) REQUIRES(followers_mutex_);
  void HandOut() REQUIRES(followers_mutex_);

  PassingBytes& account_;
  base::Mutex queues_mutex_;
  std::vector<std::unique_ptr<ChangeQueue>> queues_ GUARDED_BY(queues_mutex_);
  std::vector<ChangeQueue*> unused_ GUARDED_BY(queues_mutex_);  // Without a writer; what is inside is delivered still.
  std::atomic<size_t> queue_count_{0};  // Tells the merge that there is a new one.

  // Who wants a delivery sets wanted_ and then asks who delivers; who has delivered stops and then looks at wanted_: sequentially
  // consistent, so that one of the two sees the other. The same holds between wanted_ and asleep_, the thread's.
  std::atomic<bool> wanted_{false};
  std::atomic<bool> delivering_{false};
  std::atomic<bool> asleep_{false};
  std::atomic<uint64_t> delivered_{0};  // Written by who delivers.

  base::Mutex followers_mutex_;  // Held while followers are called.
  std::vector<ChangeFollower*> followers_ GUARDED_BY(followers_mutex_);
  std::vector<Source> sources_ GUARDED_BY(followers_mutex_);
  std::vector<ChangeUnit> units_ GUARDED_BY(followers_mutex_);
  uint64_t handed_out_ GUARDED_BY(followers_mutex_) = 0;  // The newest unit that was.

  base::Mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace tusk::store
