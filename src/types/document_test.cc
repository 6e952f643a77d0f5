#include "types/document.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "types/document_pack.h"
#include "types/json_reader.h"
#include "types/json_writer.h"

namespace tusk::types {
namespace {

Document Json(std::string_view text) {
  base::Result<Document> document = DocumentFromJson(text);
  EXPECT_TRUE(document.has_value()) << text << ": " << document.error().message();
  return document ? *std::move(document) : Document();
}
std::string Text(const Document& document) { return JsonOf(document.view()); }
std::string Packed(const Document& document) {
  DocumentPacker packer;
  packer.Value(document.view());
  return std::string(packer.bytes());
}

uint64_t Seed() {
  const char* given = std::getenv("TUSK_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 20261122;
}

TEST(DocumentTest, IntegersOfEveryWidthComeBack) {
  for (int shift = 0; shift < 64; ++shift) {
    const uint64_t power = uint64_t{1} << shift;
    for (int64_t value : {int64_t(power), int64_t(0 - power), int64_t(power - 1)}) {
      EXPECT_EQ(Document::Integer(value).view().integer(), value);
      DocumentPacker packer;
      packer.Integer(value);
      EXPECT_EQ(packer.view().integer(), value);
      EXPECT_EQ(PackedSizeOf(DocumentView::Integer(value), 100), packer.bytes().size());
    }
  }
}

TEST(DocumentTest, DoublesComeBackBitByBit) {
  for (double value : {0.0, -0.0, 1.5, 0.1, -1e308, 5e-324, double(INFINITY), -double(INFINITY), 16777217.0}) {
    Document document = Document::Double(value);
    EXPECT_EQ(document.view().number(), value);
    EXPECT_EQ(std::signbit(document.view().number()), std::signbit(value));
    DocumentPacker packer;
    packer.Double(value);
    EXPECT_EQ(packer.view().number(), value);
    EXPECT_EQ(PackedSizeOf(document.view(), 100), packer.bytes().size());
  }
  EXPECT_TRUE(std::isnan(Document::Double(-std::nan("1")).view().number()));
}

TEST(DocumentTest, TextsOfEveryLengthComeBack) {
  for (size_t size : {0, 1, 5, 6, 31, 32, 255, 256, 70000}) {
    const std::string text(size, 'x');
    for (DocumentKind kind : {DocumentKind::kText, DocumentKind::kBytes, DocumentKind::kError}) {
      Document document = Document::Textual(kind, text);
      EXPECT_EQ(document.kind(), kind);
      EXPECT_EQ(document.view().text(), text);
      EXPECT_EQ(Packed(document).size(), PackedSizeOf(document.view(), SIZE_MAX));
    }
  }
}

TEST(DocumentTest, ShortScalarsTakeNoMemory) {
  EXPECT_EQ(Document::Text("abcde").MemoryBytes(), 0u);
  EXPECT_EQ(Document::Double(0.1).MemoryBytes(), 0u);
  EXPECT_GT(Document::Text("abcdef").MemoryBytes(), 0u);
}

TEST(DocumentTest, SmallDocumentIsOneBlock) {
  Document document = Json(R"({"name":"Ada","tags":["x","y",{"z":[1,2,3]}],"n":12.5})");
  EXPECT_EQ(document.EncodingName(), "packed");
  EXPECT_LT(document.MemoryBytes(), 80u);
}

TEST(DocumentTest, KindsAreNotEqualToEachOtherButNumbersAre) {
  EXPECT_TRUE(Document::Integer(1) == Document::Double(1.0));
  EXPECT_FALSE(Document::Integer(INT64_MAX) == Document::Double(9223372036854775808.0));
  EXPECT_TRUE(Document::Integer(INT64_MIN) == Document::Double(-9223372036854775808.0));
  EXPECT_FALSE(Document::Text("a") == Document::Textual(DocumentKind::kBytes, "a"));
  EXPECT_FALSE(Document::Bool(true) == Document::Integer(1));
  EXPECT_TRUE(Json(R"({"a":1,"b":[2]})") == Json(R"({"b":[2.0],"a":1})"));
  EXPECT_FALSE(Json(R"({"a":1})") == Json(R"({"a":1,"b":2})"));
}

TEST(DocumentTest, MapKeepsTheOrderOfInsertionAndTextsApartFromBytes) {
  Document map = Document::Map();
  EXPECT_TRUE(map.Put(Document::Text("k"), Document::Integer(1)));
  EXPECT_TRUE(map.Put(Document::Textual(DocumentKind::kBytes, "k"), Document::Integer(2)));
  EXPECT_TRUE(map.Put(Document::Integer(7), Document::Integer(3)));
  EXPECT_FALSE(map.Put(Document::Double(7), Document::Integer(4)));
  EXPECT_EQ(map.size(), 3u);
  EXPECT_EQ(map.view().FindName("k")->integer(), 1);
  EXPECT_TRUE(map.Erase(DocumentView::Text("k")));
  EXPECT_EQ(map.view().FindName("k")->integer(), 2);
  EXPECT_EQ(map.view().Find(DocumentView::Integer(7))->integer(), 4);
}

TEST(DocumentTest, DepthCountsLevelsOfContainers) {
  EXPECT_EQ(Json("1").view().Depth(), 0u);
  EXPECT_EQ(Json("[]").view().Depth(), 1u);
  EXPECT_EQ(Json(R"([1,{"a":[[]]},[2]])").view().Depth(), 4u);
  EXPECT_EQ(Json(R"([1,{"a":[[]]},[2]])").view().Depth(2), 2u);
}

// Random operations on an array beside a deque, through growth, shrinking and both forms.
TEST(DocumentTest, ArrayActsAsADequeDoes) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(seed);
  base::Random random(seed);
  Document array = Document::Array();
  std::deque<std::string> model;
  for (int step = 0; step < 30000; ++step) {
    const bool grows = step % 6000 < 3500;
    const std::string text(random.Below(40), static_cast<char>('a' + step % 26));
    if (model.empty() || random.Below(10) < (grows ? 7u : 3u)) {
      const size_t way = random.Below(4);
      const size_t at = way == 0 ? 0 : way == 1 ? random.Below(model.size() + 1) : model.size();
      model.insert(model.begin() + static_cast<long>(at), text);
      array.Insert(at, Document::Text(text));
    } else {
      const size_t at = random.Below(3) == 0 ? random.Below(model.size()) : random.Below(2) != 0 ? 0 : model.size() - 1;
      const Document taken = array.TakeAt(at);
      ASSERT_EQ(taken.view().text(), model[at]);
      model.erase(model.begin() + static_cast<long>(at));
    }
    if (random.Below(3) == 0) array.Settle();
    ASSERT_EQ(array.size(), model.size());
    if (step % 97 != 0) continue;
    size_t i = 0;
    for (DocumentCursor at(array.view()); at.Next(); ++i) ASSERT_EQ(at.value().text(), model[i]);
    ASSERT_EQ(i, model.size());
    if (!model.empty()) {
      ASSERT_EQ(array.view().At(i / 2).text(), model[i / 2]);
    }
    ASSERT_TRUE(array.Clone() == array);
  }
}

// The same for integers: their widths grow, an element is changed in its place now and then, and rarely something comes that is none.
TEST(DocumentTest, ArrayOfIntegersActsAsADequeDoes) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(seed);
  base::Random random(seed);
  Document array = Document::Array();
  std::deque<int64_t> model;
  constexpr int64_t kText = INT64_MIN + 7;  // Stands for a text.
  for (int step = 0; step < 60000; ++step) {
    const bool grows = step % 12000 < 8000;
    const size_t shift = 64 - std::min<size_t>(64, 4 + static_cast<size_t>(step % 12000) / 150);
    const int64_t integer = step % 4001 == 4000 ? kText : shift == 64 ? 0 : static_cast<int64_t>(random.Next()) >> shift;
    const size_t what = random.Below(100);
    if (model.empty() || what < (grows ? 60u : 30u)) {
      const size_t way = random.Below(4);
      const size_t at = way == 0 ? 0 : way == 1 ? random.Below(model.size() + 1) : model.size();
      model.insert(model.begin() + static_cast<long>(at), integer);
      array.Insert(at, integer == kText ? Document::Text("text") : Document::Integer(integer));
    } else if (what == 99 && step % 7 == 0) {
      const size_t at = random.Below(model.size());
      array.At(at) = Document::Integer(model[at] = integer == kText ? 0 : integer);
    } else if (what == 98 && step % 7 == 0) {
      array = array.Clone();
    } else {
      const size_t at = random.Below(3) == 0 ? random.Below(model.size()) : random.Below(2) != 0 ? 0 : model.size() - 1;
      const size_t count = what == 97 ? std::min<size_t>(model.size() - at, 10) : 1;
      if (count == 1) {
        const Document taken = array.TakeAt(at);
        ASSERT_EQ(taken.kind(), model[at] == kText ? DocumentKind::kText : DocumentKind::kInteger);
      } else {
        array.Remove(at, count);
      }
      model.erase(model.begin() + static_cast<long>(at), model.begin() + static_cast<long>(at + count));
    }
    if (random.Below(3) == 0) array.Settle();
    ASSERT_EQ(array.size(), model.size());
    if (step % 97 != 0) continue;
    size_t i = 0;
    for (DocumentCursor at(array.view()); at.Next(); ++i) {
      if (model[i] != kText) {
        ASSERT_EQ(at.value().integer(), model[i]);
        ASSERT_EQ(array.view().At(i).integer(), model[i]);
      }
    }
    ASSERT_EQ(i, model.size());
    ASSERT_TRUE(array.Clone() == array);
  }
}

TEST(DocumentTest, LargeArraysOfIntegersTakeTheBytesOfTheWidest) {
  for (const auto& [value, width] : {std::pair<int64_t, size_t>{-128, 1}, {128, 2}, {-32769, 4}, {int64_t{1} << 31, 8}, {INT64_MIN, 8}}) {
    std::string json = "[" + std::to_string(value);
    for (int i = 1; i < 5000; ++i) json += ",1";
    Document array = Json(json + "]");
    EXPECT_LT(array.MemoryBytes(), 5000 * width + 5000 * width / 4 + 64) << value;
    EXPECT_GE(array.MemoryBytes(), 5000 * width) << value;
    EXPECT_EQ(array.FreeEffort(), 1u);
    EXPECT_EQ(array.view().At(0).integer(), value);
    EXPECT_EQ(array.view().At(4999).integer(), 1);
    array.Append(Document::Integer(INT64_MAX));
    array.Append(Document::Double(0.5));
    EXPECT_EQ(array.view().At(0).integer(), value);
    EXPECT_EQ(array.view().At(5000).integer(), INT64_MAX);
    EXPECT_EQ(array.view().At(5001).number(), 0.5);
    EXPECT_EQ(array.size(), 5002u);
  }
}

// Random operations on a map and a set beside a list of pairs, which keeps the order.
TEST(DocumentTest, MapActsAsAnOrderedListOfPairsDoes) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(seed);
  base::Random random(seed);
  Document map = Document::Map();
  Document set = Document::Set();
  std::vector<std::pair<std::string, int64_t>> model;
  for (int step = 0; step < 20000; ++step) {
    const std::string key = "key:" + std::to_string(random.Below(step % 8000 < 4000 ? 400 : 40));
    auto at = std::find_if(model.begin(), model.end(), [&](auto& pair) { return pair.first == key; });
    if (random.Below(10) < 6) {
      const auto value = static_cast<int64_t>(random.Next());
      ASSERT_EQ(map.Put(Document::Text(key), Document::Integer(value)), at == model.end());
      ASSERT_EQ(set.Add(Document::Text(key)), at == model.end());
      at == model.end() ? void(model.emplace_back(key, value)) : void(at->second = value);
    } else {
      ASSERT_EQ(map.Erase(DocumentView::Text(key)), at != model.end());
      ASSERT_EQ(set.Erase(DocumentView::Text(key)), at != model.end());
      if (at != model.end()) model.erase(at);
    }
    if (random.Below(4) == 0) {
      map.Settle();
      set.Settle();
    }
    ASSERT_EQ(map.size(), model.size());
    ASSERT_EQ(set.size(), model.size());
    std::optional<DocumentView> found = map.view().FindName(key);
    ASSERT_EQ(found.has_value(), std::find_if(model.begin(), model.end(), [&](auto& p) { return p.first == key; }) != model.end());
    if (step % 101 != 0) continue;
    size_t i = 0;
    for (DocumentCursor pair(map.view()); pair.Next(); ++i) {
      ASSERT_EQ(pair.key().text(), model[i].first);
      ASSERT_EQ(pair.value().integer(), model[i].second);
    }
    i = 0;
    for (DocumentCursor member(set.view()); member.Next(); ++i) ASSERT_EQ(member.value().text(), model[i].first);
    ASSERT_TRUE(map.Clone() == map);
  }
}

// A random document of every kind; `depth` levels at most.
Document RandomDocument(base::Random& random, size_t depth) {
  switch (random.Below(depth == 0 ? 7 : 10)) {
    case 0: return {};
    case 1: return Document::Bool(random.Below(2) != 0);
    case 2: return Document::Integer(static_cast<int64_t>(random.Next() >> random.Below(64)));
    case 3: return Document::Double(static_cast<double>(random.Next()) / static_cast<double>(1 + random.Below(1000)));
    case 4: return Document::Text(std::string(random.Below(300), 't'));
    case 5: return Document::Textual(DocumentKind::kBytes, std::string(random.Below(30), '\xff'));
    case 6: return Document::Textual(DocumentKind::kError, "ERR no");
    case 7: {
      Document array = Document::Array();
      for (size_t n = random.Below(12); n > 0; --n) array.Append(RandomDocument(random, depth - 1));
      array.Settle();
      return array;
    }
    case 8: {
      Document map = Document::Map();
      for (size_t n = random.Below(12); n > 0; --n) {
        map.Put(RandomDocument(random, 0), RandomDocument(random, depth - 1));
      }
      map.Settle();
      return map;
    }
    default: {
      Document set = Document::Set();
      for (size_t n = random.Below(40); n > 0; --n) set.Add(RandomDocument(random, 0));
      set.Settle();
      return set;
    }
  }
}

TEST(DocumentTest, PackedFormReadsBackEqualAndIsAsLongAsMeasured) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(seed);
  base::Random random(seed);
  for (int round = 0; round < 2000; ++round) {
    const Document document = RandomDocument(random, 5);
    const std::string packed = Packed(document);
    ASSERT_EQ(packed.size(), PackedSizeOf(document.view(), SIZE_MAX));
    ASSERT_EQ(packed.size(), PackedSize(packed.data()));
    ASSERT_TRUE(CheckPacked(packed, 5).ok()) << CheckPacked(packed, 5).message();
    ASSERT_TRUE(DocumentView::OfPacked(packed.data()) == document.view());
    ASSERT_TRUE(Document::CopyOf(DocumentView::OfPacked(packed.data())) == document);
  }
}

TEST(DocumentTest, BrokenPackedFormsAreRefused) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(seed);
  base::Random random(seed);
  for (int round = 0; round < 300; ++round) {
    const std::string packed = Packed(RandomDocument(random, 4));
    for (int change = 0; change < 40; ++change) {
      std::string broken = packed;
      broken[random.Below(broken.size())] = static_cast<char>(random.Below(256));
      if (random.Below(2) == 0) broken.resize(random.Below(broken.size()) + 1);
      const std::string exact(broken);  // No byte more, for the address sanitizer's sake.
      if (!CheckPacked(exact, 8).ok()) continue;
      const Document copy = Document::CopyOf(DocumentView::OfPacked(exact.data()));
      ASSERT_LE(copy.view().Depth(), 8u);
    }
  }
  EXPECT_FALSE(CheckPacked("", 8).ok());
  EXPECT_FALSE(CheckPacked(std::string("\x0d\x04\x02\x80\x80\x80\x80", 7), 8).ok()) << "a key twice";
  EXPECT_EQ(CheckPacked(std::string("\x0c\x03\x01\x0c\x00\x00", 6), 1).code(), base::Code::kExhausted);
}

TEST(DocumentTest, EqualKeysKeepTheLastValueAtTheFirstPlace) {
  EXPECT_EQ(Text(Json(R"({"a":1,"b":2,"a":3})")), R"({"a":3,"b":2})");
  std::string large = "{";
  for (int i = 0; i < 600; ++i) large += "\"key" + std::to_string(i % 300) + "\":" + std::to_string(i) + ",";
  large += "\"end\":0}";
  Document document = Json(large);
  EXPECT_EQ(document.size(), 301u);
  EXPECT_EQ(document.view().FindName("key7")->integer(), 307);
}

TEST(DocumentTest, ChangesDeepInsideUnpackAndSettleAgain) {
  Document document = Json(R"({"a":{"b":[1,2,{"c":3}]}})");
  Document& inner = document.FindName("a")->FindName("b")->At(2);
  inner.Put(Document::Text("d"), Document::Text("four"));
  EXPECT_EQ(Text(document), R"({"a":{"b":[1,2,{"c":3,"d":"four"}]}})");
  EXPECT_EQ(document.EncodingName(), "tree");
  document.Settle();
  EXPECT_EQ(document.EncodingName(), "packed");
  EXPECT_EQ(Text(document), R"({"a":{"b":[1,2,{"c":3,"d":"four"}]}})");
}

TEST(DocumentTest, FreeEffortGrowsWithWhatIsWithin) {
  std::string text = R"({"list":[)";
  for (int i = 0; i < 5000; ++i) text += "\"" + std::to_string(i) + "\",";
  text += "0]}";
  EXPECT_GT(Json(text).FreeEffort(), 64u);
  EXPECT_EQ(Json("[1,2,3]").FreeEffort(), 1u);
}

TEST(DocumentTest, TakeLastEmptiesASetFromItsEnd) {
  Document set = Document::Set();
  constexpr int64_t kMembers = 500;
  for (int64_t i = 0; i < kMembers; ++i) set.Add(Document::Integer(i));
  // Holes, also at the end.
  for (int64_t i = 0; i < kMembers; i += 2) EXPECT_TRUE(set.Erase(DocumentView::Integer(i)));
  EXPECT_TRUE(set.Erase(DocumentView::Integer(kMembers - 1)));
  for (int64_t i = kMembers - 3; i > 0; i -= 2) {
    EXPECT_EQ(set.TakeLast().view().integer(), i);
    EXPECT_FALSE(set.view().Find(DocumentView::Integer(i)));
    if (i % 7 == 0) EXPECT_TRUE(set.Add(Document::Integer(-i)));
    if (i % 7 == 0) EXPECT_EQ(set.TakeLast().view().integer(), -i);
  }
  EXPECT_EQ(set.size(), 0u);
}

}  // namespace
}  // namespace tusk::types
