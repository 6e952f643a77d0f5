// The ZRANGE family: ranges by rank, score or name, read, counted, removed or stored.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "base/numbers.h"
#include "families/collections.h"
#include "families/limits.h"
#include "families/zset_ranges.h"
#include "families/zsets.h"

namespace tusk::families {

using command::Context;
using command::Found;
using store::Key;
using types::LexBound;
using types::LexRange;
using types::RankRange;
using types::ScoreRange;
using types::ZSet;

namespace {

enum class RangeBy : uint8_t { kRank, kScore, kLex };

// A whole ZRANGE-like command line: which arguments may still choose is up to the command's name.
struct RangeRequest {
  RangeBy by = RangeBy::kRank;
  ZDirection direction = ZDirection::kForward;
  bool may_choose = false;  // ZRANGE and ZRANGESTORE take REV, BYSCORE, BYLEX.
  bool store = false;
  size_t first = 1;  // Argument of the source key; its two ends follow.
  bool with_scores = false;
  int64_t offset = 0;
  int64_t limit = -1;
};

// False after an error reply.
bool ParseOptions(Context& context, RangeRequest& request) {
  bool by_chosen = false, limited = false;
  for (size_t i = request.first + 3; i < context.argc(); ++i) {
    if (!request.store && context.ArgIs(i, "WITHSCORES")) {
      request.with_scores = true;
    } else if (context.ArgIs(i, "LIMIT") && i + 2 < context.argc()) {
      std::optional<int64_t> offset = context.Integer(i + 1);
      if (!offset) return false;
      std::optional<int64_t> limit = context.Integer(i + 2);
      if (!limit) return false;
      request.offset = *offset;
      request.limit = *limit;
      limited = *limit != -1;
      i += 2;
    } else if (request.may_choose && request.direction == ZDirection::kForward && context.ArgIs(i, "REV")) {
      request.direction = ZDirection::kReverse;
    } else if (request.may_choose && !by_chosen && context.ArgIs(i, "BYLEX")) {
      request.by = RangeBy::kLex;
      by_chosen = true;
    } else if (request.may_choose && !by_chosen && context.ArgIs(i, "BYSCORE")) {
      request.by = RangeBy::kScore;
      by_chosen = true;
    } else {
      context.reply().Error(command::kSyntaxError);
      return false;
    }
  }
  if (limited && request.by == RangeBy::kRank) {
    context.reply().Error(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
    return false;
  }
  if (request.with_scores && request.by == RangeBy::kLex) {
    context.reply().Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
    return false;
  }
  return true;
}

// The ends of a range in whichever form the command takes them.
struct RangeEnds {
  RangeBy by;
  int64_t start = 0;
  int64_t stop = 0;
  ScoreRange score{};
  LexRange lex{};

  RankRange RanksIn(const ZSet& set, ZDirection direction) const {
    if (by == RangeBy::kScore) return set.RanksOf(score);
    if (by == RangeBy::kLex) return set.RanksOf(lex, direction == ZDirection::kReverse);
    RankRange range = set.RanksOf(start, stop);
    if (direction == ZDirection::kForward || range.size() == 0) return range;
    return {set.size() - range.end, set.size() - range.begin};
  }
};

// `min` and `max` are the arguments as they stand, that is swapped for reversed ranges by score or name.
std::optional<RangeEnds> ParseEnds(Context& context, RangeBy by, size_t min, size_t max) {
  RangeEnds ends{.by = by};
  if (by == RangeBy::kScore) {
    auto score = ScoreRangeArgs(context, min, max);
    if (!score) return {};
    ends.score = *score;
  } else if (by == RangeBy::kLex) {
    auto lex = LexRangeArgs(context, min, max);
    if (!lex) return {};
    ends.lex = *lex;
  } else {
    std::optional<int64_t> start = context.Integer(min);
    if (!start) return {};
    std::optional<int64_t> stop = context.Integer(max);
    if (!stop) return {};
    ends.start = *start;
    ends.stop = *stop;
  }
  return ends;
}

void StoreRange(Context& context, const ZSet* source, const RankRange& range) {
  auto result = std::make_unique<ZSet>();
  types::ZSetLimits limits = ZSetLimitsOf(context.settings());
  if (source && range.size() > 0) {
    char buffer[base::kInt64TextMax];
    result->Expect(range.size(), 0, limits);
    auto at = source->At(range.begin);
    for (uint64_t i = 0; i < range.size(); ++i, at.Next()) {
      result->AddLast(at.member().ToText(buffer), at.score(), limits);
    }
  }
  StoreResult(context, context.key(1), std::move(result), "zrangestore");
}

void Range(Context& context, RangeRequest request) {
  if (!ParseOptions(context, request)) return;
  size_t min = request.first + 1, max = request.first + 2;
  if (request.direction == ZDirection::kReverse && request.by != RangeBy::kRank) std::swap(min, max);
  std::optional<RangeEnds> ends = ParseEnds(context, request.by, min, max);
  if (!ends) return;
  Found<ZSet> set = context.Read<ZSet>(context.key(request.first));
  if (set.wrong_type) return;
  RankRange range;
  if (set) range = ends->RanksIn(*set, request.direction);
  if (request.by != RangeBy::kRank) range = Limited(range, request.offset, request.limit, request.direction);
  if (request.store) return StoreRange(context, set ? &*set : nullptr, range);
  if (!set || range.size() == 0) return context.reply().EmptyArray();
  ReplyRange(context, *set, range, request.direction, request.with_scores);
}

void RemoveRange(Context& context, RangeBy by, std::string_view event) {
  std::optional<RangeEnds> ends = ParseEnds(context, by, 2, 3);
  if (!ends) return;
  Key key = context.key(1);
  Found<ZSet> set = context.Write<ZSet>(key);
  if (set.wrong_type) return;
  uint64_t removed = set ? set->RemoveRanks(ends->RanksIn(*set, ZDirection::kForward)) : 0;
  context.reply().Integer(static_cast<int64_t>(removed));
  if (removed == 0) return;
  ModifiedBy(context, key, store::kEventZSet, event, removed);
  context.DeleteIfEmpty(key, set);
}

void CountRange(Context& context, RangeBy by) {
  std::optional<RangeEnds> ends = ParseEnds(context, by, 2, 3);
  if (!ends) return;
  Found<ZSet> set = context.Read<ZSet>(context.key(1));
  if (set.wrong_type) return;
  context.reply().Integer(set ? static_cast<int64_t>(ends->RanksIn(*set, ZDirection::kForward).size()) : 0);
}

struct ScoreEnd {
  double score;
  bool exclusive;
};

std::optional<ScoreEnd> ParseScoreEnd(std::string_view text) {
  bool exclusive = !text.empty() && text[0] == '(';
  if (exclusive) text.remove_prefix(1);
  // Looser than scores elsewhere, as in Redis: leading blanks, nothing at all (zero) and overflow to infinity
  // pass, and a zero byte ends the text.
  std::string number(text);
  char* end = nullptr;
  double score = std::strtod(number.c_str(), &end);
  if (*end != '\0' || std::isnan(score)) return {};
  return ScoreEnd{score, exclusive};
}

std::optional<LexBound> ParseLexBound(std::string_view text) {
  using Kind = LexBound::Kind;
  if (text == "-") return LexBound{Kind::kLowest, {}};
  if (text == "+") return LexBound{Kind::kHighest, {}};
  if (text.empty() || (text[0] != '[' && text[0] != '(')) return {};
  return LexBound{text[0] == '[' ? Kind::kInclusive : Kind::kExclusive, text.substr(1)};
}

}  // namespace

std::optional<ScoreRange> ScoreRangeArgs(Context& context, size_t min, size_t max) {
  std::optional<ScoreEnd> low = ParseScoreEnd(context.arg(min)), high = ParseScoreEnd(context.arg(max));
  if (low && high) return ScoreRange{low->score, high->score, low->exclusive, high->exclusive};
  context.reply().Error("ERR min or max is not a float");
  return {};
}

std::optional<LexRange> LexRangeArgs(Context& context, size_t min, size_t max) {
  std::optional<LexBound> low = ParseLexBound(context.arg(min)), high = ParseLexBound(context.arg(max));
  if (low && high) return LexRange{*low, *high};
  context.reply().Error("ERR min or max not valid string range item");
  return {};
}

RankRange Limited(RankRange range, int64_t offset, int64_t limit, ZDirection direction) noexcept {
  if (offset < 0 || static_cast<uint64_t>(offset) >= range.size()) return {};
  uint64_t left = range.size() - static_cast<uint64_t>(offset);
  uint64_t count = limit < 0 ? left : std::min(left, static_cast<uint64_t>(limit));
  if (direction == ZDirection::kForward) {
    uint64_t begin = range.begin + static_cast<uint64_t>(offset);
    return {begin, begin + count};
  }
  uint64_t end = range.end - static_cast<uint64_t>(offset);
  return {end - count, end};
}

void ReplyMember(resp::Reply& reply, ds::ListPackElement member, double score, bool with_score) {
  if (with_score && reply.resp3()) reply.ArrayHeader(2);
  ReplyElement(reply, member);
  if (with_score) reply.Double(score);
}

void ReplyRange(Context& context, const ZSet& set, const RankRange& range, ZDirection direction,
                bool with_scores) {
  resp::Reply& reply = context.reply();
  uint64_t count = range.size();
  ReplyMembersHeader(reply, count, with_scores);
  if (count == 0) return;
  bool forward = direction == ZDirection::kForward;
  auto at = set.At(forward ? range.begin : range.end - 1);
  for (uint64_t i = 0; i < count; ++i) {
    ReplyMember(reply, at.member(), with_scores ? at.score() : 0, with_scores);
    forward ? at.Next() : at.Prev();
  }
}

void StoreResult(Context& context, const Key& key, std::unique_ptr<ZSet> result, std::string_view event) {
  store::Entry* old = context.Lookup(key, store::Access::kWrite);
  uint64_t count = result->size();
  if (count > 0) {
    context.Replace(key, old, store::Value::Object(std::move(result)));
    context.Modified(key, store::kEventZSet, event);
  } else if (old) {
    context.Delete(key, *old);
    context.Modified(key, store::kEventGeneric, "del");
  }
  context.reply().Integer(static_cast<int64_t>(count));
}

void CmdZrange(Context& context) { Range(context, {.may_choose = true}); }
void CmdZrevrange(Context& context) { Range(context, {.direction = ZDirection::kReverse}); }
void CmdZrangebyscore(Context& context) { Range(context, {.by = RangeBy::kScore}); }
void CmdZrevrangebyscore(Context& context) {
  Range(context, {.by = RangeBy::kScore, .direction = ZDirection::kReverse});
}
void CmdZrangebylex(Context& context) { Range(context, {.by = RangeBy::kLex}); }
void CmdZrevrangebylex(Context& context) {
  Range(context, {.by = RangeBy::kLex, .direction = ZDirection::kReverse});
}
void CmdZrangestore(Context& context) { Range(context, {.may_choose = true, .store = true, .first = 2}); }

void CmdZremrangebyrank(Context& context) { RemoveRange(context, RangeBy::kRank, "zremrangebyrank"); }
void CmdZremrangebyscore(Context& context) { RemoveRange(context, RangeBy::kScore, "zremrangebyscore"); }
void CmdZremrangebylex(Context& context) { RemoveRange(context, RangeBy::kLex, "zremrangebylex"); }
void CmdZcount(Context& context) { CountRange(context, RangeBy::kScore); }
void CmdZlexcount(Context& context) { CountRange(context, RangeBy::kLex); }

}  // namespace tusk::families
