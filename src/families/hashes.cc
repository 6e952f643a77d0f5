// Hashes: fields one by one, all together, and scanned. HRANDFIELD has a file of its own.
#include "families/hashes.h"

#include <cmath>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "command/context.h"
#include "families/element_scan.h"
#include "families/limits.h"
#include "families/replies.h"
#include "types/hash.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Key;
using types::Hash;

// Sets every pair of the arguments; the number of new fields, or nothing when an error was replied.
std::optional<int64_t> SetPairs(Context& ctx) {
  if (ctx.argc() % 2 != 0) {
    ReplyWrongArity(ctx);
    return std::nullopt;
  }
  Key key = ctx.key(1);
  auto found = ctx.Write<Hash>(key);
  if (found.wrong_type) return std::nullopt;
  Hash& hash = found ? *found : ctx.Create<Hash>(key);
  types::HashLimits limits = HashLimitsOf(ctx.settings());
  size_t pairs = (ctx.argc() - 2) / 2;
  hash.Expect(pairs, limits);
  int64_t created = 0;
  for (size_t i = 2; i < ctx.argc(); i += 2) created += hash.Put(ctx.arg(i), ctx.arg(i + 1), limits);
  ctx.Modified(key, store::kEventHash, "hset");
  ctx.transaction().AddDirty(pairs - 1);
  return created;
}

// Puts a computed value, whose field keeps its deadline; the hash is made when the key is missing.
void PutComputed(Context& ctx, const Key& key, command::Found<Hash> found, std::string_view text,
                 std::string_view event) {
  Hash& hash = found ? *found : ctx.Create<Hash>(key);
  hash.Put(ctx.arg(2), text, HashLimitsOf(ctx.settings()), Hash::Deadline::kKeep);
  ctx.Modified(key, store::kEventHash, event);
}

enum class Parts { kFields, kValues, kBoth };

void ReplyAll(Context& ctx, Parts parts) {
  auto found = ctx.Read<Hash>(ctx.key(1));
  if (found.wrong_type) return;
  resp::Reply& reply = ctx.reply();
  size_t size = found ? found->size() : 0;
  parts == Parts::kBoth ? reply.MapHeader(size) : reply.ArrayHeader(size);
  if (!found) return;
  found->ForEach([&](Hash::Element field, Hash::Element value) {
    if (parts != Parts::kValues) ReplyElement(reply, field);
    if (parts != Parts::kFields) ReplyElement(reply, value);
  });
}

void ReplyField(Context& ctx, const command::Found<Hash>& found, std::string_view field) {
  std::optional<Hash::Element> value;
  if (found) value = found->Get(field);
  if (!value) return ctx.reply().Null();
  ReplyElement(ctx.reply(), *value);
}

}  // namespace

void CmdHset(Context& ctx) {
  if (std::optional<int64_t> created = SetPairs(ctx)) ctx.reply().Integer(*created);
}

void CmdHmset(Context& ctx) {
  if (SetPairs(ctx)) ctx.reply().Ok();
}

void CmdHsetnx(Context& ctx) {
  Key key = ctx.key(1);
  auto found = ctx.Write<Hash>(key);
  if (found.wrong_type) return;
  if (found && found->Exists(ctx.arg(2))) return ctx.reply().Integer(0);
  PutComputed(ctx, key, found, ctx.arg(3), "hset");
  ctx.reply().Integer(1);
}

void CmdHget(Context& ctx) {
  auto found = ctx.Read<Hash>(ctx.key(1));
  if (found.wrong_type) return;
  ReplyField(ctx, found, ctx.arg(2));
}

void CmdHmget(Context& ctx) {
  auto found = ctx.Read<Hash>(ctx.key(1));
  if (found.wrong_type) return;
  ctx.reply().ArrayHeader(ctx.argc() - 2);
  for (size_t i = 2; i < ctx.argc(); ++i) ReplyField(ctx, found, ctx.arg(i));
}

void CmdHexists(Context& ctx) {
  auto found = ctx.Read<Hash>(ctx.key(1));
  if (found.wrong_type) return;
  ctx.reply().Integer(found && found->Exists(ctx.arg(2)) ? 1 : 0);
}

void CmdHlen(Context& ctx) {
  auto found = ctx.Read<Hash>(ctx.key(1));
  if (found.wrong_type) return;
  ctx.reply().Integer(found ? static_cast<int64_t>(found->size()) : 0);
}

void CmdHstrlen(Context& ctx) {
  auto found = ctx.Read<Hash>(ctx.key(1));
  if (found.wrong_type) return;
  std::optional<Hash::Element> value;
  if (found) value = found->Get(ctx.arg(2));
  ctx.reply().Integer(value ? static_cast<int64_t>(value->TextSize()) : 0);
}

void CmdHdel(Context& ctx) {
  Key key = ctx.key(1);
  auto found = ctx.Write<Hash>(key);
  if (found.wrong_type) return;
  int64_t deleted = 0;
  if (found) {
    for (size_t i = 2; i < ctx.argc(); ++i) deleted += found->Delete(ctx.arg(i));
  }
  if (deleted != 0) {
    ctx.Modified(key, store::kEventHash, "hdel");
    ctx.transaction().AddDirty(static_cast<uint64_t>(deleted - 1));
    ctx.DeleteIfEmpty(key, found);
  }
  ctx.reply().Integer(deleted);
}

void CmdHincrby(Context& ctx) {
  std::optional<int64_t> delta = ctx.Integer(3);
  if (!delta) return;
  Key key = ctx.key(1);
  auto found = ctx.Write<Hash>(key);
  if (found.wrong_type) return;
  int64_t value = 0;
  if (auto old = found ? found->Get(ctx.arg(2)) : std::nullopt) {
    std::optional<int64_t> parsed = old->is_int() ? old->int_value() : base::ParseInt64(old->text());
    if (!parsed) return ctx.reply().Error("ERR hash value is not an integer");
    value = *parsed;
  }
  if (__builtin_add_overflow(value, *delta, &value)) {
    return ctx.reply().Error("ERR increment or decrement would overflow");
  }
  char text[base::kInt64TextMax];
  PutComputed(ctx, key, found, {text, base::FormatInt64(value, text)}, "hincrby");
  ctx.reply().Integer(value);
}

void CmdHincrbyfloat(Context& ctx) {
  std::optional<long double> delta = base::ParseLongDouble(ctx.arg(3));
  if (!delta) return ctx.reply().Error(command::kNotFloat);
  if (!std::isfinite(*delta)) return ctx.reply().Error("ERR value is NaN or Infinity");
  Key key = ctx.key(1);
  auto found = ctx.Write<Hash>(key);
  if (found.wrong_type) return;
  long double value = 0;
  if (auto old = found ? found->Get(ctx.arg(2)) : std::nullopt) {
    char buffer[base::kInt64TextMax];
    std::optional<long double> parsed = base::ParseLongDouble(old->ToText(buffer));
    if (!parsed) return ctx.reply().Error("ERR hash value is not a float");
    value = *parsed;
  }
  value += *delta;
  if (!std::isfinite(value)) return ctx.reply().Error("ERR increment would produce NaN or Infinity");
  std::string text = base::LongDoubleToHumanString(value);
  bool expires = found && found->DeadlineOf(ctx.arg(2));
  PutComputed(ctx, key, found, text, "hincrbyfloat");
  // The sum, not the increment: those who repeat the command may calculate otherwise.
  if (expires) {
    ctx.RecordAs({"HSETEX", key.text, "KEEPTTL", "FIELDS", "1", ctx.arg(2), text});
  } else {
    ctx.RecordAs({"HSET", key.text, ctx.arg(2), text});
  }
  ctx.reply().Bulk(text);
}

void CmdHgetall(Context& ctx) { ReplyAll(ctx, Parts::kBoth); }

void CmdHkeys(Context& ctx) { ReplyAll(ctx, Parts::kFields); }

void CmdHvals(Context& ctx) { ReplyAll(ctx, Parts::kValues); }

void CmdHscan(Context& ctx) {
  uint64_t cursor;
  if (!ParseCursor(ctx, 2, &cursor)) return;
  auto found = ctx.Read<Hash>(ctx.key(1));
  if (found.wrong_type) return;
  if (!found) return ReplyEmptyScan(ctx.reply());
  ScanOptions options;
  if (!ParseScanOptions(ctx, 3, &options)) return;

  std::vector<Hash::Entry> entries;
  char buffer[base::kInt64TextMax];
  size_t seen = 0;
  auto take = [&](Hash::Element field, Hash::Element value) {
    ++seen;
    if (options.Matches(field.ToText(buffer))) entries.push_back({field, value});
  };
  cursor = RunScan(
      cursor, options, [&](uint64_t at) { return found->Scan(at, take); }, [&] { return seen; });
  ReplyScanHeader(ctx.reply(), cursor);
  ctx.reply().ArrayHeader(entries.size() * 2);
  for (const Hash::Entry& entry : entries) {
    ReplyElement(ctx.reply(), entry.field);
    ReplyElement(ctx.reply(), entry.value);
  }
}

}  // namespace tusk::families
