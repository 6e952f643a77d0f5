#include "store/tracked_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "base/random.h"

namespace tusk::store {
namespace {

// Random operations against a map of sets; TUSK_SEED repeats a run.
TEST(TrackedKeysTest, AgreesWithAModel) {
  const char* wanted = std::getenv("TUSK_SEED");
  const uint64_t seed = wanted ? std::strtoull(wanted, nullptr, 10) : base::SecureRandom64();
  SCOPED_TRACE("TUSK_SEED=" + std::to_string(seed));
  base::Random random(seed);
  TrackedKeys tracked;
  std::map<std::string, std::set<uint64_t>> model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string key = "k" + std::to_string(random.Below(50));
    const uint64_t choice = random.Below(10);
    if (choice < 7) {
      const uint64_t reader = random.Below(5) + 1;
      bool first = false;
      const bool was_first = !model.contains(key);
      EXPECT_EQ(tracked.Add(key, reader, first), model[key].insert(reader).second);
      EXPECT_EQ(first, was_first);
    } else if (choice < 9) {
      ReaderList readers = tracked.Take(key);
      EXPECT_EQ(std::set<uint64_t>(readers.begin(), readers.end()), model[key]);
      EXPECT_EQ(readers.size(), model[key].size());
      model.erase(key);
    } else if (!model.empty()) {
      InvalidatedKey any = tracked.TakeAny();
      ASSERT_TRUE(model.contains(any.key));
      EXPECT_EQ(std::set<uint64_t>(any.readers.begin(), any.readers.end()), model[any.key]);
      EXPECT_FALSE(any.broadcast);
      model.erase(any.key);
    }
    ASSERT_EQ(tracked.size(), model.size());
  }
  size_t readers = 0;
  for (const auto& [key, ids] : model) readers += ids.size();
  EXPECT_EQ(tracked.reader_count(), readers);
  tracked.Clear();
  EXPECT_EQ(tracked.size(), 0u);
}

}  // namespace
}  // namespace tusk::store
