// What a daemon does to its process: going to the background, the PID file, telling systemd that it is up.
//
// Threads: before other threads start, except PidFile's destructor and NotifySystemd. Owns: see each.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace tusk::main {

// Goes on in a child of its own session, with the standard streams on /dev/null; the parent exits.
base::Status Daemonize();

// Written on creation, removed on destruction. An empty path writes nothing.
class PidFile {
 public:
  PidFile() = default;
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  base::Status Write(std::string path);

 private:
  std::string path_;
};

// sd_notify(3)'s protocol: `state` to the socket named by $NOTIFY_SOCKET. False when there is none or it does not take.
bool NotifySystemd(std::string_view state);

// Raises the limit of open files towards what `clients` connections need; returns how many clients fit.
size_t RaiseOpenFileLimit(size_t clients);
// Descriptors that are not clients: listeners, logs, event loops, spares.
inline constexpr size_t kReservedFiles = 64;

}  // namespace tusk::main
