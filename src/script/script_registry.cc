#include "script/script_registry.h"

namespace tusk::script {
namespace {

// False when it can't be a digest.
bool ToLowerHex(std::string_view sha, Sha1Hex& out) noexcept {
  if (sha.size() != out.size()) return false;
  for (size_t i = 0; i < sha.size(); ++i) {
    const char c = sha[i];
    out[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return true;
}

}  // namespace

ScriptPtr ScriptRegistry::Find(std::string_view sha) const {
  Sha1Hex key;
  if (!ToLowerHex(sha, key)) return nullptr;
  base::MutexLock lock(mutex_);
  const auto it = scripts_.find(AsView(key));
  if (it == scripts_.end()) return nullptr;
  it->second.script->MarkUsed();
  return it->second.script;
}

base::Result<ScriptPtr> ScriptRegistry::Parse(std::string_view body, const Sha1Hex& sha) {
  ASSIGN_OR_RETURN(const Shebang shebang, ParseShebang(body));
  uint64_t id;
  {
    base::MutexLock lock(mutex_);
    id = next_id_++;
  }
  return std::make_shared<const Script>(id, sha, std::string(body), shebang);
}

ScriptPtr ScriptRegistry::Add(ScriptPtr script, Source source) {
  base::MutexLock lock(mutex_);
  const bool evictable = source == Source::kEval;
  const auto [it, added] = scripts_.try_emplace(script->sha(), Slot{script, evictable});
  Slot& slot = it->second;
  if (!evictable) slot.evictable = false;
  const ScriptPtr registered = slot.script;
  if (added) {
    bytes_ += script->memory_bytes();
    if (evictable) {
      evictable_.push_back(std::move(script));
      EvictOverflow();
    }
  }
  return registered;
}

void ScriptRegistry::EvictOverflow() {
  // A script that was used since it was looked at last gets another round.
  while (evictable_.size() > kEvalScriptsMax) {
    ScriptPtr oldest = std::move(evictable_.front());
    evictable_.pop_front();
    const auto it = scripts_.find(oldest->sha());
    if (it == scripts_.end() || it->second.script != oldest || !it->second.evictable) continue;
    if (oldest->TakeUsedMark()) {
      evictable_.push_back(std::move(oldest));
      continue;
    }
    bytes_ -= oldest->memory_bytes();
    scripts_.erase(it);
  }
}

void ScriptRegistry::Flush() {
  base::MutexLock lock(mutex_);
  scripts_.clear();
  evictable_.clear();
  bytes_ = 0;
}

size_t ScriptRegistry::size() const {
  base::MutexLock lock(mutex_);
  return scripts_.size();
}

size_t ScriptRegistry::memory_bytes() const {
  base::MutexLock lock(mutex_);
  return bytes_ + scripts_.bucket_count() * sizeof(void*);
}

}  // namespace tusk::script
