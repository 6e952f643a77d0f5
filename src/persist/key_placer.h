// KeyPlacer: puts keys that somebody reads from a file into the keyspace, with the help of other cores.
//
// An RDB file can only be read from its beginning to its end, and reading is the cheaper half: the rest is hashing, memory
// for the entry and a table that no cache holds. So the reader gathers keys in batches and passes full ones on; when the
// helpers have enough to do, it places a batch itself. Within a batch the memory accesses of all keys overlap. Keys of
// one file are distinct, so it does not matter which comes first.
// Threads: caller-synchronised; starts its helpers with the first batches. Owns: the helpers, and batches on their way.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "codec/dataset_reader.h"
#include "store/transaction.h"

namespace tusk::persist {

// What is the same for all keys of a file.
struct PlaceOptions {
  // Keys that are there already are replaced instead of being an error.
  bool replace = false;
  int64_t now_ms = 0;
};

// `offset`: where in the file the key ends, for the error. The key's stripe is held.
base::Status PlaceKey(store::Transaction& transaction, const PlaceOptions& options, codec::LoadedKey& loaded,
                      const store::Key& key, uint64_t offset);

class KeyPlacer {
 public:
  // `helpers`: threads besides the caller's; 0 to kHelpersMax.
  KeyPlacer(store::Keyspace& keyspace, PlaceOptions options, size_t helpers);
  ~KeyPlacer();
  KeyPlacer(const KeyPlacer&) = delete;
  KeyPlacer& operator=(const KeyPlacer&) = delete;

  static constexpr size_t kHelpersMax = 7;
  // For a machine like this one, as far as this process may use it.
  static size_t HelpersHere() noexcept;

  // Takes the key; it will be placed by the next Finish() at the latest. An error may be that of an earlier key.
  base::Status Add(codec::LoadedKey& loaded, uint64_t offset);
  // Waits until all keys are in place. The first error that any of them met.
  base::Status Finish();

  // A batch is full at either bound; a key with a larger text is placed at once.
  static constexpr size_t kBatchKeys = 256;
  static constexpr size_t kBatchBytes = 64 << 10;
  // The first batches of a file are placed by the reader: a small file starts no thread.
  static constexpr size_t kBatchesAlone = 4;
  static constexpr size_t kQueuedPerHelper = 2;

 private:
  struct Item {
    codec::LoadedKey loaded;  // Its texts lie in the batch.
    uint64_t offset;
  };
  struct Batch {
    std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]>(kBatchBytes);
    size_t used = 0;
    std::vector<Item> items;
    std::vector<store::Key> keys;  // While it is placed.
  };
  using BatchPtr = std::unique_ptr<Batch>;

  void HandOver();
  void StartHelpers();
  void Help();
  BatchPtr NextBatch();
  base::Status WaitForHelpers();
  // Holds no stripe before and after.
  void Place(store::Transaction& transaction, Batch& batch);
  void PlaceOne(store::Transaction& transaction, Item& item, const store::Key& key);
  bool failed() const noexcept { return failed_.load(std::memory_order_relaxed); }

  store::Keyspace& keyspace_;
  const PlaceOptions options_;
  const size_t helpers_wanted_;
  store::Transaction transaction_;  // The caller's own.
  BatchPtr filling_;
  size_t batches_ = 0;
  std::vector<std::thread> helpers_;
  std::atomic<bool> failed_{false};  // status_ is an error. Relaxed: a key more or less does no harm.
  base::Mutex mutex_;
  std::condition_variable more_;   // The queue has a batch, or ended_.
  std::condition_variable fewer_;  // No batch is under way.
  std::vector<BatchPtr> queue_ GUARDED_BY(mutex_);  // At most kQueuedPerHelper for each helper; any order will do.
  std::vector<BatchPtr> spare_ GUARDED_BY(mutex_);
  size_t under_way_ GUARDED_BY(mutex_) = 0;  // Queued ones and those in a helper's hands.
  bool ended_ GUARDED_BY(mutex_) = false;
  base::Status status_ GUARDED_BY(mutex_);
};

}  // namespace tusk::persist
