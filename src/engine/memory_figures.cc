#include "engine/memory_figures.h"

#include <unistd.h>

#include <cstdio>

#include "base/memory.h"
#include "engine/engine_of.h"

namespace tusk::engine {
namespace {

// A slot of a table that is three quarters full: pointer and fingerprint. A place in the deadlines' index.
constexpr uint64_t kTableBytesPerKey = 12, kDeadlineBytesPerKey = 24;

}  // namespace

uint64_t MemoryFigures::overhead() const noexcept {
  uint64_t sum = startup + backlog + replicas + clients + lua + functions;
  for (const Database& database : databases) sum += database.table_bytes + database.deadline_bytes;
  return sum;
}

MemoryFigures TakeMemoryFigures(Engine& engine) {
  MemoryFigures figures;
  figures.used = base::UsedMemory();
  figures.peak = engine.memory_peak().Update(figures.used);
  figures.startup = engine.startup_memory();
  figures.resident = ResidentBytes();
  figures.backlog = engine.feed().backlog_bytes();
  if (const command::Clients* clients = engine.services().clients) {
    const command::ClientTotals totals = clients->Totals();
    figures.replicas = totals.replica_memory;
    figures.clients = totals.normal_memory;
    figures.client_count = clients->ConnectedCount();
  }
  figures.lua = engine.scripts().pool().memory_bytes() + engine.scripts().registry().memory_bytes();
  figures.functions = engine.scripts().function_pool().memory_bytes() + engine.scripts().libraries().counts().bytes;
  figures.scripts = engine.scripts().registry().size();
  const store::Keyspace& keyspace = engine.keyspace();
  for (size_t i = 0; i < keyspace.databases(); ++i) {
    const auto db = static_cast<store::DbIndex>(i);
    const uint64_t keys = keyspace.Size(db);
    if (keys == 0) continue;
    figures.keys += keys;
    figures.databases.push_back({db, keys, keys * kTableBytesPerKey, keyspace.VolatileSize(db) * kDeadlineBytesPerKey});
  }
  return figures;
}

uint64_t ResidentBytes() noexcept {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long pages = 0;
  unsigned long long resident = 0;
  int read = std::fscanf(file, "%llu %llu", &pages, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace tusk::engine
