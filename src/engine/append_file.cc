#include "engine/append_file.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/check.h"
#include "command/session.h"
#include "command/worker.h"
#include "engine/config.h"
#include "store/transaction.h"

namespace tusk::engine {
using base::Status;

AppendFile::AppendFile(Options options)
    : o_(std::move(options)),
      append_({.keyspace = o_.keyspace,
               .changes = o_.changes,
               .on_synced = [this] { OnSynced(); },
               .on_fatal = [this](std::string_view reason) { OnFatal(reason); }}),
      keeper_({.keyspace = o_.keyspace,
               .changes = o_.changes,
               .log = &append_,
               .files = o_.files,
               .describe = o_.describe,
               .is_saving = o_.is_saving}) {
  Bind();
}

AppendFile::~AppendFile() {
  keeper_.Stop();
  Status status = enabled() ? append_.Flush() : Status();
  if (!status.ok() && log_) log_->Warning("The AOF ends without its last writes: {}", status.message());
}

void AppendFile::SetLog(base::Logger* log) noexcept {
  log_ = log;
  append_.SetLog(log);
  keeper_.SetLog(log);
}

// ---- Settings ----

void AppendFile::Bind() {
  Config& config = *o_.config;
  config.OnChange("appendfsync", [this](const SettingValue& value) {
    append_.SetPolicy(static_cast<persist::SyncPolicy>(value.number));
    return Status::Ok();
  });
  config.OnChange("aof-timestamp-enabled", [this](const SettingValue& value) {
    append_.SetTimestamps(value.number != 0);
    return Status::Ok();
  });
  using Keeper = persist::LogKeeper::Settings;
  auto bind = [&config, this](std::string_view name, auto set) {
    config.OnChange(name, [this, set](const SettingValue& value) {
      Keeper settings = keeper_.settings();
      set(settings, value.number);
      keeper_.SetSettings(settings);
      return Status::Ok();
    });
  };
  bind("aof-use-rdb-preamble", [](Keeper& settings, int64_t value) { settings.rdb_base = value != 0; });
  bind("aof-disable-auto-gc", [](Keeper& settings, int64_t value) { settings.keep_history = value != 0; });
  bind("no-appendfsync-on-rewrite", [](Keeper& settings, int64_t value) { settings.pause_syncs_in_rewrite = value != 0; });
  bind("aof-rewrite-incremental-fsync", [](Keeper& settings, int64_t value) { settings.base_in_steps = value != 0; });
  bind("auto-aof-rewrite-percentage", [](Keeper& settings, int64_t value) { settings.growth_percent = value; });
  bind("auto-aof-rewrite-min-size",
       [](Keeper& settings, int64_t value) { settings.growth_bytes_min = static_cast<uint64_t>(value); });
  config.OnChange("appendonly", [this](const SettingValue& value) {
    {
      base::MutexLock lock(mutex_);
      if (!running_) return Status::Ok();
    }
    if (value.number == 0) return keeper_.TurnOff(), Status::Ok();
    Status status = keeper_.TurnOn();
    if (status.ok()) return status;
    if (log_) log_->Warning("{}", status.message());
    return Status::Invalid("Unable to turn on AOF. Check server logs.");
  });
}

bool AppendFile::wanted() const { return o_.config->Flag("appendonly"); }

// ---- The start ----

Status AppendFile::Read() {
  keeper_.SetNames(o_.config->Text("appenddirname"), o_.config->Text("appendfilename"));
  return keeper_.Read(wanted());
}

Status AppendFile::Replay() {
  const persist::AofManifest manifest = keeper_.manifest();
  std::vector<LogReplay::Part> parts;
  if (manifest.base()) parts.push_back({manifest.base()->name, keeper_.PathOf(*manifest.base()), true});
  for (const persist::AofFile& file : manifest.increments()) parts.push_back({file.name, keeper_.PathOf(file), false});
  auto replay = std::make_shared<LogReplay>(LogReplay::Options{.services = o_.services,
                                                               .files = o_.files,
                                                               .worker = o_.new_worker(),
                                                               .new_loader = o_.new_loader,
                                                               .log = log_,
                                                               .cut_torn_tail = o_.config->Flag("aof-load-truncated")});
  {
    base::MutexLock lock(mutex_);
    replay_ = replay;
    if (stopped_) replay->Stop();
  }
  Status status = replay->Run(parts);
  base::MutexLock lock(mutex_);
  replay_ = nullptr;
  return status;
}

Status AppendFile::Load() {
  const auto started = std::chrono::steady_clock::now();
  RETURN_IF_ERROR(Replay());
  if (log_) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    log_->Notice("DB loaded from append only file: {:.3f} seconds", took.count());
  }
  return {};
}

Status AppendFile::Open() { return wanted() ? keeper_.Open() : Status(); }

void AppendFile::Start() {
  keeper_.Start();
  base::MutexLock lock(mutex_);
  running_ = true;
}

void AppendFile::StopLoading() {
  base::MutexLock lock(mutex_);
  stopped_ = true;
  if (replay_) replay_->Stop();
}

persist::Loader::Progress AppendFile::load_progress() const {
  base::MutexLock lock(mutex_);
  return replay_ ? replay_->progress() : persist::Loader::Progress{};
}

// ---- Who waits for the disk ----

void AppendFile::OnSynced() {
  base::MutexLock lock(listeners_mutex_);
  if (listener_) listener_();
  for (const auto& [id, host] : waiters_) host->RetryBlocked(id);
}

void AppendFile::OnFatal(std::string_view reason) {
  if (log_) log_->Warning("{}", reason);
  // As Redis does: clients may have read what the disk does not hold. Nothing is torn down, since nothing may be promised
  // any more.
  ::_exit(1);
}

void AppendFile::TellWhenSynced(const command::Session& waiter) {
  DCHECK(waiter.host != nullptr);
  base::MutexLock lock(listeners_mutex_);
  waiters_[waiter.id] = waiter.host;
}

void AppendFile::StopTelling(uint64_t session_id) {
  base::MutexLock lock(listeners_mutex_);
  waiters_.erase(session_id);
}

void AppendFile::SetSyncListener(std::function<void()> listener) {
  base::MutexLock lock(listeners_mutex_);
  listener_ = std::move(listener);
}

void AppendFile::BeginAnew() {
  if (!wanted()) return;
  Status status = keeper_.TurnOn();
  if (!status.ok() && log_) log_->Warning("Turning the AOF on after a full resync failed: {}", status.message());
}

// ---- DEBUG LOADAOF ----

// Nobody is told: what goes comes back.
void AppendFile::Empty(store::Transaction& held) {
  DCHECK(held.holds_all());
  store::Keyspace& keyspace = held.keyspace();
  for (size_t i = 0; i < store::kStripeCount; ++i) {
    for (size_t db = 0; db < keyspace.databases(); ++db) {
      const auto index = static_cast<store::DbIndex>(db);
      store::Shard* shard = keyspace.stripe(i).FindShard(index);
      if (!shard || shard->empty()) continue;
      auto old = std::make_unique<store::Shard>();
      shard->Swap(*old);
      // A running snapshot has still to write what it had not reached.
      if (store::SnapshotHook* hook = keyspace.snapshot_hook()) hook->Adopt(index, std::move(old));
    }
    keyspace.PublishDeadline(i);
  }
  o_.flush_functions();
}

Status AppendFile::LoadAgain() {
  if (enabled()) RETURN_IF_ERROR(append_.Flush());
  store::Settings& settings = o_.keyspace->settings();
  {
    store::Transaction held(*o_.keyspace);
    held.Begin(o_.keyspace->clock().UnixMillis());
    held.EnterLaneBlocking();
    held.LockAllInLane();
    // What was committed since the flush.
    o_.changes->WaitFor(o_.keyspace->last_commit());
    settings.loading.set(true);
    Empty(held);
  }
  Status status = enabled() ? append_.Flush() : Status();
  if (status.ok()) status = Replay();
  settings.loading.set(false);
  if (status.ok()) return status;
  if (log_) log_->Warning("{}", status.message());
  return Status::Invalid("ERR Error trying to load the AOF files, check server logs.");
}

}  // namespace tusk::engine
