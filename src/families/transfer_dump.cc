// DUMP and RESTORE.
#include <optional>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "codec/payload.h"
#include "command/command_table.h"
#include "command/context.h"
#include "families/transfer.h"
#include "store/eviction.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Access;
using store::Entry;
using store::Key;

struct RestoreOptions {
  bool replace = false;
  bool absolute = false;
  int64_t idle_seconds = -1;
  int frequency = -1;
};

// Replies the error.
std::optional<RestoreOptions> ParseOptions(Context& ctx) {
  constexpr size_t kFirst = 4;
  constexpr int64_t kFrequencyMax = 255;
  RestoreOptions options;
  for (size_t i = kFirst; i < ctx.argc(); ++i) {
    const bool has_value = i + 1 < ctx.argc();
    if (ctx.ArgIs(i, "replace")) {
      options.replace = true;
    } else if (ctx.ArgIs(i, "absttl")) {
      options.absolute = true;
    } else if (ctx.ArgIs(i, "idletime") && has_value && options.frequency < 0) {
      std::optional<int64_t> seconds = ctx.Integer(++i);
      if (!seconds) return {};
      if (*seconds < 0) return ctx.reply().Error("ERR Invalid IDLETIME value, must be >= 0"), std::nullopt;
      options.idle_seconds = *seconds;
    } else if (ctx.ArgIs(i, "freq") && has_value && options.idle_seconds < 0) {
      std::optional<int64_t> frequency = ctx.Integer(++i);
      if (!frequency) return {};
      if (*frequency < 0 || *frequency > kFrequencyMax) {
        return ctx.reply().Error("ERR Invalid FREQ value, must be >= 0 and <= 255"), std::nullopt;
      }
      options.frequency = static_cast<int>(*frequency);
    } else {
      return ctx.reply().Error(command::kSyntaxError), std::nullopt;
    }
  }
  return options;
}

// The command with its deadline made absolute, so that followers do not count from when they hear of it.
void RecordAbsolute(Context& ctx, int64_t deadline_ms) {
  constexpr size_t kTtl = 2;
  std::string deadline = base::Int64ToString(deadline_ms);
  std::vector<std::string_view> argv(ctx.args().begin(), ctx.args().end());
  argv[kTtl] = deadline;
  argv.push_back("ABSTTL");
  ctx.RecordAs(argv);
}

// What comes has expired already: at most the old value goes.
void RestoreNothing(Context& ctx, const Key& key, bool deleted) {
  if (deleted) {
    ctx.RecordAs({ctx.settings().lazyfree_lazy_server_del ? "UNLINK" : "DEL", key.text});
    ctx.Modified(key, store::kEventGeneric, "del");
  }
  ctx.reply().Ok();
}

}  // namespace

void CmdDump(Context& ctx) {
  Entry* entry = ctx.Lookup(ctx.key(1), Access::kRead);
  if (!entry) return ctx.reply().Null();
  ctx.reply().Bulk(codec::DumpValue(*entry, codec::EncodingLimits(ctx.settings()), ctx.settings().rdb_compression));
}

void CmdRestore(Context& ctx) {
  std::optional<RestoreOptions> options = ParseOptions(ctx);
  if (!options) return;
  Key key = ctx.key(1);
  Entry* old = ctx.Lookup(key, Access::kPeek);
  if (old && !options->replace) return ctx.reply().Error("BUSYKEY Target key name already exists.");
  std::optional<int64_t> ttl = ctx.Integer(2);
  if (!ttl) return;
  if (*ttl < 0) return ctx.reply().Error("ERR Invalid TTL value, must be >= 0");
  if (!codec::PayloadIsIntact(ctx.arg(3), ctx.settings().skip_checksum_validation)) {
    return ctx.reply().Error("ERR DUMP payload version or checksum are wrong");
  }
  base::Result<store::Value> value = codec::RestoreValue(ctx.arg(3), codec::EncodingLimits(ctx.settings()));
  if (!value) {
    // A payload that is damaged though its checksum stands was made so: rare enough to tell the log.
    if (command::Process* process = ctx.services().process) {
      process->Log("RESTORE: payload integrity check failed: " + value.error().message());
    }
    return ctx.reply().Error("ERR Bad data format");
  }

  if (old) ctx.Delete(key, *old);
  int64_t deadline_ms = *ttl;
  if (*ttl != 0 && !options->absolute && __builtin_add_overflow(*ttl, ctx.now_ms(), &deadline_ms)) {
    deadline_ms = INT64_MAX;
  }
  if (*ttl != 0 && ctx.IsPast(deadline_ms)) return RestoreNothing(ctx, key, old != nullptr);
  Entry* entry = &ctx.transaction().Put(ctx.db(), key, nullptr, *std::move(value));
  if (*ttl != 0) entry = &ctx.transaction().SetDeadline(ctx.db(), key, *entry, deadline_ms);
  entry->set_access(
      store::RestoredAccess(options->idle_seconds, options->frequency, ctx.now_ms(), ctx.settings()));
  if (*ttl != 0 && !options->absolute) RecordAbsolute(ctx, deadline_ms);
  ctx.Modified(key, store::kEventGeneric, "restore");
  ctx.reply().Ok();
}

}  // namespace tusk::families
