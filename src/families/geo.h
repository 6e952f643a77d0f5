// Handlers and rows of the geo commands: sorted sets whose scores are points on the globe (ds/geohash.h).
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "ds/geohash.h"

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> GeoRows() noexcept;

// Longitude and latitude at arguments i and i + 1; replies the error.
std::optional<ds::GeoPoint> GeoPointArgs(command::Context& context, size_t i);
// Metres in the unit at argument i: "m", "km", "ft", "mi"; replies the error.
std::optional<double> GeoUnitArg(command::Context& context, size_t i);
void ReplyGeoPoint(command::Context& context, ds::GeoPoint point);
// With four digits after the point.
void ReplyGeoDistance(command::Context& context, double distance);

void CmdGeoadd(command::Context& context);
void CmdGeodist(command::Context& context);
void CmdGeohash(command::Context& context);
void CmdGeopos(command::Context& context);
void CmdGeoradius(command::Context& context);
void CmdGeoradiusRo(command::Context& context);
void CmdGeoradiusbymember(command::Context& context);
void CmdGeoradiusbymemberRo(command::Context& context);
void CmdGeosearch(command::Context& context);
void CmdGeosearchstore(command::Context& context);

}  // namespace tusk::families
