// The JSON.* commands: replies, events and records as RedisJSON's documentation and tests have them.
#include "families/json.h"

#include "families/family_fixture.h"
#include "families/keys.h"
#include "families/strings.h"
#include "families/transfer.h"

namespace tusk::families {
namespace {

class JsonTest : public FamilyTest {
 protected:
  JsonTest() : FamilyTest({JsonRows(), StringsRows(), KeysRows(), TransferRows()}) {}
  // Arguments without quotes: each text is one.
  std::string Do(std::vector<std::string> words) {
    std::string line;
    for (const std::string& word : words) {
      line += "'";
      for (char c : word) line += c == '\'' ? std::string("\\'") : std::string(1, c);
      line += "' ";
    }
    return Run(line);
  }
  std::string Set(const std::string& json, const std::string& key = "doc") { return Do({"JSON.SET", key, "$", json}); }
  std::string Get(const std::string& path = ".", const std::string& key = "doc") { return Do({"JSON.GET", key, path}); }
};

TEST_F(JsonTest, SetAndGetAtTheRoot) {
  EXPECT_EQ(Set(R"({"a":2,"b":[1.5,null,"x"]})"), "OK");
  EXPECT_EQ(Get(), R"("{\"a\":2,\"b\":[1.5,null,\"x\"]}")");
  EXPECT_EQ(Get("$"), R"("[{\"a\":2,\"b\":[1.5,null,\"x\"]}]")");
  EXPECT_EQ(Run("JSON.GET missing"), Run("GET missing"));
  EXPECT_EQ(Run("TYPE doc"), "ReJSON-RL");
  EXPECT_EQ(Events().front(), "json.set doc");
  EXPECT_EQ(Changes().size(), 1u);
}

TEST_F(JsonTest, SetRefusesWhatIsNoJson) {
  EXPECT_TRUE(Set("{").find("EOF while parsing") != std::string::npos) << Set("{");
  EXPECT_EQ(Run("EXISTS doc"), "0");
  EXPECT_TRUE(Do({"JSON.SET", "doc", "$.a", "1"}).find("new objects must be created at the root") != std::string::npos);
  EXPECT_EQ(Changes().size(), 0u);
}

TEST_F(JsonTest, SetHonoursItsConditions) {
  const std::string null = Run("GET missing");
  EXPECT_EQ(Do({"JSON.SET", "doc", "$", "1", "XX"}), null);
  EXPECT_EQ(Do({"JSON.SET", "doc", "$", "{}", "NX"}), "OK");
  EXPECT_EQ(Do({"JSON.SET", "doc", "$", "2", "NX"}), null);
  EXPECT_EQ(Do({"JSON.SET", "doc", "$.a", "1", "XX"}), null);
  EXPECT_EQ(Do({"JSON.SET", "doc", "$.a", "1", "NX"}), "OK");
  EXPECT_EQ(Do({"JSON.SET", "doc", "$.a", "2", "NX"}), null);
  EXPECT_EQ(Do({"JSON.SET", "doc", "$.a", "3", "XX"}), "OK");
  EXPECT_EQ(Get(), R"("{\"a\":3}")");
  EXPECT_TRUE(Do({"JSON.SET", "doc", "$", "1", "NX", "XX"}).find("syntax error") != std::string::npos);
}

TEST_F(JsonTest, SetReplacesEveryMatchAndAddsNewMembers) {
  Set(R"({"a":{"x":1},"b":{"x":2},"list":[0,1]})");
  EXPECT_EQ(Do({"JSON.SET", "doc", "$..x", "[7]"}), "OK");
  EXPECT_EQ(Do({"JSON.SET", "doc", "$.a.y", "true"}), "OK");
  EXPECT_EQ(Do({"JSON.SET", "doc", ".list[1]", "\"s\""}), "OK");
  EXPECT_EQ(Get(), R"("{\"a\":{\"x\":[7],\"y\":true},\"b\":{\"x\":[7]},\"list\":[0,\"s\"]}")");
  EXPECT_TRUE(Do({"JSON.SET", "doc", "$.list[5]", "1"}).find("array index out of range") != std::string::npos);
  EXPECT_TRUE(Do({"JSON.SET", "doc", "$..nothing", "1"}).find("wrong static path") != std::string::npos);
  EXPECT_EQ(Do({"JSON.SET", "doc", "$.none.y", "1"}), Run("GET missing"));
}

TEST_F(JsonTest, SetKeepsTheDeadline) {
  Set("1");
  Run("EXPIRE doc 100");
  Set("2");
  EXPECT_EQ(Run("TTL doc"), "100");
}

TEST_F(JsonTest, GetLaysOutAndCombinesPaths) {
  Set(R"({"a":1,"b":{"c":[]}})");
  EXPECT_EQ(Do({"JSON.GET", "doc", "INDENT", "\t", "NEWLINE", "\n", "SPACE", " "}), R"("{\n\t\"a\": 1,\n\t\"b\": {\n\t\t\"c\": []\n\t}\n}")");
  EXPECT_EQ(Do({"JSON.GET", "doc", "a", "b.c"}), R"("{\"a\":1,\"b.c\":[]}")");
  EXPECT_EQ(Do({"JSON.GET", "doc", "$.a", "$..nothing"}), R"("{\"$.a\":[1],\"$..nothing\":[]}")");
  EXPECT_TRUE(Get("none").find("Path does not exist") != std::string::npos);
  EXPECT_EQ(Get("$.none"), R"("[]")");
  EXPECT_TRUE(Get("$.[").find("ERR") != std::string::npos);
  Run("SET text x");
  EXPECT_TRUE(Get(".", "text").find("WRONGTYPE") != std::string::npos);
}

TEST_F(JsonTest, GetExpandsUnderResp3) {
  Set(R"({"a":[1,"x"],"b":2.5})");
  client_->protocol = 3;
  EXPECT_EQ(Get("$.a"), R"("[[1,\"x\"]]")");
  EXPECT_EQ(Do({"JSON.GET", "doc", "FORMAT", "EXPAND", "$.a"}), R"([[[1, "x"]]])");
  client_->protocol = 2;
  EXPECT_TRUE(Do({"JSON.GET", "doc", "FORMAT", "EXPAND", "$.a"}).find("not supported on RESP2") != std::string::npos);
}

TEST_F(JsonTest, MgetGivesNullWhereThereIsNothing) {
  Set(R"({"a":1})", "one");
  Set(R"({"b":2})", "two");
  Run("SET text x");
  EXPECT_EQ(Do({"JSON.MGET", "one", "two", "text", "none", "$.a"}), R"(["[1]", "[]", (nil), (nil)])");
  EXPECT_EQ(Do({"JSON.MGET", "one", "two", "a"}), R"(["1", (nil)])");
}

TEST_F(JsonTest, MsetSetsAllOrNone) {
  EXPECT_EQ(Do({"JSON.MSET", "a", "$", "1", "b", "$", "{\"x\":1}"}), "OK");
  EXPECT_EQ(Do({"JSON.MSET", "a", "$", "2", "b", "$.x", "3", "b", "$.y", "4"}), "OK");
  EXPECT_EQ(Do({"JSON.MGET", "a", "b", "."}), R"(["2", "{\"x\":3,\"y\":4}"])");
  EXPECT_TRUE(Do({"JSON.MSET", "a", "$", "9", "b", "$", "{"}).find("ERR") != std::string::npos);
  EXPECT_EQ(Get(".", "a"), "\"2\"");
}

TEST_F(JsonTest, MergePatches) {
  Set(R"({"a":{"b":1,"c":2},"d":3})");
  EXPECT_EQ(Do({"JSON.MERGE", "doc", "$", R"({"a":{"b":null,"e":[5]},"d":{"f":1}})"}), "OK");
  EXPECT_EQ(Get(), R"("{\"a\":{\"c\":2,\"e\":[5]},\"d\":{\"f\":1}}")");
  EXPECT_EQ(Do({"JSON.MERGE", "doc", "$.new", R"({"x":1})"}), "OK");
  EXPECT_EQ(Do({"JSON.MERGE", "doc", "$.a.c", "null"}), "OK");
  EXPECT_EQ(Get(), R"("{\"a\":{\"c\":null,\"e\":[5]},\"d\":{\"f\":1},\"new\":{\"x\":1}}")");
}

TEST_F(JsonTest, DelTakesOutTheTopmostMatches) {
  Set(R"({"a":[1,2,3,4],"b":{"a":{"a":1}},"c":1})");
  EXPECT_EQ(Do({"JSON.DEL", "doc", "$.a[0,2,-1]"}), "3");
  EXPECT_EQ(Do({"JSON.DEL", "doc", "$.b..a"}), "1");
  EXPECT_EQ(Get(), R"("{\"a\":[2],\"b\":{},\"c\":1}")");
  EXPECT_EQ(Do({"JSON.DEL", "doc", "$.none"}), "0");
  EXPECT_EQ(Do({"JSON.FORGET", "doc", "$.*"}), "3");
  EXPECT_EQ(Run("EXISTS doc"), "0");
  Set("[1]");
  EXPECT_EQ(Run("JSON.DEL doc"), "1");
  EXPECT_EQ(Run("JSON.DEL doc"), "0");
}

TEST_F(JsonTest, ClearEmptiesContainersAndNumbers) {
  Set(R"({"o":{"x":1},"l":[1],"n":5,"z":0,"s":"x","t":true,"e":[]})");
  EXPECT_EQ(Do({"JSON.CLEAR", "doc", "$.*"}), "3");
  EXPECT_EQ(Get(), R"("{\"o\":{},\"l\":[],\"n\":0,\"z\":0,\"s\":\"x\",\"t\":true,\"e\":[]}")");
  EXPECT_EQ(Run("JSON.CLEAR doc"), "1");
  EXPECT_EQ(Get(), R"("{}")");
  EXPECT_TRUE(Run("JSON.CLEAR none").find("doesn't exist") != std::string::npos);
}

TEST_F(JsonTest, TypesAndLengths) {
  Set(R"({"n":null,"b":false,"i":1,"d":1.0,"s":"abc","l":[1,2],"o":{"k":1}})");
  EXPECT_EQ(Do({"JSON.TYPE", "doc", "$.*"}), R"(["null", "boolean", "integer", "number", "string", "array", "object"])");
  EXPECT_EQ(Run("JSON.TYPE doc"), "\"object\"");
  EXPECT_EQ(Do({"JSON.STRLEN", "doc", "$.*"}), "[(nil), (nil), (nil), (nil), 3, (nil), (nil)]");
  EXPECT_EQ(Do({"JSON.ARRLEN", "doc", "l"}), "2");
  EXPECT_EQ(Do({"JSON.OBJLEN", "doc"}), "7");
  EXPECT_EQ(Do({"JSON.OBJKEYS", "doc", "$.o"}), R"([["k"]])");
  EXPECT_TRUE(Do({"JSON.ARRLEN", "doc", "s"}).find("not an array") != std::string::npos);
  EXPECT_TRUE(Do({"JSON.STRLEN", "doc", "l"}).find("expected string") != std::string::npos);
  EXPECT_EQ(Do({"JSON.ARRLEN", "none", "l"}), Run("GET none"));
  EXPECT_TRUE(Do({"JSON.ARRLEN", "none", "$.l"}).find("doesn't exist") != std::string::npos);
}

TEST_F(JsonTest, NumbersAreAddedAndMultiplied) {
  Set(R"({"a":1,"b":[2,{"a":2.5}],"s":"x"})");
  EXPECT_EQ(Do({"JSON.NUMINCRBY", "doc", "$..a", "2"}), R"("[3,4.5]")");
  EXPECT_EQ(Do({"JSON.NUMINCRBY", "doc", "a", "0.5"}), R"("3.5")");
  EXPECT_EQ(Do({"JSON.NUMMULTBY", "doc", "$.*", "2"}), R"("[7.0,null,null]")");
  EXPECT_EQ(Do({"JSON.NUMPOWBY", "doc", "$.b[0]", "10"}), R"("[1024]")");
  EXPECT_TRUE(Do({"JSON.NUMINCRBY", "doc", "s", "1"}).find("does not contains a number") != std::string::npos);
  Set("9223372036854775807");
  EXPECT_TRUE(Do({"JSON.NUMINCRBY", "doc", "$", "1"}).find("numeric overflow") != std::string::npos);
  EXPECT_EQ(Get(), "\"9223372036854775807\"");
  Set("1e308");
  EXPECT_TRUE(Do({"JSON.NUMMULTBY", "doc", "$", "1e10"}).find("result is not a number") != std::string::npos);
}

TEST_F(JsonTest, TextsGrowAndTruthsToggle) {
  Set(R"({"s":"ab","t":true,"n":1})");
  EXPECT_EQ(Do({"JSON.STRAPPEND", "doc", "$.*", "\"c\""}), "[3, (nil), (nil)]");
  EXPECT_EQ(Do({"JSON.STRAPPEND", "doc", "s", "\"d\""}), "4");
  EXPECT_EQ(Do({"JSON.TOGGLE", "doc", "$.*"}), "[(nil), 0, (nil)]");
  EXPECT_EQ(Do({"JSON.TOGGLE", "doc", "t"}), "\"true\"");
  EXPECT_EQ(Get(), R"("{\"s\":\"abcd\",\"t\":true,\"n\":1}")");
  EXPECT_TRUE(Do({"JSON.STRAPPEND", "doc", "s", "5"}).find("expected string") != std::string::npos);
}

TEST_F(JsonTest, ArraysGrowAndShrink) {
  Set(R"({"a":[1],"b":{"a":[2,3]},"c":0})");
  EXPECT_EQ(Do({"JSON.ARRAPPEND", "doc", "$..a", "4", "\"x\""}), "[3, 4]");
  EXPECT_EQ(Do({"JSON.ARRINSERT", "doc", "$.a", "-1", "[]"}), "[4]");
  EXPECT_EQ(Get("a"), R"("[1,4,[],\"x\"]")");
  EXPECT_EQ(Do({"JSON.ARRINDEX", "doc", "$..a", "4"}), "[1, 2]");
  EXPECT_EQ(Do({"JSON.ARRINDEX", "doc", "a", "4", "2"}), "-1");
  EXPECT_EQ(Do({"JSON.ARRPOP", "doc", "$.a", "0"}), R"(["1"])");
  EXPECT_EQ(Do({"JSON.ARRPOP", "doc", "a"}), R"("\"x\"")");
  EXPECT_EQ(Do({"JSON.ARRTRIM", "doc", "$..a", "1", "2"}), "[1, 2]");
  EXPECT_EQ(Get(), R"("{\"a\":[[]],\"b\":{\"a\":[3,4]},\"c\":0}")");
  EXPECT_TRUE(Do({"JSON.ARRINSERT", "doc", "$..a", "2", "1"}).find("index out of bounds") != std::string::npos);
  EXPECT_TRUE(Do({"JSON.ARRAPPEND", "doc", "c", "1"}).find("not an array") != std::string::npos);
  EXPECT_EQ(Do({"JSON.ARRTRIM", "doc", "b.a", "7", "9"}), "0");
  EXPECT_EQ(Do({"JSON.ARRPOP", "doc", "b.a"}), Run("GET none"));
}

TEST_F(JsonTest, RespShowsTypes) {
  Set(R"({"a":[1,true,null],"s":"x"})");
  EXPECT_EQ(Run("JSON.RESP doc"), R"([{, "a", [[, 1, true, (nil)], "s", "x"])");
}

TEST_F(JsonTest, NestingIsBoundedHoweverItComes) {
  settings_.document_max_depth.set(3);
  EXPECT_EQ(Set("[[[1]]]"), "OK");
  EXPECT_TRUE(Set("[[[[1]]]]").find("recursion limit") != std::string::npos);
  EXPECT_TRUE(Do({"JSON.SET", "doc", "$[0][0][0]", "[]"}).find("recursion limit") != std::string::npos);
  EXPECT_TRUE(Do({"JSON.ARRAPPEND", "doc", "$[0][0]", "[]"}).find("recursion limit") != std::string::npos);
  EXPECT_TRUE(Do({"JSON.ARRINSERT", "doc", "$[0][0]", "0", "[]"}).find("recursion limit") != std::string::npos);
  EXPECT_EQ(Do({"JSON.SET", "doc", "$[0][0]", "[]"}), "OK");
  EXPECT_EQ(Set(R"({"a":{"b":{}}})"), "OK");
  EXPECT_TRUE(Do({"JSON.MERGE", "doc", "$.a", R"({"b":{"c":{}}})"}).find("recursion limit") != std::string::npos);
  EXPECT_TRUE(Do({"JSON.SET", "doc", "$.a.b.c", "{}"}).find("recursion limit") != std::string::npos);
}

TEST_F(JsonTest, LargeDocumentsChangeInPlace) {
  std::string json = "{";
  for (int i = 0; i < 2000; ++i) json += (i ? ",\"" : "\"") + std::to_string(i) + R"(":{"n":)" + std::to_string(i) + R"(,"tags":["x","y"]})";
  EXPECT_EQ(Set(json + "}"), "OK");
  EXPECT_EQ(Run("OBJECT ENCODING doc"), "\"tree\"");
  EXPECT_EQ(Do({"JSON.NUMINCRBY", "doc", "$['77'].n", "1"}), R"("[78]")");
  EXPECT_EQ(Do({"JSON.DEL", "doc", "$[?@.n < 1000]"}), "1000");
  EXPECT_EQ(Do({"JSON.OBJLEN", "doc"}), "1000");
  EXPECT_EQ(Do({"JSON.DEL", "doc", "$[?@.n != 1999]"}), "999");
  EXPECT_EQ(Run("OBJECT ENCODING doc"), "\"packed\"");
}

TEST_F(JsonTest, CopyRenameDumpAndRestoreKeepTheDocument) {
  Set(R"({"a":[1,2.5,"x",null,{"b":true}]})");
  const std::string json = Get();
  EXPECT_EQ(Run("COPY doc two"), "1");
  EXPECT_EQ(Run("RENAME two three"), "OK");
  EXPECT_EQ(Get(".", "three"), json);
  Do({"JSON.SET", "three", "$.a", "0"});
  EXPECT_EQ(Get(), json);
}

}  // namespace
}  // namespace tusk::families
