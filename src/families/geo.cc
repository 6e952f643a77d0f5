// Points one by one: GEOADD, GEODIST, GEOHASH, GEOPOS. Searches have a file of their own.
#include "families/geo.h"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "families/collections.h"
#include "families/limits.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using ds::GeoPoint;
using store::Key;
using types::ZAddFlags;
using types::ZAddResult;
using types::ZSet;

struct AddRequest {
  ZAddFlags flags;
  bool changed = false;  // CH: reply updated members too.
  size_t points_at = 2;  // The first longitude.
};

AddRequest ParseAdd(Context& ctx) {
  AddRequest request;
  for (; request.points_at < ctx.argc(); ++request.points_at) {
    if (ctx.ArgIs(request.points_at, "NX")) {
      request.flags.nx = true;
    } else if (ctx.ArgIs(request.points_at, "XX")) {
      request.flags.xx = true;
    } else if (ctx.ArgIs(request.points_at, "CH")) {
      request.changed = true;
    } else {
      break;
    }
  }
  return request;
}

// ZADD with the points' scores: what replicas and the log repeat needs no trigonometry.
void RecordAsZadd(Context& ctx, const AddRequest& request, const std::vector<uint64_t>& scores) {
  if (!ctx.wants_record()) return;
  std::vector<std::string> texts;
  texts.reserve(scores.size());
  std::vector<std::string_view> argv = {"ZADD"};
  for (size_t i = 1; i < request.points_at; ++i) argv.push_back(ctx.arg(i));
  for (size_t i = 0; i < scores.size(); ++i) {
    texts.push_back(base::Int64ToString(static_cast<int64_t>(scores[i])));
    argv.push_back(texts.back());
    argv.push_back(ctx.arg(request.points_at + 3 * i + 2));
  }
  ctx.RecordAs(argv);
}

// Calls `reply(point)` for each member from argument 2 on, or replies what stands for none.
template <typename ReplyPoint, typename ReplyNone>
void ReplyForMembers(Context& ctx, ReplyPoint reply, ReplyNone none) {
  Found<ZSet> set = ctx.Read<ZSet>(ctx.key(1));
  if (set.wrong_type) return;
  ctx.reply().ArrayHeader(ctx.argc() - 2);
  for (size_t i = 2; i < ctx.argc(); ++i) {
    std::optional<double> score = set ? set->Score(ctx.arg(i)) : std::nullopt;
    score ? reply(ds::GeoPointOf(*score)) : none();
  }
}

}  // namespace

std::optional<GeoPoint> GeoPointArgs(Context& ctx, size_t i) {
  std::optional<double> longitude = ctx.Double(i);
  if (!longitude) return std::nullopt;
  std::optional<double> latitude = ctx.Double(i + 1);
  if (!latitude) return std::nullopt;
  GeoPoint point{*longitude, *latitude};
  if (point.valid()) return point;
  ctx.reply().Error(
      fmt::format("ERR invalid longitude,latitude pair {:.6f},{:.6f}", point.longitude, point.latitude));
  return std::nullopt;
}

std::optional<double> GeoUnitArg(Context& ctx, size_t i) {
  if (ctx.ArgIs(i, "m")) return 1;
  if (ctx.ArgIs(i, "km")) return 1000;
  if (ctx.ArgIs(i, "ft")) return 0.3048;
  if (ctx.ArgIs(i, "mi")) return 1609.34;
  ctx.reply().Error("ERR unsupported unit provided. please use M, KM, FT, MI");
  return std::nullopt;
}

void ReplyGeoPoint(Context& ctx, GeoPoint point) {
  ctx.reply().ArrayHeader(2);
  for (double degrees : {point.longitude, point.latitude}) {
    std::string text = base::LongDoubleToHumanString(degrees);
    ctx.reply().resp3() ? ctx.reply().Raw("," + text + "\r\n") : ctx.reply().Bulk(text);
  }
}

void ReplyGeoDistance(Context& ctx, double distance) {
  constexpr double kUnits = 10'000;
  auto scaled = static_cast<int64_t>(std::llrint(distance * kUnits));
  DCHECK(scaled >= 0);
  ctx.reply().Bulk(fmt::format("{}.{:04}", scaled / 10'000, scaled % 10'000));
}

void CmdGeoadd(Context& ctx) {
  AddRequest request = ParseAdd(ctx);
  size_t left = ctx.argc() - request.points_at;
  if (left == 0 || left % 3 != 0 || (request.flags.nx && request.flags.xx)) {
    return ctx.reply().Error(command::kSyntaxError);
  }
  std::vector<uint64_t> scores;
  scores.reserve(left / 3);
  for (size_t i = request.points_at; i < ctx.argc(); i += 3) {
    std::optional<GeoPoint> point = GeoPointArgs(ctx, i);
    if (!point) return;
    scores.push_back(ds::GeoScore(*point));
  }
  Key key = ctx.key(1);
  Found<ZSet> found = ctx.Write<ZSet>(key);
  if (found.wrong_type) return;
  if (!found && request.flags.xx) return ctx.reply().Integer(0);
  ZSet& set = found ? *found : ctx.Create<ZSet>(key);
  types::ZSetLimits limits = ZSetLimitsOf(ctx.settings());
  set.Expect(scores.size(), ctx.arg(request.points_at + 2).size(), limits);
  int64_t added = 0, updated = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    std::string_view member = ctx.arg(request.points_at + 3 * i + 2);
    ZAddResult result = set.Add(member, static_cast<double>(scores[i]), limits, request.flags);
    added += result.kind == ZAddResult::Kind::kAdded;
    updated += result.kind == ZAddResult::Kind::kUpdated;
  }
  DCHECK(set.size() > 0);
  ctx.reply().Integer(request.changed ? added + updated : added);
  if (added + updated == 0) return;
  ModifiedBy(ctx, key, store::kEventZSet, "zadd", static_cast<uint64_t>(added + updated));
  RecordAsZadd(ctx, request, scores);
}

void CmdGeodist(Context& ctx) {
  std::optional<double> unit = 1;
  if (ctx.argc() > 5) return ctx.reply().Error(command::kSyntaxError);
  if (ctx.argc() == 5) unit = GeoUnitArg(ctx, 4);
  if (!unit) return;
  Found<ZSet> set = ctx.Read<ZSet>(ctx.key(1));
  if (set.wrong_type) return;
  std::optional<double> from = set ? set->Score(ctx.arg(2)) : std::nullopt;
  std::optional<double> to = set ? set->Score(ctx.arg(3)) : std::nullopt;
  if (!from || !to) return ctx.reply().Null();
  ReplyGeoDistance(ctx, ds::GeoDistance(ds::GeoPointOf(*from), ds::GeoPointOf(*to)) / *unit);
}

void CmdGeohash(Context& ctx) {
  ReplyForMembers(
      ctx, [&](GeoPoint point) { ctx.reply().Bulk(ds::GeoHashText(point)); }, [&] { ctx.reply().Null(); });
}

void CmdGeopos(Context& ctx) {
  ReplyForMembers(
      ctx, [&](GeoPoint point) { ReplyGeoPoint(ctx, point); }, [&] { ctx.reply().NullArray(); });
}

}  // namespace tusk::families
