// EXPIRE and its variants, TTL and its variants, PERSIST.
//
// Deadlines are absolute milliseconds everywhere below the arguments; a change record names them so too, because a
// relative time would mean another moment where it is repeated.
#include "base/numbers.h"
#include "command/command_table.h"
#include "command/context.h"
#include "families/keys.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Access;
using store::Entry;
using store::Key;

enum class Unit : int64_t { kSeconds = 1000, kMillis = 1 };

struct Conditions {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;
};

bool ParseConditions(Context& ctx, Conditions& conditions) {
  for (size_t i = 3; i < ctx.argc(); ++i) {
    if (ctx.ArgIs(i, "nx")) {
      conditions.nx = true;
    } else if (ctx.ArgIs(i, "xx")) {
      conditions.xx = true;
    } else if (ctx.ArgIs(i, "gt")) {
      conditions.gt = true;
    } else if (ctx.ArgIs(i, "lt")) {
      conditions.lt = true;
    } else {
      ctx.reply().Error("ERR Unsupported option " + std::string(command::UpToZeroByte(ctx.arg(i))));
      return false;
    }
  }
  if (conditions.nx && (conditions.xx || conditions.gt || conditions.lt)) {
    ctx.reply().Error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return false;
  }
  if (conditions.gt && conditions.lt) {
    ctx.reply().Error("ERR GT and LT options at the same time are not compatible");
    return false;
  }
  return true;
}

// A key without deadline counts as one that lives for ever.
bool Allows(const Conditions& conditions, const Entry& entry, int64_t deadline_ms) noexcept {
  bool has = entry.has_deadline();
  if (conditions.nx && has) return false;
  if (conditions.xx && !has) return false;
  if (conditions.gt && (!has || deadline_ms <= entry.deadline_ms())) return false;
  if (conditions.lt && has && deadline_ms >= entry.deadline_ms()) return false;
  return true;
}

// The time argument as an absolute deadline; replies the error.
std::optional<int64_t> Deadline(Context& ctx, Unit unit, bool relative) {
  std::optional<int64_t> time = ctx.Integer(2);
  if (!time) return {};
  int64_t deadline_ms = 0;
  int64_t base_ms = relative ? ctx.now_ms() : 0;
  // Negative times are fine, since they mean "gone already", but nothing may wrap around.
  if (__builtin_mul_overflow(*time, static_cast<int64_t>(unit), &deadline_ms) ||
      __builtin_add_overflow(deadline_ms, base_ms, &deadline_ms)) {
    ctx.reply().Error("ERR invalid expire time in '" + ctx.command().full_name + "' command");
    return {};
  }
  return deadline_ms;
}

void Expire(Context& ctx, Unit unit, bool relative) {
  Conditions conditions;
  if (!ParseConditions(ctx, conditions)) return;
  std::optional<int64_t> deadline_ms = Deadline(ctx, unit, relative);
  if (!deadline_ms) return;
  Key key = ctx.key(1);
  Entry* entry = ctx.Lookup(key, Access::kWrite);
  if (!entry || !Allows(conditions, *entry, *deadline_ms)) return ctx.reply().Integer(0);
  if (ctx.IsPast(*deadline_ms)) {
    bool background = ctx.settings().lazyfree_lazy_expire;
    ctx.transaction().Delete(ctx.db(), key, *entry, background);
    ctx.Modified(key, store::kEventGeneric, "del");
    ctx.RecordAs({background ? "UNLINK" : "DEL", key.text});
    return ctx.reply().Integer(1);
  }
  ctx.transaction().SetDeadline(ctx.db(), key, *entry, *deadline_ms);
  ctx.Modified(key, store::kEventGeneric, "expire");
  if (ctx.wants_record()) {
    char text[base::kInt64TextMax];
    ctx.RecordAs({"PEXPIREAT", key.text, std::string_view(text, base::FormatInt64(*deadline_ms, text))});
  }
  ctx.reply().Integer(1);
}

enum class Report : uint8_t { kTimeLeft, kDeadline };

void TimeToLive(Context& ctx, Unit unit, Report report) {
  Entry* entry = ctx.Lookup(ctx.key(1), Access::kReadUntouched);
  if (!entry) return ctx.reply().Integer(-2);
  if (!entry->has_deadline()) return ctx.reply().Integer(-1);
  int64_t millis = entry->deadline_ms();
  if (report == Report::kTimeLeft) millis = std::max<int64_t>(millis - ctx.now_ms(), 0);
  // Rounded to the nearest second, like Redis. Divided first, since the largest deadlines leave no room to add.
  if (unit == Unit::kSeconds) millis = millis / 1000 + (millis % 1000 >= 500 ? 1 : 0);
  ctx.reply().Integer(millis);
}

}  // namespace

void CmdExpire(Context& ctx) { Expire(ctx, Unit::kSeconds, true); }
void CmdPexpire(Context& ctx) { Expire(ctx, Unit::kMillis, true); }
void CmdExpireat(Context& ctx) { Expire(ctx, Unit::kSeconds, false); }
void CmdPexpireat(Context& ctx) { Expire(ctx, Unit::kMillis, false); }

void CmdTtl(Context& ctx) { TimeToLive(ctx, Unit::kSeconds, Report::kTimeLeft); }
void CmdPttl(Context& ctx) { TimeToLive(ctx, Unit::kMillis, Report::kTimeLeft); }
void CmdExpiretime(Context& ctx) { TimeToLive(ctx, Unit::kSeconds, Report::kDeadline); }
void CmdPexpiretime(Context& ctx) { TimeToLive(ctx, Unit::kMillis, Report::kDeadline); }

void CmdPersist(Context& ctx) {
  Key key = ctx.key(1);
  Entry* entry = ctx.Lookup(key, Access::kWrite);
  if (!entry || !entry->has_deadline()) return ctx.reply().Integer(0);
  ctx.transaction().ClearDeadline(ctx.db(), key, *entry);
  ctx.Modified(key, store::kEventGeneric, "persist");
  ctx.reply().Integer(1);
}

}  // namespace tusk::families
