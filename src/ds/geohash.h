// Points on the globe as numbers that sort near what is near: longitude and latitude, halved `step` times each, with
// their bits interleaved. At the full 26 steps that is a 52-bit integer, which a sorted set's score holds exactly.
//
//   bit 2 * step - 1 (highest): longitude, then latitude, and so on in turn; a cell of fewer steps is a prefix
//
// The arithmetic is in the order in which Redis does it, since scores and distances are compared to the last digit.
// Threads: any. Owns: nothing but values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tusk::ds {

inline constexpr double kLongitudeMax = 180;
inline constexpr double kLatitudeMax = 85.05112878;  // Of the square Mercator map (EPSG:3857): no poles.
inline constexpr int kGeoStepMax = 26;

// Degrees.
struct GeoPoint {
  double longitude = 0;
  double latitude = 0;
  bool valid() const noexcept {
    return longitude >= -kLongitudeMax && longitude <= kLongitudeMax && latitude >= -kLatitudeMax &&
           latitude <= kLatitudeMax;
  }
};

// Degrees; also a cell's extent.
struct GeoBounds {
  double longitude_min = 0, longitude_max = 0;
  double latitude_min = 0, latitude_max = 0;
};

// A cell of the grid with 2^step columns and rows; step 0 stands for none.
struct GeoCell {
  uint64_t bits = 0;
  int step = 0;
  bool operator==(const GeoCell&) const = default;

  GeoBounds Bounds() const noexcept;
  // The cell so many columns east and rows north, around the edges of the map.
  GeoCell Moved(int east, int north) const noexcept;
  // The scores of all points in it: from the first up to, not including, the second.
  uint64_t ScoreMin() const noexcept { return bits << (2 * (kGeoStepMax - step)); }
  uint64_t ScoreEnd() const noexcept { return (bits + 1) << (2 * (kGeoStepMax - step)); }
};

// `point` is valid, 1 <= step <= kGeoStepMax.
GeoCell GeoCellOf(GeoPoint point, int step) noexcept;
inline uint64_t GeoScore(GeoPoint point) noexcept { return GeoCellOf(point, kGeoStepMax).bits; }
// The middle of the score's cell. Any number has one, also what no point would have got.
GeoPoint GeoPointOf(double score) noexcept;
// The usual geohash (whole latitude range) of eleven characters, the last of which is always "0".
std::string GeoHashText(GeoPoint point);
// Metres along a great circle.
double GeoDistance(GeoPoint a, GeoPoint b) noexcept;

// What a search looks for.
class GeoShape {
 public:
  // Metres.
  static GeoShape Circle(GeoPoint centre, double radius) noexcept;
  // Parallel to the axes.
  static GeoShape Box(GeoPoint centre, double width, double height) noexcept;
  // Straight edges on the map of longitudes and latitudes; it doesn't wrap around. Its centre is the middle of the
  // vertices on the globe. At least three vertices.
  static GeoShape Polygon(std::vector<GeoPoint> vertices);

  GeoPoint centre() const noexcept { return centre_; }
  // The point's distance from the centre in metres if it lies within, edges included. O(vertices).
  std::optional<double> Reach(GeoPoint point) const noexcept;
  // Cells that together hold every point of the shape: at most nine, of one size, in the order of a search.
  struct Cover {
    std::array<GeoCell, 9> cells;
    size_t count = 0;
    std::span<const GeoCell> used() const noexcept { return {cells.data(), count}; }
  };
  Cover Cells() const noexcept;

 private:
  enum class Kind : uint8_t { kCircle, kBox, kPolygon };
  GeoShape(Kind kind, GeoPoint centre) noexcept : kind_(kind), centre_(centre) {}
  GeoBounds Bounds() const noexcept;
  bool PolygonHolds(GeoPoint point) const noexcept;

  Kind kind_;
  GeoPoint centre_;
  double width_ = 0;   // Twice the radius of a circle.
  double height_ = 0;
  std::vector<GeoPoint> vertices_;
};

}  // namespace tusk::ds
