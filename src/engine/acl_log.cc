#include "engine/acl_log.h"

#include <algorithm>

namespace tusk::engine {
namespace {

bool SameCase(const AclLogEntry& a, const AclLogEntry& b) noexcept {
  return a.reason == b.reason && a.context == b.context && a.object == b.object && a.user == b.user;
}

}  // namespace

void AclLog::Add(AclLogEntry entry, int64_t now_ms) {
  denied_[static_cast<size_t>(entry.reason)].fetch_add(1, std::memory_order_relaxed);
  base::MutexLock hold(mutex_);
  const size_t searched = std::min(entries_.size(), kSearchedMax);
  for (size_t i = 0; i < searched; ++i) {
    AclLogEntry& old = entries_[i];
    if (!SameCase(old, entry) || now_ms - old.updated_ms > kGroupedMs) continue;
    ++old.count;
    old.client = std::move(entry.client);
    old.updated_ms = now_ms;
    // What happens again becomes the latest.
    std::rotate(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(i), entries_.begin() + static_cast<ptrdiff_t>(i) + 1);
    return;
  }
  entry.count = 1;
  entry.id = next_id_++;
  entry.created_ms = entry.updated_ms = now_ms;
  entries_.push_front(std::move(entry));
  TrimLocked();
}

std::vector<AclLogEntry> AclLog::Latest(size_t count) const {
  base::MutexLock hold(mutex_);
  return {entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(std::min(count, entries_.size()))};
}

void AclLog::Clear() {
  base::MutexLock hold(mutex_);
  entries_.clear();
}

void AclLog::Trim() {
  base::MutexLock hold(mutex_);
  TrimLocked();
}

void AclLog::TrimLocked() {
  const auto most = static_cast<size_t>(std::max<int64_t>(entries_max_.load(std::memory_order_relaxed), 0));
  if (entries_.size() > most) entries_.resize(most);
}

void AclLog::ResetCounts() noexcept {
  for (auto& count : denied_) count.store(0, std::memory_order_relaxed);
}

}  // namespace tusk::engine
