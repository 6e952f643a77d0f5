// The parts of the load generator: a benchmark that counts wrongly is worse than none.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "histogram.h"
#include "key_source.h"
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

TEST(RequestTemplateTest, FillsEachHoleWithANumberOfItsOwn) {
  RequestTemplate request("SET key:__key__ __value__ __10____conn__ __no", 3);
  std::string out;
  uint64_t key = 907;
  request.AppendTo(out, [&](const RequestTemplate::Hole& hole) -> uint64_t {
    switch (hole.kind) {
      case RequestTemplate::Kind::kKey: return key++;
      case RequestTemplate::Kind::kBelow: return hole.below - 1;
      case RequestTemplate::Kind::kConnection: return 42;
    }
    return 0;
  });
  EXPECT_EQ(out, "*5\r\n$3\r\nSET\r\n$16\r\nkey:000000000907\r\n$3\r\nvvv\r\n$24\r\n000000000009000000000042\r\n$4\r\n__no\r\n");
}

TEST(RequestTemplateTest, SpeaksMemcached) {
  auto draw = [](const RequestTemplate::Hole&) -> uint64_t { return 7; };
  std::string out;
  RequestTemplate("SET k:__key__ __value__", 3, Protocol::kMemcachedText).AppendTo(out, draw);
  RequestTemplate("GET k:__key__", 3, Protocol::kMemcachedText).AppendTo(out, draw);
  EXPECT_EQ(out, "set k:000000000007 0 0 3\r\nvvv\r\nget k:000000000007\r\n");
}

TEST(KeySourceTest, ZipfPrefersFewKeysAsItsLawSays) {
  constexpr uint64_t kKeys = 1000;
  constexpr int kDraws = 200000;
  KeySource source(kKeys, 0.99, false, 0, 5);
  std::vector<int> counts(kKeys);
  for (int i = 0; i < kDraws; ++i) ++counts[source.Next()];
  double zeta = 0;
  for (uint64_t rank = 1; rank <= kKeys; ++rank) zeta += 1 / std::pow(static_cast<double>(rank), 0.99);
  EXPECT_NEAR(counts[0], kDraws / zeta, kDraws / zeta * 0.05) << "the most popular key is number 0";
  EXPECT_GT(std::count_if(counts.begin(), counts.end(), [](int count) { return count > 0; }), 900);
}

TEST(KeySourceTest, SequentialCountsUpFromItsFirst) {
  KeySource source(10, 0, true, 7, 1);
  EXPECT_EQ(source.Next(), 7u);
  EXPECT_EQ(source.Next(), 8u);
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

TEST(ReplyCounterTest, CountsMemcachedRepliesHoweverTheyAreCut) {
  const std::string stream = "STORED\r\nVALUE k 0 5\r\nEND\r\n\r\nEND\r\nEND\r\nERROR\r\nVALUE k 0 0\r\n\r\nEND\r\n";
  for (size_t chunk = 1; chunk <= stream.size(); ++chunk) {
    ReplyCounter counter(Protocol::kMemcachedText);
    uint64_t replies = 0;
    for (size_t at = 0; at < stream.size(); at += chunk) replies += counter.Feed(std::string_view(stream).substr(at, chunk));
    EXPECT_EQ(replies, 5u) << chunk;
    EXPECT_EQ(counter.nulls(), 1u);
    EXPECT_EQ(counter.errors(), 1u);
    EXPECT_EQ(counter.first_error(), "ERROR");
  }
}

}  // namespace
}  // namespace tusk::bench
