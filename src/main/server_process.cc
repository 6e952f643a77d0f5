#include "main/server_process.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/text.h"
#include "engine/config.h"
#include "engine/engine.h"
#include "server/server.h"

namespace tusk::main {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

class Nothing final : public base::Task {
 public:
  void Run() noexcept override {}
};

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

}  // namespace

// Signals arrive as events of the main loop, so that nothing runs in a signal handler.
class ServerProcess::SignalReader final : public io::EventHandler {
 public:
  SignalReader(ServerProcess& process, base::UniqueFd fd) : process_(process), fd_(std::move(fd)) {}
  int fd() const noexcept { return fd_.get(); }
  void OnEvents(uint32_t) noexcept override {
    signalfd_siginfo info{};
    while (read(fd_.get(), &info, sizeof info) == sizeof info) process_.OnSignal(static_cast<int>(info.ssi_signo));
  }

 private:
  ServerProcess& process_;
  base::UniqueFd fd_;
};

ServerProcess::ServerProcess(std::unique_ptr<engine::Config> config)
    : config_(config.get()), unused_config_(std::move(config)) {}

ServerProcess::~ServerProcess() = default;

base::Status ServerProcess::BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : kSignals) sigaddset(&set, number);
  if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return base::Status::Errno("pthread_sigmask", errno);
  signal(SIGPIPE, SIG_IGN);
  base::UniqueFd fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (fd.get() < 0) return base::Status::Errno("signalfd", errno);
  signals_ = std::make_unique<SignalReader>(*this, std::move(fd));
  return events_->Add(signals_->fd(), io::kReadable, *signals_);
}

base::Status ServerProcess::Start() {
  bool background = config_->Flag("daemonize");
  std::string directory = config_->Text("dir");
  if (!directory.empty() && chdir(directory.c_str()) != 0) {
    return base::Status::Errno("Can't chdir to '" + directory + "'", errno);
  }
  // Before any other thread exists: a fork keeps only the thread that calls it.
  if (background) RETURN_IF_ERROR(Daemonize());
  RETURN_IF_ERROR(log_.Open(config_->Text("logfile")));
  log_.set_level(static_cast<base::LogLevel>(config_->Number("loglevel")));
  auto loop = io::EventLoop::Create(clock_);
  if (!loop) return std::move(loop).error();
  events_ = *std::move(loop);
  events_->Adopt();
  RETURN_IF_ERROR(BlockSignals());
  std::string pid_path = config_->Text("pidfile");
  if (background && pid_path.empty()) pid_path = "/var/run/tusk.pid";
  if (base::Status status = pid_file_.Write(pid_path); !status.ok()) log_.Warning(status.message());

  maxclients_ = RaiseOpenFileLimit(static_cast<size_t>(config_->Number("maxclients")));
  engine_ = std::make_unique<engine::Engine>(engine::Engine::Options{
      .databases = static_cast<size_t>(config_->Number("databases")),
  });
  return StartListening();
}

base::Status ServerProcess::StartListening() {
  server_ = std::make_unique<server::Server>(*engine_, log_, [this](bool now) { RequestStop(now); });
  auto addresses = base::SplitQuotedLine(config_->Text("bind"));
  server::Server::Options options{
      .addresses = addresses ? *addresses : std::vector<std::string>{},
      .port = static_cast<uint16_t>(config_->Number("port")),
      .unix_socket = config_->Text("unixsocket"),
      .unix_socket_mode = static_cast<unsigned>(config_->Number("unixsocketperm")),
      .backlog = static_cast<int>(config_->Number("tcp-backlog")),
      .threads = static_cast<size_t>(config_->Number("io-threads")),
  };
  return server_->Start(*events_, options);
}

std::string ServerProcess::Banner() const {
  std::string listening;
  for (const std::string& address : server_->listening_addresses()) {
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
      ConnectHint(*config_, server_->listening_addresses()));
}

void ServerProcess::WarnAboutSettings() {
  if (maxclients_ < static_cast<size_t>(config_->Number("maxclients"))) {
    log_.Warning(fmt::format("The limit of open files allows {} clients, not the {} of maxclients. Raise it with "
                             "'ulimit -n' or LimitNOFILE= of the unit.",
                             maxclients_, config_->Number("maxclients")));
  }
  for (const std::string& name : config_->without_effect()) {
    log_.Verbose(fmt::format("The setting '{}' is accepted and has no effect in Tusk", name));
  }
}

int ServerProcess::Run() {
  bool terminal = config_->Text("logfile").empty() && isatty(STDOUT_FILENO);
  bool banner = terminal || config_->Flag("always-show-logo") || config_->Text("logfile").empty();
  if (banner) log_.WriteRaw(Banner());
  WarnAboutSettings();
  log_.Notice("Server initialized");
  log_.Notice("Ready to accept connections");
  NotifySystemd("STATUS=Ready to accept connections\nREADY=1\n");
  while (!stop_.load(std::memory_order_acquire)) events_->RunOnce(-1);
  NotifySystemd("STOPPING=1\n");
  log_.Notice("User requested shutdown...");
  server_->Stop();
  log_.Notice("Tusk is now ready to exit, bye bye...");
  return 0;
}

void ServerProcess::RequestStop(bool) noexcept {
  stop_.store(true, std::memory_order_release);
  events_->Post(std::make_unique<Nothing>());
}

void ServerProcess::OnSignal(int number) {
  if (number == SIGHUP) return;
  if (stop_.load(std::memory_order_acquire)) {
    log_.Warning("Second signal: exiting now");
    _exit(1);
  }
  log_.Warning(fmt::format("Received {} scheduling shutdown...", number == SIGINT ? "SIGINT" : "SIGTERM"));
  RequestStop(false);
}

}  // namespace tusk::main
