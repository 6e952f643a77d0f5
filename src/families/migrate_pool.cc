#include "families/migrate_pool.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tusk::families {

std::optional<MigrateLink> MigratePool::Take(const std::string& host, uint16_t port) {
  base::MutexLock hold(mutex_);
  auto found = std::ranges::find_if(resting_, [&](const Resting& it) { return it.host == host && it.port == port; });
  if (found == resting_.end()) return std::nullopt;
  std::optional<MigrateLink> link(std::move(found->link));
  resting_.erase(found);
  return link;
}

void MigratePool::Give(const std::string& host, uint16_t port, MigrateLink link, int64_t now_ms) {
  base::MutexLock hold(mutex_);
  if (resting_.size() == kLinksMax) resting_.erase(resting_.begin());
  DCHECK(resting_.size() < kLinksMax);
  resting_.push_back({host, port, now_ms, std::move(link)});
}

void MigratePool::DropIdle(int64_t now_ms) {
  base::MutexLock hold(mutex_);
  std::erase_if(resting_, [now_ms](const Resting& it) { return now_ms - it.since_ms > kIdleMillisMax; });
}

size_t MigratePool::size() const {
  base::MutexLock hold(mutex_);
  return resting_.size();
}

}  // namespace tusk::families
