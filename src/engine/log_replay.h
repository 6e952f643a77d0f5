// LogReplay: brings the dataset back from the append log: the base (RDB, or commands), then the increments, executed one
// command after the other.
//
// What a crash cut off at the end of the last file that holds anything is taken off, a broken transaction as a whole, if
// the configuration allows it; every other damage ends the start, with its file and place.
// Threads: Run() on one thread, progress() and Stop() from any. Owns: the session and worker that execute.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "command/session.h"
#include "io/file_system.h"
#include "persist/aof_reader.h"
#include "persist/load_progress.h"
#include "persist/loader.h"

namespace tusk::command {
class Worker;
struct Services;
}  // namespace tusk::command

namespace tusk::engine {

class LogReplay {
 public:
  struct Part {
    std::string name;  // For messages.
    std::string path;
    bool is_base = false;
  };
  struct Options {
    command::Services* services;
    io::FileSystem* files;
    std::unique_ptr<command::Worker> worker;
    // For the RDB part of a base.
    std::function<std::shared_ptr<persist::Loader>()> new_loader;
    base::Logger* log = nullptr;
    bool cut_torn_tail = true;
  };
  explicit LogReplay(Options options);
  ~LogReplay();

  // Blocks. Settings::loading is on, and nobody else changes the keyspace. The message of an error is a log line.
  // kUnavailable: stopped.
  base::Status Run(const std::vector<Part>& parts);
  void Stop() noexcept;
  // bytes_*, started_unix_seconds, keys_* of the base.
  persist::Loader::Progress progress() const;

 private:
  struct Tail;
  base::Status RunPart(const Part& part, bool is_last);
  base::Status LoadPreamble(io::File& file, const Part& part, uint64_t& offset);
  base::Status RunCommands(io::File& file, const Part& part, uint64_t offset, Tail& tail);
  base::Status Execute(const Part& part, const persist::AofReader& reader);
  base::Status Cut(const Part& part, const Tail& tail);
  base::Status CutTail(const Part& part, const Tail& tail, uint64_t size);

  Options o_;
  command::Session session_;
  uint64_t commands_ = 0;
  uint64_t failed_ = 0;
  std::optional<persist::LoadProgress> telling_;
  // Figures for INFO, each for itself: relaxed.
  std::atomic<uint64_t> bytes_total_{0};
  std::atomic<uint64_t> bytes_done_{0};  // Of the parts that are through.
  std::atomic<uint64_t> bytes_part_{0};  // Of the one that is read.
  std::atomic<int64_t> started_unix_seconds_{0};
  std::atomic<bool> stop_{false};
  mutable base::Mutex mutex_;
  std::shared_ptr<persist::Loader> loader_ GUARDED_BY(mutex_);  // Sharers: who loads, and who looks at the progress.
};

}  // namespace tusk::engine
