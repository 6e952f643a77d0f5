// Unions, intersections and differences of sorted sets (and sets, whose members count as scored 1), replied,
// stored or counted.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "command/command_table.h"
#include "families/collections.h"
#include "families/limits.h"
#include "families/zset_ranges.h"
#include "families/zsets.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Key;
using types::Set;
using types::ZSet;

enum class Operation : uint8_t { kUnion, kInter, kDiff };
enum class Aggregate : uint8_t { kSum, kMin, kMax, kCount };

// One input: a sorted set, a set, or nothing.
struct Source {
  const ZSet* zset = nullptr;
  const Set* set = nullptr;
  double weight = 1;

  uint64_t size() const { return zset ? zset->size() : set ? set->size() : 0; }

  std::optional<double> Score(std::string_view name) const {
    if (zset) return zset->Score(name);
    if (set && set->Contains(name)) return 1;
    return {};
  }

  // `visit(name, score)` returns whether to go on.
  template <typename Visit>
  void ForEach(Visit visit) const {
    char buffer[base::kInt64TextMax];
    if (zset) {
      for (auto at = zset->First(); at && visit(at.member().ToText(buffer), at.score()); at.Next()) {
      }
    } else if (set) {
      bool on = true;
      set->ForEach([&](Set::Member member) { on = on && visit(member.ToText(buffer), 1.0); });
    }
  }
};

struct Request {
  Operation operation = Operation::kUnion;
  bool store = false;       // Argument 1 is the destination.
  bool count_only = false;  // ZINTERCARD.
  size_t numkeys_at = 1;
  std::vector<Source> sources = {};
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  int64_t limit = 0;
};

// Infinity minus infinity, or nothing times infinity, counts as zero.
double NanAsZero(double value) { return std::isnan(value) ? 0 : value; }

// A source's contribution: with COUNT its weight alone, so that the sum counts the sources that have the member.
double Weighted(const Source& source, double score, Aggregate aggregate) {
  return aggregate == Aggregate::kCount ? source.weight : source.weight * score;
}

double Combine(double a, double b, Aggregate aggregate) {
  if (aggregate == Aggregate::kMin) return std::min(a, b);
  if (aggregate == Aggregate::kMax) return std::max(a, b);
  return NanAsZero(a + b);
}

// False after an error reply.
bool ParseSources(Context& context, Request& request) {
  std::optional<int64_t> count = context.Integer(request.numkeys_at);
  if (!count) return false;
  if (*count < 1) {
    context.reply().Error("ERR at least 1 input key is needed for '" + context.command().full_name +
                          "' command");
    return false;
  }
  if (static_cast<uint64_t>(*count) > context.argc() - request.numkeys_at - 1) {
    context.reply().Error(command::kSyntaxError);
    return false;
  }
  for (size_t i = 0; i < static_cast<size_t>(*count); ++i) {
    store::Entry* entry = context.Lookup(context.key(request.numkeys_at + 1 + i), store::Access::kRead);
    Source source;
    if (entry && entry->type() == store::Type::kZSet) {
      source.zset = &entry->object<ZSet>();
    } else if (entry && entry->type() == store::Type::kSet) {
      source.set = &entry->object<Set>();
    } else if (entry) {
      context.reply().Error(command::kWrongType);
      return false;
    }
    request.sources.push_back(source);
  }
  return true;
}

bool ParseWeights(Context& context, Request& request, size_t first) {
  for (size_t i = 0; i < request.sources.size(); ++i) {
    std::optional<double> weight = context.Double(first + i, "ERR weight value is not a float");
    if (!weight) return false;
    request.sources[i].weight = *weight;
  }
  return true;
}

bool ParseAggregate(Context& context, Request& request, size_t i) {
  if (context.ArgIs(i, "SUM")) {
    request.aggregate = Aggregate::kSum;
  } else if (context.ArgIs(i, "MIN")) {
    request.aggregate = Aggregate::kMin;
  } else if (context.ArgIs(i, "MAX")) {
    request.aggregate = Aggregate::kMax;
  } else if (context.ArgIs(i, "COUNT")) {
    request.aggregate = Aggregate::kCount;
  } else {
    context.reply().Error(command::kSyntaxError);
    return false;
  }
  return true;
}

bool ParseOptions(Context& context, Request& request) {
  bool combines = request.operation != Operation::kDiff && !request.count_only;
  for (size_t i = request.numkeys_at + 1 + request.sources.size(); i < context.argc(); ++i) {
    size_t left = context.argc() - i;
    if (combines && left > request.sources.size() && context.ArgIs(i, "WEIGHTS")) {
      if (!ParseWeights(context, request, i + 1)) return false;
      i += request.sources.size();
    } else if (combines && left >= 2 && context.ArgIs(i, "AGGREGATE")) {
      if (!ParseAggregate(context, request, ++i)) return false;
    } else if (!request.store && !request.count_only && context.ArgIs(i, "WITHSCORES")) {
      request.with_scores = true;
    } else if (request.count_only && left >= 2 && context.ArgIs(i, "LIMIT")) {
      std::optional<int64_t> limit = IntegerFrom(context, ++i, 0, "ERR LIMIT can't be negative");
      if (!limit) return false;
      request.limit = *limit;
    } else {
      context.reply().Error(command::kSyntaxError);
      return false;
    }
  }
  return true;
}

// Never packed while it grows, since its members come in any order.
constexpr types::ZSetLimits kWhileBuilding{0, 0};

void Union(const Request& request, ZSet& result) {
  for (const Source& source : request.sources) {
    source.ForEach([&](std::string_view name, double value) {
      double score = NanAsZero(Weighted(source, value, request.aggregate));
      if (std::optional<double> before = result.Score(name)) {
        score = Combine(*before, score, request.aggregate);
        // A zero equals the other zero, so Add would leave the old sign.
        if (*before == 0 && score == 0) result.Remove(name);
      }
      result.Add(name, score, kWhileBuilding);
      return true;
    });
  }
}

// Calls `visit(name, score)` for what all sources share, while it returns true.
template <typename Visit>
void Intersect(const Request& request, Visit visit) {
  const std::vector<Source>& sources = request.sources;
  sources[0].ForEach([&](std::string_view name, double value) {
    double score = NanAsZero(Weighted(sources[0], value, request.aggregate));
    for (size_t i = 1; i < sources.size(); ++i) {
      std::optional<double> other = sources[i].Score(name);
      if (!other) return true;
      score = Combine(score, Weighted(sources[i], *other, request.aggregate), request.aggregate);
    }
    return visit(name, score);
  });
}

void Difference(const Request& request, ZSet& result) {
  request.sources[0].ForEach([&](std::string_view name, double score) {
    bool elsewhere = std::any_of(request.sources.begin() + 1, request.sources.end(),
                                 [&](const Source& source) { return source.Score(name).has_value(); });
    if (!elsewhere) result.Add(name, score, kWhileBuilding);
    return true;
  });
}

void ReplyCount(Context& context, const Request& request) {
  int64_t count = 0;
  Intersect(request, [&](std::string_view, double) { return ++count != request.limit; });
  context.reply().Integer(count);
}

void Run(Context& context, Request request) {
  if (!ParseSources(context, request) || !ParseOptions(context, request)) return;
  if (request.operation != Operation::kDiff) {
    // From the smallest on: an intersection looks at fewest members, and sums round as they do in Redis.
    std::stable_sort(request.sources.begin(), request.sources.end(),
                     [](const Source& a, const Source& b) { return a.size() < b.size(); });
  }
  if (request.count_only) return ReplyCount(context, request);
  auto result = std::make_unique<ZSet>();
  if (request.operation == Operation::kUnion) {
    Union(request, *result);
  } else if (request.operation == Operation::kDiff) {
    Difference(request, *result);
  } else {
    Intersect(request, [&](std::string_view name, double score) {
      result->Add(name, score, kWhileBuilding);
      return true;
    });
  }
  if (!request.store) {
    return ReplyRange(context, *result, {0, result->size()}, ZDirection::kForward, request.with_scores);
  }
  result->ShrinkIfSmall(ZSetLimitsOf(context.settings()));
  constexpr std::string_view kEvents[] = {"zunionstore", "zinterstore", "zdiffstore"};
  StoreResult(context, context.key(1), std::move(result), kEvents[static_cast<size_t>(request.operation)]);
}

}  // namespace

void CmdZunion(Context& context) { Run(context, {.operation = Operation::kUnion}); }
void CmdZinter(Context& context) { Run(context, {.operation = Operation::kInter}); }
void CmdZdiff(Context& context) { Run(context, {.operation = Operation::kDiff}); }
void CmdZintercard(Context& context) { Run(context, {.operation = Operation::kInter, .count_only = true}); }
void CmdZunionstore(Context& context) {
  Run(context, {.operation = Operation::kUnion, .store = true, .numkeys_at = 2});
}
void CmdZinterstore(Context& context) {
  Run(context, {.operation = Operation::kInter, .store = true, .numkeys_at = 2});
}
void CmdZdiffstore(Context& context) {
  Run(context, {.operation = Operation::kDiff, .store = true, .numkeys_at = 2});
}

}  // namespace tusk::families
