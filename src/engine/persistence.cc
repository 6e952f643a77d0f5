#include "engine/persistence.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/memory.h"
#include "engine/config.h"
#include "engine/engine.h"
#include "script/scripts.h"
#include "store/transaction.h"

namespace tusk::engine {
namespace {

class SnapshotCopy final : public command::DatasetCopy {
 public:
  explicit SnapshotCopy(std::unique_ptr<persist::Snapshot> snapshot) : snapshot_(std::move(snapshot)) {}
  // The keyspace is not rid of a snapshot before it has run.
  ~SnapshotCopy() override {
    if (ran_) return;
    codec::StringSink nowhere;
    snapshot_->Cancel();
    static_cast<void>(snapshot_->Run(nowhere));
  }
  base::Status Run(codec::ByteSink& sink) override {
    DCHECK(!ran_);
    ran_ = true;
    return snapshot_->Run(sink);
  }

 private:
  std::unique_ptr<persist::Snapshot> snapshot_;
  bool ran_ = false;
};

// No keys: what `redis-cli --functions-rdb` asks for.
class FunctionsCopy final : public command::DatasetCopy {
 public:
  explicit FunctionsCopy(codec::DatasetOptions options) : options_(std::move(options)) {}
  base::Status Run(codec::ByteSink& sink) override {
    codec::DatasetWriter writer(sink, options_);
    writer.Head();
    return writer.End();
  }

 private:
  const codec::DatasetOptions options_;
};

}  // namespace


Persistence::Persistence(Config& config, store::Keyspace& keyspace, script::Scripts& scripts)
    : config_(config), keyspace_(keyspace), scripts_(scripts), saver_(keyspace, [this] {
        codec::DatasetOptions options = Describe();
        if (stream_hooks_.describe) options.facts = stream_hooks_.describe();
        return options;
      }) {
  Bind();
}

void Persistence::SetLog(base::Logger* log) noexcept {
  log_ = log;
  saver_.SetLog(log);
}

void Persistence::Bind() {
  config_.OnChange("save", [this](const SettingValue& value) {
    saver_.SetRules(value.text);
    return base::Status::Ok();
  });
  config_.OnChange("dbfilename", [this](const SettingValue& value) {
    saver_.SetPath(value.text);
    return base::Status::Ok();
  });
  config_.OnChange("stop-writes-on-bgsave-error", [this](const SettingValue& value) {
    saver_.SetStopWritesOnError(value.number != 0);
    return base::Status::Ok();
  });
  config_.OnChange("rdb-save-incremental-fsync", [this](const SettingValue& value) {
    saver_.SetInSteps(value.number != 0);
    return base::Status::Ok();
  });
}

codec::DatasetOptions Persistence::Describe() const {
  codec::DatasetOptions options{
      .writer = {.compress = keyspace_.settings().rdb_compression, .checksum = config_.Flag("rdbchecksum")},
      .redis_version = std::string(kRedisVersion),
      .now_ms = keyspace_.clock().UnixMillis(),
      .used_memory = base::UsedMemory()};
  for (const script::LibraryPtr& library : scripts_.libraries().List()) options.functions.emplace_back(library->code());
  return options;
}

// ---- Loading ----

bool Persistence::HasFile() const { return ::access(saver_.path().c_str(), F_OK) == 0; }

std::shared_ptr<persist::Loader> Persistence::NewLogLoader() { return NewLoader({.replace = false, .keep_expired = true}); }

std::shared_ptr<persist::Loader> Persistence::NewLoader(LoadMode mode) {
  auto loader = std::make_shared<persist::Loader>(persist::Loader::Options{
      .keyspace = &keyspace_,
      .log = log_,
      .on_function =
          [this, replace = mode.replace](std::string_view code) {
            base::Result<std::string> name = script::LoadLibrary(scripts_, code, replace);
            return name ? base::Status::Ok() : name.error();
          },
      .replace = mode.replace,
      .keep_expired = mode.keep_expired,
      .on_moment = mode.at_start ? stream_hooks_.on_moment : nullptr,
      .on_expired = mode.at_start ? stream_hooks_.on_expired : nullptr,
      .helpers = persist::KeyPlacer::HelpersHere()});
  base::MutexLock lock(mutex_);
  loader_ = loader;
  if (stopped_) loader->Stop();
  return loader;
}

base::Status Persistence::LoadCopy(codec::Reader& reader, store::Transaction& transaction) {
  return NewLoader({.replace = true})->LoadFrom(reader, transaction);
}

base::Status Persistence::Load() {
  auto started = std::chrono::steady_clock::now();
  store::Transaction transaction(keyspace_);
  base::Status status = NewLoader({.at_start = true})->LoadFile(saver_.path(), transaction);
  if (status.code() == base::Code::kNotFound) return {};
  if (status.ok() && log_) {
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    log_->Notice("DB loaded from disk: {:.3f} seconds", took.count());
  }
  return status;
}

void Persistence::StopLoading() {
  base::MutexLock lock(mutex_);
  stopped_ = true;
  if (loader_) loader_->Stop();
}

persist::Loader::Progress Persistence::load_progress() const {
  base::MutexLock lock(mutex_);
  return loader_ ? loader_->progress() : persist::Loader::Progress{};
}

// ---- Commands ----

base::Status Persistence::SaveForShutdown() {
  saver_.CancelBackground();
  saver_.WaitForBackground();
  if (log_) log_->Notice("Saving the final RDB snapshot before exiting.");
  store::Transaction transaction(keyspace_);
  transaction.EnterLaneBlocking();
  transaction.LockAllInLane();
  return saver_.Save(transaction);
}

base::Result<std::unique_ptr<command::DatasetCopy>> Persistence::BeginCopy(store::Transaction& held,
                                                                           CopyOptions options) {
  codec::DatasetOptions head = Describe();
  head.facts = std::move(options.facts);
  if (options.functions_only) return std::make_unique<FunctionsCopy>(std::move(head));
  ASSIGN_OR_RETURN(std::unique_ptr<persist::Snapshot> snapshot, persist::Snapshot::Begin(held, std::move(head)));
  return std::make_unique<SnapshotCopy>(std::move(snapshot));
}

void Persistence::OnFlushAll(store::Transaction& held) {
  saver_.CancelBackground();
  // While another file is still being given up, the rules will make up for this one.
  if (!saver_.has_rules() || keyspace_.snapshot_hook()) return;
  // What this unit has still to add to the count of changes is in the file already.
  if (saver_.Save(held).ok()) keyspace_.change_counts().Forget(held.dirty());
}

base::Status Persistence::Reload(store::Transaction& held, const ReloadOptions& options) {
  // Who waits must not hold what the background needs to come to its end.
  if (held.held_count() == 0 && !held.in_lane()) {
    saver_.CancelBackground();
    saver_.WaitForBackground();
    held.EnterLaneBlocking();
  }
  held.LockAllInLane();
  if (keyspace_.snapshot_hook()) return base::Status::Unavailable("ERR Background save already in progress");
  if (options.save) {
    base::Status status = saver_.Save(held);
    if (!status.ok()) return base::Status::Invalid("ERR Error trying to save the DB, check server logs.");
  }
  if (options.flush) {
    for (size_t i = 0; i < store::kStripeCount; ++i) {
      for (size_t db = 0; db < keyspace_.databases(); ++db) {
        store::Shard* shard = keyspace_.stripe(i).FindShard(static_cast<store::DbIndex>(db));
        if (shard) shard->Clear();
      }
      keyspace_.PublishDeadline(i);
    }
    scripts_.FlushLibraries();
  }
  base::Status status = NewLoader({.replace = options.merge})->LoadFile(saver_.path(), held);
  if (status.ok()) return {};
  if (log_) log_->Warning("{}", status.message());
  return base::Status::Invalid("ERR Error trying to load the RDB dump, check server logs.");
}

}  // namespace tusk::engine
