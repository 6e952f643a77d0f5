// SLOWLOG, COMMANDLOG and LATENCY as a client sees them.
#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

class ObservationCommandsTest : public CommandFixture {};

TEST_F(ObservationCommandsTest, CommandlogKeepsLargeRequestsAndReplies) {
  EXPECT_EQ(Run("CONFIG SET commandlog-request-larger-than 100 commandlog-reply-larger-than 100"), "+OK\r\n");
  Run({"SET", "k", std::string(200, 'x')});
  Run("GET k");
  EXPECT_EQ(Run("COMMANDLOG LEN large-request"), ":1\r\n");
  EXPECT_EQ(Run("COMMANDLOG LEN large-reply"), ":1\r\n");
  EXPECT_NE(Run("COMMANDLOG GET -1 large-reply").find("$3\r\nGET\r\n$1\r\nk\r\n"), std::string::npos);
  EXPECT_EQ(Run("COMMANDLOG RESET large-reply"), "+OK\r\n");
  EXPECT_EQ(Run("COMMANDLOG GET 5 large-reply"), "*0\r\n");
  EXPECT_EQ(Run("COMMANDLOG LEN large-request"), ":1\r\n");
  EXPECT_EQ(Run("COMMANDLOG LEN other"),
            "-ERR type should be one of the following: slow, large-request, large-reply\r\n");
  EXPECT_EQ(Run("COMMANDLOG GET -2 slow"), "-ERR count should be greater than or equal to -1\r\n");
}

TEST_F(ObservationCommandsTest, SlowlogAndCommandlogShowTheSameLog) {
  Run("CONFIG SET slowlog-log-slower-than 0");
  Run("PING");
  EXPECT_EQ(Run("SLOWLOG LEN"), ":2\r\n");  // CONFIG SET itself, too.
  EXPECT_EQ(Run("COMMANDLOG LEN slow"), ":3\r\n");
  EXPECT_EQ(Run("CONFIG GET commandlog-execution-slower-than"), "*2\r\n" + Bulk("commandlog-execution-slower-than") + Bulk("0"));
}

TEST_F(ObservationCommandsTest, LogsHoldNoMoreThanTheirBound) {
  Run("CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 3");
  for (int i = 0; i < 10; ++i) Run("PING");
  EXPECT_EQ(Run("SLOWLOG LEN"), ":3\r\n");
}

TEST_F(ObservationCommandsTest, AnExecFailsByItselfOnlyAndEachErrorCountsOnce) {
  Run("MULTI");
  Run("INCR a b");
  Run("EXEC");
  Run("EXEC");
  Run("MULTI");
  Run("LPUSH l x");
  Run("INCR l");
  Run("EXEC");
  const std::string calls = Run("INFO commandstats"), errors = Run("INFO errorstats");
  EXPECT_NE(calls.find("cmdstat_exec:calls=3"), std::string::npos) << calls;
  EXPECT_NE(calls.find("rejected_calls=0,failed_calls=2\r\n", calls.find("cmdstat_exec:")), std::string::npos) << calls;
  EXPECT_NE(errors.find("errorstat_EXECABORT:count=1\r\n"), std::string::npos) << errors;
  EXPECT_NE(errors.find("errorstat_ERR:count=2\r\n"), std::string::npos) << errors;
  EXPECT_NE(errors.find("errorstat_WRONGTYPE:count=1\r\n"), std::string::npos) << errors;
}

TEST_F(ObservationCommandsTest, LatencyShowsWhatTheMonitorKept) {
  EXPECT_EQ(Run("LATENCY LATEST"), "*0\r\n");
  engine().settings().latency_monitor_threshold.set(10);
  engine().latency().Note("fork", 25'000);
  EXPECT_NE(Run("LATENCY LATEST").find("$4\r\nfork\r\n"), std::string::npos);
  EXPECT_NE(Run("LATENCY HISTORY fork").find(":25\r\n"), std::string::npos);
  EXPECT_NE(Run("LATENCY GRAPH fork").find("fork - high 25 ms, low 25 ms (all time high 25 ms)"), std::string::npos);
  EXPECT_NE(Run("LATENCY DOCTOR").find("fork: 1 latency spikes"), std::string::npos);
  EXPECT_EQ(Run("LATENCY GRAPH other"), "-ERR No samples available for event 'other'\r\n");
  EXPECT_EQ(Run("LATENCY RESET other"), ":0\r\n");
  EXPECT_EQ(Run("LATENCY RESET"), ":1\r\n");
}

TEST_F(ObservationCommandsTest, HistogramCountsCallsOfTheCommandsThatAreNamed) {
  Run("SET a b");
  Run("SET a c");
  Run("CLIENT GETNAME");
  EXPECT_EQ(Run("LATENCY HISTOGRAM set nosuch").substr(0, 33), "*2\r\n$3\r\nset\r\n*4\r\n$5\r\ncalls\r\n:2\r\n$");
  EXPECT_NE(Run("LATENCY HISTOGRAM client").find("client|getname"), std::string::npos);
  EXPECT_EQ(Run("LATENCY HISTOGRAM nosuch"), "*0\r\n");
  Run("CONFIG SET latency-tracking no");
  EXPECT_EQ(Run("LATENCY HISTOGRAM set"), "*0\r\n");
}

}  // namespace
}  // namespace tusk::engine
