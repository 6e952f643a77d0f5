// OBJECT and MEMORY USAGE: how a value is kept.
#include "command/context.h"
#include "command/help.h"
#include "families/keys.h"
#include "families/keyspace.h"
#include "store/eviction.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Access;
using store::Entry;

// The key in argument 2, without leaving a trace of the look; replies null when it is missing.
Entry* Inspect(Context& ctx) {
  Entry* entry = ctx.Lookup(ctx.key(2), Access::kPeek);
  if (!entry) ctx.reply().Null();
  return entry;
}

constexpr std::string_view kSwitchedPolicy =
    " Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.";

}  // namespace

void CmdObjectEncoding(Context& ctx) {
  Entry* entry = Inspect(ctx);
  if (!entry) return;
  ctx.reply().Bulk(ctx.settings().classic_encoding_names ? entry->ClassicEncodingName() : entry->EncodingName());
}

// Values are never shared between keys.
void CmdObjectRefcount(Context& ctx) {
  const Entry* entry = Inspect(ctx);
  if (!entry) return;
  // Nothing is shared here; but Redis shares the small integers, says so with this count, and is asked for it.
  constexpr int64_t kSharedIntegers = 10'000;
  // With a memory limit it shares none whose access time or frequency decides over their keys.
  store::EvictionPolicy policy = ctx.settings().maxmemory_policy;
  bool clocked = ctx.settings().maxmemory != 0 &&
                 (store::IsLfu(policy) || policy == store::EvictionPolicy::kAllKeysLru ||
                  policy == store::EvictionPolicy::kVolatileLru);
  bool shared = !clocked && entry->type() == store::Type::kString && entry->is_integer() && entry->integer() >= 0 &&
                entry->integer() < kSharedIntegers;
  ctx.reply().Integer(shared ? INT32_MAX : 1);
}

void CmdObjectIdletime(Context& ctx) {
  Entry* entry = Inspect(ctx);
  if (!entry) return;
  if (store::IsLfu(ctx.settings().maxmemory_policy)) {
    return ctx.reply().Error("ERR An LFU maxmemory policy is selected, idle time not tracked." +
                             std::string(kSwitchedPolicy));
  }
  ctx.reply().Integer(static_cast<int64_t>(store::LruIdleSeconds(entry->access(), ctx.now_ms())));
}

void CmdObjectFreq(Context& ctx) {
  Entry* entry = Inspect(ctx);
  if (!entry) return;
  if (!store::IsLfu(ctx.settings().maxmemory_policy)) {
    return ctx.reply().Error("ERR An LFU maxmemory policy is not selected, access frequency not tracked." +
                             std::string(kSwitchedPolicy));
  }
  ctx.reply().Integer(store::LfuCounter(entry->access(), ctx.now_ms(), ctx.settings()));
}

void CmdObjectHelp(Context& ctx) { command::ReplyHelp(ctx); }

void CmdMemoryUsage(Context& ctx) {
  int64_t samples = 5;
  for (size_t i = 3; i < ctx.argc(); ++i) {
    if (!ctx.ArgIs(i, "samples") || i + 1 == ctx.argc()) return ctx.reply().Error(command::kSyntaxError);
    std::optional<int64_t> value = ctx.Integer(++i);
    if (!value) return;
    if (*value < 0) return ctx.reply().Error(command::kSyntaxError);
    samples = *value;
  }
  if (Entry* entry = Inspect(ctx)) {
    ctx.reply().Integer(static_cast<int64_t>(entry->MemoryBytes(static_cast<size_t>(samples))));
  }
}

}  // namespace tusk::families
