// The replies are compared as bytes, since their exact shape is what clients rely on.
#include "command/command_docs.h"

#include <gtest/gtest.h>

#include "command/command_table.h"
#include "resp/reply.h"

namespace tusk::command {
namespace {

void Handle(Context&) {}

constexpr KeySpec kKeys[] = {{.flags = kKeyRO | kKeyAccess, .notes = "why"}};
constexpr std::string_view kTips[] = {"tip"};
constexpr History kHistory[] = {{"7.0.0", "More."}};
constexpr CommandSpec kChildren[] = {
    {.name = "child", .handler = Handle, .arity = 2, .group = "server", .since = "1.0.0"}};
constexpr CommandSpec kRows[] = {
    {.name = "get",
     .handler = Handle,
     .arity = 2,
     .flags = kReadonly | kFast,
     .keys = kKeys,
     .group = "string",
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Reads.",
     .arguments = "key@0 [COUNT count:integer]",
     .tips = kTips,
     .history = kHistory,
     .deprecated_since = "9.0.0",
     .replaced_by = "hope"},
    {.name = "parent",
     .arity = -2,
     .group = "server",
     .since = "1.0.0",
     .summary = "Holds.",
     .subcommands = kChildren},
};
constexpr std::span<const CommandSpec> kGroups[] = {kRows};

// Line ends shown as blanks.
template <typename Write>
std::string Text(int protocol, Write write) {
  resp::OutputBuffer buffer;
  resp::Reply reply(buffer, protocol);
  write(reply);
  std::string text = buffer.ToString();
  std::string shown;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') shown += text[i] == '\n' ? ' ' : text[i];
  }
  return shown;
}

TEST(CommandDocs, InfoHasTenElementsWithSetsInResp3) {
  CommandTable table(kGroups);
  EXPECT_EQ(Text(3, [&](resp::Reply& reply) { WriteCommandInfo(table.Find("get"), reply); }),
            "*10 $3 get :2 ~2 +readonly +fast :1 :1 :1 ~2 +@read +@fast ~1 $3 tip ~1 %4 $5 notes $3 why $5 "
            "flags ~2 +RO "
            "+access $12 begin_search %2 $4 type $5 index $4 spec %1 $5 index :1 $9 find_keys %2 $4 type $5 "
            "range $4 "
            "spec %3 $7 lastkey :0 $7 keystep :1 $5 limit :0 ~0 ");
  EXPECT_EQ(Text(2, [&](resp::Reply& reply) { WriteCommandInfo(table.Find("parent"), reply); }),
            "*10 $6 parent :-2 *0 :0 :0 :0 *1 +@slow *0 *0 *1 *10 $12 parent|child :2 *0 :0 :0 :0 *1 +@slow "
            "*0 *0 *0 ");
  EXPECT_EQ(Text(2, [&](resp::Reply& reply) { WriteCommandInfo(nullptr, reply); }), "$-1 ");
}

TEST(CommandDocs, DocsNameOnlyWhatTheRowHas) {
  CommandTable table(kGroups);
  EXPECT_EQ(
      Text(3, [&](resp::Reply& reply) { WriteCommandDocs(*table.Find("get"), reply); }),
      "%9 $7 summary $6 Reads. $5 since $5 1.0.0 $5 group $6 string $10 complexity $4 O(1) $9 doc_flags ~1 "
      "+deprecated $16 deprecated_since $5 9.0.0 $11 replaced_by $4 hope $7 history ~1 *2 $5 7.0.0 $5 More. "
      "$9 "
      "arguments *2 %4 $4 name $3 key $4 type $3 key $12 display_text $3 key $14 key_spec_index :0 %5 $4 "
      "name "
      "$5 count $4 type $7 integer $12 display_text $5 count $5 token $5 COUNT $5 flags ~1 +optional ");
  EXPECT_EQ(Text(2, [&](resp::Reply& reply) { WriteCommandDocs(*table.Find("parent"), reply); }),
            "*8 $7 summary $6 Holds. $5 since $5 1.0.0 $5 group $6 server $11 subcommands *2 $12 "
            "parent|child *6 $7 "
            "summary $0  $5 since $5 1.0.0 $5 group $6 server ");
}

}  // namespace
}  // namespace tusk::command
