// MEMORY apart from USAGE: figures, advice, and what the allocator says.
#include <fmt/format.h>

#include <string>

#include "base/memory.h"
#include "command/help.h"
#include "engine/engine_of.h"
#include "engine/memory_figures.h"
#include "engine/server_commands.h"

namespace tusk::engine {
namespace {

using command::Context;

// Below this nothing that the doctor measures means anything.
constexpr uint64_t kWorthLookingBytes = 5 << 20;
// From here on the doctor speaks up. Ratios are those that Redis' documentation gives.
constexpr double kPeakRatio = 1.5, kFragmentationRatio = 1.4;
constexpr uint64_t kFragmentationBytesMin = 10 << 20;
constexpr uint64_t kClientBytesEach = 200 << 10;
constexpr uint64_t kReplicaBytes = 10 << 20;
constexpr uint64_t kScriptsMany = 1000;

double Ratio(uint64_t part, uint64_t whole) noexcept {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string Advice(const MemoryFigures& figures, uint64_t maxmemory) {
  std::string text;
  auto add = [&text](std::string_view line) { text += fmt::format(" * {}\n", line); };
  if (Ratio(figures.peak, figures.used) > kPeakRatio) {
    add(fmt::format("Peak: at its peak the data took {:.1f} times what it takes now. The allocator gives free pages back by itself, "
                    "so resident memory follows after a while; a ratio of resident to used memory above 1 is no leak until then.",
                    Ratio(figures.peak, figures.used)));
  }
  if (figures.fragmentation() > kFragmentationRatio && figures.resident > figures.used + kFragmentationBytesMin) {
    add(fmt::format("Fragmentation: {:.2f} bytes are resident for each byte in use. Many values that changed their size, or the peak "
                    "above, cause that. A restart with the dataset on disk packs it anew.", figures.fragmentation()));
  }
  if (figures.client_count != 0 && figures.clients / figures.client_count > kClientBytesEach) {
    add("Clients: their buffers take more than 200 KB each on average. Look at CLIENT LIST for large omem or qbuf: a subscriber that "
        "reads slowly, or very long pipelines. client-output-buffer-limit and maxmemory-clients set bounds.");
  }
  if (figures.replicas > kReplicaBytes) {
    add("Replicas: more than 10 MB wait to be sent to them. One is slow, or its link is; see INFO replication.");
  }
  if (figures.scripts > kScriptsMany) {
    add("Scripts: more than a thousand are cached. Most likely each call is a script of its own with its arguments written into "
        "the text: pass them as KEYS and ARGV, and use EVALSHA.");
  }
  if (maxmemory != 0 && figures.used > maxmemory) {
    add("Limit: more is in use than maxmemory allows. Either nothing may be evicted (maxmemory-policy), or what grew is no data.");
  }
  return text;
}

}  // namespace

void CmdMemoryHelp(Context& ctx) { command::ReplyHelp(ctx); }

void CmdMemoryPurge(Context& ctx) {
  EngineOf(ctx).keyspace().mover().Hurry();
  ctx.reply().Ok();
}

void CmdMemoryDoctor(Context& ctx) {
  const MemoryFigures figures = TakeMemoryFigures(EngineOf(ctx));
  if (figures.used < kWorthLookingBytes) {
    return ctx.reply().Verbatim("txt", "Hardly any memory is in use, so ratios would say nothing. Ask again when there is data.\n");
  }
  const std::string advice = Advice(figures, ctx.settings().maxmemory);
  ctx.reply().Verbatim("txt", advice.empty() ? "Nothing remarkable about memory.\n" : "What is remarkable about memory:\n\n" + advice);
}

void CmdMemoryMallocStats(Context& ctx) {
  const std::string report = base::AllocatorReport();
  ctx.reply().Verbatim("txt", report.empty() ? std::string("Stats not supported for the current allocator") : report);
}

void CmdMemoryStats(Context& ctx) {
  const MemoryFigures figures = TakeMemoryFigures(EngineOf(ctx));
  resp::Reply& reply = ctx.reply();
  auto number = [&](std::string_view name, uint64_t value) {
    reply.Bulk(name);
    reply.Integer(static_cast<int64_t>(value));
  };
  auto ratio = [&](std::string_view name, double value) {
    reply.Bulk(name);
    reply.Double(value);
  };
  // Negative where the process has more in use than resident: swapped out, or not touched yet.
  const auto slack = static_cast<int64_t>(figures.resident) - static_cast<int64_t>(figures.used);
  constexpr size_t kFields = 27;
  reply.MapHeader(kFields + figures.databases.size());
  number("peak.allocated", figures.peak);
  number("total.allocated", figures.used);
  number("startup.allocated", figures.startup);
  number("replication.backlog", figures.backlog);
  number("clients.slaves", figures.replicas);
  number("clients.normal", figures.clients);
  number("cluster.links", 0);
  number("aof.buffer", 0);
  number("lua.caches", figures.lua);
  number("functions.caches", figures.functions);
  for (const MemoryFigures::Database& database : figures.databases) {
    reply.Bulk(fmt::format("db.{}", database.db));
    reply.MapHeader(3);
    number("overhead.hashtable.main", database.table_bytes);
    number("overhead.hashtable.expires", database.deadline_bytes);
    number("overhead.hashtable.slot-to-keys", 0);
  }
  number("overhead.total", figures.overhead());
  number("keys.count", figures.keys);
  number("keys.bytes-per-key", figures.keys == 0 ? 0 : figures.dataset() / figures.keys);
  number("dataset.bytes", figures.dataset());
  ratio("dataset.percentage", 100 * Ratio(figures.dataset(), figures.used));
  ratio("peak.percentage", 100 * Ratio(figures.used, figures.peak));
  // The allocator does not tell what of its memory holds nothing: all that is resident counts as its own.
  number("allocator.allocated", figures.used);
  number("allocator.active", figures.resident);
  number("allocator.resident", figures.resident);
  ratio("allocator-fragmentation.ratio", figures.fragmentation());
  number("allocator-fragmentation.bytes", static_cast<uint64_t>(slack));
  ratio("allocator-rss.ratio", 1);
  number("allocator-rss.bytes", 0);
  ratio("rss-overhead.ratio", 1);
  number("rss-overhead.bytes", 0);
  ratio("fragmentation", figures.fragmentation());
  number("fragmentation.bytes", static_cast<uint64_t>(slack));
}

}  // namespace tusk::engine
