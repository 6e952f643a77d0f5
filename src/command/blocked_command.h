// BlockedCommand: a command that waits for one of its keys. It is the waiter that stripes queue, and keeps all that is
// needed to run the command again on any thread.
//
// Threads: fields are set before it is queued and read by the holder of the claim (store::Waiter). Owns: its arguments.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "command/context.h"
#include "store/waiter.h"

namespace tusk::command {

class BlockedCommand : public store::Waiter {
 public:
  Session* session = nullptr;     // Alive while the claim is not finished: its owner cancels before it dies.
  SessionHost* host = nullptr;
  uint64_t session_id = 0;
  const Command* command = nullptr;
  std::vector<std::string> argv;
  store::DbIndex db = 0;
  std::vector<std::string> keys;  // Unique.
  bool needs_all_keys = false;
  bool serve_without_key = false;
  int64_t deadline_ms = 0;        // Monotonic milliseconds; 0: never.
  // When its owner is to try again (Executor::RetryBlocked), in monotonic milliseconds; 0: never. Written by the holder of
  // the claim at each try; read relaxed by the owner's loop, for which a late or early look is only a try more.
  std::atomic<int64_t> retry_ms{0};
  std::function<void(resp::Reply&)> write_timeout;  // None: a null array.
  int64_t blocked_since_ticks = 0;
  // How it ended without being served; written by the holder of the claim before Finish().
  enum class Cancelled : uint8_t { kNo, kByTime, kWithError };
  Cancelled cancelled = Cancelled::kNo;
};

}  // namespace tusk::command
