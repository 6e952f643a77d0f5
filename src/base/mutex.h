// Mutex: sleeps while it waits. For everything that is not on the path of a single command; stripes have their own
// lock (store/stripe_lock.h), which never sleeps.
// Threads: thread-safe. Owns: the lock. Lock order: docs/internals/concurrency.md.
#pragma once

#include <mutex>

#include "base/annotations.h"

namespace tusk::base {

class CAPABILITY("mutex") Mutex {
 public:
  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }
  bool TryLock() TRY_ACQUIRE(true) { return mutex_.try_lock(); }
  // For std::condition_variable only.
  std::mutex& native() noexcept { return mutex_; }

 private:
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace tusk::base
