// NetworkSettings: what connections obey while they live. The configuration table writes, every loop reads.
//
// Threads: thread-safe; relaxed atomics, each stands for itself (see store/settings.h). Owns: plain numbers.
#pragma once

#include <cstdint>

#include "store/settings.h"

namespace tusk::engine {

// client-output-buffer-limit of one class. 0: no limit.
struct OutputLimit {
  store::Setting<uint64_t> hard_bytes{0};
  store::Setting<uint64_t> soft_bytes{0};
  store::Setting<int64_t> soft_seconds{0};
};

struct NetworkSettings {
  store::Setting<uint64_t> maxclients{10'000};
  store::Setting<int64_t> timeout_seconds{0};        // Idle clients are closed; 0: never.
  store::Setting<int64_t> tcp_keepalive_seconds{300};
  store::Setting<bool> protected_mode{true};
  store::Setting<uint64_t> clients_memory_max{0};  // maxmemory-clients in bytes; 0: no limit.
  store::Setting<uint64_t> query_buffer_limit{1ull << 30};
  store::Setting<int64_t> watchdog_period_ms{0};   // Commands that run for longer are told of in the log; 0: none.
  OutputLimit normal_output;
  OutputLimit replica_output{256ull << 20, 64ull << 20, 60};
  OutputLimit pubsub_output{32ull << 20, 8ull << 20, 60};
};

}  // namespace tusk::engine
