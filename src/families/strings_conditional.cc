// Commands of Redis 8.4 and Valkey 9 that look at a string's value first: DELEX, DELIFEQ, DIGEST.
#include "families/strings_conditional.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "families/replies.h"
#include "families/strings.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;
using Kind = ValueCondition::Kind;

void DeleteAndReply(Context& ctx, const Key& key, Entry& entry) {
  ctx.Delete(key, entry);
  ctx.Modified(key, store::kEventGeneric, "del");
  ctx.RecordAs({ctx.settings().lazyfree_lazy_server_del ? "UNLINK" : "DEL", key.text});
  ctx.reply().Integer(1);
}

}  // namespace

std::string DigestText(std::string_view bytes) { return fmt::format("{:016x}", base::SeededHash(bytes, 0)); }

ValueCondition ParseValueCondition(Context& ctx, size_t i) {
  if (i + 1 >= ctx.argc()) return {};
  if (ctx.ArgIs(i, "IFEQ")) return {Kind::kEqual, i + 1};
  if (ctx.ArgIs(i, "IFNE")) return {Kind::kUnequal, i + 1};
  if (ctx.ArgIs(i, "IFDEQ")) return {Kind::kDigestEqual, i + 1};
  if (ctx.ArgIs(i, "IFDNE")) return {Kind::kDigestUnequal, i + 1};
  return {};
}

std::optional<bool> Holds(Context& ctx, const ValueCondition& condition, const Entry* entry) {
  DCHECK(condition.kind != Kind::kNone);
  bool by_digest = condition.kind == Kind::kDigestEqual || condition.kind == Kind::kDigestUnequal;
  bool wants_equal = condition.kind == Kind::kEqual || condition.kind == Kind::kDigestEqual;
  std::string_view operand = ctx.arg(condition.operand);
  if (by_digest && (operand.size() != 16 || !std::ranges::all_of(operand, [](unsigned char c) { return std::isxdigit(c); }))) {
    ctx.reply().Error("ERR must be exactly 16 hexadecimal characters");
    return std::nullopt;
  }
  if (!entry) return !wants_equal;
  if (entry->type() != store::Type::kString) {
    ctx.reply().Error(command::kWrongType);
    return std::nullopt;
  }
  Entry::TextBuffer buffer;
  std::string_view text = entry->text(buffer);
  bool equal = by_digest ? base::EqualsIgnoreCase(DigestText(text), operand) : text == operand;
  return equal == wants_equal;
}

void CmdDelex(Context& ctx) {
  ValueCondition condition;
  if (ctx.argc() != 2) {
    if (ctx.argc() != 4) return ReplyWrongArity(ctx);
    condition = ParseValueCondition(ctx, 2);
    if (!condition) return ctx.reply().Error(command::kSyntaxError);
  }
  Key key = ctx.key(1);
  Entry* entry = ctx.Lookup(key, store::Access::kWrite);
  std::optional<bool> holds = condition ? Holds(ctx, condition, entry) : true;
  if (!holds) return;
  if (!entry || !*holds) return ctx.reply().Integer(0);
  DeleteAndReply(ctx, key, *entry);
}

void CmdDelifeq(Context& ctx) {
  Key key = ctx.key(1);
  Entry* entry = ctx.Lookup(key, store::Access::kWrite);
  std::optional<bool> holds = Holds(ctx, {Kind::kEqual, 2}, entry);
  if (!holds) return;
  if (!*holds) return ctx.reply().Integer(0);
  DeleteAndReply(ctx, key, *entry);
}

void CmdDigest(Context& ctx) {
  auto found = ctx.ReadString(ctx.key(1));
  if (found.wrong_type) return;
  if (!found) return ctx.reply().Null();
  Entry::TextBuffer buffer;
  ctx.reply().Bulk(DigestText(found->text(buffer)));
}

}  // namespace tusk::families
