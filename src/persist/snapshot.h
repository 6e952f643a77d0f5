// Snapshot: the dataset as it was at one moment, written while writes go on.
//
// Begin() needs every stripe for an instant and turns the keyspace's mark round (store/snapshot_hook.h). Run() then walks
// stripe by stripe, some keys at a time, and writes outside of any lock. Whoever is about to change an entry that the
// walk has not reached spells it into the snapshot first. So the file is exact to the commit, multi-key transactions
// included; memory grows by the bytes of what is overwritten before the walk comes by, and a stripe is held for some
// dozens of microseconds. A single large value is spelled in one go: a writer to it waits that long, once.
//
// Threads: Begin and Run one after the other on any thread; Cancel and progress() from any; the hook's methods under stripes' locks.
// Owns: what is waiting to be written. Destroyed only after Run().
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "codec/dataset_writer.h"
#include "store/keyspace.h"
#include "store/transaction.h"

namespace tusk::persist {

class Snapshot final : public store::SnapshotHook {
 public:
  // The moment. `held` holds every stripe. kUnavailable: another snapshot of the keyspace is under way.
  static base::Result<std::unique_ptr<Snapshot>> Begin(store::Transaction& held, codec::DatasetOptions options);
  ~Snapshot() override;

  // Writes everything and ends the snapshot, also when the sink fails. Blocks; the thread holds no stripe. Once.
  base::Status Run(codec::ByteSink& sink);
  // What is not written yet will not be; Run() ends soon with an error.
  void Cancel() noexcept { discarding_.store(true, std::memory_order_relaxed); }

  struct Progress {
    uint64_t keys_written;
    uint64_t keys_total;
    uint64_t preserved_bytes;  // Spelled by writers because the walk had not come by: what a fork would copy in pages.
  };
  Progress progress() const noexcept {
    return {keys_written_.load(std::memory_order_relaxed), keys_total_,
            preserved_bytes_.load(std::memory_order_relaxed)};
  }

  void Preserve(store::DbIndex db, const store::Entry& entry) override;
  void Adopt(store::DbIndex db, std::unique_ptr<store::Shard> shard) override;
  void OnSwap(store::DbIndex a, store::DbIndex b) override;

 private:
  // Entries of one database, as the snapshot names it.
  struct Records {
    store::DbIndex db;
    std::string bytes;
  };
  struct Adopted {
    store::DbIndex db;
    std::unique_ptr<store::Shard> shard;
  };
  // How far the walk is within a stripe.
  struct Place {
    size_t db = 0;
    uint64_t cursor = 0;
  };

  Snapshot(store::Keyspace& keyspace, codec::DatasetOptions options);
  void WalkStripe(size_t stripe);
  // One hold of the stripe: true when the stripe is done.
  bool WalkSome(size_t stripe, Place& place, std::vector<Records>& out);
  void Collect(store::Entry& entry, codec::Writer& writer, uint64_t& keys);
  void WriteOut(const std::vector<Records>& records);
  void WriteWaiting();
  void WriteAdopted(const Adopted& adopted);
  void Delay(uint64_t keys);

  // A hold of a stripe ends after so many keys or bytes.
  static constexpr uint64_t kKeysPerHold = 128;
  static constexpr uint64_t kBytesPerHold = 32 << 10;

  store::Keyspace& keyspace_;
  const codec::DatasetOptions options_;
  const codec::EntryFormat format_;
  const bool mark_;  // Of what needs no writing.
  store::Transaction transaction_;
  std::unique_ptr<codec::DatasetWriter> writer_;
  // What each database was called at the moment. Read under any stripe's lock, written under all.
  std::vector<store::DbIndex> names_;
  uint64_t swaps_ = 0;  // Likewise: a walk that sees it move begins its stripe anew.
  std::vector<std::pair<uint64_t, uint64_t>> sizes_;
  uint64_t keys_total_ = 0;
  // For INFO, relaxed.
  std::atomic<uint64_t> keys_written_{0};
  std::atomic<uint64_t> preserved_bytes_{0};
  // Set by the failed or cancelled walk, read by writers, who may then spell one entry in vain: relaxed.
  std::atomic<bool> discarding_{false};
  base::Mutex mutex_;
  std::vector<Records> waiting_ GUARDED_BY(mutex_);
  std::vector<Adopted> adopted_ GUARDED_BY(mutex_);
};

}  // namespace tusk::persist
