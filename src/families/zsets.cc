// Sorted-set commands on single members: adding, scores, ranks, removal, sampling, scanning.
#include "families/zsets.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/random.h"
#include "families/collections.h"
#include "families/element_scan.h"
#include "families/limits.h"
#include "families/zset_ranges.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::ZAddFlags;
using types::ZAddResult;
using types::ZSet;

struct AddRequest {
  ZAddFlags flags;
  bool changed = false;  // CH: reply updated members too.
  size_t pairs_at = 2;   // The first score.
};

// False after an error reply.
bool ParseAdd(Context& context, AddRequest& request) {
  size_t i = request.pairs_at;
  for (; i < context.argc(); ++i) {
    if (context.ArgIs(i, "NX")) {
      request.flags.nx = true;
    } else if (context.ArgIs(i, "XX")) {
      request.flags.xx = true;
    } else if (context.ArgIs(i, "CH")) {
      request.changed = true;
    } else if (context.ArgIs(i, "INCR")) {
      request.flags.incr = true;
    } else if (context.ArgIs(i, "GT")) {
      request.flags.gt = true;
    } else if (context.ArgIs(i, "LT")) {
      request.flags.lt = true;
    } else {
      break;
    }
  }
  request.pairs_at = i;
  const ZAddFlags& flags = request.flags;
  size_t left = context.argc() - i;
  std::string_view error;
  if (left == 0 || left % 2 != 0) {
    error = command::kSyntaxError;
  } else if (flags.nx && flags.xx) {
    error = "ERR XX and NX options at the same time are not compatible";
  } else if ((flags.gt && flags.nx) || (flags.lt && flags.nx) || (flags.gt && flags.lt)) {
    error = "ERR GT, LT, and/or NX options at the same time are not compatible";
  } else if (flags.incr && left > 2) {
    error = "ERR INCR option supports a single increment-element pair";
  }
  if (!error.empty()) context.reply().Error(error);
  return error.empty();
}

void Add(Context& context, AddRequest request) {
  if (!ParseAdd(context, request)) return;
  const ZAddFlags& flags = request.flags;
  size_t pairs = (context.argc() - request.pairs_at) / 2;
  // All scores must be numbers before anything is done.
  constexpr size_t kScoresOnStack = 16;
  double few[kScoresOnStack];
  std::vector<double> many(pairs > kScoresOnStack ? pairs : 0);
  double* scores = many.empty() ? few : many.data();
  for (size_t i = 0; i < pairs; ++i) {
    std::optional<double> score = context.Double(request.pairs_at + 2 * i);
    if (!score) return;
    scores[i] = *score;
  }
  Key key = context.key(1);
  Found<ZSet> found = context.Write<ZSet>(key);
  if (found.wrong_type) return;
  resp::Reply& reply = context.reply();
  if (!found && flags.xx) return flags.incr ? reply.Null() : reply.Integer(0);

  ZSet& set = found ? *found : context.Create<ZSet>(key);
  types::ZSetLimits limits = ZSetLimitsOf(context.settings());
  set.Expect(pairs, context.arg(request.pairs_at + 1).size(), limits);
  int64_t added = 0, updated = 0;
  ZAddResult result{};
  for (size_t i = 0; i < pairs; ++i) {
    result = set.Add(context.arg(request.pairs_at + 2 * i + 1), scores[i], limits, flags);
    if (result.kind == ZAddResult::Kind::kNan) break;
    added += result.kind == ZAddResult::Kind::kAdded;
    updated += result.kind == ZAddResult::Kind::kUpdated;
  }
  if (result.kind == ZAddResult::Kind::kNan) {
    reply.Error("ERR resulting score is not a number (NaN)");
  } else if (!flags.incr) {
    reply.Integer(request.changed ? added + updated : added);
  } else if (result.kind == ZAddResult::Kind::kRefused) {
    reply.Null();
  } else {
    reply.Double(result.score);
  }
  if (added + updated > 0) {
    ModifiedBy(context, key, store::kEventZSet, flags.incr ? "zincr" : "zadd",
               static_cast<uint64_t>(added + updated));
  }
}

void Rank(Context& context, ZDirection direction) {
  if (context.argc() > 4) return ReplyWrongArity(context);
  bool with_score = context.argc() == 4;
  if (with_score && !context.ArgIs(3, "WITHSCORE")) return context.reply().Error(command::kSyntaxError);
  Found<ZSet> set = context.Read<ZSet>(context.key(1));
  if (set.wrong_type) return;
  std::optional<types::ZRank> rank = set ? set->Rank(context.arg(2)) : std::nullopt;
  resp::Reply& reply = context.reply();
  if (!rank) return with_score ? reply.NullArray() : reply.Null();
  uint64_t position = direction == ZDirection::kForward ? rank->rank : set->size() - 1 - rank->rank;
  if (with_score) reply.ArrayHeader(2);
  reply.Integer(static_cast<int64_t>(position));
  if (with_score) reply.Double(rank->score);
}

// `count` different ranks below `size`, each choice equally likely (Floyd's algorithm), in no particular
// order.
std::vector<uint64_t> DifferentRanks(uint64_t size, uint64_t count, base::Random& random) {
  std::unordered_set<uint64_t> chosen;
  std::vector<uint64_t> ranks;
  ranks.reserve(count);
  for (uint64_t top = size - count; top < size; ++top) {
    uint64_t rank = random.Below(top + 1);
    if (!chosen.insert(rank).second) chosen.insert(rank = top);
    ranks.push_back(rank);
  }
  return ranks;
}

void ReplySamples(Context& context, const ZSet& set, int64_t count, bool with_scores) {
  resp::Reply& reply = context.reply();
  base::Random& random = base::ThreadRandom();
  uint64_t wanted = count < 0 ? 0 - static_cast<uint64_t>(count) : static_cast<uint64_t>(count);
  if (count < 0) {
    ReplyMembersHeader(reply, wanted, with_scores);
    for (uint64_t i = 0; i < wanted && !reply.is_lost(); ++i) {
      auto at = set.RandomMember(random);
      ReplyMember(reply, at.member(), at.score(), with_scores);
    }
    return;
  }
  if (wanted >= set.size())
    return ReplyRange(context, set, {0, set.size()}, ZDirection::kForward, with_scores);
  ReplyMembersHeader(reply, wanted, with_scores);
  for (uint64_t rank : DifferentRanks(set.size(), wanted, random)) {
    auto at = set.At(rank);
    ReplyMember(reply, at.member(), at.score(), with_scores);
  }
}

}  // namespace

void CmdZadd(Context& context) { Add(context, {}); }
void CmdZincrby(Context& context) { Add(context, {.flags = {.incr = true}}); }

void CmdZrem(Context& context) {
  Key key = context.key(1);
  Found<ZSet> set = context.Write<ZSet>(key);
  if (set.wrong_type) return;
  int64_t removed = 0;
  if (set) {
    for (size_t i = 2; i < context.argc(); ++i) removed += set->Remove(context.arg(i));
  }
  context.reply().Integer(removed);
  if (removed == 0) return;
  ModifiedBy(context, key, store::kEventZSet, "zrem", static_cast<uint64_t>(removed));
  context.DeleteIfEmpty(key, set);
}

void CmdZcard(Context& context) {
  Found<ZSet> set = context.Read<ZSet>(context.key(1));
  if (!set.wrong_type) context.reply().Integer(set ? static_cast<int64_t>(set->size()) : 0);
}

void CmdZscore(Context& context) {
  Found<ZSet> set = context.Read<ZSet>(context.key(1));
  if (set.wrong_type) return;
  std::optional<double> score = set ? set->Score(context.arg(2)) : std::nullopt;
  score ? context.reply().Double(*score) : context.reply().Null();
}

void CmdZmscore(Context& context) {
  Found<ZSet> set = context.Read<ZSet>(context.key(1));
  if (set.wrong_type) return;
  context.reply().ArrayHeader(context.argc() - 2);
  for (size_t i = 2; i < context.argc(); ++i) {
    std::optional<double> score = set ? set->Score(context.arg(i)) : std::nullopt;
    score ? context.reply().Double(*score) : context.reply().Null();
  }
}

void CmdZrank(Context& context) { Rank(context, ZDirection::kForward); }
void CmdZrevrank(Context& context) { Rank(context, ZDirection::kReverse); }

void CmdZrandmember(Context& context) {
  bool has_count = context.argc() > 2;
  bool with_scores = context.argc() == 4 && context.ArgIs(3, "WITHSCORES");
  std::optional<int64_t> count = 1;
  if (has_count) {
    count = RandomCount(context, 2);
    if (!count) return;
    if (context.argc() > 4 || (context.argc() == 4 && !with_scores)) {
      return context.reply().Error(command::kSyntaxError);
    }
    if (with_scores && (*count < -INT64_MAX / 2 || *count > INT64_MAX / 2)) {
      return context.reply().Error("ERR value is out of range");
    }
  }
  Found<ZSet> set = context.Read<ZSet>(context.key(1));
  if (set.wrong_type) return;
  if (!set) return has_count ? context.reply().EmptyArray() : context.reply().Null();
  if (!has_count) return ReplyElement(context.reply(), set->RandomMember(base::ThreadRandom()).member());
  if (*count == 0) return context.reply().EmptyArray();
  ReplySamples(context, *set, *count, with_scores);
}

void CmdZscan(Context& context) {
  uint64_t cursor;
  if (!ParseCursor(context, 2, &cursor)) return;
  Found<ZSet> set = context.Read<ZSet>(context.key(1));
  if (set.wrong_type) return;
  if (!set) return ReplyEmptyScan(context.reply());
  ScanOptions options;
  if (!ParseScanOptions(context, 3, &options)) return;
  // The cursor comes first on the wire but is known last, hence the copies.
  std::vector<std::pair<std::string, double>> members;
  uint64_t seen = 0;
  auto take = [&](ds::ListPackElement member, double score) {
    ++seen;
    std::string name = member.ToString();
    if (options.Matches(name)) members.emplace_back(std::move(name), score);
  };
  cursor = RunScan(
      cursor, options, [&](uint64_t at) { return set->Scan(at, take); }, [&] { return seen; });
  const bool packed = set->EncodingName() == "listpack";
  ReplyScanHeader(context.reply(), cursor);
  context.reply().ArrayHeader(members.size() * 2);
  for (const auto& [name, score] : members) {
    context.reply().Bulk(name);
    // Packed scores that are integers are shown as such, without an exponent.
    constexpr double kPackedIntegerMax = 0x1p62;
    bool as_integer = packed && std::fabs(score) <= kPackedIntegerMax && score == std::trunc(score);
    as_integer ? context.reply().BulkInteger(static_cast<int64_t>(score)) : context.reply().BulkDouble(score);
  }
}

}  // namespace tusk::families
