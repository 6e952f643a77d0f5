#include "store/tracked_keys.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tusk::store {

bool TrackedKeys::Add(std::string_view key, uint64_t session_id, bool& first) {
  DCHECK(session_id != 0);
  auto found = keys_.find(key);
  first = found == keys_.end();
  if (first) found = keys_.emplace(std::string(key), ReaderList{}).first;
  ReaderList& readers = found->second;
  // The newest reader is the likeliest to come again.
  if (std::find(readers.rbegin(), readers.rend(), session_id) != readers.rend()) return false;
  readers.push_back(session_id);
  return true;
}

ReaderList TrackedKeys::Take(std::string_view key) {
  auto found = keys_.find(key);
  if (found == keys_.end()) return {};
  ReaderList readers = std::move(found->second);
  keys_.erase(found);
  DCHECK(!readers.empty());
  return readers;
}

InvalidatedKey TrackedKeys::TakeAny() {
  CHECK(!keys_.empty());
  auto node = keys_.extract(keys_.begin());
  return {std::move(node.key()), std::move(node.mapped()), 0, false};
}

size_t TrackedKeys::reader_count() const noexcept {
  size_t count = 0;
  for (const auto& [key, readers] : keys_) count += readers.size();
  return count;
}

}  // namespace tusk::store
