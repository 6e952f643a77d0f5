// HOTKEYS. Texts of errors and names of fields as in Redis 8.6.
#include <optional>

#include "command/context.h"
#include "command/help.h"
#include "engine/engine.h"
#include "engine/engine_of.h"
#include "engine/hot_keys.h"
#include "engine/observation_commands.h"

namespace tusk::engine {
namespace {

using command::Context;

// METRICS count name ...: the argument behind it, nothing after an error reply.
std::optional<size_t> ParseMetrics(Context& ctx, HotKeys::Wish& wish) {
  constexpr size_t kFirst = 4;
  if (ctx.argc() < kFirst || !ctx.ArgIs(2, "METRICS")) {
    ctx.reply().Error("ERR METRICS parameter is required");
    return {};
  }
  std::optional<int64_t> count = ctx.IntegerInRange(3, 1, 2, "ERR METRICS count must be > 0 and <= 2");
  if (!count) return {};
  const size_t end = kFirst + static_cast<size_t>(*count);
  if (end > ctx.argc()) {
    ctx.reply().Error("ERR METRICS count does not match number of metric types provided");
    return {};
  }
  for (size_t i = kFirst; i < end; ++i) {
    const bool cpu = ctx.ArgIs(i, "CPU");
    if (!cpu && !ctx.ArgIs(i, "NET")) {
      ctx.reply().Error("ERR METRICS no valid metrics passed. Supported: CPU|NET");
      return {};
    }
    bool& wanted = cpu ? wish.cpu : wish.net;
    if (wanted) {
      ctx.reply().Error(cpu ? "ERR METRICS CPU defined more than once!" : "ERR METRICS NET defined more than once!");
      return {};
    }
    wanted = true;
  }
  return end;
}

// False after an error reply.
bool ParseOptions(Context& ctx, size_t i, HotKeys::Wish& wish) {
  constexpr int64_t kSecondsMax = 1'000'000;
  constexpr int64_t kMillisPerSecond = 1000;
  for (; i < ctx.argc(); i += 2) {
    const bool more = i + 1 < ctx.argc();
    std::optional<int64_t> number;
    if (more && ctx.ArgIs(i, "COUNT")) {
      number = ctx.IntegerInRange(i + 1, 1, HotKeys::kCountMax, "ERR COUNT must be between 1 and 64");
      wish.count = static_cast<size_t>(number.value_or(1));
    } else if (more && ctx.ArgIs(i, "DURATION")) {
      number = ctx.IntegerInRange(i + 1, 1, kSecondsMax, "ERR DURATION must be between 1 and 1000000");
      wish.duration_ms = number.value_or(0) * kMillisPerSecond;
    } else if (more && ctx.ArgIs(i, "SAMPLE")) {
      number = ctx.IntegerInRange(i + 1, 1, INT32_MAX, "ERR SAMPLE ratio must be positive");
      wish.sample_ratio = static_cast<uint64_t>(number.value_or(1));
    } else if (more && ctx.ArgIs(i, "SLOTS")) {
      ctx.reply().Error("ERR SLOTS parameter cannot be used in non-cluster mode");
    } else {
      ctx.reply().Error(command::kSyntaxError);
    }
    if (!number) return false;
  }
  return true;
}

void ReplyKeys(resp::Reply& reply, std::string_view name, const std::vector<std::pair<std::string, uint64_t>>& keys) {
  reply.Bulk(name);
  reply.ArrayHeader(keys.size() * 2);
  for (const auto& [key, weight] : keys) {
    reply.Bulk(key);
    reply.Integer(static_cast<int64_t>(weight));
  }
}

void ReplyReport(resp::Reply& reply, const HotKeys::Report& report) {
  constexpr size_t kFieldsAlways = 7, kFieldsOfCpu = 3, kFieldsOfNet = 2;
  constexpr int64_t kLastSlot = 16383;
  auto number = [&reply](std::string_view name, auto value) {
    reply.Bulk(name);
    reply.Integer(static_cast<int64_t>(value));
  };
  reply.ArrayHeader(1);  // Of one node.
  reply.MapHeader(kFieldsAlways + (report.wish.cpu ? kFieldsOfCpu : 0) + (report.wish.net ? kFieldsOfNet : 0));
  number("tracking-active", report.active ? 1 : 0);
  number("sample-ratio", report.wish.sample_ratio);
  reply.Bulk("selected-slots");
  reply.ArrayHeader(1);
  reply.ArrayHeader(2);
  reply.Integer(0);
  reply.Integer(kLastSlot);
  number("all-commands-all-slots-us", report.micros);
  number("net-bytes-all-commands-all-slots", report.bytes);
  number("collection-start-time-unix-ms", report.start_unix_ms);
  number("collection-duration-ms", report.lasted_ms);
  if (report.wish.cpu) {
    number("total-cpu-time-user-ms", report.user_cpu_ms);
    number("total-cpu-time-sys-ms", report.system_cpu_ms);
  }
  if (report.wish.net) number("total-net-bytes", report.bytes);
  if (report.wish.cpu) ReplyKeys(reply, "by-cpu-time-us", report.by_micros);
  if (report.wish.net) ReplyKeys(reply, "by-net-bytes", report.by_bytes);
}

}  // namespace

void CmdHotkeysStart(Context& ctx) {
  HotKeys::Wish wish;
  std::optional<size_t> options = ParseMetrics(ctx, wish);
  if (!options || !ParseOptions(ctx, *options, wish)) return;
  if (!EngineOf(ctx).watch().hot_keys().Start(wish, EngineOf(ctx).clock())) {
    return ctx.reply().Error("ERR hotkey tracking session already in progress");
  }
  ctx.reply().Ok();
}

void CmdHotkeysStop(Context& ctx) {
  EngineOf(ctx).watch().hot_keys().Stop(EngineOf(ctx).clock()) ? ctx.reply().Ok() : ctx.reply().Null();
}

void CmdHotkeysReset(Context& ctx) {
  if (EngineOf(ctx).watch().hot_keys().Forget(EngineOf(ctx).clock())) return ctx.reply().Ok();
  ctx.reply().Error("ERR hotkey tracking session in progress, stop tracking first");
}

void CmdHotkeysGet(Context& ctx) {
  std::optional<HotKeys::Report> report = EngineOf(ctx).watch().hot_keys().Get(EngineOf(ctx).clock());
  report ? ReplyReport(ctx.reply(), *report) : ctx.reply().Null();
}

void CmdHotkeysHelp(Context& ctx) { command::ReplyHelp(ctx); }

}  // namespace tusk::engine
