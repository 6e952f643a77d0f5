// What a look-up costs when the table is larger than the caches, one by one and prefetched in batches; what an
// insertion costs including growth; what scanning costs.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "base/hash.h"
#include "base/random.h"
#include "ds/table.h"

namespace tusk::ds {
namespace {

struct Thing {
  uint64_t key;
  char value[56];
};

uint64_t HashOfKey(uint64_t key) {
  return base::SeededHash({reinterpret_cast<const char*>(&key), sizeof key}, 42);
}

struct ThingPolicy {
  using Item = Thing*;
  static uint64_t Hash(const Thing* thing) { return HashOfKey(thing->key); }
};

struct Filled {
  explicit Filled(size_t count) : things(count) {
    for (size_t i = 0; i < count; ++i) {
      things[i].key = i;
      table.Insert(HashOfKey(i), &things[i]);
    }
  }
  std::vector<Thing> things;
  Table<ThingPolicy> table;
};

const Thing* Find(const Filled& filled, uint64_t key, uint64_t hash) {
  return filled.table.Find(hash, [key](const Thing* thing) { return thing->key == key; });
}

void BM_FindOneByOne(benchmark::State& state) {
  Filled filled(static_cast<size_t>(state.range(0)));
  base::Random random(1);
  for (auto _ : state) {
    uint64_t key = random.Below(filled.things.size());
    benchmark::DoNotOptimize(Find(filled, key, HashOfKey(key)));
  }
  state.counters["bytes_per_item"] =
      static_cast<double>(filled.table.MemoryBytes()) / static_cast<double>(filled.things.size());
}
BENCHMARK(BM_FindOneByOne)->Arg(100)->Arg(10'000)->Arg(1'000'000)->Arg(4'000'000);

void BM_FindPrefetched(benchmark::State& state) {
  constexpr size_t kBatch = 16;
  Filled filled(static_cast<size_t>(state.range(0)));
  base::Random random(1);
  uint64_t keys[kBatch];
  uint64_t hashes[kBatch];
  for (auto _ : state) {
    for (size_t i = 0; i < kBatch; ++i) {
      keys[i] = random.Below(filled.things.size());
      hashes[i] = HashOfKey(keys[i]);
      filled.table.PrefetchBuckets(hashes[i]);
    }
    for (uint64_t hash : hashes) filled.table.PrefetchItems(hash);
    for (size_t i = 0; i < kBatch; ++i) benchmark::DoNotOptimize(Find(filled, keys[i], hashes[i]));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kBatch));
}
BENCHMARK(BM_FindPrefetched)->Arg(1'000'000)->Arg(4'000'000);

void BM_FindMissing(benchmark::State& state) {
  Filled filled(static_cast<size_t>(state.range(0)));
  base::Random random(1);
  for (auto _ : state) {
    uint64_t key = random.Next() | uint64_t{1} << 63;
    benchmark::DoNotOptimize(Find(filled, key, HashOfKey(key)));
  }
}
BENCHMARK(BM_FindMissing)->Arg(100)->Arg(1'000'000);

void BM_Fill(benchmark::State& state) {
  std::vector<Thing> things(static_cast<size_t>(state.range(0)));
  for (size_t i = 0; i < things.size(); ++i) things[i].key = i;
  for (auto _ : state) {
    Table<ThingPolicy> table;
    for (Thing& thing : things) table.Insert(HashOfKey(thing.key), &thing);
    benchmark::DoNotOptimize(table.size());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * things.size()));
}
BENCHMARK(BM_Fill)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void BM_Scan(benchmark::State& state) {
  Filled filled(1'000'000);
  for (auto _ : state) {
    uint64_t sum = 0;
    uint64_t cursor = 0;
    do cursor = filled.table.Scan(cursor, [&](const Thing* thing) { sum += reinterpret_cast<uint64_t>(thing); });
    while (cursor != 0);
    benchmark::DoNotOptimize(sum);
  }
}
BENCHMARK(BM_Scan)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tusk::ds

BENCHMARK_MAIN();
