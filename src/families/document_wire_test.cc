// What goes over the wire, byte by byte: every kind of value through every face of a document, both ways and nested, in RESP2 and RESP3.
#include <cstdlib>

#include "base/random.h"
#include "families/family_fixture.h"
#include "families/json.h"
#include "families/keys.h"
#include "families/strings.h"
#include "families/typed.h"
#include "resp/request_parser.h"

namespace tusk::families {
namespace {

class DocumentWireTest : public FamilyTest {
 protected:
  DocumentWireTest() : FamilyTest({TypedRows(), StringsRows(), JsonRows(), KeysRows()}) {}

  static std::string Bulk(std::string_view text) { return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n"; }
  std::string Call(int protocol, const std::vector<std::string>& words) {
    std::string request = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string& word : words) request += Bulk(word);
    return Send(request, protocol);
  }
  std::string SetTyped(const std::string& key, const std::string& frame, int protocol) {
    return Send("*3\r\n" + Bulk("SET") + Bulk(key) + frame, protocol);
  }
};

const std::string kSame = "same";

TEST_F(DocumentWireTest, EveryKindThroughEveryFace) {
  struct Case {
    std::string sent;
    std::string typed;  // GET's reply in RESP3; kSame: as it was sent.
    std::string json, type;
    std::string resp2, resp3;  // JSON.RESP's.
  };
  const Case cases[] = {
      {"_\r\n", kSame, "null", "null", "$-1\r\n", "_\r\n"},
      {"#t\r\n", kSame, "true", "boolean", "+true\r\n", kSame},
      {"#f\r\n", kSame, "false", "boolean", "+false\r\n", kSame},
      {",1.5\r\n", kSame, "1.5", "number", "$3\r\n1.5\r\n", ",1.5\r\n"},
      {",-0\r\n", kSame, "-0.0", "number", "$2\r\n-0\r\n", ",-0\r\n"},
      {",nan\r\n", kSame, "null", "number", "$3\r\nnan\r\n", ",nan\r\n"},
      {",-inf\r\n", kSame, "null", "number", "$4\r\n-inf\r\n", ",-inf\r\n"},
      {"-ERR no\r\n", kSame, "\"ERR no\"", "string", "$6\r\nERR no\r\n", kSame},
      {"*0\r\n", kSame, "[]", "array", "*1\r\n+[\r\n", kSame},
      {"%0\r\n", kSame, "{}", "object", "*1\r\n+{\r\n", kSame},
      {"~0\r\n", kSame, "[]", "array", "*1\r\n+[\r\n", kSame},
      {"!4\r\na\r\nb\r\n", kSame, "\"a\\r\\nb\"", "string", "$4\r\na\r\nb\r\n", kSame},
      {"*2\r\n:1\r\n*1\r\n_\r\n", kSame, "[1,[null]]", "array", "*3\r\n+[\r\n:1\r\n*2\r\n+[\r\n$-1\r\n", "*3\r\n+[\r\n:1\r\n*2\r\n+[\r\n_\r\n"},
      {"%2\r\n$1\r\na\r\n:1\r\n:2\r\n~1\r\n#t\r\n", kSame, "{\"a\":1,\"2\":[true]}", "object", "*5\r\n+{\r\n$1\r\na\r\n:1\r\n$1\r\n2\r\n*2\r\n+[\r\n+true\r\n", kSame},
      {"*1\r\n=7\r\ntxt:abc\r\n", "*1\r\n$3\r\nabc\r\n", "[\"abc\"]", "array", "*2\r\n+[\r\n$3\r\nabc\r\n", kSame},
      {"*2\r\n$2\r\n\xc3\xa9\r\n+s\r\n", "*2\r\n$2\r\n\xc3\xa9\r\n$1\r\ns\r\n", "[\"\xc3\xa9\",\"s\"]", "array", "*3\r\n+[\r\n$2\r\n\xc3\xa9\r\n$1\r\ns\r\n", kSame},
      {"*1\r\n$2\r\n\xff\xfe\r\n", kSame, "[\"data:;base64,//4=\"]", "array", "*2\r\n+[\r\n$2\r\n\xff\xfe\r\n", kSame},
      {"*1\r\n(123456789012345678901234567890\r\n", "*1\r\n,1.2345678901234568e+29\r\n", "[1.2345678901234568e29]", "array", "*2\r\n+[\r\n$22\r\n1.2345678901234568e+29\r\n", "*2\r\n+[\r\n,1.2345678901234568e+29\r\n"},
      {"*2\r\n:-9223372036854775808\r\n(-7\r\n", "*2\r\n:-9223372036854775808\r\n:-7\r\n", "[-9223372036854775808,-7]", "array", "*3\r\n+[\r\n:-9223372036854775808\r\n:-7\r\n", kSame},
      {"~2\r\n-E\r\n_\r\n", kSame, "[\"E\",null]", "array", "*3\r\n+[\r\n$1\r\nE\r\n$-1\r\n", "*3\r\n+[\r\n$1\r\nE\r\n_\r\n"},
      {"%1\r\n#t\r\n%1\r\n,2.5\r\n*1\r\n%0\r\n", kSame, "{\"true\":{\"2.5\":[{}]}}", "object", "*3\r\n+{\r\n$4\r\ntrue\r\n*3\r\n+{\r\n$3\r\n2.5\r\n*2\r\n+[\r\n*1\r\n+{\r\n", kSame},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.sent);
    const std::string typed = c.typed == kSame ? c.sent : c.typed;
    for (int setter : {2, 3}) {
      EXPECT_EQ(SetTyped("k", c.sent, setter), "+OK\r\n");
      EXPECT_EQ(Call(3, {"GET", "k"}), typed);
      EXPECT_EQ(Call(3, {"MGET", "k"}), "*1\r\n" + typed);
      EXPECT_EQ(Call(2, {"GET", "k"}), Bulk(c.json));
      for (int getter : {2, 3}) {
        EXPECT_EQ(Call(getter, {"JSON.GET", "k"}), Bulk(c.json));
        EXPECT_EQ(Call(getter, {"JSON.GET", "k", "$"}), Bulk("[" + c.json + "]"));
        EXPECT_EQ(Call(getter, {"TYPE", "k"}), "+ReJSON-RL\r\n");
      }
      EXPECT_EQ(Call(2, {"JSON.TYPE", "k"}), Bulk(c.type));
      EXPECT_EQ(Call(2, {"JSON.RESP", "k"}), c.resp2);
      EXPECT_EQ(Call(3, {"JSON.RESP", "k"}), c.resp3 == kSame ? c.resp2 : c.resp3);
      EXPECT_EQ(Call(3, {"JSON.GET", "k", "FORMAT", "EXPAND"}), "*1\r\n*1\r\n" + typed);
      // What was read goes in again.
      EXPECT_EQ(SetTyped("again", typed, setter), "+OK\r\n");
      EXPECT_EQ(Call(3, {"GETDEL", "again"}), typed);
      for (const char* command : {"INCR", "STRLEN"}) {
        EXPECT_EQ(Call(setter, {command, "k"}), "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
      }
      EXPECT_EQ(Call(setter, {"APPEND", "k", "x"}), "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
    }
  }
}

TEST_F(DocumentWireTest, JsonCommandsInBothProtocols) {
  const std::string kDocument = R"({"n":null,"b":[true,false],"i":-5,"d":2.5,"s":"x\u00e9","a":[1,[2,{}]],"o":{"k":{"z":[]}}})";
  struct Step {
    std::vector<std::string> words;
    std::string resp2, resp3;
  };
  const Step steps[] = {
      {{"JSON.SET", "j", "$", kDocument}, "+OK\r\n", kSame},
      {{"GET", "j"}, "$86\r\n{\"n\":null,\"b\":[true,false],\"i\":-5,\"d\":2.5,\"s\":\"x\xc3\xa9\",\"a\":[1,[2,{}]],\"o\":{\"k\":{\"z\":[]}}}\r\n", "%7\r\n$1\r\nn\r\n_\r\n$1\r\nb\r\n*2\r\n#t\r\n#f\r\n$1\r\ni\r\n:-5\r\n$1\r\nd\r\n,2.5\r\n$1\r\ns\r\n$3\r\nx\xc3\xa9\r\n$1\r\na\r\n*2\r\n:1\r\n*2\r\n:2\r\n%0\r\n$1\r\no\r\n%1\r\n$1\r\nk\r\n%1\r\n$1\r\nz\r\n*0\r\n"},
      {{"JSON.GET", "j"}, "$86\r\n{\"n\":null,\"b\":[true,false],\"i\":-5,\"d\":2.5,\"s\":\"x\xc3\xa9\",\"a\":[1,[2,{}]],\"o\":{\"k\":{\"z\":[]}}}\r\n", kSame},
      {{"JSON.GET", "j", "$.a", "$.s"}, "$34\r\n{\"$.a\":[[1,[2,{}]]],\"$.s\":[\"x\xc3\xa9\"]}\r\n", kSame},
      {{"JSON.GET", "j", "FORMAT", "EXPAND", "$.a", "$.s"}, "-ERR FORMAT argument is not supported on RESP2\r\n", "*2\r\n*1\r\n*2\r\n:1\r\n*2\r\n:2\r\n%0\r\n*1\r\n$3\r\nx\xc3\xa9\r\n"},
      {{"JSON.RESP", "j"}, "*15\r\n+{\r\n$1\r\nn\r\n$-1\r\n$1\r\nb\r\n*3\r\n+[\r\n+true\r\n+false\r\n$1\r\ni\r\n:-5\r\n$1\r\nd\r\n$3\r\n2.5\r\n$1\r\ns\r\n$3\r\nx\xc3\xa9\r\n$1\r\na\r\n*3\r\n+[\r\n:1\r\n*3\r\n+[\r\n:2\r\n*1\r\n+{\r\n$1\r\no\r\n*3\r\n+{\r\n$1\r\nk\r\n*3\r\n+{\r\n$1\r\nz\r\n*1\r\n+[\r\n", "*15\r\n+{\r\n$1\r\nn\r\n_\r\n$1\r\nb\r\n*3\r\n+[\r\n+true\r\n+false\r\n$1\r\ni\r\n:-5\r\n$1\r\nd\r\n,2.5\r\n$1\r\ns\r\n$3\r\nx\xc3\xa9\r\n$1\r\na\r\n*3\r\n+[\r\n:1\r\n*3\r\n+[\r\n:2\r\n*1\r\n+{\r\n$1\r\no\r\n*3\r\n+{\r\n$1\r\nk\r\n*3\r\n+{\r\n$1\r\nz\r\n*1\r\n+[\r\n"},
      {{"JSON.RESP", "j", "$.b"}, "*1\r\n*3\r\n+[\r\n+true\r\n+false\r\n", kSame},
      {{"JSON.TYPE", "j"}, "$6\r\nobject\r\n", "*1\r\n$6\r\nobject\r\n"},
      {{"JSON.TYPE", "j", "$.*"}, "*7\r\n$4\r\nnull\r\n$5\r\narray\r\n$7\r\ninteger\r\n$6\r\nnumber\r\n$6\r\nstring\r\n$5\r\narray\r\n$6\r\nobject\r\n", "*1\r\n*7\r\n$4\r\nnull\r\n$5\r\narray\r\n$7\r\ninteger\r\n$6\r\nnumber\r\n$6\r\nstring\r\n$5\r\narray\r\n$6\r\nobject\r\n"},
      {{"JSON.NUMINCRBY", "j", "$..i", "1"}, "$4\r\n[-4]\r\n", "*1\r\n:-4\r\n"},
      {{"JSON.NUMINCRBY", "j", "i", "0.5"}, "$4\r\n-3.5\r\n", "*1\r\n,-3.5\r\n"},
      {{"JSON.NUMMULTBY", "j", "$.*", "2"}, "$35\r\n[null,null,-7.0,5.0,null,null,null]\r\n", "*7\r\n_\r\n_\r\n,-7\r\n,5\r\n_\r\n_\r\n_\r\n"},
      {{"JSON.ARRPOP", "j", "$.a"}, "*1\r\n$6\r\n[2,{}]\r\n", kSame},
      {{"JSON.ARRPOP", "j", "a", "0"}, "$1\r\n1\r\n", kSame},
      {{"JSON.ARRPOP", "j", "$.a"}, "*1\r\n$-1\r\n", "*1\r\n_\r\n"},
      {{"JSON.OBJKEYS", "j", "$.o"}, "*1\r\n*1\r\n$1\r\nk\r\n", kSame},
      {{"JSON.OBJKEYS", "j", "o"}, "*1\r\n$1\r\nk\r\n", kSame},
      {{"JSON.OBJLEN", "j", "$.*"}, "*7\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n:1\r\n", "*7\r\n_\r\n_\r\n_\r\n_\r\n_\r\n_\r\n:1\r\n"},
      {{"JSON.OBJLEN", "j"}, ":7\r\n", kSame},
      {{"JSON.ARRAPPEND", "j", "$.a", "[7]", "null"}, "*1\r\n:2\r\n", kSame},
      {{"JSON.ARRAPPEND", "j", "a", "8"}, ":3\r\n", kSame},
      {{"JSON.ARRINDEX", "j", "$.a", "8"}, "*1\r\n:2\r\n", kSame},
      {{"JSON.ARRINDEX", "j", "a", "9"}, ":-1\r\n", kSame},
      {{"JSON.ARRLEN", "j", "$.*"}, "*7\r\n$-1\r\n:2\r\n$-1\r\n$-1\r\n$-1\r\n:3\r\n$-1\r\n", "*7\r\n_\r\n:2\r\n_\r\n_\r\n_\r\n:3\r\n_\r\n"},
      {{"JSON.ARRTRIM", "j", "$.a", "1", "1"}, "*1\r\n:1\r\n", kSame},
      {{"JSON.ARRINSERT", "j", "$.a", "0", "{}"}, "*1\r\n:2\r\n", kSame},
      {{"JSON.TOGGLE", "j", "$.b[0]"}, "*1\r\n:0\r\n", kSame},
      {{"JSON.TOGGLE", "j", "b[0]"}, "$4\r\ntrue\r\n", kSame},
      {{"JSON.STRAPPEND", "j", "$.s", "\"q\""}, "*1\r\n:4\r\n", kSame},
      {{"JSON.STRLEN", "j", "$.*"}, "*7\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n:4\r\n$-1\r\n$-1\r\n", "*7\r\n_\r\n_\r\n_\r\n_\r\n:4\r\n_\r\n_\r\n"},
      {{"JSON.STRLEN", "j", "s"}, ":4\r\n", kSame},
      {{"JSON.CLEAR", "j", "$.b"}, ":1\r\n", kSame},
      {{"JSON.MERGE", "j", "$.o", "{\"k\":null,\"new\":[]}"}, "+OK\r\n", kSame},
      {{"JSON.MSET", "j", "$.x", "1", "m", "$", "[2]"}, "+OK\r\n", kSame},
      {{"JSON.MGET", "j", "m", "none", "$"}, "*3\r\n$82\r\n[{\"n\":null,\"b\":[],\"i\":-7.0,\"d\":5.0,\"s\":\"x\xc3\xa9q\",\"a\":[{},null],\"o\":{\"new\":[]},\"x\":1}]\r\n$5\r\n[[2]]\r\n$-1\r\n", "*3\r\n$82\r\n[{\"n\":null,\"b\":[],\"i\":-7.0,\"d\":5.0,\"s\":\"x\xc3\xa9q\",\"a\":[{},null],\"o\":{\"new\":[]},\"x\":1}]\r\n$5\r\n[[2]]\r\n_\r\n"},
      {{"JSON.DEL", "j", "$.n"}, ":1\r\n", kSame},
      {{"JSON.FORGET", "j", "$.none"}, ":0\r\n", kSame},
      {{"JSON.GET", "j"}, "$71\r\n{\"b\":[],\"i\":-7.0,\"d\":5.0,\"s\":\"x\xc3\xa9q\",\"a\":[{},null],\"o\":{\"new\":[]},\"x\":1}\r\n", kSame},
      {{"JSON.SET", "j", "$.q", "1", "XX"}, "$-1\r\n", "_\r\n"},
      {{"JSON.GET", "none"}, "$-1\r\n", "_\r\n"},
      {{"JSON.RESP", "none"}, "$-1\r\n", "_\r\n"},
      {{"JSON.TYPE", "none"}, "$-1\r\n", "*1\r\n_\r\n"},
      {{"JSON.TYPE", "none", "$"}, "$-1\r\n", "*1\r\n_\r\n"},
      {{"JSON.ARRLEN", "none", "$"}, "-ERR could not perform this operation on a key that doesn't exist\r\n", kSame},
      {{"JSON.SET", "j", "$", "{"}, "-ERR EOF while parsing a value at line 1 column 2\r\n", kSame},
      {{"JSON.GET", "j", "none"}, "-ERR Path does not exist\r\n", kSame},
      {{"JSON.ARRPOP", "j", "s"}, "-ERR Path does not exist or not an array\r\n", kSame},
      {{"JSON.NUMINCRBY", "j", "$.s", "1"}, "$6\r\n[null]\r\n", "*1\r\n_\r\n"},
      {{"JSON.NUMINCRBY", "j", "s", "1"}, "-ERR Path does not exist or does not contains a number\r\n", kSame},
      {{"JSON.DEL", "j"}, ":1\r\n", kSame},
      {{"JSON.GET", "j"}, "$-1\r\n", "_\r\n"},
  };
  for (int protocol : {2, 3}) {
    for (const Step& step : steps) {
      EXPECT_EQ(Call(protocol, step.words), protocol == 2 || step.resp3 == kSame ? step.resp2 : step.resp3) << step.words[0] << " in RESP" << protocol;
    }
  }
}

std::string RandomJson(base::Random& random, int depth) {
  switch (random.Below(depth > 0 ? 8 : 6)) {
    case 0: return "null";
    case 1: return random.Below(2) != 0 ? "true" : "false";
    case 2: return std::to_string(static_cast<int64_t>(random.Next()) >> random.Below(63));
    case 3: return std::to_string(random.Below(1000)) + ".5";
    case 4: return "\"" + std::string(random.Below(40), 'x') + "\"";
    case 5: return R"("\u00e9\n\"")";
    default: break;
  }
  const bool is_map = random.Below(2) != 0;
  std::string json = is_map ? "{" : "[";
  for (size_t i = 0, count = random.Below(6); i < count; ++i) {
    if (i > 0) json += ',';
    if (is_map) json += "\"k" + std::to_string(i) + "\":";
    json += RandomJson(random, depth - 1);
  }
  return json + (is_map ? "}" : "]");
}

// Written by one face, read by another, written by that, read by the first: the same bytes.
TEST_F(DocumentWireTest, WhatOneFaceWritesTheOthersReadEqual) {
  const char* given = std::getenv("TUSK_SEED");
  const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 20261123;
  SCOPED_TRACE(seed);
  base::Random random(seed);
  for (int i = 0; i < 500; ++i) {
    const std::string json = "[" + RandomJson(random, 5) + "]";
    ASSERT_EQ(Call(2, {"JSON.SET", "a", "$", json}), "+OK\r\n") << json;
    const std::string text = Call(2, {"JSON.GET", "a"}), typed = Call(3, {"GET", "a"});
    ASSERT_EQ(Call(2, {"GET", "a"}), text);
    ASSERT_EQ(SetTyped("b", typed, 3), "+OK\r\n");
    ASSERT_EQ(Call(3, {"JSON.GET", "b"}), text);
    ASSERT_EQ(Call(3, {"GET", "b"}), typed);
    ASSERT_EQ(Call(3, {"JSON.RESP", "b"}), Call(3, {"JSON.RESP", "a"}));
    ASSERT_EQ(Call(2, {"JSON.SET", "c", "$", text.substr(text.find("\r\n") + 2)}), "+OK\r\n");
    ASSERT_EQ(Call(3, {"GET", "c"}), typed);
  }
}

}  // namespace
}  // namespace tusk::families
