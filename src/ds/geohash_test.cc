#include "ds/geohash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace tusk::ds {
namespace {

constexpr GeoPoint kPalermo{13.361389, 38.115556};
constexpr GeoPoint kCatania{15.087269, 37.502669};

double Uniform(base::Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random.Below(1u << 30)) / (1u << 30);
}

GeoPoint RandomPoint(base::Random& random) {
  return {Uniform(random, -kLongitudeMax, kLongitudeMax), Uniform(random, -kLatitudeMax, kLatitudeMax)};
}

// Figures of Redis' documentation.
TEST(GeoHash, KnownPlaces) {
  EXPECT_EQ(GeoScore(kPalermo), 3479099956230698u);
  EXPECT_EQ(GeoScore(kCatania), 3479447370796909u);
  EXPECT_EQ(GeoHashText(GeoPointOf(3479099956230698)), "sqc8b49rny0");
  EXPECT_EQ(GeoHashText(GeoPointOf(3479447370796909)), "sqdtr74hyu0");
  EXPECT_NEAR(GeoDistance(GeoPointOf(3479099956230698), GeoPointOf(3479447370796909)), 166274.1516, 0.0001);
}

TEST(GeoHash, ScoresKeepPointsToLessThanAMetre) {
  base::Random random(base::SecureRandom64());
  for (int i = 0; i < 2000; ++i) {
    GeoPoint point = RandomPoint(random);
    EXPECT_LT(GeoDistance(point, GeoPointOf(static_cast<double>(GeoScore(point)))), 1);
  }
}

TEST(GeoHash, AnyNumberIsAPoint) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (double score : {-1.0, 1e18, -1e18, 0x1p63, 1e300, -1e300, kInfinity, -kInfinity, 0x1p53}) {
    EXPECT_TRUE(GeoPointOf(score).valid()) << score;
  }
}

TEST(GeoHash, NeighboursTouchAndWrapAround) {
  base::Random random(base::SecureRandom64());
  for (int i = 0; i < 500; ++i) {
    GeoCell cell = GeoCellOf(RandomPoint(random), static_cast<int>(1 + random.Below(kGeoStepMax)));
    EXPECT_EQ(cell.Moved(1, 0).Moved(-1, 0), cell);
    EXPECT_EQ(cell.Moved(-1, 1).Moved(1, -1), cell);
    GeoBounds here = cell.Bounds(), east = cell.Moved(1, 0).Bounds();
    EXPECT_DOUBLE_EQ(here.longitude_max < kLongitudeMax ? here.longitude_max : -kLongitudeMax, east.longitude_min);
    EXPECT_DOUBLE_EQ(here.latitude_min, east.latitude_min);
  }
}

// Searching the cover's cells finds exactly what looking at every point finds.
TEST(GeoShape, CellsHoldAllThatIsInTheShape) {
  uint64_t seed = base::SecureRandom64();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  base::Random random(seed);
  for (int round = 0; round < 300; ++round) {
    GeoPoint centre{Uniform(random, -60, 60), Uniform(random, -60, 60)};
    double size = std::pow(10, Uniform(random, 1, 6));
    GeoShape shape = GeoShape::Circle(centre, size);
    if (round % 3 == 1) shape = GeoShape::Box(centre, size, size * Uniform(random, 0.1, 2));
    if (round % 3 == 2) {
      std::vector<GeoPoint> vertices;
      double degrees = size / 111'000;
      for (int i = 0; i < 5; ++i) {
        double angle = 2 * M_PI * i / 5;
        double reach = degrees * Uniform(random, 0.3, 2);
        vertices.push_back({centre.longitude + reach * std::cos(angle), centre.latitude + reach * std::sin(angle)});
      }
      for (GeoPoint& vertex : vertices) vertex.latitude = std::clamp(vertex.latitude, -kLatitudeMax, kLatitudeMax);
      shape = GeoShape::Polygon(std::move(vertices));
    }
    GeoShape::Cover cover = shape.Cells();
    double spread = size / 111'000 * 3;
    for (int i = 0; i < 200; ++i) {
      GeoPoint point{Uniform(random, centre.longitude - spread, centre.longitude + spread),
                     Uniform(random, centre.latitude - spread, centre.latitude + spread)};
      if (!point.valid()) continue;
      uint64_t score = GeoScore(point);
      if (!shape.Reach(GeoPointOf(static_cast<double>(score)))) continue;
      bool covered = std::ranges::any_of(cover.used(), [&](const GeoCell& cell) {
        return score >= cell.ScoreMin() && score < cell.ScoreEnd();
      });
      EXPECT_TRUE(covered) << "round " << round << ": " << point.longitude << " " << point.latitude;
    }
  }
}

TEST(GeoShape, PolygonsMayBeConcaveAndHoldTheirEdges) {
  // A square with a notch from above.
  GeoShape shape = GeoShape::Polygon({{0, 0}, {4, 0}, {4, 4}, {2, 1}, {0, 4}});
  EXPECT_TRUE(shape.Reach({1, 1}));
  EXPECT_TRUE(shape.Reach({3.5, 2}));
  EXPECT_FALSE(shape.Reach({2, 2}));
  EXPECT_FALSE(shape.Reach({-1, 0}));
  EXPECT_FALSE(shape.Reach({5, 0}));
  EXPECT_TRUE(shape.Reach({2, 0})) << "On an edge.";
  EXPECT_TRUE(shape.Reach({4, 4})) << "A vertex.";
  EXPECT_TRUE(shape.Reach({2, 1}));
}

}  // namespace
}  // namespace tusk::ds
