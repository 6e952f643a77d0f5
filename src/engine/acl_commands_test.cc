// ACL as clients see it: what users may do, what is refused and how it is noted.
#include <unistd.h>

#include <cstdio>

#include "engine/acl_file.h"
#include "engine/engine_test_support.h"

namespace tusk::engine {
namespace {

class AclCommands : public EngineTest {
 protected:
  AclCommands() {
    // `session_` is the administrator, without a user; `user_` is one that came as connections come.
    engine_.users().Begin(user_);
    user_.id = engine_.NextSessionId();
  }
  std::string As(std::string_view line) { return RunAs(user_, line); }
  // A user of that name with the rules, and `user_` logged in as it.
  void Become(std::string_view name, std::string_view rules) {
    ASSERT_EQ(Run("ACL SETUSER " + std::string(name) + " reset on nopass " + std::string(rules)), "+OK");
    ASSERT_EQ(As("AUTH " + std::string(name) + " any"), "+OK");
  }
  std::string DryRun(std::string_view line) { return Run("ACL DRYRUN bob " + std::string(line)); }
  std::string LastLogged(std::string_view field) {
    const std::string entry = Run("ACL LOG 1");
    const std::string name = "$" + std::to_string(field.size()) + " " + std::string(field) + " ";
    size_t at = entry.find(name);
    if (at == std::string::npos) return "nothing";
    at += name.size();
    if (entry[at] == '$') at = entry.find(' ', at) + 1;
    return entry.substr(at, entry.find(' ', at) - at);
  }

  command::Session user_;
};

constexpr std::string_view kNoKey = "-NOPERM No permissions to access a key";
constexpr std::string_view kNoChannel = "-NOPERM No permissions to access a channel";

TEST_F(AclCommands, TheDefaultUserMayEverything) {
  EXPECT_EQ(As("ACL WHOAMI"), "$7 default");
  EXPECT_EQ(As("SET k v"), "+OK");
  EXPECT_EQ(As("ACL LIST"), "*1 $51 user default on nopass sanitize-payload ~* &* +@all");
}

// A count that is no integer, for which the command will be refused: ACL errors name the counted keys before the destination.
TEST_F(AclCommands, AnOddCountOfKeysNamesTheDestinationLast) {
  Run("ACL SETUSER bob on nopass +@all");
  EXPECT_EQ(DryRun("ZUNIONSTORE dst 1 a"), "$51 User bob has no permissions to access the 'dst' key");
  EXPECT_EQ(DryRun("ZUNIONSTORE dst 1.0 a b"), "$49 User bob has no permissions to access the 'a' key");
  EXPECT_EQ(Run("COMMAND GETKEYS ZUNIONSTORE dst 1.0 a"), "*2 $1 a $3 dst");
  EXPECT_EQ(Run("COMMAND GETKEYS ZUNIONSTORE dst 1 a"), "*2 $3 dst $1 a");
  EXPECT_EQ(Run("COMMAND GETKEYS ZUNION 2x a b"), "*2 $1 a $1 b");
}

TEST_F(AclCommands, ErrorsQuoteAnArgumentUpToItsZeroByte) {
  EXPECT_EQ(Run(R"(ACL CAT "a\x00b")"), "-ERR Unknown category 'a'");
  EXPECT_EQ(Run(R"(CONFIG SET "a\x00b" 1)"), "-ERR Unknown option or number of arguments for CONFIG SET - 'a'");
  EXPECT_EQ(Run(R"(ACL SETUSER u "a\x00b")"), "-ERR Error in ACL SETUSER modifier 'a': Syntax error");
}

TEST_F(AclCommands, PasswordsLetIn) {
  Run("ACL SETUSER bob on >secret +@all");
  EXPECT_EQ(As("AUTH bob wrong"), "-WRONGPASS invalid username-password pair or user is disabled.");
  EXPECT_EQ(As("AUTH nobody secret"), "-WRONGPASS invalid username-password pair or user is disabled.");
  EXPECT_EQ(As("AUTH bob secret"), "+OK");
  EXPECT_EQ(As("ACL WHOAMI"), "$3 bob");
  Run("ACL SETUSER bob off");
  EXPECT_EQ(As("ACL WHOAMI"), "$3 bob");  // Who is in stays in.
  EXPECT_EQ(As("AUTH bob secret"), "-WRONGPASS invalid username-password pair or user is disabled.");
  EXPECT_EQ(As("HELLO 3 AUTH default any").substr(0, 1), "%");
  EXPECT_EQ(As("ACL WHOAMI"), "$7 default");
}

TEST_F(AclCommands, RequirepassIsTheDefaultUsersPassword) {
  EXPECT_EQ(Run("CONFIG SET requirepass secret"), "+OK");
  command::Session fresh;
  engine_.users().Begin(fresh);
  EXPECT_EQ(RunAs(fresh, "GET k"), "-NOAUTH Authentication required.");
  EXPECT_EQ(As("GET k"), "$-1");  // Who was there before goes on.
  EXPECT_EQ(RunAs(fresh, "AUTH wrong"), "-WRONGPASS invalid username-password pair or user is disabled.");
  EXPECT_EQ(RunAs(fresh, "AUTH secret"), "+OK");
  EXPECT_EQ(RunAs(fresh, "GET k"), "$-1");
  EXPECT_EQ(RunAs(fresh, "RESET"), "+RESET");
  EXPECT_EQ(RunAs(fresh, "GET k"), "-NOAUTH Authentication required.");
  Run("ACL SETUSER default nopass");
  EXPECT_EQ(RunAs(fresh, "GET k"), "$-1");
}

TEST_F(AclCommands, CommandsAreRefusedByName) {
  Become("bob", "+get +client|id ~*");
  EXPECT_EQ(As("SET k v"), "-NOPERM User bob has no permissions to run the 'set' command");
  EXPECT_EQ(As("CLIENT LIST"), "-NOPERM User bob has no permissions to run the 'client|list' command");
  EXPECT_EQ(As("CLIENT ID").substr(0, 1), ":");
  EXPECT_EQ(As("GET k"), "$-1");
  EXPECT_EQ(LastLogged("object"), "client|list");
  EXPECT_EQ(LastLogged("reason"), "command");
  EXPECT_EQ(LastLogged("username"), "bob");
  EXPECT_EQ(LastLogged("context"), "toplevel");
}

TEST_F(AclCommands, FirstArgumentsCanBeAllowedAlone) {
  Become("bob", "+select|1");
  EXPECT_EQ(As("SELECT 1"), "+OK");
  EXPECT_EQ(As("SELECT 0"), "-NOPERM User bob has no permissions to run the 'select' command");
}

TEST_F(AclCommands, KeysAreJudgedByWhatTheCommandDoesToThem) {
  Become("bob", "+@all %R~r* %W~w* ~a*");
  EXPECT_EQ(As("GET r"), "$-1");
  EXPECT_EQ(As("GET w"), kNoKey);
  EXPECT_EQ(As("LPUSH w x"), ":1");
  EXPECT_EQ(As("LPUSH r x"), kNoKey);
  EXPECT_EQ(As("SET w x"), "+OK");
  EXPECT_EQ(As("SET w x GET"), kNoKey);
  EXPECT_EQ(As("SET a x GET"), "$-1");
  EXPECT_EQ(As("COPY r w"), ":0");
  EXPECT_EQ(As("COPY w r"), kNoKey);
  EXPECT_EQ(As("BITFIELD r GET u4 0"), "*1 :0");
  EXPECT_EQ(As("BITFIELD r SET u4 0 1"), kNoKey);
  EXPECT_EQ(As("EXISTS w"), ":1");
  EXPECT_EQ(As("MGET r other"), kNoKey);
  EXPECT_EQ(LastLogged("object"), "other");
  EXPECT_EQ(LastLogged("reason"), "key");
}

TEST_F(AclCommands, EachSelectorMustAllowACommandAsAWhole) {
  Become("bob", "+mget ~key (+mget ~key ~other) \"(%R~r* +@all)\" \"(%W~w* +@all)\"");
  EXPECT_EQ(As("MGET key other"), "*2 $-1 $-1");
  EXPECT_EQ(As("COPY r w"), kNoKey);
  EXPECT_EQ(As("LPUSH w x"), ":1");
  EXPECT_EQ(As("MGET key other third"), kNoKey);
  EXPECT_EQ(LastLogged("object"), "third");
}

TEST_F(AclCommands, ChannelsAreMatchedAndPatternsCompared) {
  Run("ACL SETUSER bob +@all &news.* &exact");
  EXPECT_EQ(DryRun("PUBLISH news.x m"), "+OK");
  EXPECT_EQ(DryRun("SPUBLISH other m"), "$57 User bob has no permissions to access the 'other' channel");
  EXPECT_EQ(DryRun("SUBSCRIBE exact news.x"), "+OK");
  EXPECT_EQ(DryRun("PSUBSCRIBE news.*"), "+OK");
  EXPECT_EQ(DryRun("PSUBSCRIBE news.x"), "$58 User bob has no permissions to access the 'news.x' channel");
  EXPECT_EQ(DryRun("UNSUBSCRIBE other"), "+OK");
  Become("bob", "+@all &a");
  EXPECT_EQ(As("PUBLISH b m"), kNoChannel);
  EXPECT_EQ(LastLogged("reason"), "channel");
}

TEST_F(AclCommands, DryRunTellsWhoWhatAndWhy) {
  Run("ACL SETUSER bob +@read ~a");
  EXPECT_EQ(DryRun("GET a"), "+OK");
  EXPECT_EQ(DryRun("GET b"), "$49 User bob has no permissions to access the 'b' key");
  EXPECT_EQ(DryRun("SET a b"), "$52 User bob has no permissions to run the 'set' command");
  EXPECT_EQ(DryRun("NOSUCH a"), "-ERR Command 'NOSUCH' not found");
  EXPECT_EQ(DryRun("GET"), "-ERR wrong number of arguments for 'get' command");
  EXPECT_EQ(Run("ACL DRYRUN nobody GET a"), "-ERR User 'nobody' not found");
}

TEST_F(AclCommands, MigrateIsJudgedByEveryKey) {
  Run("ACL SETUSER bob +@all ~a*");
  EXPECT_EQ(DryRun("MIGRATE h 1 a 0 1"), "+OK");
  EXPECT_EQ(DryRun("MIGRATE h 1 b 0 1"), "$49 User bob has no permissions to access the 'b' key");
  EXPECT_EQ(DryRun("MIGRATE h 1 \"\" 0 1 COPY AUTH KEYS KEYS a a1"), "+OK");
  EXPECT_EQ(DryRun("MIGRATE h 1 \"\" 0 1 AUTH2 KEYS x KEYS a b"), "$49 User bob has no permissions to access the 'b' key");
}

TEST_F(AclCommands, ATransactionIsJudgedWhenQueuedAndWhenRun) {
  Become("bob", "+@all ~a");
  EXPECT_EQ(As("MULTI"), "+OK");
  EXPECT_EQ(As("GET b"), kNoKey);
  EXPECT_EQ(LastLogged("context"), "multi");
  EXPECT_EQ(As("EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
  EXPECT_EQ(As("MULTI"), "+OK");
  EXPECT_EQ(As("SET a 1"), "+QUEUED");
  EXPECT_EQ(As("GET a"), "+QUEUED");
  Run("ACL SETUSER bob -set");
  EXPECT_EQ(As("EXEC"),
            "*2 -NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This "
            "command is no longer allowed for the following reason: no permission to execute the command or subcommand "
            "$-1");
}

TEST_F(AclCommands, ScriptsHaveTheirCallersRights) {
  Become("bob", "+eval +get ~a");
  EXPECT_EQ(As("EVAL \"return redis.call('get', 'a')\" 0"), "$-1");
  EXPECT_EQ(As("EVAL \"return redis.pcall('get', 'b')\" 0"),
            "-ERR ACL failure in script: No permissions to access a key");
  EXPECT_EQ(LastLogged("context"), "lua");
  EXPECT_EQ(As("EVAL \"return redis.pcall('set', 'a', 1)\" 0"),
            "-ERR ACL failure in script: User bob has no permissions to run the 'set' command");
  EXPECT_EQ(As("EVAL \"return redis.acl_check_cmd('get', 'a')\" 0"), ":1");
  EXPECT_EQ(As("EVAL \"return redis.acl_check_cmd('get', 'b')\" 0"), "$-1");
  EXPECT_EQ(As("EVAL \"return 1\" 1 b"), kNoKey);
}

TEST_F(AclCommands, SortReachesFurtherOnlyWithAllKeys) {
  Become("bob", "+sort ~l");
  EXPECT_EQ(As("SORT l"), "*0");
  EXPECT_EQ(As("SORT l BY w_*"), "-ERR BY option of SORT denied due to insufficient ACL permissions.");
  EXPECT_EQ(As("SORT l GET #"), "-ERR GET option of SORT denied due to insufficient ACL permissions.");
  Become("bob", "+sort %R~* ~l");
  EXPECT_EQ(As("SORT l BY w_* GET #"), "*0");
}

TEST_F(AclCommands, ChangesReachSessionsThatAreThere) {
  Become("bob", "+@all ~*");
  EXPECT_EQ(As("GET a"), "$-1");
  Run("ACL SETUSER bob resetkeys");
  EXPECT_EQ(As("GET a"), kNoKey);
  Run("ACL SETUSER bob ~*");
  EXPECT_EQ(As("GET a"), "$-1");
  EXPECT_EQ(Run("ACL DELUSER bob nobody"), ":1");
  Run("ACL SETUSER bob on nopass +@all ~*");  // Another one of the same name.
  EXPECT_EQ(As("GET a"), "-NOAUTH Authentication required.");
  EXPECT_EQ(user_.close, command::CloseWish::kNow);
}

TEST_F(AclCommands, AFailedChangeChangesNothing) {
  Run("ACL SETUSER bob on +get");
  EXPECT_EQ(Run("ACL SETUSER bob +set +nosuch"),
            "-ERR Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL");
  EXPECT_NE(Run("ACL LIST").find("user bob on sanitize-payload resetchannels -@all +get "), std::string::npos);
  EXPECT_EQ(Run("ACL SETUSER \"a b\""), "-ERR Usernames can't contain spaces or null characters");
  EXPECT_EQ(Run("ACL DELUSER default"), "-ERR The 'default' user cannot be removed");
  EXPECT_EQ(Run("ACL USERS"), "*2 $3 bob $7 default");
}

TEST_F(AclCommands, GetuserTellsEverySelector) {
  Run("ACL SETUSER bob on nopass %R~a &c +get (~b +set)");
  EXPECT_EQ(Run("ACL GETUSER bob"),
            "*12 $5 flags *3 $2 on $6 nopass $16 sanitize-payload $9 passwords *0 $8 commands $10 -@all +get $4 keys $4 "
            "%R~a $8 channels $2 &c $9 selectors *1 *6 $8 commands $10 -@all +set $4 keys $2 ~b $8 channels $0 ");
  EXPECT_EQ(Run("ACL GETUSER nobody"), "$-1");
}

TEST_F(AclCommands, TheLogGroupsWhatRepeats) {
  Become("bob", "+@all ~a");
  for (int i = 0; i < 3; ++i) As("GET x");
  As("GET y");
  As("AUTH bob");
  EXPECT_EQ(LastLogged("object"), "y");
  EXPECT_NE(Run("ACL LOG").find("$5 count :3 $6 reason $3 key"), std::string::npos);
  EXPECT_EQ(LastLogged("entry-id"), ":1");
  clock_.AdvanceMillis(AclLog::kGroupedMs + 1);
  As("GET x");
  EXPECT_EQ(LastLogged("entry-id"), ":2");
  Run("CONFIG SET acllog-max-len 1");
  EXPECT_EQ(Run("ACL LOG").substr(0, 3), "*1 ");
  EXPECT_EQ(Run("ACL LOG RESET"), "+OK");
  EXPECT_EQ(Run("ACL LOG"), "*0");
  EXPECT_EQ(Run("ACL LOG -5"), "*0");
  EXPECT_EQ(Run("ACL LOG x"), "-ERR value is not an integer or out of range");
  EXPECT_NE(Run("INFO stats").find("acl_access_denied_key:5"), std::string::npos);
}

TEST_F(AclCommands, GenpassMakesAsManyBitsAsAsked) {
  EXPECT_EQ(Run("ACL GENPASS").substr(0, 4), "$64 ");
  EXPECT_EQ(Run("ACL GENPASS 5").size(), 5u);  // "$2 xx"
  EXPECT_TRUE(Run("ACL GENPASS 4097").starts_with("-ERR ACL GENPASS argument must be the number of bits"));
  EXPECT_NE(Run("ACL GENPASS"), Run("ACL GENPASS"));
}

TEST_F(AclCommands, SecretsStayOutOfTheSlowLog) {
  Run("CONFIG SET slowlog-log-slower-than 0");
  Run("ACL SETUSER bob >secret");
  EXPECT_EQ(Run("SLOWLOG GET -1").find("secret"), std::string::npos);
}

TEST_F(AclCommands, AFileOfUsersReplacesAll) {
  Run("ACL SETUSER gone on nopass +@all");
  const RuleContext context = engine_.users().rule_context();
  auto users = ParseAclFile("user bob on >x +@read ~a\n\nuser default on nopass +@all ~*\n", "f", context);
  ASSERT_TRUE(users.has_value());
  engine_.users().Replace(*std::move(users), 0);
  EXPECT_EQ(Run("ACL USERS"), "*2 $3 bob $7 default");
  EXPECT_EQ(As("PUBLISH c m"), kNoChannel);
}

TEST_F(AclCommands, AFileWithErrorsChangesNothing) {
  auto failure = [&](std::string_view text) {
    auto users = ParseAclFile(text, "f", engine_.users().rule_context());
    return users ? std::string("none") : users.error().message();
  };
  constexpr std::string_view kEnd =
      "WARNING: ACL errors detected, no change to the previously active ACL rules was performed";
  EXPECT_EQ(failure("alice on"),
            "f:1 should start with user keyword followed by the username. " + std::string(kEnd));
  EXPECT_EQ(failure("user a on\nuser a off"), "WARNING: Duplicate user 'a' found on line 2. " + std::string(kEnd));
  EXPECT_EQ(failure("\nuser a +nosuch foo bar"),
            "f:2: Error in applying operation '+nosuch': Unknown command or category name in ACL. f:2: Syntax error. " +
                std::string(kEnd));
  EXPECT_TRUE(failure("user a (+get").starts_with("f:1: Unmatched parenthesis in selector definition."));
}

TEST_F(AclCommands, UsersSurviveSaveAndLoad) {
  const std::string path = testing::TempDir() + "tusk_acl_file_test_" + std::to_string(::getpid());
  Run("ACL SETUSER bob on >x ~a* &c +@read -get (+set %W~w)");
  const std::string before = Run("ACL LIST");
  ASSERT_TRUE(SaveAclFile(engine_.users(), path).ok());
  Run("ACL DELUSER bob");
  ASSERT_TRUE(LoadAclFile(engine_.users(), path, 0).ok());
  EXPECT_EQ(Run("ACL LIST"), before);
  std::remove(path.c_str());
  EXPECT_EQ(LoadAclFile(engine_.users(), path, 0).message(),
            "Error loading ACLs, opening file '" + path + "': No such file or directory");
  EXPECT_TRUE(Run("ACL LOAD").starts_with("-ERR This Redis instance is not configured to use an ACL file."));
}

}  // namespace
}  // namespace tusk::engine
