#include "engine/engine.h"

#include "base/check.h"
#include "base/cycles.h"
#include "base/memory.h"
#include "base/numbers.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/acl_file.h"
#include "engine/command_groups.h"
#include "engine/settings_binding.h"

namespace tusk::engine {
namespace {

constexpr size_t kRunIdDigits = 40;

}  // namespace

Engine::Engine(Options options)
    : config_(options.config ? std::move(options.config) : std::make_unique<Config>()),
      hub_(settings_),
      tracking_(services_),
      keyspace_({.databases = static_cast<size_t>(config_->Number("databases")),
                 .clock = options.clock ? options.clock : &system_clock_,
                 .settings = &settings_}),
      feed_(keyspace_, change_log_),
      copier_(services_, feed_),
      commands_(CommandGroups()),
      statistics_(commands_.size()),
      latency_(settings_, keyspace_.clock()),
      users_(services_, commands_, *config_),
      watch_(services_),
      executor_(services_, pause_, &watch_),
      persistence_(*config_, keyspace_, scripts_),
      append_file_({.config = config_.get(),
                    .keyspace = &keyspace_,
                    .changes = &change_log_,
                    .services = &services_,
                    .new_worker = [this] { return NewWorker(); },
                    .describe = [this] { return persistence_.Describe(); },
                    .is_saving = [this] { return persistence_.saver().state().in_progress; },
                    .new_loader = [this] { return persistence_.NewLogLoader(); },
                    .flush_functions = [this] { scripts_.FlushLibraries(); },
                    .files = &io::RealFileSystem()}),
      run_id_(base::SecureRandomHex(kRunIdDigits)),
      started_unix_ms_(keyspace_.clock().UnixMillis()) {
  base::CycleClock::TicksPerMicro();
  services_.keyspace = &keyspace_;
  services_.commands = &commands_;
  services_.statistics = &statistics_;
  services_.executor = &executor_;
  services_.latency = &latency_;
  services_.hub = &hub_;
  services_.tracking = &tracking_;
  services_.scripts = &scripts_;
  services_.append_file = &append_file_;
  services_.feed = &feed_;
  services_.copier = &copier_;
  services_.lane_policy = &scripts_;
  services_.engine = this;
  services_.access = &users_;
  keyspace_.SetEventSink(&hub_);
  keyspace_.SetInvalidationSink(&tracking_);
  BindSettings(*config_, settings_, network_);
  for (std::string_view name : {"maxmemory-clients", "maxmemory"}) {
    config_->OnChange(name, [this](const SettingValue&) {
      if (services_.clients) services_.clients->OnMemoryLimit();
      return base::Status::Ok();
    });
  }
  config_->OnChange("tracking-table-max-keys", [this](const SettingValue&) {
    keyspace_.tracking().trim_wanted.store(true, std::memory_order_relaxed);
    return base::Status::Ok();
  });
  keyspace_.SetObserver(&change_log_);
  BindFeed(*config_, feed_);
  BindStream();
  BindUsers();
  link_ = NewLink();
  services_.link = link_.get();
  services_.migrate_pool = &migrate_pool_;
  BindLink(*config_, *link_);
  CHECK(config_->ApplyAll().ok());  // Values that were checked already, carried into numbers.
  startup_memory_ = base::UsedMemory();
}

// A file tells of which moment of the stream it is; a server that leads goes on from there, so that its replicas need no copy
// when it was only restarted. What has expired meanwhile is not loaded: they are told to delete it.
void Engine::BindStream() {
  persistence_.SetStreamHooks(
      {.describe = [this]() -> Persistence::Facts {
         std::optional<repl::Feed::Moment> moment = feed_.CurrentMoment();
         if (!moment) return {};
         return {{"repl-stream-db", "0"}, {"repl-id", moment->replid}, {"repl-offset", std::to_string(moment->offset)}};
       },
       .on_moment =
           [this](std::string_view replid, uint64_t offset) {
             if (config_->Text("replicaof").empty()) feed_.GoOnFrom({std::string(replid), offset});
           },
       .on_expired =
           [this, transaction = std::shared_ptr<store::Transaction>()](store::DbIndex db, std::string_view key) mutable {
             if (!feed_.HasBacklog()) return;
             // One for all of a load.
             if (!transaction) transaction = std::make_shared<store::Transaction>(keyspace_);
             transaction->Begin(clock().UnixMillis());
             transaction->AddChange(db, {"DEL", key}, store::kToReplicas);
             transaction->Commit();
           }});
}

void Engine::EndSession(command::Session& session) {
  hub_.Forget(session);
  tracking_.Stop(session);
  feed_.Forget(session);
  append_file_.StopTelling(session.id);
  watch_.StopMonitor(session);
}

void Engine::ResetStatistics() {
  statistics_.Reset();
  store::KeyspaceCounters& counters = keyspace_.counters();
  counters.expired_keys.store(0, std::memory_order_relaxed);
  counters.expired_subkeys.store(0, std::memory_order_relaxed);
  counters.evicted_keys.store(0, std::memory_order_relaxed);
  keyspace_.reclaimer().ResetStatistics();
  feed_.ResetStatistics();
  memory_peak_.Reset(base::UsedMemory());
  users_.log().ResetCounts();
}

bool Engine::HasFilesToLoad() const { return append_file_.wanted() || persistence_.HasFile(); }

bool Engine::PassesOverFile() const { return append_file_.wanted() && !append_file_.HasFiles() && persistence_.HasFile(); }

base::Status Engine::LoadDataset() {
  settings_.loading.set(true);
  base::Status status;
  if (!append_file_.wanted()) {
    status = persistence_.Load();
  } else if (append_file_.HasFiles()) {
    status = append_file_.Load();
  }  // Otherwise, as in Redis, the log begins with an empty dataset, whatever PassesOverFile() says.
  if (status.ok()) status = append_file_.Open();
  settings_.loading.set(false);
  return status;
}

void Engine::EnableFiles() {
  services_.persistence = &persistence_;
  append_file_.Start();
  persistence_.saver().Start();
}

base::Status Engine::RenameCommands() {
  for (const auto& [from, to] : config_->renamed_commands()) RETURN_IF_ERROR(commands_.Rename(from, to));
  return base::Status::Ok();
}

void Engine::BindUsers() {
  config_->OnChange("requirepass", [this](const SettingValue& value) {
    users_.SetDefaultPassword(value.text);
    return base::Status::Ok();
  });
  // Written back as it is by tools that copy a configuration; another value needs a start.
  config_->OnChange("classic-replies", [chosen = config_->Flag("classic-replies")](const SettingValue& value) {
    if ((value.number != 0) == chosen) return base::Status::Ok();
    return base::Status::Invalid("it is chosen at the start");
  });
  config_->OnChange("acllog-max-len", [this](const SettingValue&) {
    users_.log().Trim();
    return base::Status::Ok();
  });
  config_->SetUserLines([this] {
    return config_->Text("aclfile").empty() ? users_.Lines() : std::vector<std::string>();
  });
}

base::Status Engine::LoadUsers() {
  const std::string path = config_->Text("aclfile");
  if (!path.empty() && !config_->declared_users().empty()) {
    return base::Status::Invalid(
        "Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. This "
        "setup is very likely to lead to configuration errors and security holes, please define either an ACL file or "
        "declare users directly in your redis.conf, but not both.");
  }
  for (const std::vector<std::string>& user : config_->declared_users()) {
    std::vector<std::string_view> rules(user.begin(), user.end());
    rules.front() = "reset";
    if (base::Status status = users_.Set(user.front(), rules, 0); !status.ok()) {
      return base::Status::Invalid("Error loading ACL rules for the user named '" + user.front() + "': " +
                                   status.message().substr(sizeof("ERR ") - 1));
    }
  }
  if (path.empty()) return {};
  if (base::Status status = LoadAclFile(users_, path, 0); !status.ok()) {
    return base::Status::Invalid("Aborting Redis startup because of ACL errors: " + status.message());
  }
  return {};
}

// Threads that use everything else.
Engine::~Engine() {
  link_.reset();
  copier_.Stop();
}

std::unique_ptr<repl::Link> Engine::NewLink() {
  auto load = [this](codec::Reader& reader, command::Worker& worker) {
    return persistence_.LoadCopy(reader, worker.transaction());
  };
  return std::make_unique<repl::Link>(
      repl::Link::Options{.services = &services_, .new_worker = [this] { return NewWorker(); }, .load = load});
}

void Engine::StartReplication() {
  link_->SetLog(scripts_.log());
  copier_.SetLog(scripts_.log());
  const std::optional<std::vector<std::string>> words = base::SplitQuotedLine(config_->Text("replicaof"));
  if (words && words->size() == 2) link_->Follow((*words)[0], *base::ParseInt64((*words)[1]));  // Checked when it was read.
  replication_started_.store(true, std::memory_order_relaxed);
}

void Engine::NoteRole() {
  // Before that the configuration's own word counts.
  if (!replication_started_.load(std::memory_order_relaxed)) return;
  const repl::LinkInfo info = link_->Describe();
  config_->Note("replicaof", info.state == repl::LinkState::kNone ? "" : info.host + ' ' + std::to_string(info.port));
}

std::unique_ptr<command::Worker> Engine::NewWorker() {
  return std::make_unique<command::Worker>(services_, statistics_.AddWorker());
}

std::string Engine::Execute(command::Worker& worker, command::Session& session,
                            std::span<const std::string_view> argv) {
  resp::OutputBuffer out;
  resp::Reply reply(out, session.protocol);
  command::Request request{argv, nullptr, {}, false};
  executor_.Resolve(request);
  command::Outcome outcome = executor_.Execute(worker, session, request, reply);
  while (outcome == command::Outcome::kParked) outcome = executor_.Execute(worker, session, request, reply);
  return out.ToString();
}

}  // namespace tusk::engine
