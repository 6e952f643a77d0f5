#include "engine/latency_graph.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"

namespace tusk::engine {
namespace {

// The top of a bar, by how much of its last row it fills.
constexpr std::string_view kTops = "_o#";

}  // namespace

std::string DrawGraph(const std::vector<GraphPoint>& points, int rows) {
  DCHECK(rows > 0);
  if (points.empty()) return {};
  const auto [low, high] = std::minmax_element(
      points.begin(), points.end(), [](const GraphPoint& a, const GraphPoint& b) { return a.value < b.value; });
  const int64_t least = low->value;
  const int64_t range = std::max<int64_t>(high->value - least, 1);
  const int64_t steps = int64_t{rows} * static_cast<int64_t>(kTops.size());
  size_t label_rows = 0;
  for (const GraphPoint& point : points) label_rows = std::max(label_rows, point.label.size());
  std::string text;
  for (int row = rows - 1; row >= 0; --row) {
    for (const GraphPoint& point : points) {
      const int64_t step = std::min((point.value - least) * steps / range, steps - 1);
      const int64_t top_row = step / static_cast<int64_t>(kTops.size());
      text += row == top_row ? kTops[static_cast<size_t>(step) % kTops.size()] : row < top_row ? '|' : ' ';
    }
    text += '\n';
  }
  text += '\n';
  for (size_t i = 0; i < label_rows; ++i) {
    for (const GraphPoint& point : points) text += i < point.label.size() ? point.label[i] : ' ';
    text += '\n';
  }
  return text;
}

}  // namespace tusk::engine
