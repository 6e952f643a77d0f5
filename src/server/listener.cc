#include "server/listener.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <string_view>

#include "base/log.h"
#include "engine/engine.h"
#include "io/sockets.h"
#include "server/connection_loop.h"

namespace tusk::server {
namespace {

constexpr int kAcceptsPerEventMax = 256;
constexpr int64_t kRestUs = 100'000;

constexpr std::string_view kTooManyClients = "-ERR max number of clients reached\r\n";
constexpr std::string_view kProtected =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the "
    "default user. In this mode connections are only accepted from the loopback interface. To connect from other "
    "computers, do one of these: 1) set a password for the default user ('CONFIG SET requirepass ...' from this host, "
    "or 'requirepass' in the configuration file); 2) send 'CONFIG SET protected-mode no' from this host, if the server "
    "can't be reached from the internet, and CONFIG REWRITE to keep it; 3) start the server with '--protected-mode "
    "no'.\r\n";

// The answer may get lost if the socket is full already; the close says the same.
void Refuse(const base::UniqueFd& fd, std::string_view text) {
  [[maybe_unused]] ssize_t sent = send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

base::UniqueFd OpenReserve() { return base::UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

Listener::Listener(ServerContext& context, io::EventLoop& events, std::vector<ConnectionLoop*> loops, base::UniqueFd fd,
                   Dialect dialect)
    : context_(context), events_(events), loops_(std::move(loops)), fd_(std::move(fd)), dialect_(dialect), reserve_(OpenReserve()), rest_(*this) {}

Listener::~Listener() { events_.Remove(fd_.get(), *this); }

base::Status Listener::Start() { return events_.Add(fd_.get(), io::kReadable, *this); }

std::string Listener::address() const { return io::LocalAddress(fd_.get()); }

void Listener::OnEvents(uint32_t) noexcept {
  for (int i = 0; i < kAcceptsPerEventMax; ++i) {
    base::UniqueFd accepted;
    switch (io::Accept(fd_.get(), accepted)) {
      case io::AcceptOutcome::kAccepted: Admit(std::move(accepted)); break;
      case io::AcceptOutcome::kNone: return;
      case io::AcceptOutcome::kOutOfDescriptors: return OutOfDescriptors();
      case io::AcceptOutcome::kFailed:
        context_.log.Warning("Accepting client connections failed at {}", address());
        events_.Modify(fd_.get(), 0, *this);
        return;
    }
  }
}

void Listener::Admit(base::UniqueFd fd) {
  engine::Engine& engine = context_.engine;
  engine::NetworkSettings& network = engine.network();
  size_t connected = 0;
  ConnectionLoop* chosen = nullptr;
  // From a different start each time, so that equal loops take turns.
  for (size_t i = 0; i < loops_.size(); ++i) {
    ConnectionLoop* loop = loops_[(next_loop_ + i) % loops_.size()];
    connected += loop->load();
    if (!chosen || loop->load() < chosen->load()) chosen = loop;
  }
  ++next_loop_;
  if (connected >= network.maxclients) {
    engine.statistics().rejected_connections.fetch_add(1, std::memory_order_relaxed);
    return Refuse(fd, kTooManyClients);
  }
  if (network.protected_mode && engine.users().default_has_no_password() && !io::PeerIsLocal(fd.get())) {
    engine.statistics().rejected_connections.fetch_add(1, std::memory_order_relaxed);
    return Refuse(fd, kProtected);
  }
  engine.statistics().connections_received.fetch_add(1, std::memory_order_relaxed);
  io::SetNoDelay(fd.get());
  io::SetKeepAlive(fd.get(), static_cast<int>(network.tcp_keepalive_seconds.get()));
  chosen->AddConnection(std::move(fd), dialect_);
}

void Listener::OutOfDescriptors() {
  context_.log.Warning("Out of file descriptors: refusing a client. Raise the limit (ulimit -n) or lower maxclients.");
  reserve_.Reset();
  base::UniqueFd refused;
  if (io::Accept(fd_.get(), refused) == io::AcceptOutcome::kAccepted) {
    context_.engine.statistics().rejected_connections.fetch_add(1, std::memory_order_relaxed);
    Refuse(refused, kTooManyClients);
  }
  refused.Reset();
  reserve_ = OpenReserve();
  events_.Modify(fd_.get(), 0, *this);
  events_.ArmTimerIn(rest_, kRestUs);
}

void Listener::EndRest() noexcept { events_.Modify(fd_.get(), io::kReadable, *this); }

}  // namespace tusk::server
