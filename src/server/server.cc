#include "server/server.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>

#include "base/log.h"
#include "engine/engine.h"
#include "io/event_loop.h"
#include "io/sockets.h"
#include "server/connection_loop.h"
#include "server/listener.h"

namespace tusk::server {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr size_t kDefaultThreadsMax = 8;
constexpr std::chrono::milliseconds kStopLookEvery{50};

}  // namespace

size_t Server::DefaultThreads() {
  cpu_set_t set;
  size_t cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? static_cast<size_t>(CPU_COUNT(&set)) : 1;
  return std::clamp<size_t>(cores, 1, kDefaultThreadsMax);
}

Server::Server(engine::Engine& engine, base::Logger& log, Options options)
    : clients_(engine),
      crew_(engine, log),
      shutdown_(log, engine.config()),
      process_(engine, log, clients_, shutdown_),
      context_{engine, log, clients_, crew_},
      options_(std::move(options)) {
  engine.services().clients = &clients_;
  engine.services().process = &process_;
  engine.scripts().SetLog(&log);
}

Server::~Server() {
  context_.engine.append_file().SetSyncListener({});
  Stop();
}

std::vector<ConnectionLoop*> Server::LoopPointers() const {
  std::vector<ConnectionLoop*> pointers;
  for (const auto& loop : loops_) pointers.push_back(loop.get());
  return pointers;
}

Status Server::AddListener(base::UniqueFd fd, Dialect dialect, Listeners& listeners) {
  auto listener = std::make_unique<Listener>(context_, *events_, LoopPointers(), std::move(fd), dialect);
  RETURN_IF_ERROR(listener->Start());
  listeners.push_back(std::move(listener));
  return {};
}

Status Server::ListenAt(const std::vector<std::string>& addresses, uint16_t port, Dialect dialect, Listeners& listeners) {
  if (port == 0) return {};
  const size_t before = listeners.size();
  Status last;
  for (std::string_view address : addresses) {
    bool optional = address.starts_with('-');
    if (optional) address.remove_prefix(1);
    auto fd = io::ListenTcp(address, port, options_.backlog);
    if (!fd) {
      last = fd.error();
      if (optional) continue;
      return last;
    }
    RETURN_IF_ERROR(AddListener(*std::move(fd), dialect, listeners));
  }
  return listeners.size() == before ? last : Status();
}

Result<Server::Listeners> Server::ListenTcp(const std::vector<std::string>& addresses, Ports ports) {
  Listeners listeners;
  RETURN_IF_ERROR(ListenAt(addresses, ports.redis, Dialect::kRedis, listeners));
  RETURN_IF_ERROR(ListenAt(addresses, ports.mini, Dialect::kMini, listeners));
  return listeners;
}

Status Server::Start() {
  ASSIGN_OR_RETURN(events_, io::EventLoop::Create(context_.engine.clock()));
  shutdown_.Attach(*events_, [this] { StopSoon(); });
  size_t count = options_.threads > 0 ? options_.threads : DefaultThreads();
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(auto loop, ConnectionLoop::Create(context_, i, count));
    loops_.push_back(std::move(loop));
  }
  ASSIGN_OR_RETURN(tcp_, ListenTcp(options_.addresses, {options_.port, options_.mini_port}));
  if (!options_.unix_socket.empty()) {
    ASSIGN_OR_RETURN(base::UniqueFd fd, io::ListenUnix(options_.unix_socket, options_.unix_socket_mode, options_.backlog));
    RETURN_IF_ERROR(AddListener(std::move(fd), Dialect::kRedis, unix_));
  }
  clients_.set_loops(LoopPointers());
  crew_.Start(LoopPointers());
  // The loops are there for good.
  context_.engine.append_file().SetSyncListener([this] {
    for (const auto& loop : loops_) loop->OnSynced();
  });
  return {};
}

void Server::Wait() {
  events_->Adopt();
  while (!stop_wanted_) events_->RunOnce(-1);
  Stop();
}

void Server::RequestStop() noexcept {
  events_->Post(base::MakeTask([this] { StopSoon(); }));
}

// On the accepting thread. The empty task lets Wait() look once more.
void Server::StopSoon() noexcept {
  stop_wanted_ = true;
  events_->Post(base::MakeTask([] {}));
}

Status Server::Rebind(std::vector<std::string> addresses, Ports ports) {
  auto done = std::make_shared<std::promise<Status>>();
  std::future<Status> result = done->get_future();
  events_->Post(base::MakeTask([this, done, addresses = std::move(addresses), ports] {
    done->set_value(ListenAgain(addresses, ports));
  }));
  // A server that is being stopped runs no more tasks, and waits for the caller's thread.
  while (result.wait_for(kStopLookEvery) != std::future_status::ready) {
    if (stopping_.load(std::memory_order_acquire)) return Status::Unavailable("the server is stopping");
  }
  return result.get();
}

Status Server::ListenAgain(const std::vector<std::string>& addresses, Ports ports) {
  // The old ones go first: the new may want the same port.
  tcp_.clear();
  auto listeners = ListenTcp(addresses, ports);
  if (!listeners) {
    auto before = ListenTcp(options_.addresses, {options_.port, options_.mini_port});
    if (before) tcp_ = *std::move(before);
    return listeners.error();
  }
  tcp_ = *std::move(listeners);
  options_.addresses = addresses;
  options_.port = ports.redis;
  options_.mini_port = ports.mini;
  return {};
}

void Server::Stop() {
  stopping_.store(true, std::memory_order_release);
  shutdown_.Close();
  context_.engine.scripts().KillAll();  // One that runs for ever would hold up its thread.
  tcp_.clear();
  if (!unix_.empty()) {
    unix_.clear();
    unlink(options_.unix_socket.c_str());
  }
  for (auto& loop : loops_) loop->Stop();
  crew_.Stop();
  for (auto& loop : loops_) loop->SendLast();
  loops_.clear();
}

std::vector<std::string> Server::listening() const {
  std::vector<std::string> addresses;
  for (const auto& listener : tcp_) addresses.push_back(listener->address());
  for (const auto& listener : unix_) addresses.push_back(listener->address());
  return addresses;
}

}  // namespace tusk::server
