// Persistence: the engine's RDB file: settings, saver, loader and functions joined.
//
// Threads: thread-safe after construction, except Load(), which is for the start. Owns: the saver.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "command/services.h"
#include "persist/loader.h"
#include "persist/saver.h"

namespace tusk::script {
class Scripts;
}

namespace tusk::engine {

class Config;

class Persistence final : public command::Persistence {
 public:
  Persistence(Config& config, store::Keyspace& keyspace, script::Scripts& scripts);

  // Before anything runs.
  void SetLog(base::Logger* log) noexcept;
  // How a file tells of which moment of the replication stream it is, and who hears it when such a file is loaded at the start.
  // Before anything runs.
  using Facts = std::vector<std::pair<std::string, std::string>>;
  struct StreamHooks {
    std::function<Facts()> describe;  // Every stripe is held.
    std::function<void(std::string_view replid, uint64_t offset)> on_moment;
    std::function<void(store::DbIndex db, std::string_view key)> on_expired;
  };
  void SetStreamHooks(StreamHooks hooks) { stream_hooks_ = std::move(hooks); }
  persist::Saver& saver() noexcept { return saver_; }
  const persist::Saver& saver() const noexcept { return saver_; }

  // Is there a file to load at the start?
  bool HasFile() const;
  // Loads it; settings().loading is on. Blocks. An error is what ends the start.
  base::Status Load();
  // A master's copy, into keys that were flushed; functions of the same name are replaced. Blocks.
  base::Status LoadCopy(codec::Reader& reader, store::Transaction& transaction);
  // Makes Load() and LoadCopy() return soon, now and later; any thread.
  void StopLoading();
  // Of the load that runs or ran last; zeros before the first.
  persist::Loader::Progress load_progress() const;

  // What goes into the head of a copy of the dataset.
  codec::DatasetOptions Describe() const;
  // For the RDB part of an append log: keys past their deadline are kept.
  std::shared_ptr<persist::Loader> NewLogLoader();

  // The last snapshot before the process ends. Blocks; the thread holds no stripe.
  base::Status SaveForShutdown();

  base::Result<std::unique_ptr<command::DatasetCopy>> BeginCopy(store::Transaction& held, CopyOptions options) override;
  void OnFlushAll(store::Transaction& held) override;
  base::Status Reload(store::Transaction& transaction, const ReloadOptions& options) override;

 private:
  void Bind();
  struct LoadMode {  // See Loader::Options.
    bool replace = false;
    bool keep_expired = false;
    bool at_start = false;
  };
  std::shared_ptr<persist::Loader> NewLoader(LoadMode mode);

  Config& config_;
  store::Keyspace& keyspace_;
  script::Scripts& scripts_;
  StreamHooks stream_hooks_;
  base::Logger* log_ = nullptr;
  mutable base::Mutex mutex_;
  std::shared_ptr<persist::Loader> loader_ GUARDED_BY(mutex_);  // Sharers: who loads, and who looks at the progress.
  bool stopped_ GUARDED_BY(mutex_) = false;
  persist::Saver saver_;
};

}  // namespace tusk::engine
