// LATENCY: what the latency monitor has kept, and how long commands take.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "command/command_table.h"
#include "command/help.h"
#include "engine/engine_of.h"
#include "engine/latency_graph.h"
#include "engine/observation_commands.h"

namespace tusk::engine {
namespace {

using command::Command;
using command::Context;
using command::LatencyEvent;
using command::LatencySample;

constexpr int kGraphRows = 4;
constexpr size_t kGraphColumns = 80;
// A spike this many times the mean of its event's samples deserves a word of its own.
constexpr int64_t kOutlierFactor = 3;

// "17s", "5m", "2h", "3d".
std::string Ago(int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 24 * 3600) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / (24 * 3600));
}

std::string Graph(const LatencyEvent& event, int64_t now_seconds) {
  const auto less = [](const LatencySample& a, const LatencySample& b) { return a.millis < b.millis; };
  const auto [low, high] = std::minmax_element(event.samples.begin(), event.samples.end(), less);
  std::string text = fmt::format("{} - high {} ms, low {} ms (all time high {} ms)\n", event.name, high->millis,
                                 low->millis, event.millis_max);
  text.append(kGraphColumns, '-');
  text += '\n';
  const size_t skip = event.samples.size() > kGraphColumns ? event.samples.size() - kGraphColumns : 0;
  std::vector<GraphPoint> points;
  for (size_t i = skip; i < event.samples.size(); ++i) {
    points.push_back({event.samples[i].millis, Ago(now_seconds - event.samples[i].unix_seconds)});
  }
  return text + DrawGraph(points, kGraphRows);
}

// What one event's samples say, and what can be done about it.
std::string Diagnose(const LatencyEvent& event) {
  int64_t sum = 0;
  int64_t least = event.samples.front().millis;
  int64_t most = 0;
  for (const LatencySample& sample : event.samples) {
    sum += sample.millis;
    least = std::min(least, sample.millis);
    most = std::max(most, sample.millis);
  }
  const auto count = static_cast<int64_t>(event.samples.size());
  const int64_t mean = sum / count;
  const int64_t seconds = event.samples.back().unix_seconds - event.samples.front().unix_seconds;
  std::string text = fmt::format("{}: {} latency spikes, mean {} ms, {} to {} ms, worst of all time {} ms", event.name,
                                 count, mean, least, most, event.millis_max);
  if (count > 1) text += fmt::format(", one every {:.1f} seconds", static_cast<double>(seconds) / static_cast<double>(count - 1));
  text += ".\n";
  if (most > mean * kOutlierFactor) text += "  The worst stands out: look for something unusual at that time.\n";
  if (event.name == "command") {
    text += "  SLOWLOG GET names the commands. Slow ones hold up only the keys that they lock; splitting big values helps.\n";
  } else if (event.name == "fast-command") {
    text += "  Commands that should take microseconds did not: the machine is likely short of processor time or swapping.\n";
  } else if (event.name == "expire-cycle") {
    text += "  Many keys expire at the same moment: spread their deadlines.\n";
  } else if (event.name == "eviction-cycle") {
    text += "  Memory is full and keys are evicted in bulk: raise maxmemory or write less at once.\n";
  }
  return text;
}

std::string Report(Context& ctx) {
  if (ctx.settings().latency_monitor_threshold == 0) {
    return "The latency monitor is off. CONFIG SET latency-monitor-threshold <milliseconds> turns it on.\n";
  }
  const std::vector<LatencyEvent> events = EngineOf(ctx).latency().Events();
  if (events.empty()) {
    return "No latency spike was seen since the server started or LATENCY RESET was called. All is well.\n";
  }
  std::string text = fmt::format("{} kinds of latency spikes were seen.\n\n", events.size());
  for (size_t i = 0; i < events.size(); ++i) text += fmt::format("{}. {}", i + 1, Diagnose(events[i]));
  return text;
}

// Buckets double from 1 microsecond on; those that add nothing are left out. False: it was never called.
bool ReplyHistogram(Context& ctx, const Command& command) {
  command::Statistics& statistics = EngineOf(ctx).statistics();
  uint64_t buckets[command::kLatencyBuckets];
  uint64_t calls = 0;
  for (size_t i = 0; i < command::kLatencyBuckets; ++i) {
    buckets[i] = statistics.Sum(
        [&](const command::WorkerStatistics& worker) { return worker.command[command.id].latency[i].get(); });
    calls += buckets[i];
  }
  if (calls == 0) return false;
  resp::Reply& reply = ctx.reply();
  reply.Bulk(command.full_name);
  reply.MapHeader(2);
  reply.Bulk("calls");
  reply.Integer(static_cast<int64_t>(calls));
  reply.Bulk("histogram_usec");
  const resp::Reply::Mark mark = reply.BeginDeferred();
  size_t shown = 0;
  uint64_t up_to_here = 0;
  for (size_t i = 0; i < command::kLatencyBuckets; ++i) {
    if (buckets[i] == 0) continue;
    up_to_here += buckets[i];
    reply.Integer(int64_t{1} << i);
    reply.Integer(static_cast<int64_t>(up_to_here));
    ++shown;
  }
  reply.EndMap(mark, shown);
  return true;
}

}  // namespace

void CmdLatencyLatest(Context& ctx) {
  const std::vector<LatencyEvent> events = EngineOf(ctx).latency().Events();
  resp::Reply& reply = ctx.reply();
  reply.ArrayHeader(events.size());
  for (const LatencyEvent& event : events) {
    reply.ArrayHeader(4);
    reply.Bulk(event.name);
    reply.Integer(event.samples.back().unix_seconds);
    reply.Integer(event.samples.back().millis);
    reply.Integer(event.millis_max);
  }
}

void CmdLatencyHistory(Context& ctx) {
  const LatencyEvent event = EngineOf(ctx).latency().Find(ctx.arg(2));
  ctx.reply().ArrayHeader(event.samples.size());
  for (const LatencySample& sample : event.samples) {
    ctx.reply().ArrayHeader(2);
    ctx.reply().Integer(sample.unix_seconds);
    ctx.reply().Integer(sample.millis);
  }
}

void CmdLatencyReset(Context& ctx) {
  command::LatencyMonitor& latency = EngineOf(ctx).latency();
  if (ctx.argc() == 2) return ctx.reply().Integer(static_cast<int64_t>(latency.ForgetAll()));
  int64_t forgotten = 0;
  for (std::string_view event : ctx.args().subspan(2)) forgotten += latency.Forget(event) ? 1 : 0;
  ctx.reply().Integer(forgotten);
}

void CmdLatencyGraph(Context& ctx) {
  const LatencyEvent event = EngineOf(ctx).latency().Find(ctx.arg(2));
  if (event.samples.empty()) {
    return ctx.reply().Error("ERR No samples available for event '" + std::string(command::UpToZeroByte(ctx.arg(2))) + "'");
  }
  ctx.reply().Verbatim("txt", Graph(event, ctx.keyspace().clock().UnixMillis() / 1000));
}

void CmdLatencyDoctor(Context& ctx) { ctx.reply().Verbatim("txt", Report(ctx)); }

void CmdLatencyHistogram(Context& ctx) {
  Engine& engine = EngineOf(ctx);
  resp::Reply& reply = ctx.reply();
  const resp::Reply::Mark mark = reply.BeginDeferred();
  size_t shown = 0;
  if (engine.config().Flag("latency-tracking")) {
    if (ctx.argc() == 2) {
      for (const Command& command : engine.commands().all()) shown += ReplyHistogram(ctx, command) ? 1 : 0;
    }
    // A container stands for its subcommands; names that nobody has are passed over.
    for (std::string_view name : ctx.args().subspan(2)) {
      for (const Command& command : engine.commands().all()) {
        const bool named = base::EqualsIgnoreCase(command.full_name, name) ||
                           (command.parent && base::EqualsIgnoreCase(command.parent->full_name, name));
        if (named) shown += ReplyHistogram(ctx, command) ? 1 : 0;
      }
    }
  }
  reply.EndMap(mark, shown);
}

void CmdLatencyHelp(Context& ctx) { command::ReplyHelp(ctx); }

}  // namespace tusk::engine
