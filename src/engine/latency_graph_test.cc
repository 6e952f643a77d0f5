#include "engine/latency_graph.h"

#include <gtest/gtest.h>

namespace tusk::engine {
namespace {

TEST(LatencyGraphTest, DrawsBarsBetweenTheLowestAndTheHighest) {
  EXPECT_EQ(DrawGraph({{100, "9s"}, {300, "5s"}, {500, "now"}}, 2),
            " _#\n"
            "_||\n"
            "\n"
            "95n\n"
            "sso\n"
            "  w\n");
  EXPECT_EQ(DrawGraph({}, 4), "");
}

TEST(LatencyGraphTest, EqualValuesLieAtTheBottom) { EXPECT_EQ(DrawGraph({{7, ""}, {7, ""}}, 1), "__\n\n"); }

}  // namespace
}  // namespace tusk::engine
