#include "engine/meters.h"

namespace tusk::engine {

RateMeter::Rates RateMeter::Look(const Totals& totals, int64_t now_micros) {
  base::MutexLock hold(mutex_);
  int64_t passed = now_micros - last_micros_;
  if (last_micros_ != 0 && passed < kIntervalMinMicros) return rates_;
  const bool first_look = last_micros_ == 0;
  // Counters start again after CONFIG RESETSTAT.
  auto per_second = [&](uint64_t now, uint64_t before) {
    return now < before || first_look
               ? 0.0
               : static_cast<double>(now - before) * 1e6 / static_cast<double>(passed);
  };
  rates_.commands_per_second = static_cast<uint64_t>(per_second(totals.commands, last_.commands));
  rates_.input_kilobytes_per_second = per_second(totals.input_bytes, last_.input_bytes) / 1024;
  rates_.output_kilobytes_per_second = per_second(totals.output_bytes, last_.output_bytes) / 1024;
  last_ = totals;
  last_micros_ = now_micros;
  return rates_;
}

}  // namespace tusk::engine
