// tusk::Document as its users see it; and random values beside the server's own document (types/), so that both mean the same by equality,
// JSON text and RESP.
#include "tusk/document.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "codec/document_frame.h"
#include "types/json_writer.h"

namespace tusk {
namespace {

using Array = Document::Array;
using Map = Document::Map;
using Set = Document::Set;
using Bytes = Document::Bytes;
using Failure = Document::Failure;
using Kind = Document::Kind;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// ---- Building and reading ----

TEST(ClientDocument, InitialisersMakeEveryKind) {
  EXPECT_EQ(Document().kind(), Kind::kNull);
  EXPECT_EQ(Document(nullptr).kind(), Kind::kNull);
  EXPECT_EQ(Document(true).kind(), Kind::kBool);
  EXPECT_EQ(Document(1).kind(), Kind::kInteger);
  EXPECT_EQ(Document(uint8_t{200}).as_int64(), 200);
  EXPECT_EQ(Document(UINT64_MAX).kind(), Kind::kDouble);
  EXPECT_EQ(Document(1.0f).kind(), Kind::kDouble);
  EXPECT_EQ(Document("text").kind(), Kind::kText);
  EXPECT_EQ(Document(std::string_view("text")).kind(), Kind::kText);
  EXPECT_EQ(Document(Bytes{"\xff"}).kind(), Kind::kBytes);
  EXPECT_EQ(Document(Failure{"ERR no"}).kind(), Kind::kError);
  EXPECT_EQ(Document(Array{}).kind(), Kind::kArray);
  EXPECT_EQ(Document(Map{}).kind(), Kind::kMap);
  EXPECT_EQ(Document(Set{1, 1, 2}).size(), 2u);
  EXPECT_EQ(Document(Array{Array{1}}).to_json(), "[[1]]");
  EXPECT_EQ(Document(Array{Array{}}).to_json(), "[[]]");
  EXPECT_THROW(Document("\xff"), EncodingError);
}

TEST(ClientDocument, SubscriptsReachEveryLevel) {
  Document doc = Map{{"a", Array{1, Map{{"b", "x"}}, 2.5}}};
  EXPECT_EQ(doc["a"][2], 2.5);
  EXPECT_EQ(doc["a"][1]["b"], "x");
  doc["a"][0] = nullptr;
  doc["a"][1]["c"]["d"] = true;
  doc["list"].push_back(7);
  EXPECT_EQ(doc.to_json(), R"({"a":[null,{"b":"x","c":{"d":true}},2.5],"list":[7]})");
  Document empty;
  empty["first"]["second"] = 1;
  EXPECT_EQ(empty.to_json(), R"({"first":{"second":1}})");
}

TEST(ClientDocument, WhatIsNotThereIsAnError) {
  Document doc = Map{{"a", Array{1}}};
  const Document& fixed = doc;
  EXPECT_THROW(fixed["b"], NotFoundError);
  EXPECT_THROW(doc["a"][1], NotFoundError);
  EXPECT_THROW(fixed["a"]["x"], KindError);
  EXPECT_THROW(doc["a"]["x"] = 1, KindError);
  EXPECT_THROW(doc[0], KindError);
  EXPECT_THROW(doc["a"].as_map(), KindError);
  EXPECT_THROW(doc.push_back(1), KindError);
  EXPECT_EQ(doc.find("b"), nullptr);
  EXPECT_EQ(doc.find("a")->size(), 1u);
  EXPECT_EQ(Document(1).find("a"), nullptr);
  EXPECT_EQ(doc.to_json(), R"({"a":[1]})");
  try {
    doc["a"].as_text();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "text wanted, the value is array");
  }
}

TEST(ClientDocument, ScalarsComeOutAsTheirKindOnly) {
  EXPECT_EQ(Document(5).as_double(), 5.0);
  EXPECT_THROW(Document(5.0).as_int64(), KindError);
  EXPECT_THROW(Document("5").as_int64(), KindError);
  EXPECT_THROW(Document(1).as_bool(), KindError);
  EXPECT_THROW(Document("x").as_bytes(), KindError);
  EXPECT_EQ(Document(Failure{"ERR x"}).as_error(), "ERR x");
  EXPECT_EQ(*Document(true).get_if<bool>(), true);
  EXPECT_EQ(Document(true).get_if<int64_t>(), nullptr);
}

TEST(ClientDocument, VisitorsSeeTheAlternative) {
  struct Names {
    std::string operator()(std::nullptr_t) const { return "null"; }
    std::string operator()(bool) const { return "bool"; }
    std::string operator()(int64_t) const { return "integer"; }
    std::string operator()(double) const { return "double"; }
    std::string operator()(const std::string&) const { return "text"; }
    std::string operator()(const Bytes&) const { return "bytes"; }
    std::string operator()(const Failure&) const { return "error"; }
    std::string operator()(const Array&) const { return "array"; }
    std::string operator()(const Map&) const { return "map"; }
    std::string operator()(const Set&) const { return "set"; }
  };
  for (const Document& document : Array{nullptr, false, 1, 0.5, "", Bytes{}, Failure{}, Array{}, Map{}, Set{}}) {
    EXPECT_EQ(document.visit(Names()), document.kind_name());
  }
}

TEST(ClientDocument, MapsWorkInRangeForAndAlgorithms) {
  Document doc = Map{{"b", 1}, {"a", 2}, {7, "seven"}, {7.0, "again"}};
  std::string seen;
  for (auto& [key, value] : doc.as_map()) {
    seen += key.to_json() + "=" + value.to_json() + " ";
    value = nullptr;
  }
  EXPECT_EQ(seen, R"("b"=1 "a"=2 7="again" )");
  EXPECT_TRUE(std::ranges::all_of(doc.as_map(), [](const auto& member) { return member.value().is_null(); }));
  Map& map = doc.as_map();
  EXPECT_TRUE(map.contains(Document(7)) && map.contains("a") && !map.contains("7"));
  map[Document(7)] = 1;
  EXPECT_EQ(map.find(Document(7.0))->value(), 1);
  EXPECT_TRUE(map.erase("b"));
  EXPECT_FALSE(map.erase("b"));
  EXPECT_TRUE(map.erase(Document(7)));
  EXPECT_EQ(doc.to_json(), R"({"a":null})");
  EXPECT_THROW(map.insert_or_assign(Array{}, 1), KindError);
  EXPECT_THROW((Set{Map{}}), KindError);
  EXPECT_EQ(map.size(), 1u);
}

// Random insertions and erasures beside std::map, across the size from which on there is an index.
TEST(ClientDocument, MapsAndSetsAgreeWithAModel) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  Map map;
  Set set;
  std::map<std::string, int64_t> model;
  for (int i = 0; i < 20000; ++i) {
    const std::string key = std::to_string(random() % (i % 2000 < 1000 ? 12 : 80));
    if (random() % 5 < 3) {
      EXPECT_EQ(map.insert_or_assign(Document(key), i), !model.contains(key));
      EXPECT_EQ(set.insert(Document(key)), !model.contains(key));
      model[key] = i;
    } else {
      EXPECT_EQ(map.erase(key), model.contains(key));
      EXPECT_EQ(set.erase(Document(key)), model.contains(key));
      model.erase(key);
    }
    if (i % 500 == 0) {
      const Map copy = map;
      map = copy;
      EXPECT_EQ(copy, map);
    }
    ASSERT_EQ(map.size(), model.size());
    ASSERT_EQ(set.size(), model.size());
  }
  for (const auto& [key, value] : model) {
    EXPECT_EQ(map.at(key), value);
    EXPECT_TRUE(set.contains(Document(key)));
  }
}

TEST(ClientDocument, APartReplacesTheWhole) {
  Document doc = Array{Array{1, Array{2}}, 3, 4};
  doc = doc[0];
  EXPECT_EQ(doc.to_json(), "[1,[2]]");
  doc = std::move(doc[1]);
  EXPECT_EQ(doc.to_json(), "[2]");
  doc.push_back(doc);
  EXPECT_EQ(doc.to_json(), "[2,[2]]");
  doc = Map{{"a", Map{{"b", doc}}}};
  doc["a"] = doc;
  doc = doc["a"]["a"]["b"];
  EXPECT_EQ(doc.to_json(), "[2,[2]]");
}

TEST(ClientDocument, WhatWasMovedFromIsUsable) {
  Map map;
  for (int i = 0; i < 40; ++i) map[std::to_string(i)] = i;
  Map taken = std::move(map);
  map["new"] = 1;
  EXPECT_EQ(map.size(), 1u);
  EXPECT_EQ(taken.at("39"), 39);
}

// ---- Comparison ----

TEST(ClientDocument, NumbersAreEqualByValueAndTextsNeverToBytes) {
  EXPECT_EQ(Document(1), Document(1.0));
  EXPECT_NE(Document(INT64_MAX), Document(9223372036854775807.0));
  EXPECT_EQ(Document(kNan), Document(kNan));
  EXPECT_EQ(Document(0), Document(-0.0));
  EXPECT_NE(Document("a"), Document(Bytes{"a"}));
  EXPECT_NE(Document(Array{1}), Document(Set{1}));
  EXPECT_EQ(Document(Map{{"a", 1}, {"b", 2}}), Document(Map{{"b", 2.0}, {"a", 1}}));
  EXPECT_EQ(Document(Set{1, 2}), Document(Set{2, 1}));
  EXPECT_NE(Document(Array{1, 2}), Document(Array{2, 1}));
}

TEST(ClientDocument, TheOrderPutsEveryValueInItsPlace) {
  const Array ascending = {nullptr, false, true, -kInfinity, INT64_MIN, -1.5, -1, -0.5, 0, 0.5, INT64_MAX - 1, INT64_MAX, 9223372036854775808.0,
                           kInfinity, kNan, "", "a", "b", Bytes{"a"}, Failure{"x"}, Array{}, Array{1}, Array{1, 2}, Array{2}, Map{},
                           Map{{"a", 1}}, Map{{"a", 2}}, Map{{"b", 0}}, Map{{"x", 0}, {"a", 1}}, Map{{"x", 1}, {"a", 1}}, Set{}, Set{1}, Set{2, 1}};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(ascending[i] <=> ascending[j], std::weak_ordering(i <=> j)) << ascending[i].to_json() << " " << ascending[j].to_json();
      EXPECT_EQ(ascending[i] == ascending[j], i == j) << ascending[i].to_json() << " " << ascending[j].to_json();
    }
  }
}

// ---- JSON ----

TEST(ClientDocument, JsonGoesInAndOut) {
  const std::string text = R"({"n":null,"t":[true,false],"i":-9223372036854775808,"d":[0.1,1e22,-0.0],"s":"\u00e9\n\"\\","m":{"":{}}})";
  const Document doc = Document::from_json(text);
  EXPECT_EQ(Document::from_json(doc.to_json()), doc);
  EXPECT_EQ(doc["s"], "\xc3\xa9\n\"\\");
  EXPECT_EQ(doc["i"].as_int64(), INT64_MIN);
  EXPECT_EQ(Document::from_json(R"({"a":1,"b":2,"a":3})").to_json(), R"({"a":3,"b":2})");
  EXPECT_EQ(Document(Array{1, Map{{"a", 2}}}).to_json({.indent = " ", .newline = "\n", .space = " "}), "[\n 1,\n {\n  \"a\": 2\n }\n]");
}

TEST(ClientDocument, JsonOfWhatJsonHasNot) {
  EXPECT_EQ(Document(Bytes{"plain"}).to_json(), R"("plain")");
  EXPECT_EQ(Document(Bytes{"\xff"}).to_json(), R"("data:;base64,/w==")");
  EXPECT_EQ(Document(Failure{"ERR x"}).to_json(), R"("ERR x")");
  EXPECT_EQ(Document(Set{1, 2}).to_json(), "[1,2]");
  EXPECT_EQ(Document(Array{kNan, kInfinity}).to_json(), "[null,null]");
  EXPECT_EQ(Document(Map{{1, true}, {nullptr, 2}}).to_json(), R"({"1":true,"null":2})");
}

TEST(ClientDocument, BrokenJsonSaysWhere) {
  for (const char* text : {"", "{", "[1,]", "nul", "\"\xff\"", "[1] 2", "1e999", "{\"a\" 1}", "'a'"}) {
    EXPECT_THROW(Document::from_json(text), SyntaxError) << text;
  }
  try {
    Document::from_json("[1,\n x]");
    FAIL();
  } catch (const SyntaxError& error) {
    EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
  }
}

TEST(ClientDocument, DepthIsBoundedBothWays) {
  Document deep = Array{};
  for (size_t level = 1; level < Document::kDepthMax; ++level) deep = Array{std::move(deep)};
  EXPECT_EQ(deep.depth(), Document::kDepthMax);
  const std::string json = deep.to_json(), frame = deep.to_resp();
  EXPECT_EQ(Document::from_json(json), deep);
  EXPECT_EQ(Document::from_resp(frame), deep);
  deep = Array{std::move(deep)};
  EXPECT_THROW(deep.to_json(), DepthError);
  EXPECT_THROW(deep.to_resp(), DepthError);
  EXPECT_THROW(Document::from_json("[" + json + "]"), DepthError);
  EXPECT_THROW(Document::from_resp("*1\r\n" + frame), DepthError);
  EXPECT_EQ(Document::from_json(deep.to_json(200), 200), deep);
  EXPECT_EQ(Document::from_resp(deep.to_resp(200), 200), deep);
}

// ---- RESP ----

TEST(ClientDocument, EveryKindHasItsFrame) {
  const std::pair<Document, std::string> cases[] = {
      {nullptr, "_\r\n"},
      {true, "#t\r\n"},
      {-5, ":-5\r\n"},
      {1.5, ",1.5\r\n"},
      {kInfinity, ",inf\r\n"},
      {"text", "$4\r\ntext\r\n"},
      {Bytes{"\xff"}, "$1\r\n\xff\r\n"},
      {Failure{"ERR no"}, "-ERR no\r\n"},
      {Failure{"a\r\nb"}, "!4\r\na\r\nb\r\n"},
      {Array{1, Array{}}, "*2\r\n:1\r\n*0\r\n"},
      {Map{{"a", 1}, {2, nullptr}}, "%2\r\n$1\r\na\r\n:1\r\n:2\r\n_\r\n"},
      {Set{1, "b"}, "~2\r\n:1\r\n$1\r\nb\r\n"},
  };
  for (const auto& [document, frame] : cases) {
    EXPECT_EQ(document.to_resp(), frame);
    EXPECT_EQ(Document::from_resp(frame), document) << frame;
  }
  EXPECT_EQ(Document(Array{"SET", "k", Map{{"a", 1}}}).to_resp(), "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n%1\r\n$1\r\na\r\n:1\r\n");
}

TEST(ClientDocument, RepliesOfBothProtocolsAreRead) {
  EXPECT_EQ(Document::from_resp("+OK\r\n"), "OK");
  EXPECT_EQ(Document::from_resp("$-1\r\n"), nullptr);
  EXPECT_EQ(Document::from_resp("*-1\r\n"), nullptr);
  EXPECT_EQ(Document::from_resp("=8\r\ntxt:text\r\n"), "text");
  EXPECT_EQ(Document::from_resp("(12345678901234567890123\r\n"), 12345678901234567890123.0);
  for (const char* bytes : {"", "$5\r\nab", ":x\r\n", ":1\r\n:2\r\n", ">1\r\n:1\r\n", "%1\r\n*0\r\n:1\r\n", "?\r\n", "*1\r\n"}) {
    EXPECT_THROW(Document::from_resp(bytes), SyntaxError) << bytes;
  }
}

TEST(ClientDocument, ValuesAreTakenFromAStreamAsTheyArrive) {
  const Document first = Map{{"a", Array{1, "two", 2.5, nullptr}}, {"b", Failure{"ERR x"}}}, second = "second";
  const std::string bytes = first.to_resp() + second.to_resp();
  for (size_t cut = 0; cut < first.to_resp().size(); ++cut) {
    std::string_view input = std::string_view(bytes).substr(0, cut);
    EXPECT_EQ(Document::take_resp(input), std::nullopt);
    EXPECT_EQ(input.size(), cut);
  }
  std::string_view input = bytes;
  EXPECT_EQ(Document::take_resp(input), first);
  EXPECT_EQ(Document::take_resp(input), second);
  EXPECT_TRUE(input.empty());
  input = "*2\r\n:1\r\n:x\r\n";
  EXPECT_THROW(Document::take_resp(input), SyntaxError);
}

// ---- Beside the server's document ----

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Document Value(int depth) {
    const uint64_t kind = random_() % (depth > 0 ? 10 : 7);
    Array items;
    if (kind >= 7) {
      for (uint64_t i = random_() % (random_() % 20 == 0 ? 40 : 4); i > 0; --i) items.push_back(kind == 7 ? Value(depth - 1) : Scalar());
    }
    if (kind < 7) return Scalar();
    if (kind == 7) return items;
    Map map;
    Set set;
    for (Document& item : items) kind == 8 ? map.insert_or_assign(std::move(item), Value(depth - 1)) : set.insert(std::move(item));
    return kind == 8 ? Document(map) : Document(set);
  }

 private:
  Document Scalar() {
    switch (random_() % 8) {
      case 0: return nullptr;
      case 1: return random_() % 2 == 0;
      case 2: return static_cast<int64_t>(random_() >> random_() % 64);
      case 3: return static_cast<int64_t>(random_() % 4);
      case 4: return static_cast<double>(random_() % 8) / 2;
      case 5: return std::string(random_() % 300, 'x');
      case 6: return std::string(1, static_cast<char>('a' + random_() % 3));
      default: return Bytes{"\xfe" + std::string(random_() % 3, 'b')};
    }
  }
  std::mt19937_64 random_;
};

TEST(ClientDocument, RandomValuesMeanTheSameToAServer) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  Generator generator(seed);
  std::vector<std::pair<Document, types::Document>> values;
  for (int i = 0; i < 400; ++i) {
    Document here = generator.Value(4);
    const std::string frame = here.to_resp();
    EXPECT_EQ(Document::from_resp(frame), here);
    auto there = codec::DocumentFromFrame(frame, 128);
    ASSERT_TRUE(there.has_value());
    EXPECT_EQ(here.to_json(), types::JsonOf(there->view()));
    values.emplace_back(std::move(here), *std::move(there));
  }
  for (const auto& [a, server_a] : values) {
    for (const auto& [b, server_b] : values) {
      ASSERT_EQ(a == b, server_a == server_b) << a.to_json() << " " << b.to_json();
      ASSERT_EQ(a == b, (a <=> b) == 0) << a.to_json() << " " << b.to_json();
    }
  }
}

}  // namespace
}  // namespace tusk
