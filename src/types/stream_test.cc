#include "types/stream.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/random.h"

namespace tusk::types {
namespace {

using Fields = std::vector<std::string>;
using Model = std::map<StreamId, Fields>;

std::vector<std::string_view> Views(const Fields& fields) { return {fields.begin(), fields.end()}; }

Model Contents(const Stream& stream, StreamId low = {}, StreamId high = StreamId::Max(),
               StreamCursor::Direction direction = StreamCursor::Direction::kForward) {
  Model contents;
  StreamCursor at(stream, low, high, direction);
  while (at.Next()) {
    Fields fields;
    StreamCursor::Element name{int64_t{0}}, value{int64_t{0}};
    while (at.NextField(name, value)) {
      fields.push_back(name.ToString());
      fields.push_back(value.ToString());
    }
    EXPECT_EQ(fields.size(), at.field_count() * 2);
    EXPECT_TRUE(contents.emplace(at.id(), fields).second);
  }
  return contents;
}

TEST(StreamIds, ReadAndSpell) {
  EXPECT_EQ(ParseStreamId("5-7", 0), (StreamId{5, 7}));
  EXPECT_EQ(ParseStreamId("5", 9), (StreamId{5, 9}));
  EXPECT_EQ(ParseStreamId(" 5-+07", 0), (StreamId{5, 7}));
  EXPECT_EQ(ParseStreamId(std::string_view("5\0x", 3), 1), (StreamId{5, 1}));
  EXPECT_EQ(ParseStreamId("18446744073709551615-18446744073709551615", 0), StreamId::Max());
  for (const char* bad : {"", "-", "5-", "-5", "a-1", "1-a", "18446744073709551616-0", "1-2-3", "1 -2", " -1"}) {
    EXPECT_EQ(ParseStreamId(bad, 0), std::nullopt) << bad;
  }
  EXPECT_EQ(StreamId::Max().ToString(), "18446744073709551615-18446744073709551615");
  EXPECT_EQ(StreamId::Max().Next(), std::nullopt);
  EXPECT_EQ(StreamId().Previous(), std::nullopt);
  EXPECT_EQ((StreamId{1, UINT64_MAX}).Next(), (StreamId{2, 0}));
  EXPECT_EQ((StreamId{2, 0}).Previous(), (StreamId{1, UINT64_MAX}));
}

// Random appends, deletions and trims beside a std::map; ranges in both directions.
class StreamModel : public testing::TestWithParam<StreamLimits> {};

INSTANTIATE_TEST_SUITE_P(Limits, StreamModel,
                         testing::Values(StreamLimits{}, StreamLimits{0, 1}, StreamLimits{0, 7}, StreamLimits{300, 0}));

TEST_P(StreamModel, BehavesAsAnOrderedMap) {
  uint64_t seed = testing::UnitTest::GetInstance()->random_seed() + 1u;
  SCOPED_TRACE("seed " + std::to_string(seed));
  base::Random random(seed);
  Stream stream;
  Model model;
  uint64_t added = 0;
  auto any_id = [&]() -> StreamId {
    return {stream.last_id().ms == 0 ? 0 : random.Below(stream.last_id().ms + 2), random.Below(4)};
  };
  for (int step = 0; step < 4000; ++step) {
    switch (random.Below(10)) {
      case 0: {
        StreamId id = any_id();
        EXPECT_EQ(stream.Delete(id) == Stream::Deletion::kDeleted, model.erase(id) == 1);
        break;
      }
      case 1: {
        if (random.Below(20) != 0) break;
        StreamTrim trim{.by = StreamTrim::By::kId, .id = any_id()};
        uint64_t expected = 0;
        while (!model.empty() && model.begin()->first < trim.id) model.erase(model.begin()), ++expected;
        EXPECT_EQ(stream.Trim(trim), expected);
        break;
      }
      case 2: {
        if (random.Below(40) != 0) break;
        StreamTrim trim{.length = random.Below(model.size() + 5)};
        uint64_t expected = 0;
        while (model.size() > trim.length) model.erase(model.begin()), ++expected;
        EXPECT_EQ(stream.Trim(trim), expected);
        break;
      }
      case 3: {
        StreamId low = any_id(), high = any_id();
        Model expected;
        if (low <= high) expected.insert(model.lower_bound(low), model.upper_bound(high));
        EXPECT_EQ(Contents(stream, low, high), expected);
        EXPECT_EQ(Contents(stream, low, high, StreamCursor::Direction::kBackward), expected);
        break;
      }
      default: {
        StreamId id = random.Below(2) ? *stream.last_id().Next() : StreamId{stream.last_id().ms + 1 + random.Below(3), random.Below(4)};
        Fields fields;
        for (uint64_t i = random.Below(3) + 1; i > 0; --i) {
          fields.push_back("f" + std::to_string(random.Below(2) ? i : random.Below(50)));
          fields.push_back(random.Below(2) ? std::to_string(random.Next()) : std::string(random.Below(60), 'x'));
        }
        stream.Append(id, Views(fields), GetParam());
        model[id] = fields;
        ++added;
        EXPECT_EQ(stream.last_id(), id);
      }
    }
    ASSERT_EQ(stream.size(), model.size());
    ASSERT_EQ(stream.first_id(), model.empty() ? StreamId() : model.begin()->first);
  }
  EXPECT_EQ(stream.entries_added(), added);
  EXPECT_EQ(Contents(stream), model);
  EXPECT_EQ(Contents(stream.Clone()), model);
  // What a file would bring back.
  Stream loaded;
  for (const auto& [id, node] : stream.nodes()) {
    auto copy = StreamNode::FromBytes(node.raw(), id);
    ASSERT_TRUE(copy.has_value());
    loaded.AppendNode(id, std::move(*copy));
  }
  EXPECT_EQ(Contents(loaded), model);
  EXPECT_EQ(loaded.first_id(), stream.first_id());
  EXPECT_EQ(loaded.size(), stream.size());
}

TEST(StreamNodes, ForeignBytesAreRefusedUnlessEveryCountFits) {
  std::vector<std::string_view> fields = {"name", "value", "number", "12"};
  std::vector<std::string_view> other = {"else", "x"};
  StreamId first{10, 0};
  StreamNode node(fields);
  node.Append(first, first, fields);
  node.Append(first, {11, 0}, other);
  node.Append(first, {11, 5}, fields);
  ASSERT_TRUE(StreamNode::FromBytes(node.raw(), first).has_value());
  std::string bytes(node.raw());
  // Every flipped bit gives a refusal or a node that can be walked.
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    auto result = StreamNode::FromBytes(flipped, first);
    if (!result) continue;
    StreamNode::Cursor at(*result, first);
    uint64_t entries = 0;
    while (at.Next()) ++entries;
    EXPECT_EQ(entries, result->live() + result->deleted());
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(StreamNode::FromBytes(bytes.substr(0, size), first).has_value());
  }
}

TEST(StreamTrims, ApproximateOnesTakeWholeNodesWithinTheirLimit) {
  StreamLimits limits{.node_entries_max = 10};
  std::vector<std::string_view> fields = {"f", "v"};
  Stream stream;
  for (uint64_t i = 1; i <= 100; ++i) stream.Append({i, 0}, fields, limits);
  EXPECT_EQ(stream.Trim({.length = 95, .approximate = true}), 0u);
  EXPECT_EQ(stream.Trim({.length = 85, .approximate = true}), 10u);
  EXPECT_EQ(stream.Trim({.length = 0, .approximate = true, .limit = 35}), 30u);
  EXPECT_EQ(stream.Trim({.by = StreamTrim::By::kId, .id = {55, 0}, .approximate = true}), 10u);
  EXPECT_EQ(stream.first_id(), (StreamId{51, 0}));
}

TEST(StreamReferencePolicies, DecideWhatDeletionDoesToPendingEntries) {
  std::vector<std::string_view> fields = {"f", "v"};
  Stream stream;
  for (uint64_t i = 1; i <= 6; ++i) stream.Append({i, 0}, fields, {});
  StreamGroup& group = *stream.AddGroup("g", {3, 0}, 3);
  StreamConsumer& consumer = group.ConsumerOf("c", 0);
  group.Assign({2, 0}, consumer);
  group.Assign({3, 0}, consumer);
  using enum StreamReferences;
  EXPECT_EQ(stream.Delete({1, 0}, kAcknowledged), Stream::Deletion::kDeleted);
  EXPECT_EQ(stream.Delete({2, 0}, kAcknowledged), Stream::Deletion::kReferenced);
  EXPECT_EQ(stream.Delete({4, 0}, kAcknowledged), Stream::Deletion::kReferenced) << "nobody has read it";
  EXPECT_EQ(stream.Delete({9, 0}, kAcknowledged), Stream::Deletion::kAbsent);
  EXPECT_EQ(stream.Delete({2, 0}, kKeep), Stream::Deletion::kDeleted);
  EXPECT_EQ(consumer.pending().size(), 2u);
  EXPECT_EQ(stream.Delete({3, 0}, kDelete), Stream::Deletion::kDeleted);
  EXPECT_EQ(consumer.pending().size(), 1u);
  EXPECT_EQ(stream.Trim({.length = 0, .references = kAcknowledged}), 0u);
  EXPECT_EQ(stream.Trim({.length = 1, .references = kDelete}), 2u);
}

// The group's list and the consumers' sets agree after any order of changes.
TEST(StreamGroups, PendingListsAgree) {
  uint64_t seed = testing::UnitTest::GetInstance()->random_seed() + 2u;
  SCOPED_TRACE("seed " + std::to_string(seed));
  base::Random random(seed);
  StreamGroup group;
  std::map<StreamId, std::string> model;
  for (int step = 0; step < 5000; ++step) {
    StreamId id{random.Below(200), 0};
    std::string name = "c" + std::to_string(random.Below(5));
    switch (random.Below(8)) {
      case 0: EXPECT_EQ(group.Acknowledge(id), model.erase(id) == 1); break;
      case 1: {
        if (random.Below(30) != 0 || !group.FindConsumer(name)) break;
        size_t expected = std::erase_if(model, [&](const auto& entry) { return entry.second == name; });
        EXPECT_EQ(group.RemoveConsumer(name), expected);
        break;
      }
      default:
        group.Assign(id, group.ConsumerOf(name, 1)).delivered_ms = step;
        model[id] = name;
    }
  }
  StreamGroup copy;
  copy.CopyFrom(group);
  for (const StreamGroup* each : {&group, &copy}) {
    ASSERT_EQ(each->pending().size(), model.size());
    size_t owned = 0;
    for (const auto& [name, consumer] : each->consumers()) owned += consumer.pending().size();
    EXPECT_EQ(owned, model.size());
    for (const auto& [id, pending] : each->pending()) {
      EXPECT_EQ(pending.consumer->name(), model[id]);
      EXPECT_TRUE(pending.consumer->pending().contains(id));
    }
  }
}

}  // namespace
}  // namespace tusk::types
