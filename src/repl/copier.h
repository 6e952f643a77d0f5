// Copier: gives replicas the copy of the dataset that they wait for, while everybody else works on.
//
// Its thread holds every stripe for an instant: that is the moment of copy and offset (Feed::StartCopy). Then it writes
// the copy (command::DatasetCopy) to all replicas that wait for one of the same kind, no faster than the slowest of them
// reads, so that memory stays bounded: kUnsentBytesMax for each. Replicas that must know the length first (they did not
// say `capa eof`) have it spelled in memory before it is sent.
//
// Threads: Ask any; SetLog before anything runs; Stop once. Owns: the thread, from the first Ask() on.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "repl/feed.h"

namespace tusk::base {
class Logger;
}
namespace tusk::command {
struct Services;
}

namespace tusk::repl {

class Copier {
 public:
  Copier(command::Services& services, Feed& feed) noexcept : services_(services), feed_(feed) {}
  ~Copier() { Stop(); }
  Copier(const Copier&) = delete;
  Copier& operator=(const Copier&) = delete;

  void SetLog(base::Logger* log) noexcept { log_ = log; }
  // A replica has joined, or waits for a copy (Feed::AskForCopy): from now on they are looked after.
  void Ask();
  // What is being written breaks off. Afterwards nobody is looked after.
  void Stop();

  // Of the copy, pushed to a replica and not sent yet. A quarter of the output limit, where that is less.
  static constexpr uint64_t kUnsentBytesMax = 8 << 20;
  // How often replicas are looked at, and a copy is tried that a snapshot under way held up.
  static constexpr int64_t kTickMillis = 100;

 private:
  class Sink;
  struct Target;

  void Work();
  bool WaitForWork();
  bool Stopping() const;
  void CloseLost();
  void Close(uint64_t session_id);
  // False: a snapshot is under way.
  bool Copy(CopyKind kind);
  void Note(std::string_view text) const;

  command::Services& services_;
  Feed& feed_;
  base::Logger* log_ = nullptr;
  mutable base::Mutex mutex_;
  std::condition_variable changed_;
  bool asked_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_ GUARDED_BY(mutex_);
};

}  // namespace tusk::repl
