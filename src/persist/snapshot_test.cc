// A snapshot is the dataset of its moment, whatever happens while it is written. Method: random changes of every kind
// against a std::map that is copied at the moment; the file must read as the copy.
#include "persist/snapshot.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <map>
#include <random>
#include <string>
#include <thread>

#include "base/clock.h"
#include "codec/dataset_reader.h"
#include "types/list.h"

namespace tusk::persist {
namespace {

using Model = std::map<std::string, std::string>;

class Collector final : public codec::DatasetVisitor {
 public:
  base::Status OnKey(codec::LoadedKey& key) override {
    std::string text;
    if (key.is_text) {
      text = key.text;
    } else {
      // Lists only: their elements, via a shard that gives an entry.
      store::Shard shard;
      store::Entry& entry = shard.Put(store::Key::Of("k"), nullptr, std::move(key.value), nullptr);
      for (auto at = entry.object<types::List>().First(); at; at.Next()) text += at.Get().ToString() + ",";
    }
    if (key.deadline_ms >= 0) text += fmt::format(" until {}", key.deadline_ms);
    bool is_new = model.emplace(fmt::format("{}:{}", key.db, key.key), text).second;
    EXPECT_TRUE(is_new) << "twice: " << key.key;
    return {};
  }
  Model model;
};

class SnapshotTest : public testing::Test {
 protected:
  SnapshotTest() : keyspace_({.databases = 3, .clock = &clock_, .settings = &settings_}) {}

  std::unique_ptr<Snapshot> Begin() {
    store::Transaction held(keyspace_);
    held.EnterLaneBlocking();
    held.LockAllInLane();
    auto snapshot = Snapshot::Begin(held, {.now_ms = clock_.UnixMillis()});
    EXPECT_TRUE(snapshot.has_value());
    return *std::move(snapshot);
  }
  static Model ModelOf(const std::string& file) {
    codec::Reader reader(file);
    Collector collector;
    base::Status status = codec::ReadDataset(reader, {.limits = {}, .databases = 3}, collector);
    EXPECT_TRUE(status.ok()) << status.message();
    return collector.model;
  }

  base::FakeClock clock_;
  store::Settings settings_;
  store::Keyspace keyspace_;
};

// Changes the keyspace and a model alike.
class Writer {
 public:
  Writer(store::Keyspace& keyspace, unsigned seed, std::string prefix)
      : keyspace_(keyspace), transaction_(keyspace), random_(seed), prefix_(std::move(prefix)) {}

  void ChangeSomething() {
    store::DbIndex db = random_() % 3;
    std::string name = prefix_ + std::to_string(random_() % 500);
    store::Key key = store::Key::Of(name);
    transaction_.Begin(1);
    transaction_.LockOneBlocking(key.stripe());
    std::string& model = model_[fmt::format("{}:{}", db, name)];
    Change(db, key, model);
    if (model.empty()) model_.erase(fmt::format("{}:{}", db, name));
    transaction_.Unlock();
  }
  const Model& model() const { return model_; }
  void SwapDatabases() {
    Model swapped;
    for (auto& [name, value] : model_) {
      std::string other = name;
      if (name[0] != '2') other[0] = name[0] == '0' ? '1' : '0';
      swapped[other] = value;
    }
    model_ = swapped;
    All([&] {
      for (size_t i = 0; i < store::kStripeCount; ++i) keyspace_.stripe(i).ShardFor(0).Swap(keyspace_.stripe(i).ShardFor(1));
      if (keyspace_.snapshot_hook()) keyspace_.snapshot_hook()->OnSwap(0, 1);
    });
  }
  void FlushDatabase(store::DbIndex db) {
    std::erase_if(model_, [db](const auto& item) { return item.first[0] == '0' + db; });
    All([&] {
      for (size_t i = 0; i < store::kStripeCount; ++i) {
        auto empty = std::make_unique<store::Shard>();
        keyspace_.stripe(i).ShardFor(db).Swap(*empty);
        if (keyspace_.snapshot_hook()) keyspace_.snapshot_hook()->Adopt(db, std::move(empty));
      }
    });
  }

 private:
  template <typename Function>
  void All(Function function) {
    transaction_.EnterLaneBlocking();
    transaction_.LockAllInLane();
    function();
    transaction_.Unlock();
  }
  void Change(store::DbIndex db, const store::Key& key, std::string& model) {
    store::Entry* entry = transaction_.Find(db, key, store::Access::kWrite);
    EXPECT_EQ(entry != nullptr, !model.empty());
    bool is_list = entry && entry->type() == store::Type::kList;
    std::string value = "v" + std::to_string(random_() % 1000);
    switch (random_() % 5) {
      case 0:
        if (entry) transaction_.Delete(db, key, *entry, false);
        model.clear();
        break;
      case 1:
        if (entry) {
          transaction_.SetDeadline(db, key, *entry, 5000);
          model = model.substr(0, model.find(' ')) + " until 5000";
        }
        break;
      case 2:
        if (is_list) {
          entry->object<types::List>().Push(types::ListEnd::kTail, value, {});
          size_t end = model.find(' ');
          model.insert(end == std::string::npos ? model.size() : end, value + ",");
        } else if (!entry) {
          auto list = std::make_unique<types::List>();
          list->Push(types::ListEnd::kTail, value, {});
          transaction_.Put(db, key, nullptr, store::Value::Object(std::move(list)));
          model = value + ",";
        }
        break;
      case 3:
        if (entry && !is_list) {
          char* bytes = transaction_.MutableString(db, key, entry, 2);
          bytes[1] = '!';
          model[1] = '!';
        }
        break;
      default:
        transaction_.PutString(db, key, entry, value);
        model = value + (entry && model.find(' ') != std::string::npos ? " until 5000" : "");
    }
  }

  store::Keyspace& keyspace_;
  store::Transaction transaction_;
  std::mt19937 random_;
  std::string prefix_;
  Model model_;
};

TEST_F(SnapshotTest, IsTheMomentWhateverIsChangedBeforeTheWalk) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Writer writer(keyspace_, seed, fmt::format("s{}-", seed));
    writer.FlushDatabase(0);
    writer.FlushDatabase(1);
    writer.FlushDatabase(2);
    for (int i = 0; i < 2000; ++i) writer.ChangeSomething();
    Model expected = writer.model();
    std::unique_ptr<Snapshot> snapshot = Begin();
    for (int i = 0; i < 1000; ++i) {
      writer.ChangeSomething();
      if (i == 300 && seed % 2) writer.SwapDatabases();
      if (i == 600 && seed % 3 == 0) writer.FlushDatabase(1);
    }
    codec::StringSink sink;
    ASSERT_TRUE(snapshot->Run(sink).ok());
    EXPECT_EQ(ModelOf(sink.text()), expected);
    EXPECT_FALSE(keyspace_.snapshot_hook());
  }
}

TEST_F(SnapshotTest, IsTheMomentWhileWritersRun) {
  // Each thread has keys and so a model of its own; the moment lies between two of its changes.
  constexpr unsigned kWriters = 3;
  std::vector<std::unique_ptr<Writer>> writers;
  for (unsigned i = 0; i < kWriters; ++i) {
    writers.push_back(std::make_unique<Writer>(keyspace_, i, fmt::format("w{}-", i)));
    for (int n = 0; n < 2000; ++n) writers[i]->ChangeSomething();
  }
  for (int round = 0; round < 5; ++round) {
    Model expected;
    for (const auto& writer : writers) expected.insert(writer->model().begin(), writer->model().end());
    std::unique_ptr<Snapshot> snapshot = Begin();
    std::vector<std::thread> threads;
    for (auto& writer : writers) {
      threads.emplace_back([&writer] {
        for (int n = 0; n < 3000; ++n) writer->ChangeSomething();
      });
    }
    codec::StringSink sink;
    EXPECT_TRUE(snapshot->Run(sink).ok());
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(ModelOf(sink.text()), expected) << round;
  }
}

TEST_F(SnapshotTest, OnlyOneAtATime) {
  std::unique_ptr<Snapshot> snapshot = Begin();
  store::Transaction held(keyspace_);
  held.EnterLaneBlocking();
  held.LockAllInLane();
  EXPECT_EQ(Snapshot::Begin(held, {}).error().code(), base::Code::kUnavailable);
  held.Unlock();
  codec::StringSink sink;
  EXPECT_TRUE(snapshot->Run(sink).ok());
}

class FullSink final : public codec::ByteSink {
 public:
  base::Status Write(std::string_view) override { return base::Status::Unavailable("disk full"); }
};

TEST_F(SnapshotTest, AfterAFailureTheNextOneIsWhole) {
  Writer writer(keyspace_, 5, "k");
  for (int i = 0; i < 3000; ++i) writer.ChangeSomething();
  FullSink full;
  EXPECT_EQ(Begin()->Run(full).message(), "disk full");
  std::unique_ptr<Snapshot> cancelled = Begin();
  cancelled->Cancel();
  codec::StringSink nowhere;
  EXPECT_FALSE(cancelled->Run(nowhere).ok());
  for (int i = 0; i < 100; ++i) writer.ChangeSomething();
  codec::StringSink sink;
  EXPECT_TRUE(Begin()->Run(sink).ok());
  EXPECT_EQ(ModelOf(sink.text()), writer.model());
}

}  // namespace
}  // namespace tusk::persist
