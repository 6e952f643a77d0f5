// What a connection can say about itself, and the commands that describe the server, on an embedded session.
#include "base/memory.h"
#include "engine/engine_test_support.h"

namespace tusk::engine {
namespace {

class ConnectionCommands : public EngineTest {};

TEST_F(ConnectionCommands, PingEchoSelect) {
  EXPECT_EQ(Run("PING"), "+PONG");
  EXPECT_EQ(Run("PING hi"), "$2 hi");
  EXPECT_EQ(Run("PING a b"), "-ERR wrong number of arguments for 'ping' command");
  EXPECT_EQ(Run("ECHO hi"), "$2 hi");
  EXPECT_EQ(Run("SELECT 15"), "+OK");
  EXPECT_EQ(session_.db, 15);
  EXPECT_EQ(Run("SELECT 16"), "-ERR DB index is out of range");
  EXPECT_EQ(Run("SELECT x"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Run("SELECT 2147483648"),
            "-ERR value is out of range, value must between -2147483648 and 2147483647");
}

TEST_F(ConnectionCommands, PasswordGuardsEverythingButAuth) {
  EXPECT_EQ(Run("AUTH x").substr(0, 48), "-ERR AUTH <password> called without any password");
  EXPECT_EQ(Run("CONFIG SET requirepass secret"), "+OK");
  session_.authenticated = false;
  EXPECT_EQ(Run("GET k"), "-NOAUTH Authentication required.");
  EXPECT_EQ(Run("AUTH wrong"), "-WRONGPASS invalid username-password pair or user is disabled.");
  EXPECT_EQ(Run("HELLO 3").substr(0, 19), "-NOAUTH HELLO must ");
  EXPECT_EQ(Run("AUTH other secret"), "-WRONGPASS invalid username-password pair or user is disabled.");
  EXPECT_EQ(Run("HELLO 3 AUTH default secret").substr(0, 2), "%7");
  EXPECT_EQ(Run("GET k"), "_");
}

TEST_F(ConnectionCommands, HelloSwitchesProtocolAndChecksItsOptions) {
  EXPECT_EQ(Run("HELLO 4"), "-NOPROTO unsupported protocol version");
  EXPECT_EQ(Run("HELLO x"), "-ERR Protocol version is not an integer or out of range");
  EXPECT_EQ(Run("HELLO 3 AUTH a"), "-ERR Syntax error in HELLO option 'AUTH'");
  EXPECT_EQ(Run("HELLO 3 SETNAME 'a b'"),
            "-ERR Client names cannot contain spaces, newlines or special characters.");
  EXPECT_EQ(session_.protocol, 2);
  EXPECT_EQ(Run("HELLO 3 SETNAME me").substr(0, 21), "%7 $6 server $5 redis");
  EXPECT_EQ(session_.protocol, 3);
  EXPECT_EQ(Run("CLIENT GETNAME"), "$2 me");
}

TEST_F(ConnectionCommands, ResetReturnsToTheStartingState) {
  Run("HELLO 3 SETNAME me");
  Run("SELECT 3");
  Run("MULTI");
  EXPECT_EQ(Run("RESET"), "+RESET");
  EXPECT_EQ(session_.protocol, 2);
  EXPECT_EQ(session_.db, 0);
  EXPECT_TRUE(session_.name.empty());
  EXPECT_EQ(Run("EXEC"), "-ERR EXEC without MULTI");
}

TEST_F(ConnectionCommands, ClientSubcommandsNameWhatIsWrong) {
  EXPECT_EQ(Run("CLIENT FOO"), "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.");
  EXPECT_EQ(Run("CLIENT"), "-ERR wrong number of arguments for 'client' command");
  EXPECT_EQ(Run("CLIENT KILL ID"), "-ERR This instance serves no connections");
  EXPECT_EQ(Run("CLIENT NO-TOUCH maybe"), "-ERR syntax error");
  EXPECT_EQ(Run("CLIENT SETINFO lib-nam x"), "-ERR Unrecognized option 'lib-nam'");
  EXPECT_EQ(Run("CLIENT SETINFO lib-name 'a b'"),
            "-ERR lib-name cannot contain spaces, newlines or special characters.");
  EXPECT_EQ(Run("CLIENT SETINFO lib-name x"), "+OK");
  EXPECT_EQ(session_.library_name, "x");
}

class ServerCommands : public EngineTest {};

TEST_F(ServerCommands, InfoShowsTheSectionsAskedFor) {
  std::string all = Run("INFO");
  EXPECT_NE(all.find("# Server"), std::string::npos);
  EXPECT_EQ(all.find("# Commandstats"), std::string::npos);
  Run("SET k v");
  std::string some = Run("INFO keyspace commandstats");
  EXPECT_NE(some.find("db0:keys=1,expires=0,avg_ttl=0"), std::string::npos) << some;
  EXPECT_NE(some.find("cmdstat_set:calls=1,"), std::string::npos) << some;
  EXPECT_EQ(some.find("# Server"), std::string::npos);
  EXPECT_EQ(Run("INFO nothing"), "$0 ");
}

TEST_F(ServerCommands, ResetStatForgetsCountersButNotData) {
  Run("SET k v");
  Run("CONFIG RESETSTAT");
  std::string text = Run("INFO commandstats keyspace");
  EXPECT_EQ(text.find("cmdstat_set"), std::string::npos);
  EXPECT_NE(text.find("keys=1"), std::string::npos);
}

TEST_F(ServerCommands, GetkeysSaysWhyItCannot) {
  EXPECT_EQ(Run("COMMAND GETKEYS SET a b"), "*1 $1 a");
  EXPECT_EQ(Run("COMMAND GETKEYS nothing a"), "-ERR Invalid command specified");
  EXPECT_EQ(Run("COMMAND GETKEYS PING a"), "-ERR The command has no key arguments");
  EXPECT_EQ(Run("COMMAND GETKEYS MIGRATE h 1 k 0 9"), "*1 $1 k");
  EXPECT_EQ(Run("COMMAND GETKEYS MIGRATE h 1 k 0 9 KEYS a"), "-ERR Invalid arguments specified for command");
  EXPECT_EQ(Run("COMMAND GETKEYS GET a b"), "-ERR Invalid number of arguments specified for command");
  EXPECT_EQ(Run("COMMAND GETKEYS LMPOP 0 a LEFT"), "-ERR Invalid arguments specified for command");
  EXPECT_EQ(Run("COMMAND GETKEYSANDFLAGS SET a b GET"), "*1 *2 $1 a *3 +RW +access +update");
  EXPECT_EQ(Run("COMMAND foo"), "-ERR unknown subcommand 'foo'. Try COMMAND HELP.");
}

// Every row's argument line must parse, or COMMAND DOCS would end the process.
TEST_F(ServerCommands, EveryCommandHasDocumentation) {
  std::string docs = Run("COMMAND DOCS");
  EXPECT_EQ(docs.find("summary $0 "), std::string::npos);
  EXPECT_GT(docs.size(), 10'000u);
}

TEST_F(ServerCommands, SlowLogKeepsCutEntriesNewestFirst) {
  Run("CONFIG SET slowlog-log-slower-than 0");
  Run("SLOWLOG RESET");
  std::vector<std::string_view> words(40, "x");
  words[0] = "DEL";
  std::string large(200, 'y');
  words[1] = large;
  RunWords(session_, words);
  std::string entries = Run("SLOWLOG GET 1");
  EXPECT_NE(entries.find("... (9 more arguments)"), std::string::npos) << entries;
  EXPECT_NE(entries.find("... (72 more bytes)"), std::string::npos) << entries;
  EXPECT_EQ(Run("SLOWLOG GET -2"), "-ERR count should be greater than or equal to -1");
  Run("CONFIG SET slowlog-log-slower-than -1");
  Run("SLOWLOG RESET");
  EXPECT_EQ(Run("SLOWLOG LEN"), ":0");
}

TEST_F(ServerCommands, TheSlowLogKeepsNoMoreMemoryThanItShows) {
  Run("CONFIG SET slowlog-log-slower-than 0");
  std::vector<std::string_view> words(100'000, "x");
  words[0] = "DEL";
  RunWords(session_, words);
  uint64_t before = base::UsedMemory();
  for (int i = 0; i < 10; ++i) RunWords(session_, words);
  EXPECT_LT(base::UsedMemory(), before + 200'000);
}

TEST_F(ServerCommands, PasswordsStayOutOfTheSlowLog) {
  Run("CONFIG SET slowlog-log-slower-than 0");
  Run("CONFIG SET requirepass secret");
  Run("CONFIG SET masterauth hidden timeout 5");
  std::string entries = Run("SLOWLOG GET -1");
  EXPECT_EQ(entries.find("hidden"), std::string::npos);
  EXPECT_EQ(entries.find("secret"), std::string::npos);
  EXPECT_NE(entries.find("masterauth $10 (redacted) $7 timeout $1 5"), std::string::npos) << entries;
}

TEST_F(ServerCommands, AclNamesCategories) {
  EXPECT_EQ(Run("ACL WHOAMI"), "$7 default");
  EXPECT_EQ(Run("ACL CAT nothing"), "-ERR Unknown category 'nothing'");
  EXPECT_NE(Run("ACL CAT pubsub").find("pubsub|channels"), std::string::npos);
}

TEST_F(ServerCommands, HelpListsSubcommands) {
  std::string help = Run("SLOWLOG HELP");
  EXPECT_EQ(help.substr(0, 79), "*9 +SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are: +GET [coun");
  EXPECT_NE(help.find("+HELP +    Prints this help."), std::string::npos);
}

}  // namespace
}  // namespace tusk::engine
