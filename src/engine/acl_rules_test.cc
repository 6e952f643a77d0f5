#include "engine/acl_rules.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/command_groups.h"

namespace tusk::engine {
namespace {

class AclRules : public ::testing::Test {
 protected:
  AclRules() : groups_(CommandGroups()), commands_(groups_), context_{.commands = &commands_} {}

  // The words of `line`, in quotes where blanks belong to a rule. The error, or the user in words.
  std::string Apply(UserRules& user, std::string_view line) {
    std::vector<std::string> words = *base::SplitQuotedLine(line);
    std::vector<std::string_view> views(words.begin(), words.end());
    base::Status status = ApplyRules(user, views, context_);
    return status.ok() ? DescribeUser(user) : status.message();
  }
  std::string New(std::string_view line) {
    UserRules user = NewUser(context_);
    return Apply(user, line);
  }

  std::vector<std::span<const command::CommandSpec>> groups_;
  command::CommandTable commands_;
  RuleContext context_;
};

TEST_F(AclRules, ANewUserMayNothing) { EXPECT_EQ(New(""), "off sanitize-payload resetchannels -@all"); }

TEST_F(AclRules, TheDefaultUserMayEverything) {
  EXPECT_EQ(DescribeUser(OpenDefaultUser(context_)), "on nopass sanitize-payload ~* &* +@all");
}

TEST_F(AclRules, NewUsersHearAllChannelsWhenTheSettingSaysSo) {
  context_.all_channels = true;
  EXPECT_EQ(New(""), "off sanitize-payload &* -@all");
  EXPECT_TRUE(New("&foo").starts_with("Error in ACL SETUSER modifier '&foo': Adding a pattern after the * pattern (or the "
                                      "'allchannels' flag)"));
}

TEST_F(AclRules, PasswordsAreKeptAsHashes) {
  const std::string hash = "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90";
  EXPECT_EQ(HashPassword("alice"), hash);
  UserRules user = NewUser(context_);
  EXPECT_EQ(Apply(user, "on >alice >alice"), "on sanitize-payload #" + hash + " resetchannels -@all");
  EXPECT_EQ(Apply(user, "nopass"), "on nopass sanitize-payload resetchannels -@all");
  EXPECT_EQ(Apply(user, "#" + hash), "on sanitize-payload #" + hash + " resetchannels -@all");
  EXPECT_EQ(Apply(user, "<bob"),
            "Error in ACL SETUSER modifier '<bob': The password you are trying to remove from the user does not exist");
  EXPECT_TRUE(Apply(user, "#" + hash.substr(1)).ends_with("contain only lowercase hexadecimal characters"));
  EXPECT_TRUE(Apply(user, "!" + base::ToUpper(hash)).ends_with("contain only lowercase hexadecimal characters"));
  EXPECT_EQ(Apply(user, "!" + hash), "on sanitize-payload resetchannels -@all");
}

TEST_F(AclRules, KeyPatternsOfTheSameTextAddUp) {
  EXPECT_EQ(New("%R~a %W~a %rw~b ~c %R~c"), "off sanitize-payload ~a ~b ~c resetchannels -@all");
  EXPECT_EQ(New("%W~a %R~b"), "off sanitize-payload %W~a %R~b resetchannels -@all");
  for (std::string_view wrong : {"%~a", "%RR~a", "%X~a", "%R", "\"~a b\""}) {
    EXPECT_TRUE(New(wrong).ends_with(": Syntax error")) << wrong;
  }
  EXPECT_TRUE(New("allkeys ~a").find("(or the 'allkeys' flag) is not valid") != std::string::npos);
  EXPECT_EQ(New("allkeys resetkeys ~a"), "off sanitize-payload ~a resetchannels -@all");
}

TEST_F(AclRules, CommandRulesStayAsGivenWithoutThePointlessOnes) {
  EXPECT_TRUE(New("+@all -@hash -@slow +hget -@hash").ends_with(" +@all -@slow +hget -@hash"));
  EXPECT_TRUE(New("-@string +@all").ends_with(" +@all"));
  EXPECT_TRUE(New("+@HASH +HGET +hget").ends_with(" -@all +@hash +hget"));
  EXPECT_TRUE(New("+client|list +config|get +config -client").ends_with(" -@all +config -client"));
  EXPECT_TRUE(New("+select|0 +select|1 +select|0").ends_with(" -@all +select|1 +select|0"));
}

TEST_F(AclRules, WrongCommandRulesAreRefused) {
  EXPECT_EQ(New("+nosuch"), "Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL");
  EXPECT_EQ(New("+@nosuch"), "Error in ACL SETUSER modifier '+@nosuch': Unknown command or category name in ACL");
  EXPECT_EQ(New("-config|nosuch"), "Error in ACL SETUSER modifier '-config|nosuch': Unknown command or category name in ACL");
  EXPECT_EQ(New("+get|a|b"), "Error in ACL SETUSER modifier '+get|a|b': Unknown command or category name in ACL");
  EXPECT_EQ(New("+config|get|x"),
            "Error in ACL SETUSER modifier '+config|get|x': Allowing first-arg of a subcommand is not supported");
  EXPECT_EQ(New("+select|"), "Error in ACL SETUSER modifier '+select|': Syntax error");
  EXPECT_EQ(New("foo"), "Error in ACL SETUSER modifier 'foo': Syntax error");
}

TEST_F(AclRules, SelectorsMayBeSpreadOverWords) {
  EXPECT_EQ(New("\"(+get ~a)\" ( +set ~b ) (%R~c)"),
            "off sanitize-payload resetchannels -@all (~a resetchannels -@all +get) (~b resetchannels -@all +set) "
            "(%R~c resetchannels -@all)");
  EXPECT_EQ(New("() clearselectors"), "off sanitize-payload resetchannels -@all");
  EXPECT_EQ(New("(+get ~a"), "Unmatched parenthesis in acl selector starting at '(+get'.");
  EXPECT_EQ(New("(on)"), "Error in ACL SETUSER modifier '(on)': Syntax error");
  EXPECT_EQ(New(")"), "Error in ACL SETUSER modifier ')': Syntax error");
}

TEST_F(AclRules, WhatADescriptionSaysMakesTheSameUser) {
  for (std::string_view line :
       {"on nopass allkeys allchannels +@all", "on >x ~a* %R~b &c +@read -get +config|get +select|3 (+@write ~w &*)",
        "off skip-sanitize-payload >a >b +@all -@dangerous -keys"}) {
    const std::string text = New(line);
    EXPECT_EQ(New("reset " + text), text);
  }
}

TEST_F(AclRules, WithoutCommandsOnlyTheFormIsChecked) {
  context_.commands = nullptr;
  EXPECT_TRUE(New("on +later|added +@read").ends_with("-@all +later|added +@read"));
  EXPECT_EQ(New("~a b"), "Error in ACL SETUSER modifier 'b': Syntax error");
}

TEST_F(AclRules, ClassicDescriptionsKeepThePayloadToThemselves) {
  context_.classic = true;
  EXPECT_EQ(New("on"), "on resetchannels -@all");
  EXPECT_EQ(New("reset"), "off sanitize-payload resetchannels -@all");
}

TEST_F(AclRules, UserNamesHaveNoBlanks) {
  EXPECT_TRUE(IsUserName("antirez"));
  EXPECT_FALSE(IsUserName("a b"));
  EXPECT_FALSE(IsUserName(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace tusk::engine
