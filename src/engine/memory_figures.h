// What INFO and the MEMORY commands say about memory, gathered in one place.
// Threads: any worker's thread. Owns: nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "store/key.h"

namespace tusk::engine {

class Engine;

struct MemoryFigures {
  struct Database {
    store::DbIndex db = 0;
    uint64_t keys = 0;
    uint64_t table_bytes = 0;      // Estimated from the number of keys: tables are looked at stripe by stripe only.
    uint64_t deadline_bytes = 0;   // The same of keys with a deadline.
  };
  uint64_t used = 0;      // Bytes handed out by the allocator.
  uint64_t peak = 0;
  uint64_t startup = 0;
  uint64_t resident = 0;  // Of the whole process; 0: the kernel does not tell.
  uint64_t backlog = 0;
  uint64_t replicas = 0;
  uint64_t clients = 0;
  uint64_t client_count = 0;  // That `clients` is the sum of.
  uint64_t lua = 0;
  uint64_t functions = 0;
  uint64_t scripts = 0;   // How many are cached.
  uint64_t keys = 0;
  std::vector<Database> databases;  // Those with keys.

  uint64_t overhead() const noexcept;
  uint64_t dataset() const noexcept { return used > overhead() ? used - overhead() : 0; }
  double fragmentation() const noexcept { return used == 0 ? 0.0 : static_cast<double>(resident) / static_cast<double>(used); }
};

// O(databases + connections).
MemoryFigures TakeMemoryFigures(Engine& engine);

// Bytes of the process that lie in memory; 0: unknown.
uint64_t ResidentBytes() noexcept;

}  // namespace tusk::engine
