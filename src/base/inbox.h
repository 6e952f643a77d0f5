// Inbox: many threads put messages in, one takes them out, in the order in which they were put.
//
// A lock-free stack of whole messages that the consumer takes at once and turns round. Put says whether the inbox was
// empty: only then need the consumer be woken, so a burst costs one wake-up.
// Unbounded by itself: whoever puts messages bounds them (a connection's output limit, one wake-up per waiter).
// Threads: Put and empty any thread, TakeAll the consumer's. Owns: the messages inside.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace tusk::base {

// Something to do on the thread that owns an inbox. Carries copies, not views.
class Task {
 public:
  virtual ~Task() = default;
  virtual void Run() noexcept = 0;

 private:
  friend class Inbox;
  friend class TaskList;
  std::unique_ptr<Task> next_;
};

template <typename Function>
std::unique_ptr<Task> MakeTask(Function function) {
  class FunctionTask final : public Task {
   public:
    explicit FunctionTask(Function&& f) : function_(std::move(f)) {}
    void Run() noexcept override { function_(); }

   private:
    Function function_;
  };
  return std::make_unique<FunctionTask>(std::move(function));
}

// Tasks in order, to be popped one by one.
class TaskList {
 public:
  TaskList() noexcept = default;
  TaskList(TaskList&&) noexcept = default;
  TaskList& operator=(TaskList&&) noexcept = default;
  ~TaskList() {
    while (Pop() != nullptr) {
    }
  }
  bool empty() const noexcept { return first_ == nullptr; }
  std::unique_ptr<Task> Pop() noexcept {
    std::unique_ptr<Task> task = std::move(first_);
    if (task != nullptr) first_ = std::move(task->next_);
    return task;
  }

 private:
  friend class Inbox;
  std::unique_ptr<Task> first_;
};

class Inbox {
 public:
  Inbox() noexcept = default;
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  ~Inbox() { TakeAll(); }

  // True when it was empty before.
  bool Put(std::unique_ptr<Task> task) noexcept {
    Task* node = task.release();
    // Sequentially consistent, since the order of this store and the waker's load of "asleep" against the consumer's
    // store of "asleep" and its load in empty() is what makes a lost wake-up impossible (io/event_loop.h).
    Task* head = newest_.load(std::memory_order_relaxed);
    do {
      (void)node->next_.release();
      node->next_.reset(head);
    } while (!newest_.compare_exchange_weak(head, node, std::memory_order_seq_cst, std::memory_order_relaxed));
    return head == nullptr;
  }

  bool empty() const noexcept { return newest_.load(std::memory_order_seq_cst) == nullptr; }

  // Everything that is inside, oldest first.
  TaskList TakeAll() noexcept {
    TaskList list;
    Task* node = newest_.exchange(nullptr, std::memory_order_acquire);
    while (node != nullptr) {
      Task* older = node->next_.release();
      node->next_ = std::move(list.first_);
      list.first_.reset(node);
      node = older;
    }
    return list;
  }

 private:
  std::atomic<Task*> newest_{nullptr};  // Publishes each message and its link to the consumer, which takes with acquire.
};

}  // namespace tusk::base
