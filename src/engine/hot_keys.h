// HotKeys: which keys cost the most CPU time and move the most bytes, while somebody has asked (HOTKEYS, after Redis 8.6's
// documentation). A command's cost is shared out evenly among its keys.
//
// Space Saving: a bounded number of keys is counted; one that is not among them takes the place, and the count, of the least.
// So a hot key is never missed and its figure may be too large, by the least one's at the most.
// Threads: TopKeys caller-synchronised; HotKeys thread-safe. Owns: copies of the keys that are counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace tusk::engine {

class TopKeys {
 public:
  // `capacity` keys are counted at the most; more than 0.
  explicit TopKeys(size_t capacity) : capacity_(capacity) {}
  // O(log capacity).
  void Add(std::string_view key, uint64_t weight);
  // The heaviest first, at most `count`; those without weight are none.
  std::vector<std::pair<std::string, uint64_t>> Top(size_t count) const;

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };

  size_t capacity_;
  std::unordered_map<std::string, uint64_t, TextHash, std::equal_to<>> weights_;
  std::set<std::pair<uint64_t, const std::string*>> order_;  // The same, the lightest first.
};

class HotKeys {
 public:
  static constexpr size_t kCountDefault = 10;
  static constexpr size_t kCountMax = 64;

  struct Wish {
    bool cpu = false;
    bool net = false;
    size_t count = kCountDefault;  // 1 to kCountMax.
    int64_t duration_ms = 0;       // 0: until it is stopped.
    uint64_t sample_ratio = 1;     // One command in so many is looked at.
  };
  struct Report {
    Wish wish;
    bool active = false;
    uint64_t micros = 0;  // Of all commands with keys, looked at or not.
    uint64_t bytes = 0;
    int64_t start_unix_ms = 0;
    int64_t lasted_ms = 0;
    int64_t user_cpu_ms = 0;  // Of the whole process.
    int64_t system_cpu_ms = 0;
    std::vector<std::pair<std::string, uint64_t>> by_micros;
    std::vector<std::pair<std::string, uint64_t>> by_bytes;
  };

  explicit HotKeys(std::atomic<bool>& wanted) noexcept : wanted_(wanted) {}

  // False: it is under way already.
  bool Start(const Wish& wish, const base::Clock& clock);
  // False: it was not under way. What it saw stays.
  bool Stop(const base::Clock& clock);
  // False: it is under way.
  bool Forget(const base::Clock& clock);
  std::optional<Report> Get(const base::Clock& clock);
  // One command that has run. `keys` is not empty.
  void Note(std::span<const std::string_view> keys, uint64_t micros, uint64_t bytes, const base::Clock& clock);

 private:
  struct CpuTime {
    int64_t user_ms = 0;
    int64_t system_ms = 0;
  };
  struct Tracking {
    Wish wish;
    bool active = true;
    int64_t start_unix_ms = 0;
    int64_t start_ms = 0;  // Monotonic, as the next one.
    int64_t end_ms = 0;
    CpuTime cpu_start, cpu_end;
    uint64_t micros = 0;
    uint64_t bytes = 0;
    TopKeys by_micros;
    TopKeys by_bytes;
  };
  // Each counted key in so many is one that is shown.
  static constexpr size_t kCountedPerShown = 100;

  static CpuTime ProcessCpuTime() noexcept;
  void EndWhenDue(int64_t now_ms) REQUIRES(mutex_);
  void End(int64_t now_ms) REQUIRES(mutex_);

  // Tells who runs commands whether Note() is wanted: relaxed, a command more or less does not matter.
  std::atomic<bool>& wanted_;
  base::Mutex mutex_;
  std::optional<Tracking> tracking_ GUARDED_BY(mutex_);
};

}  // namespace tusk::engine
