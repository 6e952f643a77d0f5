#include "main/server_process.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/memory.h"
#include "base/text.h"
#include "engine/config.h"
#include "engine/engine.h"
#include "main/crash_report.h"
#include "main/process_title.h"
#include "main/replica_wait.h"
#include "server/server.h"

namespace tusk::main {
namespace {

sigset_t OwnSignals() noexcept {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  return set;
}

std::string MemoryText(uint64_t bytes) {
  if (bytes == 0) return "no limit (maxmemory 0)";
  constexpr double kMegabyte = 1 << 20;
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / kMegabyte);
}

std::string ConnectHint(const engine::Config& config, const std::vector<std::string>& addresses) {
  int64_t port = config.Number("port");
  std::string password = config.Text("requirepass").empty() ? "" : " --askpass";
  if (port != 0 && !addresses.empty()) return fmt::format("redis-cli -p {}{}", port, password);
  return fmt::format("redis-cli -s {}{}", config.Text("unixsocket"), password);
}

// shutdown-on-sigint and shutdown-on-sigterm: the names' bits in the order of the setting's row.
command::ShutdownWish WishOf(int64_t bits) noexcept {
  return {.save = (bits & 1) != 0, .no_save = (bits & 2) != 0, .now = (bits & 4) != 0, .force = (bits & 8) != 0};
}

}  // namespace

ServerProcess::ServerProcess(std::unique_ptr<engine::Config> config, Shown shown)
    : shown_(std::move(shown)), unused_config_(std::move(config)), config_(unused_config_.get()) {}

ServerProcess::~ServerProcess() = default;

base::Status ServerProcess::BlockSignals() {
  sigset_t set = OwnSignals();
  if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return base::Status::Errno("pthread_sigmask", errno);
  signal(SIGPIPE, SIG_IGN);
  // A file at its size limit (LimitFSIZE) is an error of one write, not the end.
  signal(SIGXFSZ, SIG_IGN);
  return {};
}

void ServerProcess::WaitForSignals() noexcept {
  sigset_t set = OwnSignals();
  for (;;) {
    int number = 0;
    if (sigwait(&set, &number) != 0) continue;
    if (ending_.load(std::memory_order_acquire)) return;
    if (number == SIGHUP) continue;
    bool interrupt = number == SIGINT;
    if (interrupt && server_->shutdown().under_way()) {
      log_.Warning("You insist... exiting now.");
      unlink(fmt::format("temp-{}.rdb", getpid()).c_str());
      _exit(1);
    }
    log_.Warning("Received {} scheduling shutdown...", interrupt ? "SIGINT" : "SIGTERM");
    server_->shutdown().BySignal(
        WishOf(config_->Number(interrupt ? "shutdown-on-sigint" : "shutdown-on-sigterm")));
  }
}

base::Status ServerProcess::Start() {
  bool background = config_->Flag("daemonize");
  // Before any other thread exists: a fork keeps only the thread that calls it.
  if (background) RETURN_IF_ERROR(Daemonize());
  log_.SetPath(config_->Text("logfile"));
  log_.SetLevel(static_cast<base::LogLevel>(config_->Number("loglevel")));
  RETURN_IF_ERROR(BlockSignals());
  ReportCrashes();
  log_.Notice("Tusk is starting");
  log_.Notice("Tusk version={}, bits={}, pid={}", engine::kVersion, sizeof(void*) * 8, getpid());
  if (config_->file().empty()) {
    log_.Notice("No config file: default settings and those of the command line");
  } else {
    log_.Notice("Configuration loaded");
  }
  std::string pid_path = config_->Text("pidfile");
  if (background && pid_path.empty()) pid_path = "/var/run/tusk.pid";
  if (base::Status status = pid_file_.Write(pid_path); !status.ok()) log_.Warning("{}", status.message());

  base::PreferHugePages();
  maxclients_wanted_ = static_cast<size_t>(config_->Number("maxclients"));
  maxclients_ = std::min(RaiseOpenFileLimit(maxclients_wanted_), maxclients_wanted_);
  // More would be accepted than can be served, and CONFIG GET should say what holds.
  if (maxclients_ < maxclients_wanted_) {
    RETURN_IF_ERROR(config_->LoadText(fmt::format("maxclients {}", maxclients_), "the limit of open files"));
  }
  engine_ = std::make_unique<engine::Engine>(engine::Engine::Options{.config = std::move(unused_config_)});
  RETURN_IF_ERROR(engine_->RenameCommands());
  RETURN_IF_ERROR(engine_->LoadUsers());
  engine_->persistence().SetLog(&log_);
  engine_->append_file().SetLog(&log_);
  // Before anybody can connect: who comes early hears -LOADING.
  engine_->settings().loading.set(engine_->HasFilesToLoad());
  return StartListening();
}

base::Status ServerProcess::StartListening() {
  auto addresses = base::SplitQuotedLine(config_->Text("bind"));
  server::Server::Options options{
      .addresses = addresses ? *addresses : std::vector<std::string>{},
      .port = static_cast<uint16_t>(config_->Number("port")),
      .mini_port = static_cast<uint16_t>(config_->Number("miniredis-port")),
      .unix_socket = config_->Text("unixsocket"),
      .unix_socket_mode = static_cast<unsigned>(config_->Number("unixsocketperm")),
      .backlog = static_cast<int>(config_->Number("tcp-backlog")),
      .threads = static_cast<size_t>(config_->Number("io-threads")),
  };
  server_ = std::make_unique<server::Server>(*engine_, log_, std::move(options));
  replica_wait_ = std::make_unique<ReplicaWait>(*engine_, log_);
  server_->shutdown().set_replicas_in_sync([this] { return replica_wait_->InSync(); });
  server_->shutdown().set_hold_writes([this](bool hold) { replica_wait_->HoldWrites(hold); });
  server_->shutdown().AddStep([this](const command::ShutdownWish&) {
    replica_wait_->Report();
    return base::Status::Ok();
  });
  server_->shutdown().AddStep([this](const command::ShutdownWish& wish) { return SyncBeforeExit(wish); });
  server_->shutdown().AddStep([this](const command::ShutdownWish& wish) { return SaveBeforeExit(wish); });
  // CONFIG SET runs on a worker's thread, while the main thread is in Wait() and can listen anew.
  config_->OnChange("port", [this](const engine::SettingValue& port) {
    bool done = ListenAgain(config_->Text("bind"), port.number, config_->Number("miniredis-port"));
    return done ? base::Status::Ok() : base::Status::Invalid("Unable to listen on this port. Check server logs.");
  });
  config_->OnChange("miniredis-port", [this](const engine::SettingValue& port) {
    bool done = ListenAgain(config_->Text("bind"), config_->Number("port"), port.number);
    return done ? base::Status::Ok() : base::Status::Invalid("Unable to listen on this port. Check server logs.");
  });
  config_->OnChange("bind", [this](const engine::SettingValue& bind) {
    bool done = ListenAgain(bind.text, config_->Number("port"), config_->Number("miniredis-port"));
    return done ? base::Status::Ok() : base::Status::Invalid("Failed to bind to specified addresses.");
  });
  ShowTitle();
  return Listen();
}

base::Status ServerProcess::Listen() {
  base::Status status = server_->Start();
  if (status.ok()) return status;
  log_.Warning("{}", status.message());
  log_.Warning("Failed listening on port {} (TCP), aborting.", config_->Number("port"));
  return status;
}

void ServerProcess::ReportCrashes() {
  std::string path = config_->Text("logfile");
  if (!path.empty() && path[0] != '/') path = engine::CurrentDirectory() + '/' + path;
  auto apply = [path](const engine::SettingValue& enabled) {
    enabled.number != 0 ? InstallCrashReport(path) : RemoveCrashReport();
    return base::Status::Ok();
  };
  std::ignore = apply({.text = {}, .number = config_->Number("crash-log-enabled")});
  config_->OnChange("crash-log-enabled", apply);
}

void ServerProcess::SetTitle(const std::string& title_template, const std::string& bind, int64_t port) {
  if (!config_->Flag("set-proc-title")) return;
  const std::string first = bind.substr(0, bind.find(' '));
  const std::string address = first.empty() || first == "-::*" ? "*" : first;
  TitleFacts facts{.executable = shown_.executable,
                   .listen_address = fmt::format("{}:{}", address, port),
                   .port = std::to_string(port),
                   .tls_port = std::to_string(config_->Number("tls-port")),
                   .unix_socket = config_->Text("unixsocket"),
                   .config_file = config_->file(),
                   .server_mode = {}};
  if (port == 0 && !facts.unix_socket.empty()) facts.listen_address = facts.unix_socket;
  shown_.title->Set(ExpandTitle(title_template, facts));
}

void ServerProcess::ShowTitle() {
  SetTitle(config_->Text("proc-title-template"), config_->Text("bind"), config_->Number("port"));
  // One CONFIG SET at a time calls these.
  config_->OnChange("proc-title-template", [this](const engine::SettingValue& value) {
    SetTitle(value.text, config_->Text("bind"), config_->Number("port"));
    return base::Status::Ok();
  });
}

bool ServerProcess::ListenAgain(const std::string& bind, int64_t port, int64_t mini_port) {
  auto addresses = base::SplitQuotedLine(bind);
  base::Status status = server_->Rebind(addresses.value_or(std::vector<std::string>{}),
                                         {static_cast<uint16_t>(port), static_cast<uint16_t>(mini_port)});
  if (!status.ok()) log_.Warning("{}", status.message());
  if (status.ok()) SetTitle(config_->Text("proc-title-template"), bind, port);
  return status.ok();
}

std::string ServerProcess::Banner() const {
  std::string listening;
  for (const std::string& address : server_->listening()) {
    listening += (listening.empty() ? "" : ", ") + address;
  }
  return fmt::format(
      "\n"
      "   /\\_/\\    Tusk {} ({} allocator), speaks Redis {}\n"
      "  ( o o )\n"
      "  /) V (\\   PID: {}\n"
      "   | | |    Listening on: {}\n"
      "   \\_|_/    Threads: {}   Memory limit: {}\n"
      "            Connect: {}\n"
      "            Stop: Ctrl-C, SIGTERM or SHUTDOWN\n"
      "\n",
      engine::kVersion, base::AllocatorName(), engine::kRedisVersion, getpid(),
      listening.empty() ? "nothing" : listening, server_->thread_count(),
      MemoryText(static_cast<uint64_t>(config_->Number("maxmemory"))),
      ConnectHint(*config_, server_->listening()));
}

void ServerProcess::WarnAboutSettings() {
  if (maxclients_ < maxclients_wanted_) {
    log_.Warning(
        "The limit of open files allows {} clients, not the {} of maxclients. Raise it with 'ulimit -n' or "
        "LimitNOFILE= of the unit.",
        maxclients_, maxclients_wanted_);
  }
  for (const std::string& name : config_->without_effect()) {
    log_.Verbose("The setting '{}' is accepted and has no effect in Tusk", name);
  }
}

void ServerProcess::BeReady() {
  engine_->EnableFiles();
  log_.Notice("Ready to accept connections");
  NotifySystemd("STATUS=Ready to accept connections\nREADY=1\n");
  engine_->StartReplication();
}

// Clients are served meanwhile, as far as commands are allowed while loading.
void ServerProcess::LoadDataset() {
  const bool from_log = engine_->append_file().wanted() && engine_->append_file().HasFiles();
  if (engine_->PassesOverFile()) {
    log_.Warning("appendonly is yes and there is no append log: this starts empty, as Redis does, and {} is not loaded. To go on "
                 "with its data, start with appendonly no, then CONFIG SET appendonly yes.", config_->Text("dbfilename"));
  }
  base::Status status = engine_->LoadDataset();
  if (status.ok()) return BeReady();
  if (status.code() == base::Code::kUnavailable) return;  // Stopped.
  if (from_log || engine_->append_file().wanted()) {
    log_.Warning("{}", status.message());
    _exit(1);
  }
  const bool damaged = status.code() == base::Code::kInvalid;
  if (damaged) log_.Warning("Internal error in RDB reading: {}", status.message());
  log_.Warning("Fatal error loading the DB: {}. Exiting.", status.message());
  if (damaged) log_.Warning("Terminating server after rdb file reading failure.");
  _exit(1);
}

base::Status ServerProcess::SyncBeforeExit(const command::ShutdownWish& wish) {
  engine::AppendFile& file = engine_->append_file();
  using Mode = persist::LogKeeper::Mode;
  const Mode mode = file.keeper().state().mode;
  if (mode == Mode::kOff) return {};
  if (mode == Mode::kStarting) {
    // Without it the dataset would be in no file.
    if (!wish.force) return base::Status::Unavailable("Writing initial AOF, can't exit.");
    log_.Warning("Writing initial AOF. Exit anyway.");
    return {};
  }
  log_.Notice("Calling fsync() on the AOF file.");
  base::Status status = file.Flush();
  if (status.ok()) return status;
  return base::Status::Unavailable("Error writing the AOF file, can't exit: " + status.message());
}

base::Status ServerProcess::SaveBeforeExit(const command::ShutdownWish& wish) {
  if (wish.no_save || engine_->settings().loading) return {};
  if (!wish.save && !engine_->persistence().saver().has_rules()) return {};
  if (engine_->persistence().SaveForShutdown().ok()) return {};
  return base::Status::Unavailable("Error trying to save the DB, can't exit.");
}

int ServerProcess::Run() {
  bool terminal = config_->Text("logfile").empty() && isatty(STDOUT_FILENO);
  bool banner = terminal || config_->Flag("always-show-logo") || config_->Text("logfile").empty();
  if (banner) log_.Raw(Banner());
  WarnAboutSettings();
  log_.Notice("Server initialized");
  signal_thread_ = std::thread([this] { WaitForSignals(); });
  // After the banner, whose process id supervisors and test suites wait for.
  if (base::Status status = engine_->append_file().Read(); !status.ok()) {
    log_.Warning("{}", status.message());
    _exit(1);
  }
  if (engine_->settings().loading) {
    loader_thread_ = std::thread([this] { LoadDataset(); });
  } else {
    BeReady();
  }
  server_->Wait();
  engine_->persistence().StopLoading();
  engine_->append_file().StopLoading();
  engine_->link().failover().Stop();
  engine_->link().Lead();  // Its thread looks at the clients.
  if (loader_thread_.joinable()) loader_thread_.join();
  NotifySystemd("STOPPING=1\n");
  ending_.store(true, std::memory_order_release);
  pthread_kill(signal_thread_.native_handle(), SIGTERM);
  signal_thread_.join();
  log_.Notice("Tusk is now ready to exit, bye bye...");
  return 0;
}

}  // namespace tusk::main
