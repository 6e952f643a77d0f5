// Rows of the geo commands.
#include "command/spec.h"
#include "families/geo.h"

namespace tusk::families {
namespace {

using command::CommandSpec;
using command::History;
using command::kCatGeo;
using command::kDenyOom;
using command::kDetachable;
using command::KeySpec;
using command::kKeyAccess;
using command::kKeyOW;
using command::kKeyRO;
using command::kKeyRW;
using command::kKeyUpdate;
using command::kReadonly;
using command::kWrite;

constexpr KeySpec kReadKey[] = {{.flags = kKeyRO | kKeyAccess}};
constexpr KeySpec kChangedKey[] = {{.flags = kKeyRW | kKeyUpdate}};
constexpr KeySpec kSearchstoreKeys[] = {{.flags = kKeyOW | kKeyUpdate}, {.flags = kKeyRO | kKeyAccess, .index = 2}};
constexpr KeySpec kRadiusKeys[] = {
    {.flags = kKeyRO | kKeyAccess},
    {.flags = kKeyOW | kKeyUpdate, .begin = KeySpec::Begin::kKeyword, .index = 6, .keyword = "STORE"},
    {.flags = kKeyOW | kKeyUpdate, .begin = KeySpec::Begin::kKeyword, .index = 6, .keyword = "STOREDIST"}};
constexpr KeySpec kRadiusByMemberKeys[] = {
    {.flags = kKeyRO | kKeyAccess},
    {.flags = kKeyOW | kKeyUpdate, .begin = KeySpec::Begin::kKeyword, .index = 5, .keyword = "STORE"},
    {.flags = kKeyOW | kKeyUpdate, .begin = KeySpec::Begin::kKeyword, .index = 5, .keyword = "STOREDIST"}};

constexpr History kAddHistory[] = {{"6.2.0", "CH, NX and XX."}};
constexpr History kRadiusHistory[] = {{"6.2.0", "ANY for COUNT."}, {"7.0.0", "Unit names in upper case."}};
constexpr History kRadiusRoHistory[] = {{"6.2.0", "ANY for COUNT."}};
constexpr History kUnitHistory[] = {{"7.0.0", "Unit names in upper case."}};
constexpr History kSearchHistory[] = {{"7.0.0", "Unit names in upper case."}, {"9.0.0", "BYPOLYGON, as in Valkey 9."}};

constexpr std::string_view kSearchComplexity =
    "O(N+log(M)) with N the members in the cells around the shape and M those of the set";

#define TUSK_GEO_UNIT "unit=(M | KM | FT | MI)"
#define TUSK_GEO_WITH "[WITHCOORD] [WITHDIST] [WITHHASH]"
#define TUSK_GEO_ORDER "order=[ASC | DESC]"
#define TUSK_GEO_PLACE                                                                                          \
  "[from=(FROMMEMBER member | FROMLONLAT longitude_latitude=(longitude:double latitude:double))] "              \
  "by=(circle=(BYRADIUS radius:double " TUSK_GEO_UNIT ") | box=(BYBOX width:double height:double " TUSK_GEO_UNIT \
  ") | polygon=(BYPOLYGON num-vertices:integer vertex=(longitude:double latitude:double)...))"

constexpr CommandSpec kRows[] = {
    {.name = "geoadd",
     .handler = CmdGeoadd,
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .categories = kCatGeo,
     .keys = kChangedKey,
     .group = "geo",
     .since = "3.2.0",
     .complexity = "O(log(N)) for each point",
     .summary = "Adds points to a sorted set, or moves them.",
     .arguments = "key@0 condition=[NX | XX]^6.2.0 change=[CH]^6.2.0 longitude_latitude_member=(longitude:double latitude:double member)...",
     .history = kAddHistory},
    {.name = "geodist",
     .handler = CmdGeodist,
     .arity = -4,
     .flags = kReadonly,
     .categories = kCatGeo,
     .keys = kReadKey,
     .group = "geo",
     .since = "3.2.0",
     .complexity = "O(log(N))",
     .summary = "Returns the distance between two members.",
     .arguments = "key@0 member1 member2 unit=[M | KM | FT | MI]"},
    {.name = "geohash",
     .handler = CmdGeohash,
     .arity = -2,
     .flags = kReadonly,
     .categories = kCatGeo,
     .keys = kReadKey,
     .group = "geo",
     .since = "3.2.0",
     .complexity = "O(log(N)) for each member",
     .summary = "Returns members' positions as standard geohash texts.",
     .arguments = "key@0 member..."},
    {.name = "geopos",
     .handler = CmdGeopos,
     .arity = -2,
     .flags = kReadonly,
     .categories = kCatGeo,
     .keys = kReadKey,
     .group = "geo",
     .since = "3.2.0",
     .complexity = "O(log(N)) for each member",
     .summary = "Returns members' longitudes and latitudes.",
     .arguments = "key@0 member..."},
    {.name = "georadius",
     .handler = CmdGeoradius,
     .arity = -6,
     .flags = kWrite | kDenyOom | kDetachable,
     .categories = kCatGeo,
     .keys = kRadiusKeys,
     .group = "geo",
     .since = "3.2.0",
     .complexity = kSearchComplexity,
     .summary = "Returns or stores the members within a distance of a point.",
     .arguments = "key@0 longitude:double latitude:double radius:double " TUSK_GEO_UNIT " " TUSK_GEO_WITH
                  " count=[COUNT count:integer [ANY]^6.2.0] " TUSK_GEO_ORDER " [STORE key@1] [STOREDIST key@2]",
     .history = kRadiusHistory,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument"},
    {.name = "georadius_ro",
     .handler = CmdGeoradiusRo,
     .arity = -6,
     .flags = kReadonly | kDetachable,
     .categories = kCatGeo,
     .keys = kReadKey,
     .group = "geo",
     .since = "3.2.10",
     .complexity = kSearchComplexity,
     .summary = "Returns the members within a distance of a point.",
     .arguments = "key@0 longitude:double latitude:double radius:double " TUSK_GEO_UNIT " " TUSK_GEO_WITH
                  " count=[COUNT count:integer [ANY]^6.2.0] " TUSK_GEO_ORDER,
     .history = kRadiusRoHistory,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` argument"},
    {.name = "georadiusbymember",
     .handler = CmdGeoradiusbymember,
     .arity = -5,
     .flags = kWrite | kDenyOom | kDetachable,
     .categories = kCatGeo,
     .keys = kRadiusByMemberKeys,
     .group = "geo",
     .since = "3.2.0",
     .complexity = kSearchComplexity,
     .summary = "Returns or stores the members within a distance of a member.",
     .arguments = "key@0 member radius:double " TUSK_GEO_UNIT " " TUSK_GEO_WITH
                  " count=[COUNT count:integer [ANY]] " TUSK_GEO_ORDER " [STORE key@1] [STOREDIST key@2]",
     .history = kUnitHistory,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments"},
    {.name = "georadiusbymember_ro",
     .handler = CmdGeoradiusbymemberRo,
     .arity = -5,
     .flags = kReadonly | kDetachable,
     .categories = kCatGeo,
     .keys = kReadKey,
     .group = "geo",
     .since = "3.2.10",
     .complexity = kSearchComplexity,
     .summary = "Returns the members within a distance of a member.",
     .arguments = "key@0 member radius:double " TUSK_GEO_UNIT " " TUSK_GEO_WITH " count=[COUNT count:integer [ANY]] " TUSK_GEO_ORDER,
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments"},
    {.name = "geosearch",
     .handler = CmdGeosearch,
     .arity = -7,
     .flags = kReadonly | kDetachable,
     .categories = kCatGeo,
     .keys = kReadKey,
     .group = "geo",
     .since = "6.2.0",
     .complexity = kSearchComplexity,
     .summary = "Returns the members inside a circle, box or polygon.",
     .arguments = "key@0 " TUSK_GEO_PLACE " " TUSK_GEO_ORDER " count=[COUNT count:integer [ANY]] " TUSK_GEO_WITH,
     .history = kSearchHistory},
    {.name = "geosearchstore",
     .handler = CmdGeosearchstore,
     .arity = -8,
     .flags = kWrite | kDenyOom | kDetachable,
     .categories = kCatGeo,
     .keys = kSearchstoreKeys,
     .group = "geo",
     .since = "6.2.0",
     .complexity = kSearchComplexity,
     .summary = "Stores the members inside a circle, box or polygon.",
     .arguments = "destination@0 source@1 " TUSK_GEO_PLACE " " TUSK_GEO_ORDER " count=[COUNT count:integer [ANY]] [STOREDIST]",
     .history = kSearchHistory},
};

#undef TUSK_GEO_UNIT
#undef TUSK_GEO_WITH
#undef TUSK_GEO_ORDER
#undef TUSK_GEO_PLACE

}  // namespace

std::span<const CommandSpec> GeoRows() noexcept { return kRows; }

}  // namespace tusk::families
