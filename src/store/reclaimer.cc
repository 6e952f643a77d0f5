#include "store/reclaimer.h"

#include <mutex>
#include <utility>

#include "base/free_pace.h"

namespace tusk::store {

Reclaimer::Reclaimer() : thread_([this] { Work(); }) {}

Reclaimer::~Reclaimer() {
  base::FreeHurry hurry;
  {
    base::MutexLock hold(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Reclaimer::Reclaim(Value value) {
  if (value.FreeEffort() <= kInlineEffortMax) return;
  Run([owned = std::move(value)] {}, 1);
}

void Reclaimer::Run(std::move_only_function<void()> task, uint64_t objects) {
  pending_.fetch_add(objects, std::memory_order_relaxed);
  {
    base::MutexLock hold(mutex_);
    tasks_.push_back({std::move(task), objects});
  }
  changed_.notify_all();
}

void Reclaimer::Drain() NO_THREAD_SAFETY_ANALYSIS {
  base::FreeHurry hurry;
  std::unique_lock hold(mutex_.native());
  changed_.wait(hold, [this]() NO_THREAD_SAFETY_ANALYSIS { return tasks_.empty() && !busy_; });
}

void Reclaimer::Work() NO_THREAD_SAFETY_ANALYSIS {
  base::FreePace pace;
  std::unique_lock hold(mutex_.native());
  for (;;) {
    changed_.wait(hold, [this]() NO_THREAD_SAFETY_ANALYSIS { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      busy_ = true;
      hold.unlock();
      task.run();
      uint64_t objects = task.objects;
      task.run = nullptr;
      pending_.fetch_sub(objects, std::memory_order_relaxed);
      reclaimed_.fetch_add(objects, std::memory_order_relaxed);
    }
    hold.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace tusk::store
