// A line of numbers as a picture of characters, for LATENCY GRAPH.
// Threads: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tusk::engine {

struct GraphPoint {
  int64_t value = 0;
  std::string label;  // Written downwards below its column.
};

// `rows` lines of bars, an empty line, and as many lines as the longest label has letters. O(points * rows).
std::string DrawGraph(const std::vector<GraphPoint>& points, int rows);

}  // namespace tusk::engine
