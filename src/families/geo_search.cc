// Searches for what lies in a circle, box or polygon: GEOSEARCH, GEORADIUS and their variants.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "families/collections.h"
#include "families/geo.h"
#include "families/limits.h"
#include "families/zset_ranges.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using ds::GeoPoint;
using ds::GeoShape;
using store::Key;
using types::ZSet;

enum class Form : uint8_t { kRadius, kRadiusByMember, kSearch, kSearchStore };
enum class Order : uint8_t { kNone, kNearest, kFarthest };

struct Request {
  Form form;
  bool may_store = false;
  // What the arguments say.
  std::optional<GeoPoint> from_point{};
  bool from_member = false, from_lonlat = false;
  bool by_radius = false, by_box = false;
  double width = 0, height = 0;  // In units. A circle's radius is the width.
  double unit = 1;               // Metres.
  std::vector<GeoPoint> vertices{};
  bool with_distance = false, with_hash = false, with_point = false;
  Order order = Order::kNone;
  int64_t count = 0;  // 0: all.
  bool any = false;
  size_t store_at = 0;  // Argument of the destination; 0: none.
  bool store_distances = false;

  bool is_search() const noexcept { return form == Form::kSearch || form == Form::kSearchStore; }
  GeoShape Shape() {
    if (!vertices.empty()) return GeoShape::Polygon(std::move(vertices));
    if (by_radius) return GeoShape::Circle(*from_point, width * unit);
    return GeoShape::Box(*from_point, width * unit, height * unit);
  }
};

// A found point. The member's text lies in the set.
struct Hit {
  GeoPoint point;
  double distance;  // Metres.
  double score;
  ds::ListPackElement member;
};

// "<number> <unit>" at argument i.
bool ParseRadius(Context& ctx, size_t i, Request& request) {
  std::optional<double> radius = ctx.Double(i, "ERR need numeric radius");
  if (!radius) return false;
  if (*radius < 0) return ctx.reply().Error("ERR radius cannot be negative"), false;
  std::optional<double> unit = GeoUnitArg(ctx, i + 1);
  if (!unit) return false;
  request.by_radius = true;
  request.width = *radius;
  request.unit = *unit;
  return true;
}

bool ParseBox(Context& ctx, size_t i, Request& request) {
  std::optional<double> width = ctx.Double(i, "ERR need numeric width");
  if (!width) return false;
  std::optional<double> height = ctx.Double(i + 1, "ERR need numeric height");
  if (!height) return false;
  if (*width < 0 || *height < 0) return ctx.reply().Error("ERR height or width cannot be negative"), false;
  std::optional<double> unit = GeoUnitArg(ctx, i + 2);
  if (!unit) return false;
  request.by_box = true;
  request.width = *width;
  request.height = *height;
  request.unit = *unit;
  return true;
}

// "num-vertices longitude latitude ..." at argument i; returns how many arguments that is, 0 after an error.
size_t ParsePolygon(Context& ctx, size_t i, Request& request) {
  constexpr int64_t kVerticesMin = 3;
  std::optional<int64_t> count = ctx.Integer(i);
  if (!count) return 0;
  if (*count < kVerticesMin) {
    ctx.reply().Error("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices");
    return 0;
  }
  if (static_cast<uint64_t>(*count) > (ctx.argc() - i - 1) / 2) {
    ctx.reply().Error(command::kSyntaxError);
    return 0;
  }
  auto vertices = static_cast<size_t>(*count);
  for (size_t v = 0; v < vertices; ++v) {
    std::optional<GeoPoint> point = GeoPointArgs(ctx, i + 1 + 2 * v);
    if (!point) return 0;
    request.vertices.push_back(*point);
  }
  return 1 + 2 * vertices;
}

// The position of the member at argument i. Without a set nothing is looked for: the reply will be empty.
bool ParseMember(Context& ctx, const Found<ZSet>& set, size_t i, Request& request) {
  request.from_member = true;
  if (!set) return true;
  std::optional<double> score = set->Score(ctx.arg(i));
  if (!score) return ctx.reply().Error("ERR could not decode requested zset member"), false;
  request.from_point = ds::GeoPointOf(*score);
  return true;
}

// What GEORADIUS and GEORADIUSBYMEMBER say without words before their options. The first of these, 0 after an error.
size_t ParseLeading(Context& ctx, const Found<ZSet>& set, Request& request) {
  switch (request.form) {
    case Form::kSearch: return 2;
    case Form::kSearchStore:
      request.store_at = 1;
      return 3;
    case Form::kRadius:
      request.from_point = GeoPointArgs(ctx, 2);
      return request.from_point && ParseRadius(ctx, 4, request) ? 6 : 0;
    case Form::kRadiusByMember:
      // As in Redis, the radius is not looked at either when there is no set.
      if (!ParseMember(ctx, set, 2, request)) return 0;
      return !set || ParseRadius(ctx, 3, request) ? 5 : 0;
  }
  return 0;
}

// The options of GEOSEARCH that say where to look, with their values at i. Returns how many arguments they take
// together, 0 if this is none of them, nothing after an error.
std::optional<size_t> ParsePlace(Context& ctx, const Found<ZSet>& set, size_t i, Request& request) {
  size_t left = ctx.argc() - i - 1;
  auto taken = [](bool parsed, size_t arguments) { return parsed ? std::optional(arguments) : std::nullopt; };
  bool polygon = !request.vertices.empty();
  if (ctx.ArgIs(i, "FROMMEMBER") && left >= 1 && !request.from_lonlat && !polygon) {
    return taken(ParseMember(ctx, set, i + 1, request), 2);
  }
  if (ctx.ArgIs(i, "FROMLONLAT") && left >= 2 && !request.from_member && !polygon) {
    request.from_point = GeoPointArgs(ctx, i + 1);
    request.from_lonlat = true;
    return taken(request.from_point.has_value(), 3);
  }
  if (ctx.ArgIs(i, "BYRADIUS") && left >= 2 && !request.by_box && !polygon) {
    return taken(ParseRadius(ctx, i + 1, request), 3);
  }
  if (ctx.ArgIs(i, "BYBOX") && left >= 3 && !request.by_radius && !polygon) {
    return taken(ParseBox(ctx, i + 1, request), 4);
  }
  bool placed = request.from_lonlat || request.from_member || request.by_radius || request.by_box;
  if (ctx.ArgIs(i, "BYPOLYGON") && left >= 1 && !placed && !polygon) {
    size_t arguments = ParsePolygon(ctx, i + 1, request);
    return taken(arguments != 0, 1 + arguments);
  }
  return 0;
}

// The options that all forms have, but for the storing ones. As ParsePlace.
std::optional<size_t> ParseOption(Context& ctx, size_t i, Request& request) {
  size_t left = ctx.argc() - i - 1;
  if (ctx.ArgIs(i, "WITHDIST")) return request.with_distance = true, 1;
  if (ctx.ArgIs(i, "WITHHASH")) return request.with_hash = true, 1;
  if (ctx.ArgIs(i, "WITHCOORD")) return request.with_point = true, 1;
  if (ctx.ArgIs(i, "ANY")) return request.any = true, 1;
  if (ctx.ArgIs(i, "ASC")) return request.order = Order::kNearest, 1;
  if (ctx.ArgIs(i, "DESC")) return request.order = Order::kFarthest, 1;
  if (ctx.ArgIs(i, "COUNT") && left >= 1) {
    std::optional<int64_t> count = ctx.Integer(i + 1);
    if (!count) return std::nullopt;
    if (*count <= 0) return ctx.reply().Error("ERR COUNT must be > 0"), std::nullopt;
    request.count = *count;
    return 2;
  }
  bool distances = ctx.ArgIs(i, "STOREDIST");
  if (request.form == Form::kSearchStore && distances) return request.store_distances = true, 1;
  if (!request.is_search() && request.may_store && left >= 1 && (distances || ctx.ArgIs(i, "STORE"))) {
    request.store_at = i + 1;
    request.store_distances = distances;
    return 2;
  }
  return 0;
}

bool ParseOptions(Context& ctx, const Found<ZSet>& set, size_t first, Request& request) {
  for (size_t i = first; i < ctx.argc();) {
    std::optional<size_t> taken = ParseOption(ctx, i, request);
    if (taken == 0 && request.is_search()) taken = ParsePlace(ctx, set, i, request);
    if (!taken) return false;
    if (*taken == 0) return ctx.reply().Error(command::kSyntaxError), false;
    i += *taken;
  }
  return true;
}

// Options that exclude or need each other; false after an error reply.
bool Agrees(Context& ctx, const Request& request) {
  bool with_any = request.with_distance || request.with_hash || request.with_point;
  if (request.store_at != 0 && with_any) {
    ctx.reply().Error(fmt::format("ERR {} is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                                  request.is_search() ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"));
  } else if (request.is_search() && request.vertices.empty() && !request.from_lonlat && !request.from_member) {
    ctx.reply().Error(fmt::format("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {}", ctx.arg(0)));
  } else if (request.is_search() && request.vertices.empty() && !request.by_radius && !request.by_box) {
    ctx.reply().Error(fmt::format("ERR exactly one of BYRADIUS and BYBOX can be specified for {}", ctx.arg(0)));
  } else if (request.any && request.count == 0) {
    ctx.reply().Error("ERR the ANY argument requires COUNT argument");
  } else {
    return true;
  }
  return false;
}

// Everything in the shape, or the first `limit` (0: all) that turn up.
std::vector<Hit> Collect(const ZSet& set, const GeoShape& shape, size_t limit) {
  std::vector<Hit> hits;
  const auto cover = shape.Cells();
  for (const ds::GeoCell& cell : cover.used()) {
    types::RankRange ranks = set.RanksOf(types::ScoreRange{.min = static_cast<double>(cell.ScoreMin()),
                                                           .max = static_cast<double>(cell.ScoreEnd()),
                                                           .max_exclusive = true});
    if (ranks.size() == 0) continue;
    auto at = set.At(ranks.begin);
    for (uint64_t i = 0; i < ranks.size(); ++i, at.Next()) {
      GeoPoint point = ds::GeoPointOf(at.score());
      std::optional<double> distance = shape.Reach(point);
      if (!distance) continue;
      hits.push_back({point, *distance, at.score(), at.member()});
      if (limit != 0 && hits.size() >= limit) return hits;
    }
  }
  return hits;
}

// Sorts as far as the first `wanted` need it; equally far ones stay in the order in which they were found.
void Sort(std::vector<Hit>& hits, Order order, size_t wanted) {
  auto before = [order](const Hit& a, const Hit& b) {
    return order == Order::kNearest ? a.distance < b.distance : a.distance > b.distance;
  };
  // A tenth of all: beyond that the heap of a partial sort costs more than sorting the whole.
  if (wanted < hits.size() / 10) {
    std::partial_sort(hits.begin(), hits.begin() + static_cast<ptrdiff_t>(wanted), hits.end(), before);
  } else {
    std::stable_sort(hits.begin(), hits.end(), before);
  }
}

void ReplyHits(Context& ctx, const Request& request, std::span<const Hit> hits) {
  resp::Reply& reply = ctx.reply();
  size_t extras = size_t{request.with_distance} + request.with_hash + request.with_point;
  reply.ArrayHeader(hits.size());
  for (const Hit& hit : hits) {
    if (extras != 0) reply.ArrayHeader(1 + extras);
    ReplyElement(reply, hit.member);
    if (request.with_distance) ReplyGeoDistance(ctx, hit.distance / request.unit);
    if (request.with_hash) reply.Integer(static_cast<int64_t>(hit.score));
    if (request.with_point) ReplyGeoPoint(ctx, hit.point);
  }
}

void StoreHits(Context& ctx, const Request& request, std::span<const Hit> hits) {
  constexpr types::ZSetLimits kWhileBuilding{0, 0};  // Scores come in any order.
  auto result = std::make_unique<ZSet>();
  char buffer[base::kInt64TextMax];
  for (const Hit& hit : hits) {
    double score = request.store_distances ? hit.distance / request.unit : hit.score;
    result->Add(hit.member.ToText(buffer), score, kWhileBuilding);
  }
  DCHECK(result->size() == hits.size());
  if (!hits.empty()) ctx.transaction().AddDirty(hits.size() - 1);
  result->ShrinkIfSmall(ZSetLimitsOf(ctx.settings()));
  StoreResult(ctx, ctx.key(request.store_at), std::move(result),
              request.is_search() ? "geosearchstore" : "georadiusstore");
}

void Search(Context& ctx, Request request) {
  Found<ZSet> set = ctx.Read<ZSet>(ctx.key(request.form == Form::kSearchStore ? 2 : 1));
  if (set.wrong_type) return;
  size_t options = ParseLeading(ctx, set, request);
  if (options == 0 || !ParseOptions(ctx, set, options, request) || !Agrees(ctx, request)) return;
  std::vector<Hit> hits;
  if (set) {
    // The nearest are wanted when only some are, unless any will do.
    if (request.count != 0 && request.order == Order::kNone && !request.any) request.order = Order::kNearest;
    auto count = static_cast<size_t>(request.count);
    hits = Collect(*set, request.Shape(), request.any ? count : 0);
    size_t wanted = count == 0 ? hits.size() : std::min(hits.size(), count);
    if (request.order != Order::kNone) Sort(hits, request.order, wanted);
    hits.erase(hits.begin() + static_cast<ptrdiff_t>(wanted), hits.end());
  }
  request.store_at != 0 ? StoreHits(ctx, request, hits) : ReplyHits(ctx, request, hits);
}

}  // namespace

void CmdGeoradius(Context& ctx) { Search(ctx, {.form = Form::kRadius, .may_store = true}); }
void CmdGeoradiusRo(Context& ctx) { Search(ctx, {.form = Form::kRadius}); }
void CmdGeoradiusbymember(Context& ctx) { Search(ctx, {.form = Form::kRadiusByMember, .may_store = true}); }
void CmdGeoradiusbymemberRo(Context& ctx) { Search(ctx, {.form = Form::kRadiusByMember}); }
void CmdGeosearch(Context& ctx) { Search(ctx, {.form = Form::kSearch}); }
void CmdGeosearchstore(Context& ctx) { Search(ctx, {.form = Form::kSearchStore, .may_store = true}); }

}  // namespace tusk::families
