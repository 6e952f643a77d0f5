// The parts of the load generator: a benchmark that counts wrongly is worse than none.
#include <gtest/gtest.h>

#include <random>

#include "histogram.h"
#include "reply_counter.h"
#include "request_template.h"

namespace tusk::bench {
namespace {

TEST(HistogramTest, PercentilesAreWithinTwoPercentOfTheSortedValues) {
  std::mt19937_64 random(7);
  std::vector<uint64_t> values;
  Histogram histogram;
  for (int i = 0; i < 20000; ++i) {
    values.push_back(random() >> (random() % 60));
    histogram.Add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (double share : {0.5, 0.9, 0.99, 0.999}) {
    double exact = static_cast<double>(values[static_cast<size_t>(share * 20000) - 1]);
    EXPECT_NEAR(static_cast<double>(histogram.Percentile(share)), exact, exact * 0.02) << share;
  }
  EXPECT_EQ(histogram.max(), values.back());
  EXPECT_EQ(histogram.total(), 20000u);
}

TEST(HistogramTest, EmptyIsZeroAndSmallValuesAreExact) {
  Histogram histogram;
  EXPECT_EQ(histogram.Percentile(0.5), 0u);
  histogram.Add(3, 10);
  EXPECT_EQ(histogram.Percentile(0.001), 3u);
  EXPECT_EQ(histogram.Percentile(1), 3u);
}

TEST(RequestTemplateTest, FillsKeysAndValues) {
  RequestTemplate request("SET key:__key__ __value__", 3);
  std::string out;
  request.AppendTo(out, 907);
  EXPECT_EQ(out, "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000907\r\n$3\r\nvvv\r\n");
  EXPECT_TRUE(request.has_key());
  EXPECT_FALSE(RequestTemplate("PING", 3).has_key());
}

TEST(ReplyCounterTest, CountsTheSameHoweverTheStreamIsCut) {
  const std::string stream =
      "+OK\r\n$5\r\nhe\r\nl\r\n$-1\r\n:12\r\n-ERR no\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n*0\r\n*-1\r\n_\r\n%1\r\n+a\r\n+b\r\n$0\r\n\r\n";
  constexpr uint64_t kReplies = 11;
  for (size_t chunk = 1; chunk <= stream.size(); ++chunk) {
    ReplyCounter counter;
    uint64_t replies = 0;
    for (size_t at = 0; at < stream.size(); at += chunk) replies += counter.Feed(std::string_view(stream).substr(at, chunk));
    EXPECT_EQ(replies, kReplies) << chunk;
    EXPECT_EQ(counter.errors(), 1u);
    EXPECT_EQ(counter.nulls(), 3u);
    EXPECT_EQ(counter.first_error(), "ERR no");
  }
}

}  // namespace
}  // namespace tusk::bench
