// Typed values: what the reader makes of them, what commands store, and how they come back in either protocol, byte by byte.
#include "families/typed.h"

#include "families/family_fixture.h"
#include "families/json.h"
#include "families/keys.h"
#include "families/strings.h"
#include "resp/request_parser.h"

namespace tusk::families {
namespace {

class TypedTest : public FamilyTest {
 protected:
  TypedTest() : FamilyTest({TypedRows(), StringsRows(), JsonRows(), KeysRows()}) {}

  std::string SetTyped(const std::string& frame) { return Send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n" + frame); }
  std::string Get(int protocol) { return Send("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", protocol); }
};

TEST_F(TypedTest, EveryTypeComesBackTypedOrAsJson) {
  struct Case {
    std::string frame, resp3, resp2;
  };
  auto bulk = [](const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; };
  const Case cases[] = {
      {"_\r\n", "_\r\n", bulk("null")},
      {"$-1\r\n", "no request: Protocol error: invalid bulk length", ""},
      {"*-1\r\n", "_\r\n", bulk("null")},
      {"#t\r\n", "#t\r\n", bulk("true")},
      {",1.5\r\n", ",1.5\r\n", bulk("1.5")},
      {",inf\r\n", ",inf\r\n", bulk("null")},
      {"*0\r\n", "*0\r\n", bulk("[]")},
      {"%0\r\n", "%0\r\n", bulk("{}")},
      {"*3\r\n:1\r\n$1\r\na\r\n*1\r\n_\r\n", "*3\r\n:1\r\n$1\r\na\r\n*1\r\n_\r\n", bulk(R"([1,"a",[null]])")},
      {"%2\r\n$1\r\na\r\n,0.5\r\n+b\r\n%1\r\n:7\r\n#f\r\n", "%2\r\n$1\r\na\r\n,0.5\r\n$1\r\nb\r\n%1\r\n:7\r\n#f\r\n", bulk(R"({"a":0.5,"b":{"7":false}})")},
      {"~2\r\n:1\r\n:2\r\n", "~2\r\n:1\r\n:2\r\n", bulk("[1,2]")},
      {"~2\r\n:1\r\n:1\r\n", "~1\r\n:1\r\n", bulk("[1]")},
      {"-ERR no\r\n", "-ERR no\r\n", bulk("\"ERR no\"")},
      {"*1\r\n!4\r\nE\r\nx\r\n", "*1\r\n!4\r\nE\r\nx\r\n", bulk(R"(["E\r\nx"])")},
      {"*1\r\n$2\r\n\xff\xfe\r\n", "*1\r\n$2\r\n\xff\xfe\r\n", bulk(R"(["data:;base64,//4="])")},
      {"*1\r\n(123456789012345678901234567890\r\n", "*1\r\n,1.2345678901234568e+29\r\n", bulk("[1.2345678901234568e29]")},
      {"*2\r\n=7\r\ntxt:abc\r\n:-9223372036854775808\r\n", "*2\r\n$3\r\nabc\r\n:-9223372036854775808\r\n", bulk(R"(["abc",-9223372036854775808])")},
  };
  for (const Case& c : cases) {
    std::string set = SetTyped(c.frame);
    if (c.resp2.empty()) {
      EXPECT_EQ(set, c.resp3) << c.frame;
      continue;
    }
    EXPECT_EQ(set, "+OK\r\n") << c.frame;
    EXPECT_EQ(Get(3), c.resp3) << c.frame;
    EXPECT_EQ(Get(2), c.resp2) << c.frame;
    EXPECT_EQ(Run("TYPE k"), "ReJSON-RL");
  }
}

TEST_F(TypedTest, TextsAndIntegersStayPlainStrings) {
  EXPECT_EQ(SetTyped(":42\r\n"), "+OK\r\n");
  EXPECT_EQ(Run("TYPE k"), "string");
  EXPECT_EQ(Run("INCR k"), "43");
  SetTyped("+text\r\n");
  EXPECT_EQ(Get(2), "$4\r\ntext\r\n");
  SetTyped("=8\r\ntxt:verb\r\n");
  EXPECT_EQ(Get(2), "$4\r\nverb\r\n");
  SetTyped("(123456789012345678901234567890\r\n");
  EXPECT_EQ(Get(2), "$30\r\n123456789012345678901234567890\r\n");
}

TEST_F(TypedTest, JsonAndTypedAreOneValue) {
  SetTyped("%1\r\n$1\r\na\r\n*2\r\n:1\r\n,2.5\r\n");
  EXPECT_EQ(Run("JSON.NUMINCRBY k $.a[0] 4"), "[5]");
  EXPECT_EQ(Get(3), "%1\r\n$1\r\na\r\n*2\r\n:5\r\n,2.5\r\n");
}

TEST_F(TypedTest, OptionsDeadlinesAndRecords) {
  EXPECT_EQ(Send("*5\r\n$3\r\nSET\r\n$1\r\nk\r\n*1\r\n:1\r\n$2\r\nEX\r\n:100\r\n"), "+OK\r\n");
  EXPECT_EQ(Run("TTL k"), "100");
  std::vector<std::string> changes = Changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_TRUE(changes[0].starts_with("TYPED SET 2 k *1\r\n:1\r\n PXAT ")) << changes[0];
  EXPECT_EQ(Send("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n*0\r\n$7\r\nKEEPTTL\r\n"), "+OK\r\n");
  EXPECT_EQ(Run("TTL k"), "100");
  EXPECT_EQ(Send("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n#t\r\n$2\r\nNX\r\n"), "_\r\n");
  EXPECT_EQ(Send("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n#t\r\n$3\r\nGET\r\n"), "*0\r\n");
  EXPECT_EQ(Run("TTL k"), "-1");
  EXPECT_EQ(Send("*3\r\n$5\r\nSETNX\r\n$1\r\nk\r\n#t\r\n"), ":0\r\n");
  EXPECT_EQ(Send("*4\r\n$5\r\nSETEX\r\n$1\r\nk\r\n:10\r\n#f\r\n"), "+OK\r\n");
  EXPECT_EQ(Send("*3\r\n$6\r\nGETSET\r\n$1\r\nk\r\n_\r\n"), "#f\r\n");
  EXPECT_EQ(Send("*2\r\n$6\r\nGETDEL\r\n$1\r\nk\r\n"), "_\r\n");
  EXPECT_EQ(Run("EXISTS k"), "0");
}

TEST_F(TypedTest, AnErrorThatIsAValueIsNoFailureOfTheCommand) {
  SetTyped("-ERR stored\r\n");
  client_->protocol = 3;
  resp::OutputBuffer out;
  resp::Reply reply(out, 3);
  ReplyDocument(types::Document::Textual(types::DocumentKind::kError, "ERR stored"), reply);
  EXPECT_EQ(out.ToString(), "-ERR stored\r\n");
  EXPECT_EQ(reply.error_count(), 0u);
}

TEST_F(TypedTest, MsetMixesTypedAndPlain) {
  EXPECT_EQ(Send("*7\r\n$4\r\nMSET\r\n$1\r\na\r\n%0\r\n$1\r\nb\r\n$1\r\nx\r\n$1\r\nc\r\n*1\r\n:1\r\n"), "+OK\r\n");
  EXPECT_EQ(Send("*5\r\n$4\r\nMGET\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n"), "*4\r\n%0\r\n$1\r\nx\r\n*1\r\n:1\r\n_\r\n");
  EXPECT_EQ(Send("*5\r\n$4\r\nMGET\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n", 2), "*4\r\n$2\r\n{}\r\n$1\r\nx\r\n$3\r\n[1]\r\n$-1\r\n");
}

TEST_F(TypedTest, OtherCommandsAndPlacesAreRefused) {
  EXPECT_EQ(Send("*4\r\n$4\r\nHSET\r\n$1\r\nh\r\n$1\r\nf\r\n*0\r\n"),
            "-ERR a hash's fields hold strings; a nested value needs a key of its own\r\n");
  EXPECT_EQ(Send("*3\r\n$6\r\nAPPEND\r\n$1\r\nk\r\n*0\r\n"), "-ERR 'APPEND' takes no typed values\r\n");
  EXPECT_EQ(Send("*3\r\n$3\r\nSET\r\n_\r\n$1\r\nv\r\n"), "-ERR only values can be typed, not keys and options\r\n");
  EXPECT_EQ(SetTyped("%1\r\n*0\r\n:1\r\n"), "-ERR keys of maps and members of sets must be scalars\r\n");
  settings_.document_max_depth.set(2);
  EXPECT_EQ(SetTyped("*1\r\n*1\r\n*0\r\n"), "-ERR recursion limit exceeded\r\n");
  EXPECT_EQ(Run("APPEND k x"), "1");
  SetTyped("*0\r\n");
  EXPECT_TRUE(Run("APPEND k x").find("WRONGTYPE") != std::string::npos);
  EXPECT_TRUE(Run("INCR k").find("WRONGTYPE") != std::string::npos);
}

TEST_F(TypedTest, BytesInPiecesMakeTheSameRequest) {
  const std::string request = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n%1\r\n$3\r\nkey\r\n*2\r\n$5\r\nvalue\r\n,1.5\r\n";
  for (size_t piece = 1; piece < request.size(); ++piece) {
    resp::RequestParser parser;
    for (size_t at = 0; at < request.size(); at += piece) {
      parser.Feed(request.substr(at, piece));
      ASSERT_EQ(parser.ParseBatch(), at + piece >= request.size() ? 1u : 0u) << piece;
    }
    resp::Argv argv = parser.Take();
    ASSERT_EQ(argv.size(), 5u);
    EXPECT_EQ(argv[0], "TYPED");
    EXPECT_EQ(argv[2], "2");
    EXPECT_EQ(argv[4], request.substr(request.find('%')));
  }
}

TEST_F(TypedTest, BrokenFramesAreProtocolErrors) {
  for (const char* frame : {"%1\r\n>0\r\n:1\r\n", "|1\r\n:1\r\n:1\r\n", "#x\r\n", ",abc\r\n", "*x\r\n", "%-5\r\n", "$?\r\n"}) {
    resp::RequestParser parser;
    parser.Feed(std::string("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n") + frame);
    EXPECT_EQ(parser.ParseBatch(), 0u) << frame;
    EXPECT_TRUE(parser.failed()) << frame;
  }
  resp::RequestParser parser;
  std::string deep = "*2\r\n$3\r\nGET\r\n";
  for (size_t i = 0; i <= resp::kFrameNestingMax; ++i) deep += "*1\r\n";
  parser.Feed(deep);
  parser.ParseBatch();
  EXPECT_TRUE(parser.failed());
}

}  // namespace
}  // namespace tusk::families
