// DEL, UNLINK, EXISTS, TOUCH, TYPE, WAIT, WAITAOF.
#include "command/context.h"
#include "families/keys.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Access;
using store::Entry;
using store::Key;

void DeleteKeys(Context& ctx, bool background) {
  int64_t deleted = 0;
  for (size_t i = 1; i < ctx.argc(); ++i) {
    Key key = ctx.key(i);
    Entry* entry = ctx.Lookup(key, Access::kPeek);
    if (!entry) continue;
    ctx.transaction().Delete(ctx.db(), key, *entry, background);
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

constexpr std::string_view kTimeoutNotInteger = "ERR timeout is not an integer or out of range";

// WAIT's and WAITAOF's timeout, which is checked though nothing will be waited for.
bool CheckTimeout(Context& ctx, size_t i) {
  std::optional<int64_t> timeout = ctx.Integer(i, kTimeoutNotInteger);
  if (!timeout) return false;
  if (*timeout >= 0) return true;
  ctx.reply().Error("ERR timeout is negative");
  return false;
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

// There are no replicas, so the number that confirmed is known at once. Redis would let the client wait for the
// timeout, in case replicas appear; here none can.
void CmdWait(Context& ctx) {
  if (!ctx.Integer(1) || !CheckTimeout(ctx, 2)) return;
  ctx.reply().Integer(0);
}

void CmdWaitaof(Context& ctx) {
  std::optional<int64_t> local = ctx.IntegerInRange(1, 0, 1, "ERR value is out of range, must be positive");
  if (!local) return;
  if (!ctx.IntegerInRange(2, 0, INT64_MAX, "ERR value is out of range, must be positive")) return;
  if (!CheckTimeout(ctx, 3)) return;
  if (*local != 0) {
    return ctx.reply().Error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  ctx.reply().ArrayHeader(2);
  ctx.reply().Integer(0);
  ctx.reply().Integer(0);
}

}  // namespace tusk::families
