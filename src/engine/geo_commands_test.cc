#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

class GeoCommands : public CommandFixture {
 protected:
  void AddSicily() {
    EXPECT_EQ(Run("GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania"), ":2\r\n");
    EXPECT_EQ(Run("GEOADD Sicily 12.758489 38.788135 edge1 17.241510 38.788135 edge2"), ":2\r\n");
  }
};

constexpr char kSyntax[] = "-ERR syntax error\r\n";

TEST_F(GeoCommands, AddsPointsAsScores) {
  EXPECT_EQ(Run("GEOADD g 13.361389 38.115556 Palermo"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E zadd g", "C ZADD g 3479099956230698 Palermo"}));
  EXPECT_EQ(Run("GEOADD g XX CH 13 38 Palermo 1 1 new"), ":1\r\n");
  EXPECT_EQ(Run("GEOADD g NX 14 38 Palermo"), ":0\r\n");
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("ZCARD g"), ":1\r\n");
  EXPECT_EQ(Run("GEOADD g NX XX 14 38 Palermo"), kSyntax);
  EXPECT_EQ(Run("GEOADD g 14 38 Palermo 1"), kSyntax);
  EXPECT_EQ(Run("GEOADD g CH NX CH"), kSyntax);
  EXPECT_EQ(Run("GEOADD g 200 38 x"), "-ERR invalid longitude,latitude pair 200.000000,38.000000\r\n");
  EXPECT_EQ(Run("GEOADD g 1 x x"), "-ERR value is not a valid float\r\n");
  EXPECT_EQ(Run("GEOADD none XX 1 1 x"), ":0\r\n");
  EXPECT_EQ(Run("EXISTS none"), ":0\r\n");
}

TEST_F(GeoCommands, MembersAsPointsTextsAndDistances) {
  AddSicily();
  EXPECT_EQ(Run("GEOPOS Sicily Palermo none"),
            "*2\r\n*2\r\n$20\r\n13.36138933897018433\r\n$20\r\n38.11555639549629859\r\n*-1\r\n");
  EXPECT_EQ(Run("GEOHASH Sicily Palermo none"), "*2\r\n" + Bulk("sqc8b49rny0") + "$-1\r\n");
  EXPECT_EQ(Run("GEODIST Sicily Palermo Catania"), Bulk("166274.1516"));
  EXPECT_EQ(Run("GEODIST Sicily Palermo Catania KM"), Bulk("166.2742"));
  EXPECT_EQ(Run("GEODIST Sicily Palermo Palermo"), Bulk("0.0000"));
  EXPECT_EQ(Run("GEODIST Sicily Palermo none"), "$-1\r\n");
  EXPECT_EQ(Run("GEODIST none a b"), "$-1\r\n");
  EXPECT_EQ(Run("GEODIST Sicily Palermo Catania yd"),
            "-ERR unsupported unit provided. please use M, KM, FT, MI\r\n");
  EXPECT_EQ(Run("GEODIST Sicily Palermo Catania m m"), kSyntax);
  EXPECT_EQ(Run("GEOPOS Sicily"), "*0\r\n");
}

TEST_F(GeoCommands, SearchesCirclesBoxesAndPolygons) {
  AddSicily();
  EXPECT_EQ(Run("GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km ASC"),
            "*2\r\n" + Bulk("Catania") + Bulk("Palermo"));
  EXPECT_EQ(Run("GEOSEARCH Sicily FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHDIST COUNT 2"),
            "*2\r\n*2\r\n" + Bulk("Catania") + Bulk("56.4413") + "*2\r\n" + Bulk("Palermo") + Bulk("190.4424"));
  EXPECT_EQ(Run("GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 m WITHHASH WITHCOORD"),
            "*1\r\n*3\r\n" + Bulk("Palermo") + ":3479099956230698\r\n*2\r\n" + Bulk("13.36138933897018433") +
                Bulk("38.11555639549629859"));
  constexpr char kPolygon[] =
      "GEOSEARCH Sicily BYPOLYGON 5 12.41098696654226 38.05033923003755 15.107936245794182 38.00616649901906 "
      "18.148439288534455 38.63804787603499 17.80831874257693 39.50316813110968 12.458468633214036 "
      "38.57719533463012 ASC WITHDIST";
  EXPECT_EQ(Run(kPolygon),
            "*2\r\n*2\r\n" + Bulk("Palermo") + Bulk("166482.0159") + "*2\r\n" + Bulk("edge2") + Bulk("180861.7725"));
  EXPECT_EQ(Run("GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 200 km"), "*0\r\n");
}

TEST_F(GeoCommands, ImpossibleSearchesAreRefused) {
  AddSicily();
  EXPECT_EQ(Run("GEOSEARCH Sicily FROMLONLAT 15 37 FROMMEMBER x BYRADIUS 1 km"), kSyntax);
  EXPECT_EQ(Run("GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 1 km BYBOX 1 1 km"), kSyntax);
  EXPECT_EQ(Run("GEOSEARCH Sicily FROMLONLAT 15 37 BYPOLYGON 3 1 1 2 2 3 1"), kSyntax);
  EXPECT_EQ(Run("GEOSEARCH Sicily BYPOLYGON 3 1 1 2 2 3"), kSyntax);
  EXPECT_EQ(Run("GEOSEARCH Sicily BYPOLYGON 2 1 1 2 2"), "-ERR GEOSEARCH BYPOLYGON must have at least 3 vertices\r\n");
  EXPECT_EQ(Run("geosearch Sicily BYBOX 3 3 km ASC"),
            "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch\r\n");
  EXPECT_EQ(Run("GEOSEARCH Sicily FROMLONLAT 1 1 ASC DESC"),
            "-ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH\r\n");
  EXPECT_EQ(Run("GEOSEARCH Sicily FROMMEMBER none BYRADIUS 1 m"),
            "-ERR could not decode requested zset member\r\n");
  EXPECT_EQ(Run("GEORADIUS Sicily 1 1 10 km ANY"), "-ERR the ANY argument requires COUNT argument\r\n");
  EXPECT_EQ(Run("GEORADIUS Sicily 1 1 10 km COUNT 0"), "-ERR COUNT must be > 0\r\n");
  EXPECT_EQ(Run("GEORADIUS Sicily 1 1 -1 km"), "-ERR radius cannot be negative\r\n");
  EXPECT_EQ(Run("GEORADIUS Sicily 1 1 10 km STORE x WITHDIST"),
            "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options\r\n");
  EXPECT_EQ(Run("GEORADIUS_RO Sicily 1 1 10 km STORE x"), kSyntax);
  Run("SET text x");
  EXPECT_EQ(Run("GEORADIUS text 1 1 10 km"),
            "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
}

TEST_F(GeoCommands, StoresWhatItFinds) {
  AddSicily();
  EXPECT_EQ(Run("GEOSEARCHSTORE near Sicily FROMLONLAT 15 37 BYBOX 400 400 km ASC COUNT 3"), ":3\r\n");
  EXPECT_EQ(log(), (Log{"E geosearchstore near",
                        "C GEOSEARCHSTORE near Sicily FROMLONLAT 15 37 BYBOX 400 400 km ASC COUNT 3"}));
  EXPECT_EQ(Run("ZSCORE near Palermo"), Bulk("3479099956230698"));
  EXPECT_EQ(Run("GEORADIUS Sicily 15 37 200 km STORE other STOREDIST near"), ":2\r\n");
  EXPECT_EQ(Run("ZRANGE near 0 -1 WITHSCORES"), "*4\r\n" + Bulk("Catania") + Bulk("56.4412578701582") +
                                                    Bulk("Palermo") + Bulk("190.44242984775784"));
  EXPECT_EQ(Run("EXISTS other"), ":0\r\n");
  EXPECT_EQ(Run("GEORADIUSBYMEMBER none x 1 m STORE near"), ":0\r\n");
  EXPECT_EQ(log(), (Log{"E del near", "C GEORADIUSBYMEMBER none x 1 m STORE near"}));
  EXPECT_EQ(Run("COMMAND GETKEYS GEORADIUS k 1 1 1 STORE km STORE a"), "*2\r\n" + Bulk("k") + Bulk("a"));
  EXPECT_EQ(Run("COMMAND GETKEYS GEORADIUS k 1 1 1 m STORE a STOREDIST b"), "*2\r\n" + Bulk("k") + Bulk("b"));
}

}  // namespace
}  // namespace tusk::engine
