// Sorted-set commands that take the members with the lowest or highest scores, waiting for some or not.
#include <algorithm>
#include <string>

#include "families/collections.h"
#include "families/zset_ranges.h"
#include "families/zsets.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::RankRange;
using types::ZSet;

enum class ZEnd : uint8_t { kMin, kMax };

// How the popped members are laid out: ZPOPMIN, ZPOPMIN with a count in RESP3, BZPOPMIN, ZMPOP.
enum class PopShape : uint8_t { kFlat, kPairs, kKeyAndFlat, kKeyAndPairs };

// The set is not empty.
void TakeMembers(Context& context, const Key& key, Found<ZSet>& set, ZEnd end, uint64_t count,
                 PopShape shape) {
  resp::Reply& reply = context.reply();
  count = std::min(count, set->size());
  bool pairs = shape == PopShape::kPairs || shape == PopShape::kKeyAndPairs;
  if (shape == PopShape::kKeyAndFlat) {
    reply.ArrayHeader(1 + 2 * count);
    reply.Bulk(key.text);
  } else if (shape == PopShape::kKeyAndPairs) {
    reply.ArrayHeader(2);
    reply.Bulk(key.text);
  }
  if (shape != PopShape::kKeyAndFlat) reply.ArrayHeader(pairs ? count : 2 * count);
  auto at = end == ZEnd::kMin ? set->First() : set->Last();
  for (uint64_t i = 0; i < count; ++i) {
    if (pairs) reply.ArrayHeader(2);
    ReplyElement(reply, at.member());
    reply.Double(at.score());
    end == ZEnd::kMin ? at.Next() : at.Prev();
  }
  set->RemoveRanks(end == ZEnd::kMin ? RankRange{0, count} : RankRange{set->size() - count, set->size()});
  ModifiedBy(context, key, store::kEventZSet, end == ZEnd::kMin ? "zpopmin" : "zpopmax", count);
  context.DeleteIfEmpty(key, set);
}

void Pop(Context& context, ZEnd end) {
  if (context.argc() > 3) return context.reply().Error(command::kSyntaxError);
  bool has_count = context.argc() == 3;
  std::optional<int64_t> count = has_count ? IntegerFrom(context, 2, 0, kNotPositive) : 1;
  if (!count) return;
  Key key = context.key(1);
  Found<ZSet> set = context.Write<ZSet>(key);
  if (set.wrong_type) return;
  if (!set || *count == 0) return context.reply().EmptyArray();
  TakeMembers(context, key, set, end, static_cast<uint64_t>(*count),
              has_count && context.reply().resp3() ? PopShape::kPairs : PopShape::kFlat);
}

void BlockingPop(Context& context, ZEnd end) {
  size_t keys = context.argc() - 2;
  std::optional<int64_t> timeout = context.TimeoutMillis(context.argc() - 1);
  if (!timeout) return;
  auto [key, set, replied] = FindFilled<ZSet>(context, 1, keys);
  if (replied) return;
  if (!set) return BlockOn(context, 1, keys, {.timeout_ms = *timeout});
  context.RecordAs({end == ZEnd::kMin ? "ZPOPMIN" : "ZPOPMAX", key.text});
  TakeMembers(context, key, set, end, 1, PopShape::kKeyAndFlat);
}

// ZMPOP with its arguments from `at` on. A timeout stands before them in the command that waits, and is judged after them.
void PopFromFirst(Context& context, size_t at, bool waits) {
  std::optional<size_t> keys = KeyCount(context, at);
  if (!keys) return;
  size_t where = at + 1 + *keys;
  bool lowest = context.ArgIs(where, "MIN");
  if (!lowest && !context.ArgIs(where, "MAX")) return context.reply().Error(command::kSyntaxError);
  std::optional<int64_t> wanted = TrailingCount(context, where + 1);
  if (!wanted) return;
  std::optional<int64_t> timeout = waits ? context.TimeoutMillis(1) : 0;
  if (!timeout) return;
  auto [key, set, replied] = FindFilled<ZSet>(context, at + 1, *keys);
  if (replied) return;
  if (!set && waits) return BlockOn(context, at + 1, *keys, {.timeout_ms = *timeout});
  if (!set) return context.reply().NullArray();
  uint64_t count = std::min(static_cast<uint64_t>(*wanted), set->size());
  context.RecordAs({lowest ? "ZPOPMIN" : "ZPOPMAX", key.text, std::to_string(count)});
  TakeMembers(context, key, set, lowest ? ZEnd::kMin : ZEnd::kMax, count, PopShape::kKeyAndPairs);
}

}  // namespace

void CmdZpopmin(Context& context) { Pop(context, ZEnd::kMin); }
void CmdZpopmax(Context& context) { Pop(context, ZEnd::kMax); }
void CmdBzpopmin(Context& context) { BlockingPop(context, ZEnd::kMin); }
void CmdBzpopmax(Context& context) { BlockingPop(context, ZEnd::kMax); }
void CmdZmpop(Context& context) { PopFromFirst(context, 1, false); }

void CmdBzmpop(Context& context) { PopFromFirst(context, 2, true); }

}  // namespace tusk::families
