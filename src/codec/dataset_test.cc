// A keyspace written and read again, files of other writers, and files that are damaged.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/clock.h"
#include "codec/crc64.h"
#include "codec/dataset_reader.h"
#include "codec/dataset_writer.h"

namespace tusk::codec {
namespace {

class Collector final : public DatasetVisitor {
 public:
  void OnFact(std::string_view name, std::string_view value) override { facts[std::string(name)] = value; }
  base::Status OnFunction(std::string_view code) override {
    functions.emplace_back(code);
    return {};
  }
  base::Status OnKey(LoadedKey& key) override {
    if (std::string(key.key) == refuse) return base::Status::Invalid("refused");
    keys[std::to_string(key.db) + ":" + std::string(key.key)] =
        (key.is_text ? std::string(key.text) : "a " + std::string(store::TypeName(key.value.type()))) +
        (key.deadline_ms >= 0 ? " until " + std::to_string(key.deadline_ms) : "") +
        (key.idle_seconds >= 0 ? " idle " + std::to_string(key.idle_seconds) : "") +
        (key.frequency >= 0 ? " used " + std::to_string(key.frequency) : "");
    return {};
  }
  void OnEmptyKey(std::string_view) override { ++empty; }
  void OnNoChecksum() override { ++unsummed; }

  std::string refuse;
  std::map<std::string, std::string> keys;
  std::map<std::string, std::string> facts;
  std::vector<std::string> functions;
  int empty = 0;
  int unsummed = 0;
};

base::Status ReadAll(std::string_view bytes, Collector& collector, size_t databases = 16) {
  Reader reader(bytes);
  return ReadDataset(reader, {.limits = {}, .databases = databases}, collector);
}

class DatasetTest : public testing::Test {
 protected:
  DatasetTest() : keyspace_({.databases = 16, .clock = &clock_, .settings = &settings_}) {}
  void Put(store::DbIndex db, std::string_view name, store::Value value, int64_t deadline_ms = -1) {
    store::Key key = store::Key::Of(name);
    store::Shard& shard = keyspace_.StripeOf(key).ShardFor(db);
    store::Entry& entry = shard.Put(key, nullptr, std::move(value), nullptr);
    if (deadline_ms >= 0) shard.SetDeadline(key, entry, deadline_ms);
  }
  std::string Written(const DatasetOptions& options) {
    store::Transaction transaction(keyspace_);
    transaction.Begin(clock_.UnixMillis());
    transaction.EnterLaneBlocking();
    transaction.LockAllInLane();
    StringSink sink;
    EXPECT_TRUE(WriteDataset(transaction, sink, options).ok());
    return sink.Take();
  }

  base::FakeClock clock_;
  store::Settings settings_;
  store::Keyspace keyspace_;
};

TEST_F(DatasetTest, AllKeysComeBackWithTheirDatabasesAndDeadlines) {
  for (int i = 0; i < 2000; ++i) {
    Put(static_cast<store::DbIndex>(i % 3 * 7), "key" + std::to_string(i), store::Value::String("v" + std::to_string(i)),
        i % 5 == 0 ? clock_.UnixMillis() + i : -1);
  }
  std::string bytes = Written({.redis_version = "7.2.0", .now_ms = clock_.UnixMillis(), .facts = {{"repl-id", "abc"}}, .functions = {"#!lua"}});
  Collector got;
  base::Status status = ReadAll(bytes, got);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(got.keys.size(), 2000u);
  EXPECT_EQ(got.keys["7:key1"], "v1");
  EXPECT_EQ(got.keys["14:key5"], "v5 until " + std::to_string(clock_.UnixMillis() + 5));
  EXPECT_EQ(got.facts["redis-ver"], "7.2.0");
  EXPECT_EQ(got.facts["repl-id"], "abc");
  EXPECT_EQ(got.functions, std::vector<std::string>{"#!lua"});
  EXPECT_EQ(got.unsummed, 0);
}

TEST_F(DatasetTest, AccessClocksGoAlongWhenThePolicyUsesThem) {
  Put(0, "k", store::Value::String("v"));
  settings_.maxmemory_policy.set(store::EvictionPolicy::kAllKeysLfu);
  keyspace_.StripeOf(store::Key::Of("k")).first.Find(store::Key::Of("k"))->set_access(77);
  Collector got;
  ASSERT_TRUE(ReadAll(Written({}), got).ok());
  EXPECT_EQ(got.keys["0:k"], "v used 77");
}

TEST_F(DatasetTest, WithoutChecksumTheFileSaysSo) {
  Put(0, "k", store::Value::String("v"));
  Collector got;
  ASSERT_TRUE(ReadAll(Written({.writer = {.checksum = false}}), got).ok());
  EXPECT_EQ(got.unsummed, 1);
}

TEST_F(DatasetTest, EveryCutAndEveryFlippedByteIsNoticed) {
  Put(0, "a", store::Value::String("some text"));
  Put(3, "b", store::Value::String("12"), clock_.UnixMillis());
  std::string bytes = Written({});
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    Collector got;
    EXPECT_FALSE(ReadAll(std::string_view(bytes).substr(0, cut), got).ok()) << cut;
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    Collector got;
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_FALSE(ReadAll(damaged, got).ok()) << at;
  }
}

TEST_F(DatasetTest, AVisitorEndsTheReading) {
  Put(0, "a", store::Value::String("1"));
  Collector got;
  got.refuse = "a";
  EXPECT_EQ(ReadAll(Written({}), got).message(), "refused");
}

TEST(Dataset, OldAndForeignFilesAreReadOrNamed) {
  using namespace std::string_literals;
  Collector got;
  // Version 3: no checksum, deadline in seconds.
  ASSERT_TRUE(ReadAll("REDIS0003\xfe\x02\xfd\x01\x00\x00\x00\x00\x01k\x01v\x01\x01l\x00\xff"s, got).ok());
  EXPECT_EQ(got.keys["2:k"], "v until 1000");
  EXPECT_EQ(got.empty, 1);
  auto error = [](const std::string& bytes, size_t databases = 16) {
    Collector collector;
    return ReadAll(bytes, collector, databases).message();
  };
  EXPECT_EQ(error("RUDIS0003"), "Wrong signature trying to load DB from file at byte 9");
  EXPECT_EQ(error("REDIS0080"), "Can't handle RDB format version 80 at byte 9");
  EXPECT_TRUE(error("REDIS0003\xfe\x05"s, 4).starts_with("Data file was created with a server configured to handle more than 4"));
  EXPECT_TRUE(error("REDIS0009\x07\x01k\x81\x10\x82\x08\x20\x82\x08\x20\x05"s).starts_with("value of the module type 'EIIIIIIII"))
      << error("REDIS0009\x07\x01k\x81\x10\x82\x08\x20\x82\x08\x20\x05"s);
  EXPECT_TRUE(error("REDIS0009\xf7\x81\x10\x82\x08\x20\x82\x08\x20\x05"s).starts_with("The RDB file contains AUX module data"));
  EXPECT_TRUE(error("REDIS0009\xc8\x01k"s).starts_with("Unknown RDB encoding type 200"));
}

}  // namespace
}  // namespace tusk::codec
