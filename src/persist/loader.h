// Loader: an RDB file into the keyspace, with what the log and INFO tell about it.
//
// Stripes are taken one key at a time, so clients may be served meanwhile (with -LOADING), and other cores may help
// (persist/key_placer.h); a caller that holds every stripe keeps them and works alone. Keys that have expired are passed
// over.
// Threads: Load() on one thread, progress() and Stop() from any. Owns: nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/status.h"
#include "codec/dataset_reader.h"
#include "persist/key_placer.h"
#include "persist/load_progress.h"
#include "store/transaction.h"

namespace tusk::persist {

class Loader final : public codec::DatasetVisitor {
 public:
  struct Options {
    store::Keyspace* keyspace;
    base::Logger* log = nullptr;
    // Takes a function library; an error ends the loading.
    std::function<base::Status(std::string_view code)> on_function = {};
    // Keys that are there already are replaced instead of ending the loading.
    bool replace = false;
    // Keys that have expired are taken, too: what follows in an append log says when they go.
    bool keep_expired = false;
    // The file says of which moment of which replication stream it is: id and offset. Before any key.
    std::function<void(std::string_view replid, uint64_t offset)> on_moment = {};
    // After on_moment: a key that is passed over because it has expired. No stripe is held, unless the caller holds all.
    std::function<void(store::DbIndex db, std::string_view key)> on_expired = {};
    // Threads besides the caller's that may place keys: up to KeyPlacer::kHelpersMax.
    size_t helpers = 0;
  };
  explicit Loader(Options options) : o_(std::move(options)) {}

  // Blocks. kNotFound: there is no such file.
  base::Status LoadFile(const std::string& path, store::Transaction& transaction);
  base::Status LoadFrom(codec::Reader& reader, store::Transaction& transaction);
  void Stop() noexcept { stop_.store(true, std::memory_order_relaxed); }

  struct Progress {
    uint64_t bytes_total;
    uint64_t bytes_loaded;
    uint64_t keys_loaded;
    uint64_t keys_expired;
    uint64_t memory_when_saved;
    int64_t started_unix_seconds;
  };
  Progress progress() const noexcept;

  void OnFact(std::string_view name, std::string_view value) override;
  base::Status OnFunction(std::string_view code) override;
  base::Status OnKey(codec::LoadedKey& key) override;
  void OnEmptyKey(std::string_view key) override;
  void OnNoChecksum() override;

 private:
  void Delay() const;
  void TellEnd();
  void TellMoment(std::string_view name, std::string_view value);

  Options o_;
  store::Transaction* transaction_ = nullptr;
  const codec::Reader* reader_ = nullptr;
  std::optional<KeyPlacer> placer_;  // Unless the caller holds every stripe.
  int64_t now_ms_ = 0;
  std::optional<LoadProgress> telling_;
  uint64_t empty_keys_ = 0;
  std::string replid_;
  std::optional<uint64_t> replication_offset_;
  bool moment_told_ = false;
  // Figures for INFO, each for itself: relaxed.
  std::atomic<uint64_t> bytes_total_{0};
  std::atomic<uint64_t> bytes_loaded_{0};
  std::atomic<uint64_t> keys_loaded_{0};
  std::atomic<uint64_t> keys_expired_{0};
  std::atomic<uint64_t> memory_when_saved_{0};
  std::atomic<int64_t> started_unix_seconds_{0};
  std::atomic<bool> stop_{false};  // Read once a key: relaxed.
};

}  // namespace tusk::persist
