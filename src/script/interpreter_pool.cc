#include "script/interpreter_pool.h"

#include <algorithm>

#include "base/check.h"

namespace tusk::script {

InterpreterPool::~InterpreterPool() {
  base::MutexLock lock(mutex_);
  CHECK(leased_.empty());
}

InterpreterPool::Lease InterpreterPool::Acquire() {
  std::unique_ptr<Interpreter> interpreter;
  {
    base::MutexLock lock(mutex_);
    if (!idle_.empty()) {
      interpreter = std::move(idle_.back());
      idle_.pop_back();
      leased_.push_back(interpreter.get());
      return Lease(this, std::move(interpreter), generation_);
    }
  }
  interpreter = std::make_unique<Interpreter>(bytes_max_);
  base::MutexLock lock(mutex_);
  leased_.push_back(interpreter.get());
  return Lease(this, std::move(interpreter), generation_);
}

void InterpreterPool::Return(std::unique_ptr<Interpreter> interpreter, uint64_t generation) {
  base::MutexLock lock(mutex_);
  std::erase(leased_, interpreter.get());
  // Otherwise it is closed here, after the lock is given back: parameters outlive locals.
  if (generation == generation_ && idle_.size() < kIdleInterpretersMax) idle_.push_back(std::move(interpreter));
}

void InterpreterPool::Flush() {
  std::vector<std::unique_ptr<Interpreter>> closing;
  base::MutexLock lock(mutex_);
  ++generation_;
  closing.swap(idle_);  // Destroyed after the lock is given back.
}

size_t InterpreterPool::memory_bytes() const {
  base::MutexLock lock(mutex_);
  size_t bytes = 0;
  for (const auto& interpreter : idle_) bytes += interpreter->memory_bytes();
  for (const Interpreter* interpreter : leased_) bytes += interpreter->memory_bytes();
  return bytes;
}

}  // namespace tusk::script
