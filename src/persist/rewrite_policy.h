// RewritePolicy: when the append log is rewritten by itself. No threads, no files: a function of what it is told.
// Threads: a value. Owns: how often rewrites have failed of late.
#pragma once

#include <cstdint>

namespace tusk::persist {

class RewritePolicy {
 public:
  struct Growth {
    uint64_t bytes;             // Of the log now,
    uint64_t base_bytes;        // and after the last rewrite.
    int64_t percent_wanted;     // 0: never.
    uint64_t bytes_min;
  };
  // How much it has grown, in percent, when that is enough; otherwise 0.
  static int64_t Due(const Growth& growth) noexcept {
    if (growth.percent_wanted == 0 || growth.bytes <= growth.bytes_min) return 0;
    const uint64_t base = growth.base_bytes == 0 ? 1 : growth.base_bytes;
    const auto percent = static_cast<int64_t>(growth.bytes * 100 / base) - 100;
    return percent >= growth.percent_wanted ? percent : 0;
  }

  void NoteResult(bool ok) noexcept {
    failures_ = ok ? 0 : failures_ + 1;
    if (ok) delay_minutes_ = next_seconds_ = 0;
  }
  uint64_t failures() const noexcept { return failures_; }
  // After some failures in a row a rewrite that nobody asked for waits, each time twice as long. `told_minutes` is set when
  // such a wait begins.
  bool Allows(int64_t now_seconds, int64_t& told_minutes) noexcept {
    told_minutes = 0;
    if (failures_ < kFailuresAllowed) return true;
    if (next_seconds_ != 0) {
      if (now_seconds < next_seconds_) return false;
      next_seconds_ = 0;
      return true;
    }
    delay_minutes_ = delay_minutes_ == 0 ? 1 : delay_minutes_ * 2;
    if (delay_minutes_ > kDelayMinutesMax) delay_minutes_ = kDelayMinutesMax;
    next_seconds_ = now_seconds + delay_minutes_ * 60;
    told_minutes = delay_minutes_;
    return false;
  }

  static constexpr uint64_t kFailuresAllowed = 3;
  static constexpr int64_t kDelayMinutesMax = 60;

 private:
  uint64_t failures_ = 0;
  int64_t delay_minutes_ = 0;
  int64_t next_seconds_ = 0;
};

}  // namespace tusk::persist
