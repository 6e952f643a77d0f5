#include "script/interpreter.h"

#include <gtest/gtest.h>

#include "script/golden_case.h"

namespace tusk::script {
namespace {

class InterpreterTest : public testing::Test {
 protected:
  Answer Run(std::string_view body, int protocol = 2) { return RunBody(interpreter_, caller_, body, protocol); }
  std::string Reply(std::string_view body, int protocol = 2) { return Run(body, protocol).reply; }

  FakeCaller caller_;
  Interpreter interpreter_;
};

TEST_F(InterpreterTest, KeysAndArgumentsAreThoseOfTheRun) {
  const std::string_view keys[] = {"k1", "k2"};
  const std::string_view args[] = {"a"};
  const std::string_view body = "return {KEYS[1], KEYS[2], #KEYS, ARGV[1], #ARGV}";
  EXPECT_EQ(RunBody(interpreter_, caller_, body, 2, keys, args).reply,
            "*5\r\n$2\r\nk1\r\n$2\r\nk2\r\n:2\r\n$1\r\na\r\n:1\r\n");
  EXPECT_EQ(Reply("return {#KEYS, #ARGV}"), "*2\r\n:0\r\n:0\r\n");
}

TEST_F(InterpreterTest, ArgumentsKeepTheirBytes) {
  const std::string_view args[] = {"a\0b\r\n\xff"sv};
  EXPECT_EQ(RunBody(interpreter_, caller_, "return redis.call('echo', ARGV[1])", 2, {}, args).reply,
            "$6\r\na\0b\r\n\xff\r\n"sv);
}

TEST_F(InterpreterTest, NothingOfARunIsSeenByTheNext) {
  Reply("KEYS[5] = 1; redis.setresp(3); cjson.encode_max_depth(1)");
  EXPECT_EQ(Reply("return {tostring(KEYS[5]), cjson.encode({{1}})}"), "*2\r\n$3\r\nnil\r\n$5\r\n[[1]]\r\n");
  EXPECT_EQ(Reply("return false", 3), "_\r\n");
}

TEST_F(InterpreterTest, ScriptsCanNotStopTheCollector) {
  EXPECT_EQ(Reply("return collectgarbage('stop')"), ":0\r\n");
  const size_t before = interpreter_.memory_bytes();
  for (int i = 0; i < 2000; ++i) Reply("local t = {} for i = 1, 100 do t[i] = {i} end return 1");
  EXPECT_LT(interpreter_.memory_bytes(), before + 2 * 1024 * 1024);
}

TEST_F(InterpreterTest, AKilledLoopEnds) {
  caller_.stop_after = 3;
  EXPECT_TRUE(Reply("while true do end").starts_with("-ERR Script killed by user with SCRIPT KILL. script: "));
}

TEST_F(InterpreterTest, AKillIsNotCaughtByPcall) {
  caller_.stop_after = 3;
  const Answer answer = Run("local f = function() while 1 do redis.call('ping') end end while 1 do pcall(f) end");
  EXPECT_TRUE(answer.reply.starts_with("-ERR Script killed by user")) << answer.reply;
  EXPECT_TRUE(answer.result.failed);
}

TEST_F(InterpreterTest, AKillReachesCoroutines) {
  caller_.stop_after = 3;
  EXPECT_TRUE(Reply("local f = function() while true do end end "
                    "while true do coroutine.resume(coroutine.create(f)) end")
                  .starts_with("-ERR Script killed by user"));
}

TEST_F(InterpreterTest, AKilledInterpreterServesOn) {
  caller_.stop_after = 3;
  Reply("while true do end");
  caller_.stop_after = 1'000'000'000;
  EXPECT_EQ(Reply("return 1"), ":1\r\n");
}

TEST_F(InterpreterTest, MemoryIsBounded) {
  Interpreter small(2 * 1024 * 1024);
  const Answer answer = RunBody(small, caller_, "local t = {} for i = 1, 1e9 do t[i] = {i} end");
  EXPECT_TRUE(answer.reply.starts_with("-ERR not enough memory script: ")) << answer.reply;
  EXPECT_EQ(RunBody(small, caller_, "return 1").reply, ":1\r\n");
  EXPECT_LE(small.memory_bytes(), 2u * 1024 * 1024);
}

TEST_F(InterpreterTest, AResultThatDoesNotFitIsOneErrorReply) {
  const std::string big(3 * 1024 * 1024, 'x');
  const std::string_view args[] = {big};
  Interpreter small(2 * 1024 * 1024);
  EXPECT_TRUE(RunBody(small, caller_, "return 1", 2, {}, args).reply.starts_with("-ERR not enough memory"));
}

TEST_F(InterpreterTest, RecursiveResultEndsInAnError) {
  const std::string reply = Reply("local a = {} local b = {a} a[1] = b return a");
  EXPECT_TRUE(reply.starts_with("*1\r\n*1\r\n"));
  EXPECT_TRUE(reply.ends_with("*1\r\n-ERR reached lua stack limit\r\n"));
}

TEST_F(InterpreterTest, DangerousCallsOfStockLuaAreBounded) {
  EXPECT_TRUE(Reply("return {unpack({1}, -2, 2147483647)}").find("too many results to unpack") != std::string::npos);
  EXPECT_TRUE(Reply("return string.rep('x', 1e9)").find("resulting string too large") != std::string::npos);
  EXPECT_TRUE(Reply("return string.find(string.rep('a', 220000), string.rep('.?', 220000))")
                  .find("pattern too complex") != std::string::npos);
  EXPECT_TRUE(Reply("local s = string.rep('x', 1e8) local t = {s, s, s} return cjson.encode(t)")
                  .find("result is too large") != std::string::npos);
  EXPECT_EQ(Reply("return tostring(newproxy == nil)").find("nonexistent global variable 'newproxy'") !=
                std::string::npos,
            true);
}

TEST_F(InterpreterTest, CommandErrorsAreMarkedAsCounted) {
  EXPECT_TRUE(Run("return redis.call('nosuch')").result.error_counted);
  EXPECT_TRUE(Run("return redis.pcall('nosuch')").result.error_counted);
  EXPECT_FALSE(Run("return redis.error_reply('MY own')").result.error_counted);
  EXPECT_TRUE(Run("return redis.error_reply('MY own')").result.failed);
  EXPECT_FALSE(Run("redis.pcall('nosuch') return 1").result.failed);
  EXPECT_FALSE(Run("pcall(redis.call, 'nosuch') return 1").result.failed);
  EXPECT_FALSE(Run("error('x')").result.error_counted);
}

TEST_F(InterpreterTest, LogAndReplicationReachTheCaller) {
  Reply("redis.log(redis.LOG_NOTICE, 'a', 1, 'b')");
  EXPECT_EQ(caller_.log, "2:a 1 b");
  Reply("redis.set_repl(redis.REPL_AOF)");
  EXPECT_EQ(caller_.replication, std::make_pair(true, false));
  Reply("redis.set_repl(redis.REPL_NONE)");
  EXPECT_EQ(caller_.replication, std::make_pair(false, false));
}

TEST_F(InterpreterTest, AclCheckAnswersForTheUser) {
  EXPECT_EQ(Reply("return redis.acl_check_cmd('get', 'k')"), ":1\r\n");
  EXPECT_EQ(Reply("return redis.acl_check_cmd('set', 'k', 'v')"), "$-1\r\n");
  EXPECT_TRUE(Reply("return redis.acl_check_cmd('nosuch')")
                  .starts_with("-ERR Invalid command passed to redis.acl_check_cmd() script: "));
}

TEST_F(InterpreterTest, NumbersBecomeFullIntegersOrShortestDecimals) {
  struct Case {
    std::string_view number, text;
  };
  for (const Case& c : {Case{"1e17", "100000000000000000"}, Case{"-1e18", "-1000000000000000000"},
                        Case{"1e19", "1e+19"}, Case{"0.1", "0.1"}, Case{"1/3", "0.3333333333333333"},
                        Case{"1e-7", "1e-7"}, Case{"1.25e-9", "1.25e-9"}, Case{"0.001", "0.001"},
                        Case{"-12.5", "-12.5"}, Case{"1/0", "inf"}, Case{"-1/0", "-inf"},
                        Case{"9007199254740991", "9007199254740991"}, Case{"123456789.125", "123456789.125"},
                        Case{"2^100", "1.2676506002282294e+30"}}) {
    EXPECT_EQ(Reply("return redis.call('echo', " + std::string(c.number) + ")"),
              "$" + std::to_string(c.text.size()) + "\r\n" + std::string(c.text) + "\r\n");
  }
}

TEST_F(InterpreterTest, Resp3RepliesBecomeTaggedTablesAndBack) {
  constexpr std::string_view kReplies[] = {
      "%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n*2\r\n:1\r\n:2\r\n", "~1\r\n$1\r\nx\r\n", "(1234567999999999999999\r\n",
      "=6\r\ntxt:ab\r\n", "#t\r\n", "#f\r\n", "_\r\n", ":7\r\n", "+fine\r\n", "$-1\r\n"};
  for (const std::string_view canned : kReplies) {
    caller_.canned = canned;
    const std::string reply = Reply("redis.setresp(3) return redis.call('canned')", 3);
    // A map's order is Lua's own.
    if (canned.starts_with('%')) {
      EXPECT_EQ(reply.size(), canned.size());
    } else {
      EXPECT_EQ(reply, canned == "$-1\r\n" ? "_\r\n" : canned);
    }
  }
  caller_.canned = "%1\r\n$1\r\na\r\n:1\r\n";
  EXPECT_EQ(Reply("redis.setresp(3) return redis.call('canned').map.a"), ":1\r\n");
  caller_.canned = ",3.5\r\n";
  EXPECT_EQ(Reply("redis.setresp(3) return redis.call('canned').double * 2"), ":7\r\n");
  caller_.canned = "|1\r\n+key\r\n+popularity\r\n$4\r\nreal\r\n";
  EXPECT_EQ(Reply("redis.setresp(3) return redis.call('canned')"), "$4\r\nreal\r\n");
  caller_.canned = "*2\r\n_\r\n:5\r\n";
  EXPECT_EQ(Reply("redis.setresp(3) return redis.call('canned')[2]"), ":5\r\n");
}

TEST_F(InterpreterTest, LineEndsCanNotBreakTheReply) {
  EXPECT_EQ(Reply("return {err='E a\\r\\nb'}"), "-E a  b\r\n");
  EXPECT_EQ(Reply("return {ok='a\\r\\nb'}"), "+a  b\r\n");
  EXPECT_EQ(Reply("return {big_number='123\\r\\n123'}", 3), "(123  123\r\n");
  EXPECT_EQ(Reply("return {big_number='123\\r\\n123'}"), "$8\r\n123  123\r\n");
}

TEST_F(InterpreterTest, ErrorValuesOfAnyKindAreReported) {
  EXPECT_TRUE(Reply("error({a=1})").starts_with("-ERR unknown error script: "));
  EXPECT_TRUE(Reply("error()").starts_with("-ERR nil script: "));
  EXPECT_TRUE(Reply("error(redis)").starts_with("-ERR unknown error script: "));
  EXPECT_EQ(Reply("return type(redis.source)"), "$3\r\nnil\r\n");
}

TEST_F(InterpreterTest, ProtectedTablesStayAsTheyAre) {
  for (const std::string_view body :
       {"rawset(redis, 'call', 1)", "table.insert(redis, 1)", "redis.call = 1", "getmetatable('').__index = nil",
        "getmetatable('').__index.upper = 1", "setmetatable(_G, nil)", "string.upper = nil", "_G._G = 1",
        "getmetatable(_G).__index = {}", "for k, v in pairs(_G) do _G[k] = 1 end", "math.random = 1",
        "select(2, next(_G)).x = 1 ; cjson.null = 1", "os.clock = nil", "bit.band = 1"}) {
    EXPECT_NE(Reply(body).find("Attempt to modify a readonly table"), std::string::npos) << body;
  }
  EXPECT_EQ(Reply("return ('x'):upper()"), "$1\r\nX\r\n");
}

TEST_F(InterpreterTest, PairsAndNextSeeThroughTheProtection) {
  EXPECT_EQ(Reply("local n = 0 for k in pairs(redis) do n = n + 1 end return n"), ":23\r\n");
  EXPECT_EQ(Reply("local f = {} for k in pairs(string) do f[k] = true end return f.upper"), ":1\r\n");
  EXPECT_EQ(Reply("local t = {1, 2, 3} local s = 0 for i, v in pairs(t) do s = s + v end return s"), ":6\r\n");
}

}  // namespace
}  // namespace tusk::script
