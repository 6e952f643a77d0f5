// RENAME, RENAMENX, COPY, MOVE: a value goes to another name or another database.
//
// A key lies in the same stripe in every database, so MOVE and COPY ... DB need no locks beyond those of their keys.
#include "base/numbers.h"
#include "command/context.h"
#include "families/keys.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Access;
using store::DbIndex;
using store::Entry;
using store::Key;

constexpr std::string_view kSameObjects = "ERR source and destination objects are the same";

// A database's number from argument i; replies the error.
std::optional<DbIndex> Database(Context& ctx, size_t i) {
  std::optional<int64_t> index = ctx.IntegerInRange(i, INT32_MIN, INT32_MAX);
  if (!index) return {};
  if (*index < 0 || *index >= static_cast<int64_t>(ctx.keyspace().databases())) {
    ctx.reply().Error("ERR DB index is out of range");
    return {};
  }
  return static_cast<DbIndex>(*index);
}

void Notify(Context& ctx, DbIndex db, const Key& key, std::string_view event) {
  ctx.transaction().Touch(db, key);
  ctx.transaction().Event(store::kEventGeneric, event, key, db);
}

// Puts the value where no key is, with the deadline and the access clock it had.
void Place(Context& ctx, DbIndex db, const Key& key, store::Value value, int64_t deadline_ms, uint32_t access) {
  Entry* entry = &ctx.transaction().Put(db, key, nullptr, std::move(value));
  if (deadline_ms != Entry::kNoDeadline) entry = &ctx.transaction().SetDeadline(db, key, *entry, deadline_ms);
  entry->set_access(access);
}

void Rename(Context& ctx, bool only_if_free) {
  Key from = ctx.key(1);
  Key to = ctx.key(2);
  Entry* source = ctx.Lookup(from, Access::kWrite);
  if (!source) return ctx.reply().Error(command::kNoSuchKey);
  auto done = [&](int64_t moved) { only_if_free ? ctx.reply().Integer(moved) : ctx.reply().Ok(); };
  if (from.text == to.text) return done(0);
  if (Entry* target = ctx.Lookup(to, Access::kWrite)) {
    if (only_if_free) return done(0);
    ctx.Delete(to, *target);
    // Deleting may have moved other entries of the table's stripe, but never the entries themselves: `source` stands.
  }
  int64_t deadline_ms = source->deadline_ms();
  uint32_t access = source->access();
  store::Value value = ctx.transaction().Take(ctx.db(), from, *source);
  Place(ctx, ctx.db(), to, std::move(value), deadline_ms, access);
  Notify(ctx, ctx.db(), from, "rename_from");
  Notify(ctx, ctx.db(), to, "rename_to");
  done(1);
}

}  // namespace

void CmdRename(Context& ctx) { Rename(ctx, false); }

void CmdRenamenx(Context& ctx) { Rename(ctx, true); }

void CmdMove(Context& ctx) {
  std::optional<DbIndex> db = Database(ctx, 2);
  if (!db) return;
  if (*db == ctx.db()) return ctx.reply().Error(kSameObjects);
  Key key = ctx.key(1);
  Entry* source = ctx.Lookup(key, Access::kWrite);
  if (!source || ctx.Lookup(*db, key, Access::kWrite)) return ctx.reply().Integer(0);
  int64_t deadline_ms = source->deadline_ms();
  uint32_t access = source->access();
  store::Value value = ctx.transaction().Take(ctx.db(), key, *source);
  Place(ctx, *db, key, std::move(value), deadline_ms, access);
  Notify(ctx, ctx.db(), key, "move_from");
  Notify(ctx, *db, key, "move_to");
  ctx.reply().Integer(1);
}

void CmdCopy(Context& ctx) {
  DbIndex to_db = ctx.db();
  bool replace = false;
  for (size_t i = 3; i < ctx.argc(); ++i) {
    if (ctx.ArgIs(i, "replace")) {
      replace = true;
    } else if (ctx.ArgIs(i, "db") && i + 1 < ctx.argc()) {
      std::optional<DbIndex> db = Database(ctx, ++i);
      if (!db) return;
      to_db = *db;
    } else {
      return ctx.reply().Error(command::kSyntaxError);
    }
  }
  Key from = ctx.key(1);
  Key to = ctx.key(2);
  if (to_db == ctx.db() && from.text == to.text) return ctx.reply().Error(kSameObjects);
  Entry* source = ctx.Lookup(from, Access::kRead);
  if (!source) return ctx.reply().Integer(0);
  Entry* target = ctx.Lookup(to_db, to, Access::kWrite);
  if (target && !replace) return ctx.reply().Integer(0);
  if (target) ctx.transaction().Delete(to_db, to, *target, ctx.settings().lazyfree_lazy_server_del);
  Place(ctx, to_db, to, store::Value::CloneOf(*source), source->deadline_ms(), source->access());
  Notify(ctx, to_db, to, "copy_to");
  ctx.reply().Integer(1);
}

}  // namespace tusk::families
