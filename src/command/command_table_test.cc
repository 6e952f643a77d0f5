#include "command/command_table.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace tusk::command {
namespace {

void Handle(Context&) {}

constexpr KeySpec kOneKey[] = {{.flags = kKeyRO | kKeyAccess}};
constexpr KeySpec kSetKey[] = {{.flags = kKeyRW | kKeyAccess | kKeyUpdate | kKeyVariableFlags}};
constexpr KeySpec kPairs[] = {{.flags = kKeyOW | kKeyUpdate, .last = -1, .step = 2}};
constexpr KeySpec kAllButLast[] = {{.flags = kKeyRW, .last = -2}};
constexpr KeySpec kTwo[] = {{.flags = kKeyRO}, {.flags = kKeyOW, .index = 2}};
constexpr KeySpec kStoreAndCount[] = {{.flags = kKeyOW},
                                      {.flags = kKeyRO, .find = KeySpec::Find::kKeyNum, .index = 2}};
constexpr KeySpec kCount[] = {{.flags = kKeyRO, .find = KeySpec::Find::kKeyNum, .index = 2}};
constexpr KeySpec kStreams[] = {{.flags = kKeyRO,
                                 .begin = KeySpec::Begin::kKeyword,
                                 .index = 1,
                                 .keyword = "STREAMS",
                                 .last = -1,
                                 .limit = 2}};
constexpr KeySpec kChannel[] = {{.flags = kKeyNotKey}};
constexpr KeySpec kSort[] = {{.flags = kKeyRO | kKeyAccess},
                             {.begin = KeySpec::Begin::kUnknown, .find = KeySpec::Find::kUnknown}};
constexpr CommandSpec kClient[] = {{.name = "kill", .handler = Handle, .arity = -3},
                                   {.name = "id", .handler = Handle, .arity = 2}};

constexpr CommandSpec kRows[] = {
    {.name = "get",
     .handler = Handle,
     .arity = 2,
     .flags = kReadonly | kFast,
     .categories = kCatString,
     .keys = kOneKey},
    {.name = "set", .handler = Handle, .arity = -3, .flags = kWrite, .keys = kSetKey},
    {.name = "mset", .handler = Handle, .arity = -3, .flags = kWrite, .keys = kPairs},
    {.name = "blpop", .handler = Handle, .arity = -3, .flags = kWrite | kBlocking, .keys = kAllButLast},
    {.name = "rename", .handler = Handle, .arity = 3, .flags = kWrite, .keys = kTwo},
    {.name = "zunionstore", .handler = Handle, .arity = -4, .flags = kWrite, .keys = kStoreAndCount},
    {.name = "eval_ro",
     .handler = Handle,
     .arity = -3,
     .flags = kReadonly,
     .categories = kCatScripting,
     .keys = kCount},
    {.name = "xread", .handler = Handle, .arity = -4, .flags = kReadonly, .keys = kStreams},
    {.name = "spublish", .handler = Handle, .arity = 3, .flags = kPubsub, .keys = kChannel},
    {.name = "sort", .handler = Handle, .arity = -2, .flags = kWrite, .keys = kSort},
    {.name = "zremrangebyscore", .handler = Handle, .arity = 4},
    {.name = "georadiusbymember_ro", .handler = Handle, .arity = -5},
    {.name = "client", .arity = -2, .flags = kAdmin, .subcommands = kClient},
};

class CommandTableTest : public testing::Test {
 protected:
  CommandTableTest() : table_(kGroups) {}

  static constexpr std::span<const CommandSpec> kGroups[] = {kRows};

  // "1,3" or "invalid".
  std::string Keys(std::string_view line, bool exact_flags = false) {
    auto words = base::SplitQuotedLine(line);
    std::vector<std::string_view> argv(words->begin(), words->end());
    KeyPositions keys;
    const Command* command = table_.Resolve(argv);
    EXPECT_NE(command, nullptr);
    if (!FindKeys(*command, argv, keys, exact_flags)) return "invalid";
    std::string text;
    for (const KeyRef& key : keys) {
      if (!text.empty()) text += ',';
      text += std::to_string(key.position);
      if (exact_flags) text += '/' + std::to_string(key.flags);
    }
    return text;
  }

  CommandTable table_;
};

TEST_F(CommandTableTest, FindsEveryNameInAnyCase) {
  for (const CommandSpec& spec : kRows) {
    const Command* command = table_.Find(spec.name);
    ASSERT_NE(command, nullptr) << spec.name;
    EXPECT_EQ(command->spec, &spec);
    EXPECT_EQ(table_.Find(base::ToUpper(spec.name)), command);
  }
}

TEST_F(CommandTableTest, AnotherByteAnywhereIsAnotherName) {
  for (const CommandSpec& spec : kRows) {
    for (size_t at = 0; at < spec.name.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string name(spec.name);
        name[at] = static_cast<char>(byte);
        const Command* found = table_.Find(name);
        ASSERT_TRUE(found == nullptr || base::EqualsIgnoreCase(found->name, name)) << spec.name << ' ' << at << ' ' << byte;
      }
    }
  }
}

TEST_F(CommandTableTest, NamesThatOnlyLookAlikeAreUnknown) {
  using namespace std::string_view_literals;
  for (std::string_view name : {"", "ge", "gett", "get "}) EXPECT_EQ(table_.Find(name), nullptr) << name;
  EXPECT_EQ(table_.Find("eval\x7fro"sv), nullptr);  // DEL folds to the same word as '_'.
  EXPECT_EQ(table_.Find("g\0t"sv), nullptr);
  EXPECT_EQ(table_.Find("georadiusbymember_rx"), nullptr);
}

TEST_F(CommandTableTest, ResolvesSubcommands) {
  std::string_view kill[] = {"CLIENT", "KILL", "x"};
  std::string_view alone[] = {"client"};
  std::string_view unknown[] = {"client", "nothing"};
  ASSERT_NE(table_.Resolve(kill), nullptr);
  EXPECT_EQ(table_.Resolve(kill)->full_name, "client|kill");
  EXPECT_EQ(table_.Resolve(alone)->full_name, "client");
  EXPECT_FALSE(table_.Resolve(alone)->AcceptsCount(1));
  ASSERT_EQ(table_.Resolve(unknown), table_.Find("client"));
  EXPECT_TRUE(table_.Resolve(unknown)->LacksSubcommand(2));
  EXPECT_FALSE(table_.Resolve(alone)->LacksSubcommand(1));
  EXPECT_FALSE(table_.Resolve(kill)->LacksSubcommand(3));
  EXPECT_EQ(table_.FindFullName("Client|Id")->arity, 2);
  EXPECT_EQ(table_.FindFullName("get|id"), nullptr);
  EXPECT_EQ(UnknownCommandError(table_, unknown), "ERR unknown subcommand 'nothing'. Try CLIENT HELP.");
}

TEST_F(CommandTableTest, SaysWhichCommandIsUnknown) {
  std::string_view argv[] = {"foo", "a", "b"};
  EXPECT_EQ(UnknownCommandError(table_, argv),
            "ERR unknown command 'foo', with args beginning with: 'a' 'b' ");
  EXPECT_EQ(WrongArityError(*table_.FindFullName("client|id")),
            "ERR wrong number of arguments for 'client|id' command");
  // What is shown of an argument ends at a zero byte, and all of them together at 128 bytes.
  std::string name(200, 'n'), zero("a\0b", 3), wide(200, 'w');
  std::string_view odd[] = {name, zero, wide, "never shown"};
  EXPECT_EQ(UnknownCommandError(table_, odd), "ERR unknown command '" + name.substr(0, 128) +
                                                  "', with args beginning with: 'a' '" + wide.substr(0, 124) + "' ");
}

TEST_F(CommandTableTest, ShowsArgumentsWithinBounds) {
  EXPECT_EQ(ShownInError("abc"), "abc");
  EXPECT_EQ(ShownInError(std::string_view("a\0b", 3)), "a");
  EXPECT_EQ(ShownInError(std::string(200, 'x')).size(), 128u);
}

TEST_F(CommandTableTest, IdsAreDense) {
  for (size_t i = 0; i < table_.size(); ++i) EXPECT_EQ(table_.all()[i].id, i);
}

TEST_F(CommandTableTest, ImpliesCategories) {
  EXPECT_EQ(table_.Find("get")->categories, kCatString | kCatRead | kCatFast);
  EXPECT_EQ(table_.Find("eval_ro")->categories, kCatScripting | kCatSlow);
  EXPECT_EQ(table_.Find("blpop")->categories, kCatWrite | kCatBlocking | kCatSlow);
  EXPECT_EQ(table_.Find("client")->categories, kCatAdmin | kCatDangerous | kCatSlow);
}

TEST_F(CommandTableTest, DerivesMovableKeysAndTheClassicRange) {
  EXPECT_TRUE(table_.Find("zunionstore")->has(kMovableKeys));
  EXPECT_TRUE(table_.Find("sort")->has(kMovableKeys));
  EXPECT_FALSE(table_.Find("rename")->has(kMovableKeys));
  EXPECT_EQ(table_.Find("zunionstore")->first_key, 1);
  EXPECT_EQ(table_.Find("zunionstore")->last_key, 1);
  EXPECT_EQ(table_.Find("rename")->last_key, 2);
  EXPECT_EQ(table_.Find("mset")->last_key, -1);
  EXPECT_EQ(table_.Find("mset")->key_step, 2);
  EXPECT_EQ(table_.Find("eval_ro")->first_key, 0);
}

TEST_F(CommandTableTest, FindsKeys) {
  EXPECT_EQ(Keys("get a"), "1");
  EXPECT_EQ(Keys("mset a 1 b 2"), "1,3");
  EXPECT_EQ(Keys("blpop a b 0"), "1,2");
  EXPECT_EQ(Keys("rename a b"), "1,2");
  EXPECT_EQ(Keys("zunionstore d 2 a b weights 1 2"), "1,3,4");
  EXPECT_EQ(Keys("eval_ro s 1 a b"), "3");
  EXPECT_EQ(Keys("xread count 5 streams a b 0 0"), "4,5");
  EXPECT_EQ(Keys("spublish c m"), "invalid");
  EXPECT_EQ(Keys("sort a by store get store limit 0 1 store b store c"), "1,12");
  EXPECT_EQ(Keys("sort a store"), "1");
}

TEST_F(CommandTableTest, ImpossibleCountsOfKeysAreRefused) {
  for (std::string_view line : {"eval_ro s 0", "eval_ro s -1 a", "eval_ro s x a", "eval_ro s 3 a b",
                                "eval_ro s 9223372036854775807 a", "zunionstore d 5 a b"}) {
    EXPECT_EQ(Keys(line), "invalid") << line;
  }
}

TEST_F(CommandTableTest, OptionsDecideFlags) {
  EXPECT_EQ(Keys("set a b", true), "1/" + std::to_string(kKeyOW | kKeyUpdate));
  EXPECT_EQ(Keys("set a b px 5 GET", true), "1/" + std::to_string(kKeyRW | kKeyAccess | kKeyUpdate));
}

TEST_F(CommandTableTest, RenamesAndRemoves) {
  EXPECT_TRUE(table_.Rename("GET", "Fetch").ok());
  EXPECT_EQ(table_.Find("get"), nullptr);
  ASSERT_NE(table_.Find("FETCH"), nullptr);
  EXPECT_EQ(table_.Find("fetch")->full_name, "get");
  EXPECT_TRUE(table_.Rename("set", "").ok());
  EXPECT_EQ(table_.Find("set"), nullptr);
  EXPECT_EQ(table_.Rename("set", "x").message(), "No such command in rename-command");
  EXPECT_EQ(table_.Rename("mset", "blpop").message(), "Target command name already exists");
}

}  // namespace
}  // namespace tusk::command
