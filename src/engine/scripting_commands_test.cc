// EVAL and SCRIPT through the executor: effects, refusals, locks.
#include <gtest/gtest.h>

#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

class ScriptingCommands : public CommandFixture {
 protected:
  std::string Eval(std::string_view body, std::vector<std::string_view> rest = {"0"}, std::string_view name = "EVAL") {
    std::vector<std::string_view> argv = {name, body};
    argv.insert(argv.end(), rest.begin(), rest.end());
    return RunAll(argv);
  }
  // The reply up to the digest.
  static std::string Cut(const std::string& reply) { return reply.substr(0, reply.find(" script: ")); }
};

TEST_F(ScriptingCommands, CommandsReadAndWrite) {
  EXPECT_EQ(Eval("return redis.call('SET', KEYS[1], ARGV[1])", {"1", "k", "v"}), "+OK\r\n");
  EXPECT_EQ(log(), (Log{"E set k", "C SET k v"}));
  EXPECT_EQ(Eval("return redis.call('GET', KEYS[1])", {"1", "k"}), "$1\r\nv\r\n");
  EXPECT_EQ(Run("GET k"), "$1\r\nv\r\n");
}

TEST_F(ScriptingCommands, UndeclaredKeysWork) {
  EXPECT_EQ(Eval("for i = 1, 100 do redis.call('SET', 'key' .. i, i) end return redis.call('GET', 'key57')"),
            "$2\r\n57\r\n");
  EXPECT_EQ(Run("DBSIZE"), ":100\r\n");
}

TEST_F(ScriptingCommands, EffectsAreRecordedAsOneUnitOfDeterministicCommands) {
  Run("SADD s a");
  Eval("redis.call('SPOP', 's') redis.call('INCR', 'n') redis.call('GET', 'n')");
  Log changes;
  for (const std::string& line : log()) {
    if (line.starts_with("C ")) changes.push_back(line);
  }
  EXPECT_EQ(changes, (Log{"C SREM s a", "C INCR n"}));
  Eval("return redis.call('GET', 'n')");
  EXPECT_EQ(log(), Log{});
}

TEST_F(ScriptingCommands, SetReplNoneLeavesNoRecord) {
  Eval("redis.set_repl(redis.REPL_NONE) redis.call('SET', 'a', 1) redis.set_repl(redis.REPL_ALL) redis.call('SET', 'b', 2)");
  Log changes;
  for (const std::string& line : log()) {
    if (line.starts_with("C ")) changes.push_back(line);
  }
  EXPECT_EQ(changes, (Log{"C SET b 2"}));
  Run("SET c 3");
  EXPECT_EQ(log().back(), "C SET c 3");
}

TEST_F(ScriptingCommands, ArgumentErrors) {
  EXPECT_EQ(Run("EVAL x"), "-ERR wrong number of arguments for 'eval' command\r\n");
  EXPECT_EQ(Eval("return 1", {"a"}), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Eval("return 1", {"1"}), "-ERR Number of keys can't be greater than number of args\r\n");
  EXPECT_EQ(Eval("return 1", {"-1"}), "-ERR Number of keys can't be negative\r\n");
  EXPECT_EQ(Eval("foo bar"), "-ERR Error compiling script (new function): user_script:1: '=' expected near 'bar'\r\n");
}

TEST_F(ScriptingCommands, ShaNamesAScript) {
  constexpr std::string_view kSha = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
  EXPECT_EQ(Eval(kSha, {"0"}, "EVALSHA"), "-NOSCRIPT No matching script. Please use EVAL.\r\n");
  EXPECT_EQ(RunAll({"SCRIPT", "LOAD", "return 1"}), Bulk(kSha));
  EXPECT_EQ(Eval(kSha, {"0"}, "EVALSHA"), ":1\r\n");
  EXPECT_EQ(Eval(kSha, {"0"}, "EVALSHA_RO"), ":1\r\n");
  EXPECT_EQ(RunAll({"SCRIPT", "EXISTS", kSha, "x"}), "*2\r\n:1\r\n:0\r\n");
  EXPECT_EQ(Run("SCRIPT FLUSH"), "+OK\r\n");
  EXPECT_EQ(RunAll({"SCRIPT", "EXISTS", kSha}), "*1\r\n:0\r\n");
  EXPECT_EQ(Eval(kSha, {"0"}, "EVALSHA"), "-NOSCRIPT No matching script. Please use EVAL.\r\n");
}

TEST_F(ScriptingCommands, CommandsThatScriptsMayNotCall) {
  EXPECT_EQ(Eval("return redis.pcall('BLPOP', 'l', 0)"), "-ERR This Redis command is not allowed from script\r\n");
  EXPECT_EQ(Eval("return redis.pcall('EVAL', 'return 1', 0)"), "-ERR This Redis command is not allowed from script\r\n");
  EXPECT_EQ(Eval("return redis.pcall('NOSUCH')"), "-ERR Unknown Redis command called from script\r\n");
  EXPECT_EQ(Eval("return redis.pcall('GET')"), "-ERR Wrong number of args calling Redis command from script\r\n");
}

TEST_F(ScriptingCommands, ReadOnlyScriptsCanNotWrite) {
  constexpr std::string_view kError = "-ERR Write commands are not allowed from read-only scripts.";
  EXPECT_EQ(Cut(Eval("return redis.call('SET', 'k', 'v')", {"0"}, "EVAL_RO")), kError);
  EXPECT_EQ(Cut(Eval("#!lua flags=no-writes\nreturn redis.call('SET', 'k', 'v')")), kError);
  EXPECT_EQ(Eval("#!lua\nreturn 1", {"0"}, "EVAL_RO"),
            "-ERR Can not execute a script with write flag using *_ro command.\r\n");
  EXPECT_EQ(Eval("return redis.call('GET', 'k')", {"1", "k"}, "EVAL_RO"), "$-1\r\n");
}

TEST_F(ScriptingCommands, ReadOnlyScriptsReachUndeclaredKeysByRunningAgain) {
  Run("SET a 1");
  Run("SET b 2");
  EXPECT_EQ(Eval("return {redis.call('GET', KEYS[1]), redis.call('GET', 'b')}", {"1", "a"}, "EVAL_RO"),
            "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
  // Even when it catches the error that ends the first attempt.
  EXPECT_EQ(Eval("local ok, b = pcall(redis.call, 'GET', 'b') return b", {"1", "a"}, "EVAL_RO"), "$1\r\n2\r\n");
  EXPECT_EQ(Eval("return redis.call('KEYS', '*')", {"0"}, "EVAL_RO").substr(0, 4), "*2\r\n");
}

TEST_F(ScriptingCommands, DeclaredKeysAreAPromiseThatIsKept) {
  EXPECT_EQ(Eval("#!lua flags=declared-keys\nreturn redis.call('SET', KEYS[1], 1)", {"1", "a"}), "+OK\r\n");
  EXPECT_EQ(Cut(Eval("#!lua flags=declared-keys\nreturn redis.call('SET', 'b', 1)", {"1", "a"})),
            "-ERR Script attempted to access a key that it did not declare");
  EXPECT_EQ(Cut(Eval("#!lua flags=declared-keys\nreturn redis.call('KEYS', '*')")),
            "-ERR Script attempted to access a key that it did not declare");
}

TEST_F(ScriptingCommands, TheDatabaseIsTheCallersOne) {
  session().db = 5;
  EXPECT_EQ(Eval("return redis.call('SET', 'k', 'five')"), "+OK\r\n");
  session().db = 0;
  EXPECT_EQ(Run("GET k"), "$-1\r\n");
}

TEST_F(ScriptingCommands, ErrorsCountOnce) {
  command::Statistics& statistics = engine().statistics();
  statistics.Reset();
  Run("SET s v");
  Eval("return redis.call('LPUSH', 's', 'x')");
  EXPECT_EQ(statistics.total_errors(), 1u);
  Eval("redis.pcall('LPUSH', 's', 'x') return 1");
  EXPECT_EQ(statistics.total_errors(), 2u);
  Eval("return redis.error_reply('MINE text')");
  EXPECT_EQ(statistics.total_errors(), 3u);
  const auto errors = statistics.Errors();
  EXPECT_NE(std::find(errors.begin(), errors.end(), std::make_pair(std::string("MINE"), uint64_t{1})), errors.end());
  Run("LPUSH s x");
  EXPECT_EQ(statistics.total_errors(), 4u);
}

TEST_F(ScriptingCommands, OutOfMemoryRefusesWhatNeedsMemory) {
  engine().settings().maxmemory.set(1);
  const std::string_view oom = "-OOM command not allowed when used memory > 'maxmemory'.";
  EXPECT_EQ(Cut(Eval("return redis.call('SET', 'k', 1)")), oom);
  EXPECT_EQ(Eval("return redis.call('GET', 'k')"), "$-1\r\n");
  EXPECT_EQ(Eval("#!lua\nreturn 1"), std::string(oom) + "\r\n");
  EXPECT_EQ(Eval("#!lua flags=allow-oom\nreturn redis.call('SET', 'k', 1)"), "+OK\r\n");
  EXPECT_EQ(Eval("#!lua flags=no-writes\nreturn 1"), ":1\r\n");
  engine().settings().maxmemory.set(0);
}

TEST_F(ScriptingCommands, InsideATransactionTheScriptIsOnePartOfTheUnit) {
  Run("MULTI");
  Run("SET a 1");
  EXPECT_EQ(Eval("return redis.call('INCR', KEYS[1])", {"1", "a"}), "+QUEUED\r\n");
  EXPECT_EQ(Run("EXEC"), "*2\r\n+OK\r\n:2\r\n");
}

TEST_F(ScriptingCommands, NothingRunsNothingToKill) {
  EXPECT_EQ(Run("SCRIPT KILL"), "-NOTBUSY No scripts in execution right now.\r\n");
}

}  // namespace
}  // namespace tusk::engine
