// Expirer: deletes keys when their deadline passes. Each worker's timer drains its share of the stripes.
//
// Threads: one per worker, worker-owned; takes stripe locks without waiting. Owns: nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace tusk::store {

class Transaction;

class Expirer {
 public:
  // Looks after the stripes i with i % shares == share.
  Expirer(size_t share, size_t shares) noexcept : share_(share), shares_(shares) {}

  // Deletes what is due, at most kKeysPerRunMax keys. Returns milliseconds until the next run is needed: 0 when work
  // is left, kIdleMillisMax at most. `transaction` must hold nothing.
  // `serve` is called with a stripe held in which keys went that somebody waits for (Transaction::ready_keys()).
  int64_t Run(Transaction& transaction, int64_t now_ms, const std::function<void()>& serve = nullptr);

  static constexpr int kKeysPerRunMax = 1000;
  // Bounds how late an event of a deadline is that was set after the last look.
  static constexpr int64_t kIdleMillisMax = 10;

 private:
  int DrainStripe(Transaction& transaction, size_t index, int budget, const std::function<void()>& serve);

  size_t share_;
  size_t shares_;
};

}  // namespace tusk::store
