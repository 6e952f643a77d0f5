// ScriptRegistry: the scripts that EVALSHA can name, shared by all interpreters.
//
// Scripts that came by SCRIPT LOAD stay until SCRIPT FLUSH. Those that came by EVAL are bounded in number, since
// clients exist that write a new script for every call: the longest unused one makes room.
// Threads: thread-safe. Owns: the scripts, together with the runs in progress.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "base/status.h"
#include "script/script.h"

namespace tusk::script {

inline constexpr size_t kEvalScriptsMax = 4096;

// The sharers are the registry and whoever runs the script while it is flushed.
using ScriptPtr = std::shared_ptr<const Script>;

class ScriptRegistry {
 public:
  enum class Source { kEval, kLoad };

  ScriptRegistry() = default;
  ScriptRegistry(const ScriptRegistry&) = delete;
  ScriptRegistry& operator=(const ScriptRegistry&) = delete;

  // The script of that digest (letters in any case), or null.
  ScriptPtr Find(std::string_view sha) const;
  // A script that is not registered yet; the error is that of its first line.
  base::Result<ScriptPtr> Parse(std::string_view body, const Sha1Hex& sha);
  // Makes it known; the caller has seen it compile. Returns the one that is registered under the digest.
  ScriptPtr Add(ScriptPtr script, Source source);
  void Flush();

  size_t size() const;
  size_t memory_bytes() const;

 private:
  struct Slot {
    ScriptPtr script;
    bool evictable;
  };
  void EvictOverflow() REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  // Keys are views of the scripts' own digests.
  std::unordered_map<std::string_view, Slot> scripts_ GUARDED_BY(mutex_);
  // Evictable ones, oldest first; entries whose script is gone or has been loaded since are skipped.
  std::deque<ScriptPtr> evictable_ GUARDED_BY(mutex_);
  size_t bytes_ GUARDED_BY(mutex_) = 0;
  uint64_t next_id_ GUARDED_BY(mutex_) = 1;
};

}  // namespace tusk::script
