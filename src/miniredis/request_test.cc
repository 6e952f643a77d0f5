// Requests of the port as commands of the table.
#include "miniredis/request.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace tusk::miniredis {
namespace {

using Words = std::vector<std::string>;

Words Translate(std::string_view request) {
  RequestTranslator translator;
  command::Argv argv = translator.Translate(request);
  return {argv.begin(), argv.end()};
}

Words Refused(std::string_view error) { return {"MINI", "REFUSE", std::string(error), "0"}; }
Words Malformed(std::string_view error) { return {"MINI", "REFUSE", std::string(error), "1"}; }

TEST(RequestTest, EveryFormOfARequestNamesItsCommand) {
  const Words wanted = {"MINI", "GET", "b", "k"};
  for (std::string_view request : {"GET k\r\n", "get  k \n", "+GET k\r\n", "$5\r\nGET k\r\n", "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "*2\r\n+get\r\n+k\r\n",
                                   "*2\r\nGET\r\nk\r\n"}) {
    EXPECT_EQ(Translate(request), wanted) << request;
  }
}

TEST(RequestTest, ValuesStayAsTheyWereSpelled) {
  EXPECT_EQ(Translate("*3\r\n$5\r\nLPUSH\r\n^1\r\nq\r\n*2\r\n:1\r\n%0\r\n"), (Words{"MINI", "LPUSH", "t", "q", "*2\r\n:1\r\n%0\r\n"}));
  EXPECT_EQ(Translate("SET k v\r\n"), (Words{"MINI", "SET", "b", "k", "$1\r\nv\r\n"}));
  EXPECT_EQ(Translate("*2\r\n$3\r\nGET\r\n:5\r\n"), (Words{"MINI", "GET", "b", "5"}));
}

TEST(RequestTest, KeysOfADictBecomeArguments) {
  const Words wanted = {"MINI", "MSET", "t", "a", ":1\r\n", "b", "*1\r\n:2\r\n"};
  EXPECT_EQ(Translate("*2\r\n$4\r\nMSET\r\n%2\r\n^1\r\na\r\n:1\r\n^1\r\nb\r\n*1\r\n:2\r\n"), wanted);
  EXPECT_EQ(Translate("*2\r\n$4\r\nMSET\r\n@15\r\n{\"a\":1,\"b\":[2]}\r\n"), wanted);
  EXPECT_EQ(Translate("MSET a 1 b 2\r\n"), (Words{"MINI", "MSET", "b", "a", "$1\r\n1\r\n", "b", "$1\r\n2\r\n"}));
  EXPECT_EQ(Translate("*3\r\n$6\r\nMSETEX\r\n%1\r\n^1\r\na\r\n:1\r\n:9\r\n"), (Words{"MINI", "MSETEX", "t", ":9\r\n", "a", ":1\r\n"}));
  EXPECT_EQ(Translate("*2\r\n$4\r\nMSET\r\n@10\r\n{\"a\":true}\r\n"), (Words{"MINI", "MSET", "t", "a", "@4\r\ntrue\r\n"}));
}

TEST(RequestTest, TheScheduleHasAKeyThatNobodySends) {
  EXPECT_EQ(Translate("*3\r\n$3\r\nADD\r\n^19\r\n2018-01-01 00:00:00\r\n:1\r\n"),
            (Words{"MINI", "ADD", "b", "miniredis:schedule", "^19\r\n2018-01-01 00:00:00\r\n", ":1\r\n"}));
}

TEST(RequestTest, WhatIsNoCommandIsRefusedInTheOriginalsWords) {
  const struct {
    std::string_view request;
    std::string_view error;
  } cases[] = {
      {":1\r\n", "Unrecognized request type."},
      {"%0\r\n", "Unrecognized request type."},
      {"&0\r\n", "Unrecognized request type."},
      {"$-1\r\n", "Unrecognized request type."},
      {"-GET k\r\n", "Unrecognized request type."},
      {"@2\r\n{}\r\n", "Unrecognized request type."},
      {"*1\r\n:1\r\n", "First parameter must be command name."},
      {"*1\r\n$-1\r\n", "First parameter must be command name."},
      {"*1\r\n*1\r\n$3\r\nGET\r\n", "First parameter must be command name."},
      {"@3\r\n[1]\r\n", "First parameter must be command name."},
      {"nope\r\n", "Unrecognized command: b'NOPE'"},
      {"no'pe\r\n", "Unrecognized command: b\"NO'PE\""},
      {"*1\r\n$4\r\n\x01\xffz\\\r\n", "Unrecognized command: b'\\x01\\xffZ\\\\'"},
      {"*2\r\n^3\r\nget\r\n^1\r\nk\r\n", "Unrecognized command: GET"},
      {"^5\r\nGET k\r\n", "Unrecognized command: GET"},
      {"@9\r\n[\"get\",1]\r\n", "Unrecognized command: GET"},
      {"*0\r\n", "Unhandled server error"},
      {"*-1\r\n", "Unhandled server error"},
      {"\r\n", "Unhandled server error"},
      {"GET\r\n", "Unhandled server error"},
      {"GET k k\r\n", "Unhandled server error"},
      {"MSET a\r\n", "Unhandled server error"},
      {"MSET a 1 b\r\n", "Unhandled server error"},
      {"*2\r\n$3\r\nGET\r\n$-1\r\n", "Unhandled server error"},
      {"*2\r\n$3\r\nGET\r\n*0\r\n", "Unhandled server error"},
      {"*2\r\n$3\r\nGET\r\n:1.5\r\n", "Unhandled server error"},
  };
  for (const auto& test : cases) EXPECT_EQ(Translate(test.request), Refused(test.error)) << test.request;
}

TEST(RequestTest, WhatIsMalformedEndsTheConnection) {
  EXPECT_EQ(Translate("*2\r\n$3\r\nGET\r\n^1\r\n\xff\r\n"), Malformed("Protocol error: invalid UTF-8"));
  EXPECT_EQ(Translate("*2\r\n$4\r\nMSET\r\n@2\r\n{,\r\n"), Malformed("Protocol error: invalid JSON"));
  EXPECT_EQ(Translate("@1\r\n[\r\n"), Malformed("Protocol error: invalid JSON"));
  EXPECT_EQ(Translate("POST / HTTP/1.1\r\n"), Malformed("Protocol error: HTTP is not spoken here"));
  EXPECT_EQ(Translate("Host: x\r\n"), Malformed("Protocol error: HTTP is not spoken here"));
}

TEST(RequestTest, WhatWasHandedOutStaysUntilReset) {
  RequestTranslator translator;
  std::vector<command::Argv> all;
  for (int i = 0; i < 100; ++i) all.push_back(translator.Translate("SET key value\r\n"));
  for (command::Argv argv : all) EXPECT_EQ(Words(argv.begin(), argv.end()), (Words{"MINI", "SET", "b", "key", "$5\r\nvalue\r\n"}));
}

}  // namespace
}  // namespace tusk::miniredis
