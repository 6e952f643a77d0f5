// LMOVEM and BLMOVEM of Redis 8.10: several elements from one list to another.
#include <algorithm>
#include <string>
#include <vector>

#include "families/collections.h"
#include "families/limits.h"
#include "families/list_moves.h"
#include "families/lists.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::List;
using types::ListEnd;

struct ManyRequest {
  ListEnd from = ListEnd::kHead;
  ListEnd to = ListEnd::kHead;
  uint64_t count = 1;
  bool exactly = false;     // All of them or none.
  bool one_by_one = false;  // Else they keep the order that they had in the source.
};

// "{COUNT | EXACTLY} n {OBO | BULK}" from argument i to the end, if anything; replies the error.
bool ParseHowMany(Context& ctx, size_t i, ManyRequest& request) {
  if (i == ctx.argc()) return true;
  request.exactly = ctx.ArgIs(i, "EXACTLY");
  bool selected = request.exactly || ctx.ArgIs(i, "COUNT");
  if (!selected || i + 3 != ctx.argc()) return ctx.reply().Error(command::kSyntaxError), false;
  std::optional<int64_t> count = IntegerFrom(ctx, i + 1, 1, kNotPositive);
  if (!count) return false;
  request.count = static_cast<uint64_t>(*count);
  request.one_by_one = ctx.ArgIs(i + 2, "OBO");
  if (request.one_by_one || ctx.ArgIs(i + 2, "BULK")) return true;
  return ctx.reply().Error(command::kSyntaxError), false;
}

std::optional<ManyRequest> ParseMany(Context& ctx, size_t how_many_at) {
  std::optional<ListEnd> from = ListEndArg(ctx, 3);
  if (!from) return std::nullopt;
  std::optional<ListEnd> to = ListEndArg(ctx, 4);
  if (!to) return std::nullopt;
  ManyRequest request{.from = *from, .to = *to};
  if (!ParseHowMany(ctx, how_many_at, request)) return std::nullopt;
  return request;
}

// As MoveElement(): too few elements are left to the caller to answer, as an empty source.
Moved MoveMany(Context& ctx, const ManyRequest& request) {
  Key source_key = ctx.key(1), target_key = ctx.key(2);
  if (ctx.has_waited()) {
    store::Entry* entry = ctx.Lookup(source_key, store::Access::kPeek);
    if (entry && entry->type() != store::Type::kList) return Moved::kSourceEmpty;
  }
  Found<List> source = ctx.Write<List>(source_key);
  if (source.wrong_type) return Moved::kWrongType;
  if (!source || (request.exactly && source->size() < request.count)) return Moved::kSourceEmpty;
  Found<List> found = ctx.Write<List>(target_key);
  if (found.wrong_type) return Moved::kWrongType;

  types::ListLimits limits = ListLimitsOf(ctx.settings());
  uint64_t count = std::min<uint64_t>(request.count, source->size());
  std::vector<std::string> moved;
  moved.reserve(count);
  for (uint64_t i = 0; i < count; ++i) moved.push_back(source->Pop(request.from, limits));
  // In the order that they will have in the target.
  ListEnd reversing_end = request.one_by_one ? request.to : request.from;
  bool keeps_order = reversing_end == (request.one_by_one ? ListEnd::kTail : ListEnd::kHead);
  if (!keeps_order) std::ranges::reverse(moved);
  ctx.reply().ArrayHeader(moved.size());
  for (const std::string& text : moved) ctx.reply().Bulk(text);

  List& target = found ? *found : ctx.Create<List>(target_key);
  if (request.to == ListEnd::kHead) std::ranges::reverse(moved);
  for (const std::string& text : moved) target.Push(request.to, text, limits);
  DCHECK(target.size() >= count);
  ModifiedBy(ctx, target_key, store::kEventList, request.to == ListEnd::kHead ? "lpush" : "rpush", 0);
  ModifiedBy(ctx, source_key, store::kEventList, request.from == ListEnd::kHead ? "lpop" : "rpop", count);
  ctx.DeleteIfEmpty(source_key, source);
  return Moved::kYes;
}

}  // namespace

void CmdLmovem(Context& ctx) {
  std::optional<ManyRequest> request = ParseMany(ctx, 5);
  if (!request || MoveMany(ctx, *request) != Moved::kSourceEmpty) return;
  request->exactly ? ctx.reply().NullArray() : ctx.reply().EmptyArray();
}

void CmdBlmovem(Context& ctx) {
  std::optional<ManyRequest> request = ParseMany(ctx, 6);
  if (!request) return;
  std::optional<int64_t> timeout = ctx.TimeoutMillis(5);
  if (!timeout) return;
  Moved moved = MoveMany(ctx, *request);
  if (moved == Moved::kSourceEmpty) return BlockOn(ctx, 1, 1, {.timeout_ms = *timeout, .needs_all_keys = true});
  if (moved != Moved::kYes) return;
  std::vector<std::string_view> record = {"LMOVEM"};
  for (size_t i = 1; i < ctx.argc(); ++i) {
    if (i != 5) record.push_back(ctx.arg(i));
  }
  ctx.RecordAs(record);
}

}  // namespace tusk::families
