#include "types/json_path.h"

#include <gtest/gtest.h>

#include <string>

#include "types/json_reader.h"
#include "types/json_writer.h"

namespace tusk::types {
namespace {

// All that the path selects, as one JSON array; an error as "error".
std::string Selected(std::string_view path_text, std::string_view json) {
  base::Result<JsonPath> path = JsonPath::Parse(path_text);
  if (!path) return "error";
  Document document = *DocumentFromJson(json);
  base::Result<std::vector<PathMatch>> matches = path->Select(document.view(), false);
  if (!matches) return matches.error().message();
  std::string out = "[";
  for (const PathMatch& match : *matches) out += (out.size() > 1 ? "," : "") + JsonOf(match.value);
  return out + "]";
}

constexpr std::string_view kStore = R"({"shop":{"books":[{"title":"A","price":8.5,"tags":["x"]},{"title":"B","price":12},
  {"title":"C","price":9,"isbn":"0-553","tags":["x","y"]}],"bike":{"price":19.5}},"limit":10})";

TEST(JsonPathTest, NamesIndicesAndWildcards) {
  EXPECT_EQ(Selected("$.shop.books[0].title", kStore), R"(["A"])");
  EXPECT_EQ(Selected("$['shop']['books'][-1]['title']", kStore), R"(["C"])");
  EXPECT_EQ(Selected("$.shop.books[*].title", kStore), R"(["A","B","C"])");
  EXPECT_EQ(Selected("$.shop.books[3]", kStore), "[]");
  EXPECT_EQ(Selected("$.shop.books.title", kStore), "[]");
  EXPECT_EQ(Selected("$.*", "[1,[2]]"), "[1,[2]]");
  EXPECT_EQ(Selected("$", "5"), "[5]");
  EXPECT_EQ(Selected("$[\"\\u00e9\\ud83d\\ude00\"]", "{\"\u00e9\U0001f600\":1}"), "[1]");
}

TEST(JsonPathTest, UnionsAndSlices) {
  EXPECT_EQ(Selected("$[0,2,0]", "[1,2,3]"), "[1,3,1]");
  EXPECT_EQ(Selected("$['a','c',1:2]", R"({"a":1,"b":2,"c":3})"), "[1,3]");
  EXPECT_EQ(Selected("$[1:]", "[1,2,3]"), "[2,3]");
  EXPECT_EQ(Selected("$[:-1]", "[1,2,3]"), "[1,2]");
  EXPECT_EQ(Selected("$[::2]", "[1,2,3]"), "[1,3]");
  EXPECT_EQ(Selected("$[::-1]", "[1,2,3]"), "[3,2,1]");
  EXPECT_EQ(Selected("$[5:0:-2]", "[1,2,3,4]"), "[4,2]");
  EXPECT_EQ(Selected("$[::0]", "[1,2,3]"), "[]");
  EXPECT_EQ(Selected("$[-9007199254740991:9007199254740991:9007199254740991]", "[1,2,3]"), "[1]");
}

TEST(JsonPathTest, DescentVisitsANodeBeforeItsChildren) {
  EXPECT_EQ(Selected("$..price", kStore), "[8.5,12,9,19.5]");
  EXPECT_EQ(Selected("$..a", R"({"a":{"a":[{"a":1}]}})"), R"([{"a":[{"a":1}]},[{"a":1}],1])");
  EXPECT_EQ(Selected("$..[0]", "[[1,2],[3]]"), "[[1,2],1,3]");
  EXPECT_EQ(Selected("$..*", "[[1],2]"), "[[1],2,1]");
}

TEST(JsonPathTest, FiltersCompareAndTest) {
  EXPECT_EQ(Selected("$.shop.books[?@.price < $.limit].title", kStore), R"(["A","C"])");
  EXPECT_EQ(Selected("$.shop.books[?(@.isbn)].title", kStore), R"(["C"])");
  EXPECT_EQ(Selected("$.shop.books[?!@.isbn && @.price >= 12].title", kStore), R"(["B"])");
  EXPECT_EQ(Selected("$.shop.books[?@.price==9||@.title=='A'].title", kStore), R"(["A","C"])");
  EXPECT_EQ(Selected("$[?@.a==@.b]", R"([{"a":1,"b":1.0},{"a":1},{},{"a":[1],"b":[1]}])"), R"([{"a":1,"b":1.0},{},{"a":[1],"b":[1]}])");
  EXPECT_EQ(Selected("$[?@ > 'a']", R"(["b","a",1,null])"), R"(["b"])");
  EXPECT_EQ(Selected("$[?@ <= null]", "[null,1]"), "[null]");
  EXPECT_EQ(Selected("$..[?@.price > 9].price", kStore), "[19.5,12]");
}

TEST(JsonPathTest, FunctionsMeasureAndMatch) {
  EXPECT_EQ(Selected("$[?length(@)==2]", "[\"\u00e9\u20ac\",[1,2],{\"a\":1},5]"), "[\"\u00e9\u20ac\",[1,2]]");
  EXPECT_EQ(Selected("$[?count(@.*)>1]", "[[1],[1,2],{\"a\":1,\"b\":2}]"), R"([[1,2],{"a":1,"b":2}])");
  EXPECT_EQ(Selected("$[?match(@,'a.c')]", R"(["abc","xabc","a\nc"])"), R"(["abc"])");
  EXPECT_EQ(Selected("$[?search(@,'b+')]", R"(["abc","ac"])"), R"(["abc"])");
  EXPECT_EQ(Selected("$[?@ =~ '^a']", R"(["abc","ba"])"), R"(["abc"])");
  EXPECT_EQ(Selected("$[?value(@..x)==1]", R"([{"x":1},{"y":{"x":1}},{"x":1,"y":{"x":1}}])"), R"([{"x":1},{"y":{"x":1}}])");
  EXPECT_EQ(Selected("$[?match(@.s,@.p)]", R"([{"s":"aa","p":"a*"},{"s":"b","p":"("}])"), R"([{"s":"aa","p":"a*"}])");
}

TEST(JsonPathTest, LegacyPathsAreRootedByThemselves) {
  for (const char* path : {".shop.limit", "limit", ".limit", "['limit']", ".[\"limit\"]"}) {
    base::Result<JsonPath> parsed = JsonPath::Parse(path);
    ASSERT_TRUE(parsed.has_value()) << path;
    EXPECT_TRUE(parsed->is_legacy()) << path;
  }
  EXPECT_EQ(Selected("limit", kStore), "[10]");
  EXPECT_EQ(Selected(".", "[1]"), "[[1]]");
  EXPECT_EQ(Selected("shop.books[1].title", kStore), R"(["B"])");
  EXPECT_EQ(Selected("foo-bar", R"({"foo-bar":1})"), "[1]");
  EXPECT_FALSE(JsonPath::Parse("$.limit")->is_legacy());
  EXPECT_FALSE(JsonPath::Parse("$")->is_legacy());
}

TEST(JsonPathTest, WhatIsNoPathIsRefused) {
  for (const char* path : {"", "$.", "$..", "$[", "$[]", "$[a]", "$[01]", "$[-0]", "$[1", "$['a]", "$['a'", "$[1,]", "$[9007199254740992]", "$.a b",
                           "$[?]", "$[?@.a ==]", "$[?1]", "$[?@.* == 1]", "$[?count(1) > 1]", "$[?length(@)]", "$[?match(@)]", "$[?foo(@)]",
                           "$['\\x']", "$['\\ud800']", "$[?(@.a]", "$[?@.a = 1]", "$ ", "$.a ", "$[1:2:3:4]", "$[?@ == 01]", "$[\"\n\"]", "$.\xff"}) {
    EXPECT_EQ(Selected(path, "{}"), "error") << path;
  }
}

TEST(JsonPathTest, StaticPathsHaveAParent) {
  JsonPath path = *JsonPath::Parse("$.a[1].b");
  EXPECT_TRUE(path.is_static());
  EXPECT_EQ(path.Parent().segments().size(), 2u);
  EXPECT_FALSE(JsonPath::Parse("$.a[*]")->is_static());
  EXPECT_FALSE(JsonPath::Parse("$..a")->is_static());
}

TEST(JsonPathTest, StepsLeadToTheNode) {
  Document document = *DocumentFromJson(kStore);
  auto matches = JsonPath::Parse("$..tags[1]")->Select(document.view(), true);
  ASSERT_EQ(matches->size(), 1u);
  const PathSteps& steps = matches->front().steps;
  ASSERT_EQ(steps.size(), 5u);
  EXPECT_EQ(steps[0].key.view().text(), "shop");
  EXPECT_EQ(steps[2].index, 2u);
  EXPECT_TRUE(steps[4].is_index);
}

TEST(JsonPathTest, NestingAndWorkAreBounded) {
  std::string deep = "$[?";
  for (size_t i = 0; i <= JsonPath::kNestingMax; ++i) deep += "(";
  EXPECT_EQ(Selected(deep + "@.a", "{}"), "error");
  EXPECT_EQ(Selected("$." + std::string(JsonPath::kBytesMax, 'a'), "{}"), "error");
  std::string json(60, '[');
  json += "1" + std::string(60, ']');
  EXPECT_EQ(Selected("$..*..*..*..*..*..*..*..*..*..*..*..*", json), "ERR path selects too much");
}

}  // namespace
}  // namespace tusk::types
