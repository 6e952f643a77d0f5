// FUNCTION and FCALL through the executor.
#include <gtest/gtest.h>

#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

constexpr std::string_view kCounter =
    "#!lua name=counter\n"
    "local function add(key, n) return redis.call('INCRBY', key, n) end\n"
    "redis.register_function('add_one', function(keys, args) return add(keys[1], 1) end)\n"
    "redis.register_function{function_name='peek', callback=function(keys) return redis.call('GET', keys[1]) end,\n"
    "                        flags={'no-writes'}, description='reads'}";

class FunctionCommands : public CommandFixture {
 protected:
  std::string Load(std::string_view code) { return RunAll({"FUNCTION", "LOAD", code}); }
  std::string Replace(std::string_view code) { return RunAll({"FUNCTION", "LOAD", "REPLACE", code}); }
};

TEST_F(FunctionCommands, FunctionsOfALibraryShareItsCode) {
  EXPECT_EQ(Load(kCounter), Bulk("counter"));
  EXPECT_EQ(Run("FCALL add_one 1 n"), ":1\r\n");
  EXPECT_EQ(log(), (Log{"E incrby n", "C INCRBY n 1"}));
  EXPECT_EQ(Run("FCALL ADD_ONE 1 n"), ":2\r\n");
  EXPECT_EQ(Run("FCALL_RO peek 1 n"), Bulk("2"));
  EXPECT_EQ(Run("FCALL_RO add_one 1 n"), "-ERR Can not execute a script with write flag using *_ro command.\r\n");
}

TEST_F(FunctionCommands, FunctionsThatPromiseNotToWriteAreHeldToIt) {
  Load("#!lua name=l\nredis.register_function{function_name='f', flags={'no-writes'},"
       "callback=function() return redis.call('SET', 'k', 1) end}");
  EXPECT_EQ(Run("FCALL f 0"), "-ERR Write commands are not allowed from read-only scripts. script: f, on @user_function:2.\r\n");
  EXPECT_EQ(Run("EXISTS k"), ":0\r\n");
}

TEST_F(FunctionCommands, AReadOnlyFunctionMayReachForAnyKey) {
  Load("#!lua name=l\nredis.register_function{function_name='f', flags={'no-writes'},"
       "callback=function() local s = 0 for i = 1, 50 do s = s + redis.call('GET', 'k' .. i) end return s end}");
  for (int i = 1; i <= 50; ++i) Run("SET k" + std::to_string(i) + " 2");
  EXPECT_EQ(Run("FCALL f 0"), ":100\r\n");
  EXPECT_EQ(Run("FCALL_RO f 0"), ":100\r\n");
}

TEST_F(FunctionCommands, ReplacingAndDeletingTakeEffectAtOnce) {
  EXPECT_EQ(Load(kCounter), Bulk("counter"));
  EXPECT_EQ(Load(kCounter), "-ERR Library 'counter' already exists\r\n");
  EXPECT_EQ(Replace("#!lua name=counter\nredis.register_function('add_one', function() return 'new' end)"),
            Bulk("counter"));
  EXPECT_EQ(Run("FCALL add_one 1 n"), Bulk("new"));
  EXPECT_EQ(Run("FCALL peek 1 n"), "-ERR Function not found\r\n");
  EXPECT_EQ(Run("FUNCTION DELETE counter"), "+OK\r\n");
  EXPECT_EQ(Run("FCALL add_one 1 n"), "-ERR Function not found\r\n");
  EXPECT_EQ(Run("FUNCTION DELETE counter"), "-ERR Library not found\r\n");
}

TEST_F(FunctionCommands, AFailedLoadChangesNothing) {
  Load(kCounter);
  EXPECT_EQ(Replace("#!lua name=counter\nredis.register_function('add_one', 'x')"),
            "-ERR Error registering functions: ERR second argument to redis.register_function must be a function\r\n");
  EXPECT_EQ(Replace("#!lua name=other\nredis.register_function('peek', function() end)"),
            "-ERR Function peek already exists\r\n");
  EXPECT_EQ(Replace("#!lua name=counter\nreturn 1"), "-ERR No functions registered\r\n");
  EXPECT_EQ(Run("FCALL add_one 1 n"), ":1\r\n");
}

TEST_F(FunctionCommands, HeadersAreChecked) {
  EXPECT_EQ(Load("return 1"), "-ERR Missing library metadata\r\n");
  EXPECT_EQ(Load("#!lua name=x"), "-ERR Invalid library metadata\r\n");
  EXPECT_EQ(Load("#!lua\n"), "-ERR Library name was not given\r\n");
  EXPECT_EQ(Load("#!js name=x\n"), "-ERR Engine 'js' not found\r\n");
  EXPECT_EQ(Load("#!lua name=x y=z\n"), "-ERR Invalid metadata value given: y=z\r\n");
}

TEST_F(FunctionCommands, CodeBeingLoadedSeesOnlyWhatItNeeds) {
  EXPECT_TRUE(Load("#!lua name=l\nredis.call('PING')").ends_with("nonexistent global variable 'call'\r\n"));
  EXPECT_TRUE(Load("#!lua name=l\nlocal x = math").ends_with("nonexistent global variable 'math'\r\n"));
  EXPECT_TRUE(Load("#!lua name=l\nx = 1").ends_with("Attempt to modify a readonly table\r\n"));
  EXPECT_TRUE(Load("#!lua name=l\nwhile true do end").ends_with("FUNCTION LOAD timeout\r\n"));
  // A function that kept the loader's table can't register from within a run.
  Load("#!lua name=l\nlocal l = redis l.register_function('f', function() l.register_function('g', l.log) end)");
  EXPECT_TRUE(Run("FCALL f 0").starts_with(
      "-ERR redis.register_function can only be called on FUNCTION LOAD command"));
}

TEST_F(FunctionCommands, KeysAndArgumentsOfScriptsStayWithScripts) {
  RunAll({"EVAL", "return KEYS[1]", "1", "k"});
  Load("#!lua name=l\nredis.register_function('f', function() return KEYS end)");
  EXPECT_TRUE(Run("FCALL f 1 k").find("nonexistent global variable 'KEYS'") != std::string::npos);
}

TEST_F(FunctionCommands, ListShowsLibraries) {
  Load(kCounter);
  EXPECT_EQ(Run("FUNCTION LIST LIBRARYNAME x*"), "*0\r\n");
  EXPECT_EQ(Run("FUNCTION LIST LIBRARYNAME COUNT*"),
            "*1\r\n*6\r\n$12\r\nlibrary_name\r\n$7\r\ncounter\r\n$6\r\nengine\r\n$3\r\nLUA\r\n$9\r\nfunctions\r\n*2\r\n"
            "*6\r\n$4\r\nname\r\n$7\r\nadd_one\r\n$11\r\ndescription\r\n$-1\r\n$5\r\nflags\r\n*0\r\n"
            "*6\r\n$4\r\nname\r\n$4\r\npeek\r\n$11\r\ndescription\r\n$5\r\nreads\r\n$5\r\nflags\r\n*1\r\n+no-writes\r\n");
  EXPECT_NE(Run("FUNCTION LIST WITHCODE").find(kCounter), std::string::npos);
  EXPECT_EQ(Run("FUNCTION FLUSH"), "+OK\r\n");
  EXPECT_EQ(Run("FUNCTION LIST"), "*0\r\n");
}

TEST_F(FunctionCommands, APayloadBringsLibrariesBack) {
  Load(kCounter);
  const std::string reply = Run("FUNCTION DUMP");
  const size_t start = reply.find("\r\n") + 2;
  const std::string payload = reply.substr(start, reply.size() - start - 2);
  EXPECT_EQ(RunAll({"FUNCTION", "RESTORE", payload}), "-ERR Library counter already exists\r\n");
  EXPECT_EQ(RunAll({"FUNCTION", "RESTORE", payload, "REPLACE"}), "+OK\r\n");
  EXPECT_EQ(log(), (Log{"C FUNCTION RESTORE " + payload + " REPLACE"}));
  Run("FUNCTION FLUSH");
  EXPECT_EQ(log(), (Log{"C FUNCTION FLUSH"}));
  Load("#!lua name=other\nredis.register_function('peek', function() return 1 end)");
  EXPECT_EQ(RunAll({"FUNCTION", "RESTORE", payload}), "-ERR Function peek already exists\r\n");
  EXPECT_EQ(Run("FCALL peek 0"), ":1\r\n");
  EXPECT_EQ(RunAll({"FUNCTION", "RESTORE", payload, "FLUSH"}), "+OK\r\n");
  EXPECT_EQ(Run("FCALL add_one 1 n"), ":1\r\n");
}

TEST_F(FunctionCommands, ADamagedPayloadChangesNothing) {
  Load(kCounter);
  const std::string reply = Run("FUNCTION DUMP");
  const size_t start = reply.find("\r\n") + 2;
  const std::string payload = reply.substr(start, reply.size() - start - 2);
  for (size_t i = 0; i < payload.size(); ++i) {
    std::string damaged = payload;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_EQ(RunAll({"FUNCTION", "RESTORE", damaged, "FLUSH"}), "-ERR DUMP payload version or checksum are wrong\r\n");
    EXPECT_EQ(RunAll({"FUNCTION", "RESTORE", payload.substr(0, i), "FLUSH"}),
              "-ERR DUMP payload version or checksum are wrong\r\n");
  }
  EXPECT_EQ(Run("FUNCTION RESTORE x y"),
            "-ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.\r\n");
  EXPECT_EQ(Run("FCALL add_one 1 n"), ":1\r\n");
}

}  // namespace
}  // namespace tusk::engine
