// InterpreterPool: as many interpreters as scripts run at the same time. A run leases the one that came back last,
// whose compiled functions are warm; a new one is made when all are busy.
// Threads: thread-safe; a lease belongs to the thread that runs. Owns: the interpreters that are not leased.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "script/interpreter.h"

namespace tusk::script {

// Idle interpreters kept; further ones are closed when they come back.
inline constexpr size_t kIdleInterpretersMax = 64;

class InterpreterPool {
 public:
  class Lease {
   public:
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (interpreter_) pool_->Return(std::move(interpreter_), generation_);
    }
    Interpreter* operator->() const noexcept { return interpreter_.get(); }
    Interpreter& operator*() const noexcept { return *interpreter_; }

   private:
    friend class InterpreterPool;
    Lease(InterpreterPool* pool, std::unique_ptr<Interpreter> interpreter, uint64_t generation) noexcept
        : pool_(pool), interpreter_(std::move(interpreter)), generation_(generation) {}
    InterpreterPool* pool_;
    std::unique_ptr<Interpreter> interpreter_;
    uint64_t generation_;
  };

  explicit InterpreterPool(size_t bytes_max = kLuaBytesMaxDefault) : bytes_max_(bytes_max) {}
  InterpreterPool(const InterpreterPool&) = delete;
  InterpreterPool& operator=(const InterpreterPool&) = delete;
  ~InterpreterPool();

  Lease Acquire();
  // Closes the idle interpreters, and the leased ones when they come back, with all that they have compiled.
  void Flush();
  // Lua's bytes, leased ones included.
  size_t memory_bytes() const;

 private:
  void Return(std::unique_ptr<Interpreter> interpreter, uint64_t generation);

  const size_t bytes_max_;
  mutable base::Mutex mutex_;
  std::vector<std::unique_ptr<Interpreter>> idle_ GUARDED_BY(mutex_);
  std::vector<const Interpreter*> leased_ GUARDED_BY(mutex_);
  uint64_t generation_ GUARDED_BY(mutex_) = 0;
};

}  // namespace tusk::script
