// MigratePool: connections that MIGRATE has used and may use again: moving a slot's keys is one MIGRATE per few keys.
//
// Threads: thread-safe; its lock is a leaf. Owns: the connections that rest in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "families/migrate_link.h"

namespace tusk::families {

class MigratePool {
 public:
  // The most that rest at a time, and for how long: Redis' numbers.
  static constexpr size_t kLinksMax = 64;
  static constexpr int64_t kIdleMillisMax = 10'000;

  // Nothing when none to that server rests here. O(kLinksMax), like the others.
  std::optional<MigrateLink> Take(const std::string& host, uint16_t port);
  // A link on which every answer has been read. Of too many, the one that has rested longest is closed.
  void Give(const std::string& host, uint16_t port, MigrateLink link, int64_t now_ms);
  // Closes those that have rested too long. `now_ms`: monotonic milliseconds.
  void DropIdle(int64_t now_ms);
  size_t size() const;

 private:
  struct Resting {
    std::string host;
    uint16_t port;
    int64_t since_ms;
    MigrateLink link;
  };
  mutable base::Mutex mutex_;
  std::vector<Resting> resting_ GUARDED_BY(mutex_);  // Longest first.
};

}  // namespace tusk::families
