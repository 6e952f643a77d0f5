// AclLog: what was refused lately, for ACL LOG, and how often, for INFO. Refusals that repeat within a minute share one
// entry.
// Threads: thread-safe. Owns: its entries, at most acllog-max-len.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "command/access.h"

namespace tusk::engine {

// The reason as ACL LOG names it.
enum class AclReason : uint8_t { kAuth, kCommand, kKey, kChannel };
inline constexpr size_t kAclReasons = 4;

struct AclLogEntry {
  uint64_t count = 1;
  AclReason reason = AclReason::kCommand;
  command::AccessContext context = command::AccessContext::kTopLevel;
  std::string object;  // The command, key or channel.
  std::string user;
  std::string client;  // As CLIENT LIST shows it, of the latest.
  uint64_t id = 0;
  int64_t created_ms = 0;  // Unix milliseconds.
  int64_t updated_ms = 0;
};

class AclLog {
 public:
  // `entries_max` is the setting's live value.
  explicit AclLog(const std::atomic<int64_t>& entries_max) : entries_max_(entries_max) {}

  // `entry` needs no id, count and times.
  void Add(AclLogEntry entry, int64_t now_ms);
  // Newest first.
  std::vector<AclLogEntry> Latest(size_t count) const;
  void Clear();
  // The setting became smaller.
  void Trim();

  uint64_t denied(AclReason reason) const noexcept {
    return denied_[static_cast<size_t>(reason)].load(std::memory_order_relaxed);
  }
  void ResetCounts() noexcept;

  // Entries that are searched for one to add to, and for how long it may be added to.
  static constexpr size_t kSearchedMax = 10;
  static constexpr int64_t kGroupedMs = 60'000;

 private:
  void TrimLocked() REQUIRES(mutex_);

  const std::atomic<int64_t>& entries_max_;
  mutable base::Mutex mutex_;
  std::deque<AclLogEntry> entries_ GUARDED_BY(mutex_);  // Newest first.
  uint64_t next_id_ GUARDED_BY(mutex_) = 0;
  // Each stands for itself: relaxed.
  std::array<std::atomic<uint64_t>, kAclReasons> denied_{};
};

}  // namespace tusk::engine
