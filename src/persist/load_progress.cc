#include "persist/load_progress.h"

#include <algorithm>

namespace tusk::persist {

void LoadProgress::Tell(uint64_t bytes_done, uint64_t bytes_total, uint64_t count, std::string_view units) {
  if (!log_) return;
  const int64_t now_ms = clock_->MonotonicMillis();
  if (now_ms - told_ms_ < kTellEveryMs) return;
  told_ms_ = now_ms;
  const double seconds = static_cast<double>(now_ms - started_ms_) / 1e3;
  const double rate = std::max(static_cast<double>(bytes_done) / seconds, 1.0);
  const uint64_t left = bytes_total - std::min(bytes_total, bytes_done);
  log_->Notice("Loading the {}: {} of {} bytes, {} {}, {:.1f} MB/s, about {:.0f} seconds left", what_, bytes_done, bytes_total, count,
               units, rate / 1e6, static_cast<double>(left) / rate);
}

}  // namespace tusk::persist
