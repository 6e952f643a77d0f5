// ChangeLog: brings the change records of all threads into commit order and hands them to those who follow: the append
// file, the replication feed.
//
// A writer spells its unit and puts it into an inbox while it holds its stripes; it waits for nobody. The log's thread
// takes what is there, waits for missing numbers (whoever took one is about to put it) and calls the followers in order.
// Numbers start at 1 and have no gaps (Keyspace::NextCommit).
//
// Threads: OnCommit, WaitFor, AddFollower, RemoveFollower any thread; followers are called on the log's thread only.
// Owns: the thread, units on their way; borrows followers until RemoveFollower().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/inbox.h"
#include "base/mutex.h"
#include "store/events.h"

namespace tusk::store {

// One unit, spelled: each part is one command as a RESP array of bulk strings.
struct ChangeUnit {
  struct Part {
    DbIndex db;
    uint8_t targets;  // ChangeTargets bits.
    size_t end;       // In `bytes`; it begins where the part before it ends.
  };
  uint64_t number = 0;
  std::string bytes;
  std::vector<Part> parts;
};

// Writes units as a stream that a Redis server can execute: SELECT where the database changes, MULTI and EXEC round what
// belongs together. A stream's state: caller-synchronised.
class ChangeStream {
 public:
  // `target`: the parts that are meant for this stream.
  explicit ChangeStream(ChangeTargets target) noexcept : target_(target) {}
  // Appends the unit's commands to `out`. True when there was anything for this stream.
  bool Append(const ChangeUnit& unit, std::string& out);
  // The next command says its database again: for a reader who starts here.
  void ForgetDb() noexcept { db_.reset(); }

 private:
  ChangeTargets target_;
  std::optional<DbIndex> db_;
};

class ChangeFollower {
 public:
  virtual ~ChangeFollower() = default;
  // All on the log's thread. The next unit, in commit order.
  virtual void OnUnit(const ChangeUnit& unit) = 0;
  // Everything that had been committed has been handed over, or kIdleMillis have passed without a unit.
  virtual void OnPause() = 0;
};

class ChangeLog final : public ChangeObserver {
 public:
  ChangeLog();
  ~ChangeLog() override;
  ChangeLog(const ChangeLog&) = delete;
  ChangeLog& operator=(const ChangeLog&) = delete;

  void OnCommit(uint64_t commit_number, std::span<const ChangeCommand> unit) override;
  // Waits until all followers have had the unit of this number. With every stripe held, so that nobody commits, a caller
  // finds the followers at rest afterwards. Milliseconds at most, unless a follower is slow.
  void WaitFor(uint64_t commit_number);

  void AddFollower(ChangeFollower& follower);
  // When it returns the follower is not called any more.
  void RemoveFollower(ChangeFollower& follower);

  // How often OnPause() comes at least.
  static constexpr int64_t kIdleMillis = 100;

 private:
  class Arrival;
  void Arrive(ChangeUnit unit);
  void Work();
  // One round. False: there was nothing.
  bool Deliver();

  base::Inbox inbox_;
  // Arrived out of order: [number - next_], empty where one is still missing. The log's thread only.
  std::deque<std::optional<ChangeUnit>> early_;
  uint64_t next_ = 1;

  base::Mutex followers_mutex_;  // Held while followers are called.
  std::vector<ChangeFollower*> followers_ GUARDED_BY(followers_mutex_);

  base::Mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  uint64_t delivered_ GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

// Appends `argv` as a RESP array of bulk strings.
void AppendCommand(std::string& out, std::span<const std::string_view> argv);

}  // namespace tusk::store
