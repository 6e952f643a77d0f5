// DEL, UNLINK, EXISTS, TOUCH, TYPE, WAIT, WAITAOF.
#include <utility>

#include "command/context.h"
#include "families/keys.h"
#include "store/reclaimer.h"
#include "store/value.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Access;
using store::Entry;
using store::Key;

// DEL frees before it answers, but nobody's keys shall wait for a value of more elements than this (milliseconds of freeing
// beneath the stripe's lock): such a one goes to the background thread as with UNLINK, unless classic-freeing says no.
constexpr size_t kFreedAtOnceMax = 4096;

void DeleteOne(Context& ctx, const Key& key, Entry& entry, bool background) {
  if (background || entry.type() == store::Type::kString) return ctx.transaction().Delete(ctx.db(), key, entry, background);
  store::Value value = ctx.transaction().Take(ctx.db(), key, entry);
  if (value.FreeEffort() > kFreedAtOnceMax && !ctx.settings().classic_freeing) ctx.keyspace().reclaimer().Reclaim(std::move(value));
}

void DeleteKeys(Context& ctx, bool background) {
  int64_t deleted = 0;
  for (size_t i = 1; i < ctx.argc(); ++i) {
    Key key = ctx.key(i);
    Entry* entry = ctx.Lookup(key, Access::kPeek);
    if (!entry) continue;
    DeleteOne(ctx, key, *entry, background);
    ctx.Modified(key, store::kEventGeneric, "del");
    ++deleted;
  }
  ctx.reply().Integer(deleted);
}

void CountKeys(Context& ctx, Access access) {
  int64_t found = 0;
  for (size_t i = 1; i < ctx.argc(); ++i) {
    if (ctx.Lookup(ctx.key(i), access)) ++found;
  }
  ctx.reply().Integer(found);
}

}  // namespace

void CmdDel(Context& ctx) { DeleteKeys(ctx, ctx.settings().lazyfree_lazy_user_del); }

void CmdUnlink(Context& ctx) { DeleteKeys(ctx, true); }

void CmdExists(Context& ctx) { CountKeys(ctx, Access::kReadUntouched); }

void CmdTouch(Context& ctx) { CountKeys(ctx, Access::kRead); }

void CmdType(Context& ctx) {
  Entry* entry = ctx.Lookup(ctx.key(1), Access::kReadUntouched);
  ctx.reply().Simple(entry ? store::TypeName(entry->type()) : "none");
}

}  // namespace tusk::families
