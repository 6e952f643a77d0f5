// Summary: what a dataset is made of, counted while it goes by, as a table for people. Progress: the line that says how far.
// Threads: caller-synchronised. Owns: its counters.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <set>
#include <string>
#include <string_view>

#include "store/entry.h"

namespace tusk::tool {

class Summary {
 public:
  // `bytes`: of the key's record where it came from.
  void Count(store::Type type, uint64_t bytes, bool has_deadline) noexcept;
  void CountDatabase(int database) { databases_.insert(database); }

  uint64_t functions = 0;
  uint64_t commands = 0;
  uint64_t expired = 0;
  uint64_t empty = 0;

  uint64_t keys() const noexcept;
  // Several lines, the last one with its end.
  std::string Table() const;

 private:
  struct Row {
    uint64_t keys = 0;
    uint64_t bytes = 0;
    uint64_t with_deadline = 0;
  };
  static constexpr size_t kTypes = static_cast<size_t>(store::Type::kDocument) + 1;
  Row rows_[kTypes];
  std::set<int> databases_;
};

// Drawn on standard error, on a terminal only, ten times a second at most.
class Progress {
 public:
  // `total` 0: nobody knows.
  Progress(std::string label, uint64_t total);
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set_total(uint64_t total) noexcept { total_ = total; }
  // `done` of `total` bytes (or keys, where a source counts those).
  void Show(uint64_t done, uint64_t keys);
  void Clear();
  double seconds() const;

 private:
  std::string Line(uint64_t done, uint64_t keys, double seconds) const;

  const std::string label_;
  uint64_t total_;
  const bool is_terminal_;
  bool drawn_ = false;
  const std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point next_;
};

// "1.5 MB".
std::string Bytes(uint64_t bytes);
// "3 keys", "1 key".
std::string Counted(uint64_t count, std::string_view noun);

}  // namespace tusk::tool
