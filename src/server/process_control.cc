#include "server/process_control.h"

#include "base/log.h"
#include "engine/engine.h"
#include "server/client_registry.h"
#include "server/shutdown.h"

namespace tusk::server {

base::Status ProcessControl::Shutdown(const command::ShutdownWish& wish) {
  clients_.AddBlocked(1);
  base::Status status = shutdown_.ByCommand(wish);
  clients_.AddBlocked(-1);
  return status;
}

base::Status ProcessControl::AbortShutdown() { return shutdown_.Abort(); }

std::optional<int64_t> ProcessControl::ShutdownMillisLeft() const { return shutdown_.MillisLeft(); }

void ProcessControl::PauseSignals(bool pause) { shutdown_.PauseSignals(pause); }

// Loopback and unix sockets are local.
bool ProcessControl::RefusesAsRemote(std::string_view setting, uint64_t client_id) const {
  if (engine_.config().Text(setting) != "local") return false;
  auto client = clients_.Find(client_id);
  if (!client) return true;
  const std::string& address = client->address;
  return !address.starts_with("127.") && !address.starts_with("[::1]") && !address.starts_with("/");
}

base::Status ProcessControl::RewriteConfig(bool every_setting) { return engine_.config().Rewrite(every_setting); }

void ProcessControl::Log(std::string_view text) { log_.Warning("{}", text); }

}  // namespace tusk::server
