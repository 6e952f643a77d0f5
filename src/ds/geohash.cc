#include "ds/geohash.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace tusk::ds {
namespace {

constexpr double kRadian = std::numbers::pi / 180;
constexpr double kEarthRadius = 6372797.560856;  // Metres, quadratic mean.
constexpr double kMercatorMax = 20037726.37;     // Metres, half the width of the map.

double ToRadians(double degrees) noexcept { return degrees * kRadian; }
double ToDegrees(double radians) noexcept { return radians / kRadian; }

// Every second bit, from the lowest on.
constexpr uint64_t kEven = 0x5555555555555555;
constexpr uint64_t kOdd = ~kEven;

uint64_t Spread(uint32_t value) noexcept {
  uint64_t bits = value;
  bits = (bits | bits << 16) & 0x0000ffff0000ffff;
  bits = (bits | bits << 8) & 0x00ff00ff00ff00ff;
  bits = (bits | bits << 4) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits << 2) & 0x3333333333333333;
  return (bits | bits << 1) & kEven;
}

uint32_t Gather(uint64_t bits) noexcept {
  bits &= kEven;
  bits = (bits | bits >> 1) & 0x3333333333333333;
  bits = (bits | bits >> 2) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits >> 4) & 0x00ff00ff00ff00ff;
  bits = (bits | bits >> 8) & 0x0000ffff0000ffff;
  return static_cast<uint32_t>(bits | bits >> 16);
}

uint64_t Interleave(GeoPoint point, double latitude_max, int step) noexcept {
  double cells = static_cast<double>(uint64_t{1} << step);
  double north = (point.latitude - -latitude_max) / (latitude_max - -latitude_max) * cells;
  double east = (point.longitude - -kLongitudeMax) / (kLongitudeMax - -kLongitudeMax) * cells;
  return Spread(static_cast<uint32_t>(north)) | Spread(static_cast<uint32_t>(east)) << 1;
}

// A score as an integer, for numbers that never were one as x86-64 converts them, since that is what Redis replies.
uint64_t ScoreBits(double score) noexcept {
  constexpr double kTwoTo63 = 0x1p63;
  auto convert = [](double value) {
    return value >= -kTwoTo63 && value < kTwoTo63 ? static_cast<uint64_t>(static_cast<int64_t>(value)) : uint64_t{1} << 63;
  };
  return score >= kTwoTo63 ? convert(score - kTwoTo63) ^ uint64_t{1} << 63 : convert(score);
}

double LatitudeDistance(double a, double b) noexcept { return kEarthRadius * std::fabs(ToRadians(b) - ToRadians(a)); }

// The finest grid whose cells are still about as large as the distance (metres); coarser where meridians come closer.
int StepFor(double distance, double latitude) noexcept {
  if (distance == 0) return kGeoStepMax;
  int step = 1;
  for (; distance < kMercatorMax; distance *= 2) ++step;
  step -= 2;
  double from_equator = std::fabs(latitude);
  if (from_equator > 66) --step;
  if (from_equator > 80) --step;
  return std::clamp(step, 1, kGeoStepMax);
}

enum Neighbour : size_t { kSelf, kNorth, kSouth, kEast, kWest, kNorthEast, kNorthWest, kSouthEast, kSouthWest };
constexpr int kMoves[9][2] = {{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
using Neighbours = std::array<GeoCell, 9>;

Neighbours Around(GeoCell cell) noexcept {
  Neighbours around;
  for (size_t i = 0; i < around.size(); ++i) around[i] = cell.Moved(kMoves[i][0], kMoves[i][1]);
  return around;
}

bool ReachesAsFarAs(const Neighbours& around, const GeoBounds& bounds) noexcept {
  return !(around[kNorth].Bounds().latitude_max < bounds.latitude_max) &&
         !(around[kSouth].Bounds().latitude_min > bounds.latitude_min) &&
         !(around[kEast].Bounds().longitude_max < bounds.longitude_max) &&
         !(around[kWest].Bounds().longitude_min > bounds.longitude_min);
}

// Drops what lies on a side that the middle cell covers by itself.
void DropUseless(Neighbours& around, const GeoBounds& bounds) noexcept {
  const GeoBounds middle = around[kSelf].Bounds();
  auto drop = [&](Neighbour a, Neighbour b, Neighbour c) { around[a] = around[b] = around[c] = {}; };
  if (middle.latitude_min < bounds.latitude_min) drop(kSouth, kSouthWest, kSouthEast);
  if (middle.latitude_max > bounds.latitude_max) drop(kNorth, kNorthEast, kNorthWest);
  if (middle.longitude_min < bounds.longitude_min) drop(kWest, kSouthWest, kNorthWest);
  if (middle.longitude_max > bounds.longitude_max) drop(kEast, kSouthEast, kNorthEast);
}

}  // namespace

GeoCell GeoCellOf(GeoPoint point, int step) noexcept {
  DCHECK(point.valid());
  DCHECK(step >= 1 && step <= kGeoStepMax);
  return {Interleave(point, kLatitudeMax, step), step};
}

GeoBounds GeoCell::Bounds() const noexcept {
  DCHECK(step >= 1 && step <= kGeoStepMax);
  double cells = static_cast<double>(uint64_t{1} << step);
  constexpr double kWidth = kLongitudeMax - -kLongitudeMax;
  constexpr double kHeight = kLatitudeMax - -kLatitudeMax;
  uint32_t north = Gather(bits), east = Gather(bits >> 1);
  return {.longitude_min = -kLongitudeMax + east * 1.0 / cells * kWidth,
          .longitude_max = -kLongitudeMax + (east + 1) * 1.0 / cells * kWidth,
          .latitude_min = -kLatitudeMax + north * 1.0 / cells * kHeight,
          .latitude_max = -kLatitudeMax + (north + 1) * 1.0 / cells * kHeight};
}

GeoCell GeoCell::Moved(int east, int north) const noexcept {
  DCHECK(step >= 1 && step <= kGeoStepMax);
  // One coordinate moves while the other's bits are all set, so that a carry runs across them. A coordinate that does
  // not move stays as it is, even one bit beyond the grid, where the very edges of the map lie.
  uint64_t used = UINT64_MAX >> (64 - 2 * step);
  uint64_t columns = bits & kOdd, rows = bits & kEven;
  if (east > 0) columns += (kEven & used) + 1;
  if (east < 0) columns = (columns | (kEven & used)) - ((kEven & used) + 1);
  if (east != 0) columns &= kOdd & used;
  if (north > 0) rows += (kOdd & used) + 1;
  if (north < 0) rows = (rows | (kOdd & used)) - ((kOdd & used) + 1);
  if (north != 0) rows &= kEven & used;
  return {columns | rows, step};
}

GeoPoint GeoPointOf(double score) noexcept {
  GeoBounds cell = GeoCell{ScoreBits(score), kGeoStepMax}.Bounds();
  return {std::clamp((cell.longitude_min + cell.longitude_max) / 2, -kLongitudeMax, kLongitudeMax),
          std::clamp((cell.latitude_min + cell.latitude_max) / 2, -kLatitudeMax, kLatitudeMax)};
}

std::string GeoHashText(GeoPoint point) {
  constexpr char kAlphabet[] = "0123456789bcdefghjkmnpqrstuvwxyz";
  constexpr double kWholeLatitude = 90;
  uint64_t bits = Interleave(point, kWholeLatitude, kGeoStepMax);
  std::string text(11, '0');  // Fifty of the bits make ten characters.
  for (int i = 0; i < 10; ++i) text[static_cast<size_t>(i)] = kAlphabet[bits >> (52 - (i + 1) * 5) & 31];
  return text;
}

double GeoDistance(GeoPoint a, GeoPoint b) noexcept {
  double v = std::sin((ToRadians(b.longitude) - ToRadians(a.longitude)) / 2);
  if (v == 0) return LatitudeDistance(a.latitude, b.latitude);
  double a_latitude = ToRadians(a.latitude), b_latitude = ToRadians(b.latitude);
  double u = std::sin((b_latitude - a_latitude) / 2);
  double haversine = u * u + std::cos(a_latitude) * std::cos(b_latitude) * v * v;
  return 2.0 * kEarthRadius * std::asin(std::sqrt(haversine));
}

GeoShape GeoShape::Circle(GeoPoint centre, double radius) noexcept {
  GeoShape shape(Kind::kCircle, centre);
  shape.width_ = shape.height_ = radius * 2;
  return shape;
}

GeoShape GeoShape::Box(GeoPoint centre, double width, double height) noexcept {
  GeoShape shape(Kind::kBox, centre);
  shape.width_ = width;
  shape.height_ = height;
  return shape;
}

GeoShape GeoShape::Polygon(std::vector<GeoPoint> vertices) {
  CHECK(vertices.size() >= 3);
  double x = 0, y = 0, z = 0;
  for (const GeoPoint& vertex : vertices) {
    double longitude = ToRadians(vertex.longitude), latitude = ToRadians(vertex.latitude);
    x += std::cos(latitude) * std::cos(longitude);
    y += std::cos(latitude) * std::sin(longitude);
    z += std::sin(latitude);
  }
  GeoPoint centre{ToDegrees(std::atan2(y, x)), ToDegrees(std::atan2(z, std::hypot(x, y)))};
  centre.latitude = std::clamp(centre.latitude, -kLatitudeMax, kLatitudeMax);
  GeoShape shape(Kind::kPolygon, centre);
  shape.vertices_ = std::move(vertices);
  return shape;
}

GeoBounds GeoShape::Bounds() const noexcept {
  if (kind_ == Kind::kPolygon) {
    GeoBounds bounds{centre_.longitude, centre_.longitude, centre_.latitude, centre_.latitude};
    for (const GeoPoint& vertex : vertices_) {
      bounds.longitude_min = std::min(bounds.longitude_min, vertex.longitude);
      bounds.longitude_max = std::max(bounds.longitude_max, vertex.longitude);
      bounds.latitude_min = std::min(bounds.latitude_min, vertex.latitude);
      bounds.latitude_max = std::max(bounds.latitude_max, vertex.latitude);
    }
    return bounds;
  }
  double latitude_half = ToDegrees(height_ / 2 / kEarthRadius);
  // The side that is nearer to a pole spans more degrees.
  double outer = centre_.latitude < 0 ? centre_.latitude - latitude_half : centre_.latitude + latitude_half;
  double longitude_half = ToDegrees(width_ / 2 / kEarthRadius / std::cos(ToRadians(outer)));
  return {.longitude_min = centre_.longitude - longitude_half,
          .longitude_max = centre_.longitude + longitude_half,
          .latitude_min = centre_.latitude - latitude_half,
          .latitude_max = centre_.latitude + latitude_half};
}

bool GeoShape::PolygonHolds(GeoPoint point) const noexcept {
  // A ray to the east crosses the edge of what it is in an odd number of times.
  bool inside = false;
  const GeoPoint* from = &vertices_.back();
  for (const GeoPoint& to : vertices_) {
    double cross = (to.longitude - from->longitude) * (point.latitude - from->latitude) -
                   (to.latitude - from->latitude) * (point.longitude - from->longitude);
    bool between = std::min(from->longitude, to.longitude) <= point.longitude &&
                   point.longitude <= std::max(from->longitude, to.longitude) &&
                   std::min(from->latitude, to.latitude) <= point.latitude &&
                   point.latitude <= std::max(from->latitude, to.latitude);
    if (cross == 0 && between) return true;
    if ((from->latitude > point.latitude) != (to.latitude > point.latitude)) {
      bool is_left = cross > 0;
      if (is_left == (to.latitude > from->latitude)) inside = !inside;
    }
    from = &to;
  }
  return inside;
}

std::optional<double> GeoShape::Reach(GeoPoint point) const noexcept {
  switch (kind_) {
    case Kind::kCircle: {
      double distance = GeoDistance(centre_, point);
      if (distance > width_ / 2) return std::nullopt;
      return distance;
    }
    case Kind::kBox:
      if (LatitudeDistance(point.latitude, centre_.latitude) > height_ / 2) return std::nullopt;
      if (GeoDistance(point, {centre_.longitude, point.latitude}) > width_ / 2) return std::nullopt;
      return GeoDistance(centre_, point);
    case Kind::kPolygon:
      if (!PolygonHolds(point)) return std::nullopt;
      return GeoDistance(centre_, point);
  }
  return std::nullopt;
}

GeoShape::Cover GeoShape::Cells() const noexcept {
  const GeoBounds bounds = Bounds();
  double reach = kind_ == Kind::kCircle ? width_ / 2 : std::hypot(width_ / 2, height_ / 2);
  for (const GeoPoint& vertex : vertices_) reach = std::max(reach, GeoDistance(centre_, vertex));
  int step = StepFor(reach, centre_.latitude);
  Neighbours around = Around(GeoCellOf(centre_, step));
  // Once for circles and boxes, as in Redis: the estimate is at most one step too fine.
  for (bool again = true; again && step > 1 && !ReachesAsFarAs(around, bounds); again = kind_ == Kind::kPolygon) {
    around = Around(GeoCellOf(centre_, --step));
  }
  if (step >= 2) DropUseless(around, bounds);
  Cover cover;
  for (GeoCell cell : around) {
    // On coarse grids neighbours meet on the other side of the globe.
    if (cell.step == 0 || (cover.count > 1 && cover.cells[cover.count - 1] == cell)) continue;
    cover.cells[cover.count++] = cell;
  }
  DCHECK(cover.count >= 1);
  return cover;
}

}  // namespace tusk::ds
