#include "persist/snapshot.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "base/check.h"

namespace tusk::persist {

using store::DbIndex;
using store::Entry;
using store::Shard;

namespace {

codec::EntryFormat FormatOf(const store::Keyspace& keyspace, const codec::DatasetOptions& options) {
  codec::EntryFormat format(keyspace.settings(), options.now_ms);
  format.as_commands = options.as_commands;
  return format;
}

}  // namespace

Snapshot::Snapshot(store::Keyspace& keyspace, codec::DatasetOptions options)
    : keyspace_(keyspace),
      options_(std::move(options)),
      format_(FormatOf(keyspace, options_)),
      mark_(!keyspace.snapshot_mark()),
      transaction_(keyspace) {
  for (size_t db = 0; db < keyspace.databases(); ++db) {
    auto index = static_cast<DbIndex>(db);
    names_.push_back(index);
    sizes_.emplace_back(keyspace.Size(index), keyspace.VolatileSize(index));
    keys_total_ += sizes_.back().first;
  }
}

base::Result<std::unique_ptr<Snapshot>> Snapshot::Begin(store::Transaction& held, codec::DatasetOptions options) {
  DCHECK(held.holds_all());
  store::Keyspace& keyspace = held.keyspace();
  if (keyspace.snapshot_hook()) return base::Error(base::Status::Unavailable("a snapshot is under way"));
  std::unique_ptr<Snapshot> snapshot(new Snapshot(keyspace, std::move(options)));
  keyspace.BeginSnapshot(*snapshot);
  return snapshot;
}

Snapshot::~Snapshot() { CHECK(keyspace_.snapshot_hook() != this); }

// ---- What writers bring ----

void Snapshot::Preserve(DbIndex db, const Entry& entry) {
  DCHECK(entry.snapshot_mark() != mark_);
  keys_written_.fetch_add(1, std::memory_order_relaxed);
  if (discarding_.load(std::memory_order_relaxed)) return;
  codec::StringSink sink;
  codec::Writer writer(sink, {.compress = options_.writer.compress, .checksum = false});
  WriteEntry(entry, format_, writer);
  CHECK(writer.Flush().ok());  // Memory does not fail.
  preserved_bytes_.fetch_add(sink.text().size(), std::memory_order_relaxed);
  base::MutexLock lock(mutex_);
  waiting_.push_back({names_[db], sink.Take()});
}

void Snapshot::Adopt(DbIndex db, std::unique_ptr<Shard> shard) {
  base::MutexLock lock(mutex_);
  adopted_.push_back({names_[db], std::move(shard)});
}

void Snapshot::OnSwap(DbIndex a, DbIndex b) {
  std::swap(names_[a], names_[b]);
  ++swaps_;
}

// ---- The walk ----

void Snapshot::Collect(Entry& entry, codec::Writer& writer, uint64_t& keys) {
  if (entry.snapshot_mark() == mark_) return;
  if (!discarding_.load(std::memory_order_relaxed)) WriteEntry(entry, format_, writer);
  entry.set_snapshot_mark(mark_);
  ++keys;
}

bool Snapshot::WalkSome(size_t stripe, Place& place, std::vector<Records>& out) {
  uint64_t keys = 0;
  uint64_t bytes = 0;
  uint64_t visited = 0;
  for (; place.db < keyspace_.databases(); ++place.db, place.cursor = 0) {
    Shard* shard = keyspace_.stripe(stripe).FindShard(static_cast<DbIndex>(place.db));
    if (!shard || shard->empty()) continue;
    codec::StringSink sink;
    codec::Writer writer(sink, {.compress = options_.writer.compress, .checksum = false});
    do {
      place.cursor = shard->table().Scan(place.cursor, [&](Entry* entry) {
        Collect(*entry, writer, keys);
        ++visited;
      });
    } while (place.cursor != 0 && visited < kKeysPerHold && bytes + writer.bytes_written() < kBytesPerHold);
    bytes += writer.bytes_written();
    CHECK(writer.Flush().ok());  // Memory does not fail.
    out.push_back({names_[place.db], sink.Take()});
    if (place.cursor != 0) break;
  }
  keys_written_.fetch_add(keys, std::memory_order_relaxed);
  return place.db == keyspace_.databases();
}

void Snapshot::WalkStripe(size_t stripe) {
  Place place;
  bool done = false;
  uint64_t swaps = 0;
  std::vector<Records> records;
  while (!done) {
    uint64_t before = keys_written_.load(std::memory_order_relaxed);
    records.clear();
    transaction_.LockOneBlocking(stripe);
    if (std::exchange(swaps, swaps_) != swaps_) place = {};
    done = WalkSome(stripe, place, records);
    transaction_.Unlock();
    WriteOut(records);
    WriteWaiting();
    Delay(keys_written_.load(std::memory_order_relaxed) - before);
  }
}

void Snapshot::WriteOut(const std::vector<Records>& records) {
  if (discarding_.load(std::memory_order_relaxed)) return;
  for (const Records& part : records) writer_->Entries(part.db, part.bytes);
  if (writer_->failed()) Cancel();
}

void Snapshot::WriteWaiting() {
  std::vector<Records> waiting;
  {
    base::MutexLock lock(mutex_);
    waiting.swap(waiting_);
  }
  WriteOut(waiting);
}

void Snapshot::WriteAdopted(const Adopted& adopted) {
  if (discarding_.load(std::memory_order_relaxed)) return;
  adopted.shard->table().ForEach([&](const Entry* entry) {
    if (entry->snapshot_mark() != mark_) writer_->Key(adopted.db, *entry, format_);
  });
}

// rdb-key-save-delay, for tests: makes a small dataset slow to write.
void Snapshot::Delay(uint64_t keys) {
  int64_t delay = keyspace_.settings().rdb_key_save_delay;
  if (delay == 0 || keys == 0) return;
  int64_t micros = delay > 0 ? delay * static_cast<int64_t>(keys) : static_cast<int64_t>(keys) / -delay;
  constexpr int64_t kStepMicros = 10'000;
  for (; micros > 0 && !discarding_.load(std::memory_order_relaxed); micros -= kStepMicros) {
    std::this_thread::sleep_for(std::chrono::microseconds(std::min(micros, kStepMicros)));
  }
}

base::Status Snapshot::Run(codec::ByteSink& sink) {
  writer_ = std::make_unique<codec::DatasetWriter>(sink, options_);
  writer_->Head();
  for (size_t db = 0; db < sizes_.size(); ++db) {
    if (sizes_[db].first != 0) writer_->Size(static_cast<DbIndex>(db), sizes_[db].first, sizes_[db].second);
  }
  // A cancelled walk goes on to its end without writing: all marks must agree when the next snapshot begins.
  for (size_t i = 0; i < store::kStripeCount; ++i) WalkStripe(i);
  keyspace_.EndSnapshot();
  // Nobody has an unmarked entry any more, but somebody may still be looking at the hook under a lock: once every lock has
  // been free, they are through.
  for (size_t i = 0; i < store::kStripeCount; ++i) {
    transaction_.LockOneBlocking(i);
    transaction_.Unlock();
  }
  WriteWaiting();
  std::vector<Adopted> adopted;
  {
    base::MutexLock lock(mutex_);
    adopted.swap(adopted_);
  }
  for (const Adopted& shard : adopted) WriteAdopted(shard);
  base::Status status = writer_->End();
  if (status.ok() && discarding_.load(std::memory_order_relaxed)) return base::Status::Unavailable("cancelled");
  return status;
}

}  // namespace tusk::persist
