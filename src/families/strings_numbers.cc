// Strings as counters: INCR and its relatives.
#include <cmath>
#include <limits>

#include "base/numbers.h"
#include "command/context.h"
#include "families/strings.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;

void AddTo(Context& ctx, int64_t delta) {
  Key key = ctx.key(1);
  auto found = ctx.WriteString(key);
  if (found.wrong_type) return;
  int64_t value = 0;
  if (found && found->is_integer()) {
    value = found->integer();
  } else if (found) {
    // Bytes that were written in place may spell an integer too.
    Entry::TextBuffer buffer;
    std::optional<int64_t> parsed = base::ParseInt64(found->text(buffer));
    if (!parsed) return ctx.reply().Error(command::kNotInteger);
    value = *parsed;
  }
  if (__builtin_add_overflow(value, delta, &value)) {
    return ctx.reply().Error("ERR increment or decrement would overflow");
  }
  ctx.PutInteger(key, found.entry, value);
  ctx.Modified(key, store::kEventString, "incrby");
  ctx.reply().Integer(value);
}

}  // namespace

void CmdIncr(Context& ctx) { AddTo(ctx, 1); }

void CmdDecr(Context& ctx) { AddTo(ctx, -1); }

void CmdIncrby(Context& ctx) {
  if (std::optional<int64_t> delta = ctx.Integer(2)) AddTo(ctx, *delta);
}

void CmdDecrby(Context& ctx) {
  std::optional<int64_t> delta = ctx.Integer(2);
  if (!delta) return;
  if (*delta == std::numeric_limits<int64_t>::min()) return ctx.reply().Error("ERR decrement would overflow");
  AddTo(ctx, -*delta);
}

void CmdIncrbyfloat(Context& ctx) {
  Key key = ctx.key(1);
  auto found = ctx.WriteString(key);
  if (found.wrong_type) return;
  std::optional<long double> value = 0;
  if (found) {
    Entry::TextBuffer buffer;
    value = base::ParseLongDouble(found->text(buffer));
  }
  std::optional<long double> delta = base::ParseLongDouble(ctx.arg(2));
  if (!value || !delta) return ctx.reply().Error(command::kNotFloat);
  long double sum = *value + *delta;
  if (!std::isfinite(sum)) return ctx.reply().Error("ERR increment would produce NaN or Infinity");
  std::string text = base::LongDoubleToHumanString(sum);
  // Text even when it spells an integer, as OBJECT ENCODING tells.
  ctx.transaction().PutText(ctx.db(), key, found.entry, text);
  ctx.Modified(key, store::kEventString, "incrbyfloat");
  // The sum, not the increment: those who repeat the command may calculate otherwise.
  ctx.RecordAs({"SET", key.text, text, "KEEPTTL"});
  ctx.reply().Bulk(text);
}

}  // namespace tusk::families
